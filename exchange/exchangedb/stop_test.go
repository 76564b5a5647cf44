package exchangedb_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/exchange/exchangedb"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/task"
)

// letter states a letter on a new case.
func (r *rig) letter(route exchange.Route) fact.Subject {
	r.t.Helper()
	about := fact.Subject{9, byte(len(r.mail.sent)), 1}
	_, err := r.j.Do(context.Background(), handler.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		out, _, err := exchange.PrepareLetter(handler, about, exchange.Letter{
			Key: "worse", Language: "en", Title: "T", Lines: []string{"Call 111."}, Phone: codes.ReceivePhone("07700900518"), Case: "26-1",
			Written: fact.At(tx.Now()), Until: fact.At(tx.Now().Add(time.Hour)),
		}, route, tx.Now().Add(time.Minute), tx.Now())
		return out, err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return about
}

func (r *rig) phoneTask(e exchange.Envelope) task.Task {
	r.t.Helper()
	about := task.SubjectOf(e.Timer())
	h, err := r.j.History(context.Background(), about)
	if err != nil {
		r.t.Fatal(err)
	}
	return task.Fold(about, h)
}

func (r *rig) runBox(change func(*exchangedb.Outbox)) (stop func()) {
	box := exchangedb.Outbox{
		Journal: r.j, Clock: r.now, Device: device, Log: slog.New(slog.DiscardHandler),
		Senders: map[exchange.Route]exchangedb.Sender{exchange.ByText: r.mail},
	}
	change(&box)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); box.Run(ctx) }()
	return func() { cancel(); <-done }
}

func TestWhatMustNotGoIsWithdrawnAndNobodyIsAskedToRing(t *testing.T) {
	r := newRig(t)
	about := r.letter(exchange.ByText)
	defer r.runBox(func(b *exchangedb.Outbox) {
		b.Stops = func(context.Context, exchange.Envelope) (string, bool) { return "The patient has died.", true }
	})()
	r.until("withdrawn", func() bool { return r.envelope(about).Standing() == exchange.Withdrawn })
	if r.mail.count() != 0 || r.phoneTask(r.envelope(about)).Open() {
		t.Fatal("it went, or somebody is asked to ring the dead")
	}
	all, err := exchangedb.Pending(t.Context(), r.j)
	if err != nil || len(all) != 0 {
		t.Fatal("it waits still", all, err)
	}
}

// A death that is written while a text waits for its receipt ends the asking.
func TestAWithdrawalEndsThePhoneTask(t *testing.T) {
	r := newRig(t)
	r.mail.answers = []exchangedb.Answer{{Outcome: exchange.Turned, Said: "no such number"}}
	r.mail.receipt = false
	about := r.letter(exchange.ByText)
	var dead atomic.Bool
	stop := r.runBox(func(b *exchangedb.Outbox) {
		b.Stops = func(context.Context, exchange.Envelope) (string, bool) {
			if dead.Load() {
				return "The patient has died.", true
			}
			return "", true
		}
	})
	r.until("a phone task", func() bool { return r.phoneTask(r.envelope(about)).Open() })
	w := r.phoneTask(r.envelope(about)).What()
	if w.List != task.Dispatch || w.Urgent || w.Ring.Present() {
		t.Errorf("the task of a letter is %+v", w)
	}
	stop()
	dead.Store(true)
	defer r.runBox(func(b *exchangedb.Outbox) {
		b.Stops = func(context.Context, exchange.Envelope) (string, bool) { return "The patient has died.", true }
	})()
	r.until("the task ended", func() bool { return !r.phoneTask(r.envelope(about)).Open() })
}

// Tried as often as it may be, it rests until a person asks for it again.
func TestTriesAreBounded(t *testing.T) {
	r := newRig(t)
	r.mail.answers, r.mail.receipt = []exchangedb.Answer{{Outcome: exchange.Unreachable}}, false
	about := r.letter(exchange.ByText)
	twice := func(b *exchangedb.Outbox) { b.Most = func(exchange.Carries) int { return 2 } }
	stop := r.runBox(twice)
	r.until("two tries", func() bool {
		if e := r.envelope(about); len(e.Attempts) < 2 {
			r.forward(10 * time.Second)
			return false
		}
		return true
	})
	stop() // an outbox that slept through the jump of this clock would look again much later
	r.forward(2 * time.Minute)
	defer r.runBox(twice)()
	r.until("somebody is asked", func() bool { return r.phoneTask(r.envelope(about)).Open() })
	if n := len(r.envelope(about).Attempts); n != 2 {
		t.Fatalf("tried %d times", n)
	}
	_, err := r.j.Do(t.Context(), handler.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		return exchange.AskAgain(r.envelope(about), access.Caller{Person: handler.Person, Name: handler.Name, Role: handler.Role}, tx.Now().Add(time.Minute), tx.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	r.until("tried again", func() bool { return len(r.envelope(about).Attempts) > 2 })
}

// What is to be printed is tried by no machine; somebody is reminded when it
// was not printed in time.
func TestPaperWaitsForAPerson(t *testing.T) {
	r := newRig(t)
	about := r.letter(exchange.ByPaper)
	r.forward(2 * time.Minute)
	defer r.runBox(func(*exchangedb.Outbox) {})()
	r.until("a reminder", func() bool { return r.phoneTask(r.envelope(about)).Open() })
	if r.mail.count() != 0 || len(r.envelope(about).Attempts) != 0 {
		t.Fatal("a machine sent paper")
	}
}
