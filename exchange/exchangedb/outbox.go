package exchangedb

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
)

// Sender sends one envelope by one route.
type Sender interface {
	// Send tries once. It never decides anything: what it found out stands
	// in the answer.
	Send(ctx context.Context, e exchange.Envelope, content []byte) Answer
}

// Answer is what one attempt came to.
type Answer struct {
	Outcome exchange.Outcome
	Status  int    // of HTTP, 0 when there was none
	Said    string // the other side's words; no patient data
	Receipt *exchange.Receipt
	Proof   []byte // the receipt as it came, its signature checked
}

// Outbox carries the envelopes of one organisation on one device.
type Outbox struct {
	Journal *journal.Journal
	Clock   journal.Clock
	Device  access.Caller // this device, which may run timers
	Senders map[exchange.Route]Sender
	Phone   func(ctx context.Context, to exchange.Party) codes.Phone // whom to ring when it does not arrive
	Turn    func(timer fact.Hash) time.Duration                      // how long to wait when other devices may do the same; nil: not at all
	Alone   func() bool                                              // no other device could send it; nil: there is none
	// Stops says why an envelope must not go any more, empty when it may; false
	// when that can't be told, and it waits. Nil: none is stopped.
	Stops func(ctx context.Context, e exchange.Envelope) (why string, told bool)
	Most  func(exchange.Carries) int // attempts until a person asks for more; nil, or 0: no limit
	Log   *slog.Logger

	Only exchange.Carries // if set, it sees to envelopes that carry this alone
}

// How attempts are paced: nothing clinical hangs on it, since a person is
// told when the receipt is due.
const (
	tryWithin  = 20 * time.Second // one attempt
	mostAtOnce = 8                // attempts at the same time
	lookAtMost = 30 * time.Second // the outbox looks again at the latest
)

// wait gives the pause after so many attempts.
func wait(attempts int) time.Duration {
	steps := []time.Duration{0, time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute}
	if attempts < len(steps) {
		return steps[attempts]
	}
	return 5 * time.Minute
}

// Run carries envelopes until ctx is done; then it waits for the attempts
// that are under way.
func (o *Outbox) Run(ctx context.Context) {
	r := running{Outbox: o, wake: make(chan struct{}, 1), busy: map[exchange.EnvelopeID]bool{}, asked: map[exchange.EnvelopeID]bool{}, first: map[exchange.EnvelopeID]time.Time{}}
	stop := o.Journal.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			if ofEnvelope(f) {
				r.poke()
				return
			}
		}
	})
	defer stop()
	defer r.under.Wait()
	for {
		next := r.round(ctx)
		timer := time.NewTimer(min(max(next, 10*time.Millisecond), lookAtMost))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-r.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

type running struct {
	*Outbox
	wake  chan struct{}
	under sync.WaitGroup
	mu    sync.Mutex
	busy  map[exchange.EnvelopeID]bool
	asked map[exchange.EnvelopeID]bool      // a person was asked to ring; the outbox's own goroutine only
	first map[exchange.EnvelopeID]time.Time // when one that nobody tried was first seen; likewise
}

func (r *running) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// round does what is due now and says how long nothing else will be.
func (r *running) round(ctx context.Context) time.Duration {
	all, err := Pending(ctx, r.Journal)
	if err != nil {
		if ctx.Err() == nil {
			r.Log.Error("the outbox can't read what is on its way", "err", err)
		}
		return time.Second
	}
	next := lookAtMost
	for _, e := range all {
		if r.Only != 0 && e.Carries != r.Only {
			continue
		}
		next = min(next, r.attend(ctx, e))
	}
	return next
}

// attend does what one envelope needs now and says when it needs something
// next.
func (r *running) attend(ctx context.Context, e exchange.Envelope) time.Duration {
	now, next := r.Clock(), lookAtMost
	why, told := r.stops(ctx, e)
	if why != "" {
		return r.withdraw(ctx, e, why)
	}
	if !e.Overdue {
		if left := e.Due.Time().Add(r.turnOf(e)).Sub(now); left > 0 {
			next = left
		} else if err := r.overdue(ctx, e); err != nil {
			r.Log.Error("an overdue receipt could not be put down", "envelope", e.ID.Short(), "err", err)
			next = time.Second
		}
	}
	if e.Standing() == exchange.Refused || e.Standing() == exchange.Doubtful {
		return next // sending the same again is useless: a person rings
	}
	if e.ByHand() || r.spent(e) || !told {
		return next // a person prints it, or asks for it again
	}
	route, sender := r.route(e)
	if sender == nil && r.Alone != nil && !r.Alone() {
		return next // another device may have a way; when none has, the receipt is overdue
	}
	if sender == nil {
		return min(next, r.byPhone(ctx, e))
	}
	if left := r.pause(e, now); left > 0 {
		return min(next, left)
	}
	r.start(ctx, e, route, sender)
	return next
}

// pause is how long the next attempt waits, reckoned from the facts and from whose turn it is.
func (r *running) pause(e exchange.Envelope, now time.Time) time.Duration {
	n := e.Tries()
	if n == 0 {
		if r.first[e.ID].IsZero() {
			r.first[e.ID] = now
		}
		return r.first[e.ID].Add(r.turnOf(e)).Sub(now)
	}
	delete(r.first, e.ID)
	return e.Attempts[len(e.Attempts)-1].At.Time().Add(wait(n) + r.turnOf(e)).Sub(now)
}

// turnOf lets one device act before the others; a later one finds it done.
func (r *running) turnOf(e exchange.Envelope) time.Duration {
	if r.Turn == nil {
		return 0
	}
	return r.Turn(e.Timer())
}

// route takes the routes in turn, beginning with the first. What nobody has
// verified goes by none: a person rings.
func (r *running) route(e exchange.Envelope) (exchange.Route, Sender) {
	if e.Unverified {
		return "", nil
	}
	var ways []exchange.Route
	for _, route := range e.Routes {
		if r.Senders[route] != nil {
			ways = append(ways, route)
		}
	}
	if len(ways) == 0 {
		return "", nil
	}
	way := ways[len(e.Attempts)%len(ways)]
	return way, r.Senders[way]
}

func (r *running) start(ctx context.Context, e exchange.Envelope, route exchange.Route, sender Sender) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[e.ID] || len(r.busy) >= mostAtOnce || ctx.Err() != nil {
		return
	}
	r.busy[e.ID] = true
	r.under.Add(1)
	go func() {
		defer r.under.Done()
		if err := r.try(ctx, e, route, sender); err != nil && ctx.Err() == nil {
			r.Log.Error("an attempt could not be put down", "envelope", e.ID.Short(), "route", string(route), "err", err)
		}
		r.mu.Lock()
		delete(r.busy, e.ID)
		r.mu.Unlock()
		r.poke()
	}()
}
