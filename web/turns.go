package web

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"holdfast/fact/refusal"
)

// How people share what a device gives them. Strangers and people who are signed
// in wait in different lines; pages about emergencies and files of style and
// script wait in none.
const (
	strangersAtOnce = 16               // requests answered at the same time
	peopleAtOnce    = 256              // the same, of all who are signed in
	turnWithin      = 10 * time.Second // then they are told to come again
	mostWaiting     = 512              // from one address, or of one session
	mostWaitingAll  = 4096
)

// turns lets only so many requests be answered at the same time. Whoever finds
// it busy waits, and those who wait take turns by address or session: one that
// floods the device keeps itself waiting. Nobody is ever shut out for their
// address, because a whole site may share one; while it isn't busy nobody waits.
type turns struct {
	within  time.Duration // then whoever waits is told to come again
	mu      sync.Mutex
	free    int
	waiting map[string][]chan struct{} // by address or session, the oldest first
	order   []string                   // those that wait, whose turn is next first
	all     int
}

// addressOf is where a request comes from, without its port.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func newTurns(atOnce int) *turns {
	return &turns{within: turnWithin, free: atOnce, waiting: map[string][]chan struct{}{}}
}

// wait gives the function that ends the turn.
func (t *turns) wait(ctx context.Context, from string) (func(), error) {
	busy := refusal.New(refusal.Unavailable, "This device is asked for more than it can do at once. Try again in a few seconds.")
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return t.done, nil
	}
	if len(t.waiting[from]) >= mostWaiting || t.all >= mostWaitingAll {
		t.mu.Unlock()
		return nil, busy
	}
	mine := make(chan struct{})
	if len(t.waiting[from]) == 0 {
		t.order = append(t.order, from)
	}
	t.waiting[from] = append(t.waiting[from], mine)
	t.all++
	t.mu.Unlock()
	late := time.NewTimer(t.within)
	defer late.Stop()
	select {
	case <-mine:
		return t.done, nil
	case <-ctx.Done():
	case <-late.C:
	}
	if t.leave(from, mine) {
		return nil, busy
	}
	return t.done, nil // the turn came at the same moment
}

// leave takes somebody who waits away; false when their turn has come.
func (t *turns) leave(from string, mine chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, c := range t.waiting[from] {
		if c == mine {
			t.all--
			if t.waiting[from] = slices.Delete(t.waiting[from], i, i+1); len(t.waiting[from]) == 0 {
				delete(t.waiting, from)
				t.order = slices.DeleteFunc(t.order, func(s string) bool { return s == from })
			}
			return true
		}
	}
	return false
}

// done hands the turn to the next address.
func (t *turns) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.order) == 0 {
		t.free++
		return
	}
	next := t.order[0]
	t.order = t.order[1:]
	line := t.waiting[next]
	if t.waiting[next] = line[1:]; len(line) > 1 {
		t.order = append(t.order, next)
	} else {
		delete(t.waiting, next)
	}
	t.all--
	close(line[0])
}
