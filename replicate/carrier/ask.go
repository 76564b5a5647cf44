package carrier

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"holdfast/fact/refusal"
)

// AskPath is where a device answers single questions of other devices.
const AskPath = "/ask"

const (
	mostAsked   = 64 << 10 // bytes of a question, and of its answer
	askedAtOnce = 32       // questions that are answered at a time
	askReading  = 10 * time.Second
	connecting  = 5 * time.Second // at most, and never more than half of the time that the asker has
)

// answer answers one question of the device that the other side proved to be.
// Nothing is read of a device that may not ask. The status tells what became of
// the question: 200, it is answered; 500, nobody can tell; any other, nothing was
// done.
func (m *Manager) answer(w http.ResponseWriter, r *http.Request, key []byte) {
	if m.cfg.Answer == nil {
		http.Error(w, "no questions are answered here", http.StatusNotFound)
		return
	}
	if !m.cfg.MayAsk(key) {
		m.cfg.Log.Debug("a question of a device that may not ask is not read", "address", r.RemoteAddr)
		http.Error(w, "devices of the organisation only", http.StatusForbidden)
		return
	}
	select {
	case m.asked <- struct{}{}:
		defer func() { <-m.asked }()
	default:
		http.Error(w, "too many questions at once", http.StatusServiceUnavailable)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(askReading))
	question, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostAsked))
	if err != nil {
		http.Error(w, "the question did not arrive whole", http.StatusBadRequest)
		return
	}
	answer, err := m.cfg.Answer(r.Context(), key, question)
	if err == nil && len(answer) > mostAsked {
		err = fmt.Errorf("an answer of %d bytes", len(answer))
	}
	if err != nil {
		m.cfg.Log.Warn("a question of another device is not answered", "err", err)
		status := http.StatusInternalServerError
		if kind := refusal.KindOf(err); kind != 0 && kind != refusal.Unknown {
			status = http.StatusForbidden
		}
		http.Error(w, "not answered", status)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(answer) // who went away needs no answer
}

// errNotDone says that a device surely did nothing about a question.
var errNotDone = errors.New("the question was not taken up")

// Ask asks one of the devices that this one dials: the first that can be reached,
// and another only if that one surely did nothing. What is asked and answered is
// between the two: TLS with the keys on their device cards. trusted tells whose
// key the other side must prove to hold before anything is sent to it.
//
// A refusal of kind Unknown says that the question went out and no answer came,
// so that what it asks for may have been done; any other error, that it was not.
func (m *Manager) Ask(ctx context.Context, question []byte, trusted func(key []byte) bool) ([]byte, error) {
	err := errors.New("no other device is known by an address")
	for _, left := range m.askOrder() {
		for len(left) > 0 {
			address, conn, failed := m.reach(ctx, left, trusted)
			if failed != nil {
				err = failed
				break
			}
			answer, failed := m.askOver(ctx, address, conn, question)
			if !errors.Is(failed, errNotDone) {
				m.noteAsked(address, failed)
				return answer, failed
			}
			err, left = failed, slices.DeleteFunc(slices.Clone(left), func(a string) bool { return a == address })
		}
	}
	return nil, err
}

// askOrder gives the addresses to ask: those that left the last question without
// an answer only after all others.
func (m *Manager) askOrder() [][]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var first, later []string
	for _, a := range m.cfg.Addresses {
		if m.owing[a] {
			later = append(later, a)
		} else {
			first = append(first, a)
		}
	}
	return [][]string{first, later}
}

func (m *Manager) noteAsked(address string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.owing[address] = err != nil; err == nil {
		delete(m.owing, address)
	}
}

// reach connects to all of these addresses at once and gives the first connection
// on which a trusted device has proved itself. The others are closed.
func (m *Manager) reach(ctx context.Context, addresses []string, trusted func([]byte) bool) (string, *tls.Conn, error) {
	wait := connecting
	if end, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(end)/2)
	}
	ctx, stop := context.WithTimeout(ctx, wait)
	defer stop()
	type reached struct {
		address string
		conn    *tls.Conn
		err     error
	}
	all := make(chan reached, len(addresses))
	var trying sync.WaitGroup
	for _, address := range addresses {
		trying.Go(func() {
			conn, err := m.handshake(ctx, address, trusted)
			all <- reached{address, conn, err}
		})
	}
	var first reached
	var failed []error
	for range addresses {
		one := <-all
		switch {
		case one.err != nil:
			failed = append(failed, one.err)
		case first.conn != nil:
			_ = one.conn.Close()
		default:
			first = one
			stop() // the slower ones end
		}
	}
	trying.Wait()
	if first.conn == nil {
		return "", nil, errors.Join(failed...)
	}
	return first.address, first.conn, nil
}

func (m *Manager) handshake(ctx context.Context, address string, trusted func([]byte) bool) (*tls.Conn, error) {
	raw, err := newDialer().DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	config := tlsConfig(m.cert)
	config.VerifyConnection = func(s tls.ConnectionState) error {
		key, err := deviceKey(&s)
		if err == nil && !trusted(key) {
			err = errors.New("who listens there is no device that may be asked")
		}
		return err
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return conn, nil
}

// askOver asks over one connection, once. From when the request may have left
// this device an error says Unknown, unless the other side's status says better.
func (m *Manager) askOver(ctx context.Context, address string, conn *tls.Conn, question []byte) ([]byte, error) {
	defer conn.Close()
	once := make(chan net.Conn, 1)
	once <- conn
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		DialTLSContext: func(context.Context, string, string) (net.Conn, error) {
			select {
			case c := <-once:
				return c, nil
			default:
				return nil, errors.New("a question is asked once")
			}
		},
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+address+AskPath, bytes.NewReader(question))
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, unanswered(err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusInternalServerError:
		return nil, unanswered(fmt.Errorf("the other side answers %s", response.Status))
	default:
		return nil, fmt.Errorf("%w: the other side answers %s", errNotDone, response.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, mostAsked+1))
	if err == nil && len(answer) > mostAsked {
		err = errors.New("the answer is longer than answers are")
	}
	if err != nil {
		return nil, unanswered(err)
	}
	return answer, nil
}

func unanswered(cause error) error {
	return refusal.New(refusal.Unknown, "Another device was asked and its answer did not come: it is not known whether it was done. Look before trying again.").Because(cause)
}
