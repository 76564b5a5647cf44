package urgentdb

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
)

// pregnancyOf reads whether a pregnancy is on the record of a case's patient;
// nobody's record is read for it where none can be.
func pregnancyOf(c urgent.Case, history func(fact.Subject) (fact.History, error)) (record.Answer, error) {
	v, ok := c.Patient.Get()
	if !ok || v.Record.Zero() || v.Identity.Sex == "male" {
		return record.NotAsked, nil
	}
	h, err := history(v.Record)
	if err != nil {
		return record.NotAsked, err
	}
	return record.Fold(v.Record, h).Pregnant(), nil
}

// Nation asks national services what a case needs to know, writes down that it
// is about to ask before anything leaves, and writes down the answer or why
// there is none. After a restart it goes on from the facts alone. Nothing on
// the path of a click waits for it.
type Nation struct {
	Journal *journal.Journal
	Clock   journal.Clock
	Device  access.Caller
	Rules   *urgent.Rules
	Askers  map[exchange.National]exchange.Asker
	Turn    func(timer fact.Hash) time.Duration // how long to wait when other devices may ask the same; nil: not at all
	Log     *slog.Logger

	wake  chan struct{}
	under sync.WaitGroup
	mu    sync.Mutex
	busy  map[fact.Hash]bool
	moved map[fact.Subject]bool // cases that something was written on since the last round

	due   map[fact.Subject]time.Time // when a case is looked at again; Run's own goroutine only
	first map[fact.Hash]time.Time    // when a question was first seen; likewise
	whole time.Time                  // when every open case was looked at; likewise
}

const (
	mostAsking   = 4                // questions on their way at once
	nationLooks  = 30 * time.Second // it looks again at the latest
	settled      = 24 * time.Hour   // of a case of which nothing is waited for
	nationSweeps = 5 * time.Minute  // every open case is looked at so often, should a change have been missed
)

// Run asks until ctx is done; then it waits for what is on its way.
func (n *Nation) Run(ctx context.Context) error {
	if len(n.Askers) == 0 { // every page says so; there is nothing to write down
		<-ctx.Done()
		return nil
	}
	n.wake, n.busy, n.first = make(chan struct{}, 1), map[fact.Hash]bool{}, map[fact.Hash]time.Time{}
	n.moved, n.due = map[fact.Subject]bool{}, map[fact.Subject]time.Time{}
	stop := n.Journal.Watch(func(facts []fact.Fact) { n.heard(touched(facts)...) })
	defer stop()
	defer n.under.Wait()
	for {
		next := n.round(ctx)
		timer := time.NewTimer(min(max(next, 20*time.Millisecond), nationLooks))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-n.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// Connected tells which services can be asked from here.
func (n *Nation) Connected(s exchange.National) bool { return n.Askers[s] != nil }

// heard has cases looked at in the next round.
func (n *Nation) heard(cases ...fact.Subject) {
	if len(cases) == 0 {
		return
	}
	n.mu.Lock()
	for _, id := range cases {
		n.moved[id] = true
	}
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// round does what is due now and says how long nothing else will be.
func (n *Nation) round(ctx context.Context) time.Duration {
	now := n.Clock()
	if err := n.sweep(ctx, now); err != nil {
		n.trouble(ctx, "the open cases can't be read", err)
		return time.Second
	}
	n.mu.Lock()
	for id := range n.moved {
		n.due[id] = now
	}
	clear(n.moved)
	n.mu.Unlock()
	next := nationLooks
	for id, at := range n.due {
		if left := at.Sub(now); left > 0 {
			next = min(next, left)
			continue
		}
		left, err := n.attend(ctx, id)
		switch {
		case err != nil:
			n.trouble(ctx, "a question could not be put down", err)
			left = time.Second
		case left == settled:
			delete(n.due, id) // nothing to wait for: it is heard of when it moves
			continue
		}
		n.due[id] = now.Add(left)
		next = min(next, left)
	}
	return next
}

// sweep has every open case looked at, at the start and now and then.
func (n *Nation) sweep(ctx context.Context, now time.Time) error {
	if age := now.Sub(n.whole); !n.whole.IsZero() && age >= 0 && age < nationSweeps {
		return nil
	}
	rows, err := n.Journal.Views().QueryContext(ctx, `SELECT id FROM urgent_case WHERE onlist = 1 ORDER BY id`)
	if err != nil {
		return err
	}
	open, err := subjects(rows)
	if err != nil {
		return err
	}
	n.whole = now
	clear(n.first)
	n.heard(open...)
	return nil
}

func (n *Nation) trouble(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		n.Log.Error(what, "err", err)
	}
}

// attend puts the questions of one case that are still to be put, and asks
// those that may be asked now.
func (n *Nation) attend(ctx context.Context, id fact.Subject) (time.Duration, error) {
	c, err := journal.Fold(ctx, n.Journal, id, urgent.Fold)
	if err != nil {
		return 0, err
	}
	onRecord, err := pregnancyOf(c, func(s fact.Subject) (fact.History, error) { return n.Journal.History(ctx, s) })
	if err != nil {
		return 0, err
	}
	now := n.Clock()
	if drafts, err := urgent.PutQuestions(c, n.Device, n.Rules, onRecord, n.Connected, now); err != nil || len(drafts) > 0 {
		if err != nil {
			return 0, err
		}
		return n.put(ctx, id, onRecord, drafts)
	}
	next := settled
	open, from := c.ToAsk(n.Rules.Repeat)
	for i, q := range open {
		if left := from[i].Add(n.turnOf(q.Put.ID, now)).Sub(now); left > 0 {
			next = min(next, left)
			continue
		}
		if !n.start(ctx, id, q) {
			next = min(next, time.Second)
		}
	}
	return next, nil
}

// turnOf lets one device ask before the others: a later one finds it done.
func (n *Nation) turnOf(question fact.Hash, now time.Time) time.Duration {
	if n.Turn == nil {
		return 0
	}
	if n.first[question].IsZero() {
		n.first[question] = now
	}
	if left := n.first[question].Add(n.Turn(question)).Sub(now); left > 0 {
		return left
	}
	return 0
}

func (n *Nation) put(ctx context.Context, id fact.Subject, onRecord record.Answer, drafts []fact.Draft) (time.Duration, error) {
	if n.Turn != nil { // another device may be about to say the same
		if put, ok := drafts[0].Content.(urgent.QuestionPut); ok {
			if left := n.turnOf(put.ID, n.Clock()); left > 0 {
				return left, nil
			}
		}
	}
	saved, err := n.Journal.Do(ctx, n.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		c, err := fold(tx, id)
		if err != nil {
			return nil, err
		}
		return urgent.PutQuestions(c, n.Device, n.Rules, onRecord, n.Connected, tx.Now())
	})
	if err != nil {
		return 0, err
	}
	n.Journal.WaitViews(ctx, saved, time.Second)
	return 0, nil // they are asked in the next round
}

// start asks one question apart from the others; false when it can't now.
func (n *Nation) start(ctx context.Context, id fact.Subject, q urgent.Question) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.busy[q.Put.ID] {
		return true
	}
	if len(n.busy) >= mostAsking || ctx.Err() != nil {
		return false
	}
	n.busy[q.Put.ID] = true
	n.under.Add(1)
	go func() {
		defer n.under.Done()
		if err := n.ask(ctx, id, q); err != nil {
			n.trouble(ctx, "an answer could not be put down", err)
		}
		n.mu.Lock()
		delete(n.busy, q.Put.ID)
		n.mu.Unlock()
		n.heard(id)
	}()
	return true
}

// ask asks once and puts down what came of it, even while the program stops.
func (n *Nation) ask(ctx context.Context, id fact.Subject, q urgent.Question) error {
	reply, why, final := n.tried(ctx, q.Put.Query)
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	saved, err := n.Journal.Do(saving, n.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		c, err := fold(tx, id)
		if err != nil {
			return nil, err
		}
		if why != "" {
			return urgent.FailQuestion(c, n.Device, q.Put.ID, why, final)
		}
		return urgent.AnswerQuestion(c, n.Device, n.Rules, q.Put.ID, reply, tx.Now())
	})
	if err == nil {
		n.Journal.WaitViews(saving, saved, time.Second)
	}
	return err
}

func (n *Nation) tried(ctx context.Context, q exchange.Query) (reply exchange.Reply, why string, final bool) {
	asker := n.Askers[q.Service]
	if asker == nil {
		return reply, "This service is not connected here", true
	}
	asking, cancel := context.WithTimeout(ctx, n.Rules.Repeat.AskWithin)
	defer cancel()
	reply, err := asker.Ask(asking, q)
	var no *refusal.Error
	switch {
	case err == nil && reply.Told < exchange.ToldNone:
		return reply, "Its answer says nothing that this program can read", false
	case err == nil && len(reply.Original) > exchange.MaxMessage:
		return exchange.Reply{}, "Its answer was longer than 5 MB", false
	case err == nil:
		return reply, "", false
	case errors.As(err, &no):
		return reply, no.Sentence, no.Kind == refusal.Invalid || no.Kind == refusal.Forbidden
	case asking.Err() != nil:
		return reply, "It did not answer in time", false
	}
	return reply, "It could not be reached", false
}
