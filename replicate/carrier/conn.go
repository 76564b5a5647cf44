package carrier

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast/fact"
	"holdfast/replicate"
)

// stream is one side of a long request: bytes in, bytes out.
type stream struct {
	in      io.Reader
	out     io.Writer
	flush   func() error
	close   func() // unblocks reading and writing
	key     []byte // that the other side proved
	address string // that was dialled; empty: the other side did
}

// queueMost is how many bytes may wait for a peer that does not read.
const queueMost = 32 << 20

// conn is a link with its one goroutine and the two that read and write.
type conn struct {
	m       *Manager
	link    *replicate.Link
	s       stream
	began   time.Time
	wake    chan struct{} // something here has changed
	mu      sync.Mutex
	touched map[fact.Subject]bool
	state   PeerState
	known   bool // the peer has greeted and was admitted

	queue  [][]byte
	queued int
	looked time.Time // when state was last worked out
}

// run moves messages until the link, the stream or the context ends, and says
// why it ended.
func (c *conn) run(ctx context.Context) error {
	moving, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the last frames leave after ctx has ended
	var workers sync.WaitGroup
	frames, broken, batches := make(chan []byte), make(chan error, 2), make(chan [][]byte)
	workers.Go(func() { c.read(moving, frames, broken) })
	workers.Go(func() { c.write(moving, batches, broken) })
	defer func() {
		c.link.Close()
		cancel()
		c.s.close()
		workers.Wait()
	}()
	out, err := c.link.Start(c.m.now())
	if err != nil {
		return err
	}
	err = c.handle(out)
	if err == nil {
		err = c.loop(ctx, frames, broken, batches)
	}
	c.sayLast(batches)
	return err
}

// loop is the one place from which the link is called.
func (c *conn) loop(ctx context.Context, frames <-chan []byte, broken <-chan error, batches chan<- [][]byte) error {
	tick := time.NewTicker(c.m.cfg.Tick)
	defer tick.Stop()
	for {
		for len(c.queue) == 0 && c.link.Pending() {
			if err := c.handle(c.link.Next(ctx, c.m.now())); err != nil {
				return err
			}
		}
		var next chan<- [][]byte
		if len(c.queue) > 0 {
			next = batches
		}
		var err error
		select {
		case next <- c.queue:
			c.queue, c.queued = nil, 0
		case f := <-frames:
			err = c.handle(c.link.Take(ctx, f, c.m.now()))
		case err = <-broken:
		case <-c.wake:
			err = c.woken(ctx)
		case <-tick.C:
			err = c.tick(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

func (c *conn) woken(ctx context.Context) error {
	c.mu.Lock()
	touched := slices.SortedFunc(maps.Keys(c.touched), func(a, b fact.Subject) int { return bytes.Compare(a[:], b[:]) })
	c.touched = nil
	c.mu.Unlock()
	if err := c.handle(c.link.Changed(ctx, c.m.now())); err != nil || len(touched) == 0 {
		return err
	}
	return c.handle(c.link.Touched(ctx, touched, c.m.now()))
}

func (c *conn) tick(ctx context.Context) error {
	now := c.m.now()
	if silent := now.Time().Sub(c.link.Heard().Time()); silent > c.m.cfg.Silence {
		return errors.New("the other device was not heard for too long")
	}
	if !c.known && now.Time().Sub(c.began) > c.m.cfg.Silence {
		return errors.New("the other side does not greet")
	}
	c.looked = time.Time{}
	return c.handle(c.link.Tick(ctx, now))
}

// handle queues what is to be sent and passes effects on. An error ends the
// link.
func (c *conn) handle(out replicate.Out) error {
	for _, f := range out.Send {
		c.queue = append(c.queue, f)
		c.queued += len(f)
	}
	peer, ready := c.link.Peer()
	for _, e := range out.Effects {
		c.m.cfg.Effect(peer, e)
	}
	if out.Changed {
		c.m.took(c)
	}
	switch {
	case out.Close != "":
		return errors.New(out.Close)
	case c.queued > queueMost:
		return errors.New("the other device does not take what is sent")
	case ready && !c.known:
		if !c.m.admit(c, peer) {
			return errTwice
		}
		c.known = true
	}
	c.look(peer)
	return nil
}

var errTwice = errors.New("there is a link to this device already")

// look works out what Peers shows, now and then.
func (c *conn) look(peer replicate.Peer) {
	now := c.m.cfg.Clock()
	if !c.known || (now.Sub(c.looked) < 100*time.Millisecond && now.After(c.looked)) {
		return
	}
	c.looked = now
	s := PeerState{
		Address: c.s.address, Connected: true, Device: peer.Device, Name: peer.Name, Kind: peer.Kind, Domain: peer.Domain,
		Program: peer.Program,
		Since:   c.began, Heard: c.link.Heard().Time(), Level: c.link.Level(), Progress: c.link.Progress(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = s
}

// read hands frames over one by one: there is never more than one in memory
// that the link has not seen.
func (c *conn) read(ctx context.Context, frames chan<- []byte, broken chan<- error) {
	for {
		f, err := replicate.ReadFrame(c.s.in)
		if err != nil {
			broken <- err
			return
		}
		select {
		case frames <- f:
		case <-ctx.Done():
			return
		}
	}
}

func (c *conn) write(ctx context.Context, batches <-chan [][]byte, broken chan<- error) {
	for {
		select {
		case batch := <-batches:
			for _, f := range batch {
				if _, err := c.s.out.Write(f); err != nil {
					broken <- err
					return
				}
			}
			if err := c.s.flush(); err != nil {
				broken <- err
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// sayLast gives the last frames, among them the reason for the end, a moment
// to leave.
func (c *conn) sayLast(batches chan<- [][]byte) {
	patience := time.NewTimer(300 * time.Millisecond)
	defer patience.Stop()
	for _, batch := range [][][]byte{c.queue, nil} { // the empty one is taken when all before it has left
		select {
		case batches <- batch:
		case <-patience.C:
			return
		}
	}
}

// signal wakes the link's goroutine; signals that come together are one.
func (c *conn) signal(touched []fact.Subject) {
	c.mu.Lock()
	for _, s := range touched {
		if c.touched == nil {
			c.touched = map[fact.Subject]bool{}
		}
		c.touched[s] = true
	}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *conn) peerState() PeerState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}
