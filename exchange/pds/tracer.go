package pds

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"holdfast/record"
)

// The most that is kept and asked at once.
const (
	mostKept  = 500
	mostAsked = 4
)

// Tracer asks the index in the background and says how each question stands.
// After some failures one after another the index is left alone for a while:
// then every question is answered at once with since when it is away.
type Tracer struct {
	Ask   func(ctx context.Context, q record.TraceQuestion) (record.TraceState, error)
	Rules record.IdentityRules
	Now   func() time.Time
	Told  func(reached bool) // when it goes away and comes back; may be nil

	mu      sync.Mutex
	base    context.Context // nil: not running
	running sync.WaitGroup
	asked   map[string]*question
	flying  int
	fails   int
	away    time.Time // since when it cannot be reached; zero: it can
	rest    time.Time // not to be asked before
}

type question struct {
	state record.TraceState
	at    time.Time // when it was asked, or answered
	done  chan struct{}
}

// Run lets questions be asked until the context is done.
func (t *Tracer) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	t.mu.Lock()
	t.base = ctx
	t.mu.Unlock()
	<-ctx.Done()
	t.mu.Lock()
	t.base = nil
	t.mu.Unlock()
	stop()
	t.running.Wait()
	return nil
}

// Look says how a question stands and never waits. A question that was not
// asked lately is asked in the background.
func (t *Tracer) Look(q record.TraceQuestion) record.TraceState {
	if !q.Enough() {
		return record.TraceState{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.Now()
	key := keyOf(q)
	if one := t.asked[key]; one != nil && now.Sub(one.at) < t.Rules.TraceKeep && now.Sub(one.at) >= 0 {
		if one.state.Outcome != record.TraceAway || now.Before(t.rest) {
			return one.state
		}
	}
	switch {
	case t.base == nil:
		return record.TraceState{}
	case !t.away.IsZero() && now.Before(t.rest):
		return record.TraceState{Outcome: record.TraceAway, Away: t.away}
	case t.flying >= mostAsked: // the page asks again in a moment
		return record.TraceState{Outcome: record.TraceWaiting}
	}
	t.sweep(now)
	one := &question{state: record.TraceState{Outcome: record.TraceWaiting}, at: now, done: make(chan struct{})}
	if t.asked == nil {
		t.asked = map[string]*question{}
	}
	t.asked[key] = one
	t.flying++
	base := t.base
	t.running.Go(func() { t.ask(base, q, one) })
	return one.state
}

// Wait gives the answer to a question that was asked, or how it stands when the
// context is done first.
func (t *Tracer) Wait(ctx context.Context, q record.TraceQuestion) record.TraceState {
	s := t.Look(q)
	if s.Outcome != record.TraceWaiting {
		return s
	}
	t.mu.Lock()
	one := t.asked[keyOf(q)]
	t.mu.Unlock()
	if one == nil {
		return s
	}
	select {
	case <-one.done:
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return one.state
}

func (t *Tracer) ask(base context.Context, q record.TraceQuestion, one *question) {
	ctx, stop := context.WithTimeout(base, t.Rules.TraceWait)
	defer stop()
	s, err := t.Ask(ctx, q)
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(one.done)
	t.flying--
	one.at = t.Now()
	var refused *Refused
	switch {
	case err == nil:
		s.Offer = t.Rules.TraceOffer
		one.state = s
		t.reached()
	case errors.As(err, &refused):
		one.state = record.TraceState{Outcome: record.TraceRefused, Says: refused.Says, At: one.at}
		t.reached()
	default:
		t.failed(one.at)
		one.state = record.TraceState{Outcome: record.TraceAway, Away: t.away}
	}
}

func (t *Tracer) reached() {
	if !t.away.IsZero() && t.Told != nil {
		t.Told(true)
	}
	t.fails, t.away, t.rest = 0, time.Time{}, time.Time{}
}

func (t *Tracer) failed(at time.Time) {
	t.fails++
	if t.away.IsZero() {
		t.away = at
	}
	if t.fails == t.Rules.TraceFails && t.Told != nil {
		t.Told(false)
	}
	if t.fails >= t.Rules.TraceFails {
		t.rest = at.Add(t.Rules.TraceRest)
	}
}

// sweep forgets what is too old, and what is too much.
func (t *Tracer) sweep(now time.Time) {
	for k, one := range t.asked {
		old := now.Sub(one.at) >= t.Rules.TraceKeep
		if one.state.Outcome != record.TraceWaiting && (old || len(t.asked) >= mostKept) {
			delete(t.asked, k)
		}
	}
}

// keyOf tells questions apart; it stays in memory.
func keyOf(q record.TraceQuestion) string {
	if q.ByNumber() {
		return q.NHS.Text
	}
	return fmt.Sprintf("%s\n%s\n%s\n%s\n%s", strings.ToLower(q.Family), strings.ToLower(q.Given), q.Born, q.Sex, q.Postcode)
}
