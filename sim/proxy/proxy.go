// Package proxy is a wire between two processes that can be cut: a TCP proxy
// on loopback.
//
// Its law: what it passes on it passes on unchanged; a cut wire ends what is
// open and refuses what is new.
package proxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// State is how a wire is.
type State int

// The states.
const (
	Whole  State = iota
	Cut          // nothing goes through, open connections end
	OneWay       // what the caller says arrives; no answer comes back
)

// Wire carries connections to one address.
type Wire struct {
	listener net.Listener
	target   string
	wait     sync.WaitGroup

	mu    sync.Mutex
	state State
	open  map[net.Conn]bool
}

// New lays a wire from a free port of this machine to an address.
func New(target string) (*Wire, error) { return From("127.0.0.1:0", target) }

// From lays a wire from an address to another.
func From(address, target string) (*Wire, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	w := &Wire{listener: l, target: target, open: map[net.Conn]bool{}}
	w.wait.Go(w.accept)
	return w, nil
}

// Address is where the wire begins.
func (w *Wire) Address() string { return w.listener.Addr().String() }

// Set makes the wire whole, cuts it, or lets it carry one way only.
func (w *Wire) Set(s State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
	if s == Cut {
		for c := range w.open {
			_ = c.Close() // cutting is all that is wanted
		}
	}
}

func (w *Wire) is(s State) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state == s
}

// Close takes the wire away.
func (w *Wire) Close() error {
	w.Set(Cut)
	err := w.listener.Close()
	w.wait.Wait()
	return err
}

func (w *Wire) accept() {
	for {
		c, err := w.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		w.wait.Go(func() { w.carry(c) })
	}
}

// hold notes a connection; false when the wire is cut.
func (w *Wire) hold(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == Cut {
		return false
	}
	w.open[c] = true
	return true
}

func (w *Wire) drop(c net.Conn) {
	_ = c.Close() // it may be closed already
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, c)
}

func (w *Wire) carry(from net.Conn) {
	defer w.drop(from)
	if !w.hold(from) {
		return
	}
	to, err := net.DialTimeout("tcp", w.target, 5*time.Second)
	if err != nil {
		return
	}
	defer w.drop(to)
	if !w.hold(to) {
		return
	}
	done := make(chan struct{}, 2)
	go func() { w.pass(to, from, false); done <- struct{}{} }()
	go func() { w.pass(from, to, true); done <- struct{}{} }()
	<-done
	w.drop(from)
	w.drop(to)
	<-done
}

// pass carries bytes; answers are lost on a wire that carries one way.
func (w *Wire) pass(to io.Writer, from io.Reader, answers bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && (!answers || !w.is(OneWay)) {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
