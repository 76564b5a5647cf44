package exchangedb_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/exchange/exchangedb"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/task"
	"holdfast/task/taskdb"
)

var (
	device  = access.Caller{Person: fact.Subject{1}, Name: "node", Role: access.Device}
	handler = access.Caller{Person: fact.Subject{2}, Name: "R. Ashdown", Role: access.CallHandler}
	tarn    = exchange.Party{ODS: "ZZ122", Name: "Tarn Valley"}
)

// carrier answers attempts as it is told: the last answer for ever, or, with
// receipt, a fitting one after all others.
type carrier struct {
	mu      sync.Mutex
	answers []exchangedb.Answer
	sent    []string
	receipt bool
}

func (c *carrier) Send(_ context.Context, e exchange.Envelope, content []byte) exchangedb.Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, string(content))
	if len(c.answers) > 0 {
		a := c.answers[0]
		if c.receipt || len(c.answers) > 1 {
			c.answers = c.answers[1:]
		}
		return a
	}
	return exchangedb.Answer{Outcome: exchange.Handed, Status: 200, Proof: []byte("signed"), Receipt: &exchange.Receipt{
		Envelope: e.ID, Content: e.Content, By: "ZZ122", Case: "26-1",
	}}
}

func (c *carrier) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sent)
}

type rig struct {
	t    *testing.T
	o    journal.Options
	j    *journal.Journal
	mail *carrier
	mu   sync.Mutex
	skip time.Duration // how far the clock was put forward
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Add(r.skip)
}

func (r *rig) forward(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skip += d
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, mail: &carrier{receipt: true}}
	r.o = journal.Options{Dir: t.TempDir(), Demo: true, Clock: r.now, Views: []journal.View{exchangedb.View{}, taskdb.View{}}, Reserve: 1 << 16}
	if err := journal.Found(t.Context(), r.o, journal.Founding{Name: "Fellside 111", ODS: "ZZ111", DeviceName: "node"}); err != nil {
		t.Fatal(err)
	}
	r.open()
	t.Cleanup(r.close)
	return r
}

func (r *rig) open() {
	r.t.Helper()
	var err error
	if r.j, err = journal.Open(context.Background(), r.o); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) close() {
	if err := r.j.Close(); err != nil {
		r.t.Error(err)
	}
}

// run runs an outbox until the test stops it.
func (r *rig) run() (stop func()) {
	box := exchangedb.Outbox{
		Journal: r.j, Clock: r.now, Device: device, Log: slog.New(slog.DiscardHandler),
		Senders: map[exchange.Route]exchangedb.Sender{exchange.ByDirect: r.mail},
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); box.Run(ctx) }()
	return func() { cancel(); <-done }
}

// prepare states an envelope on a new case.
func (r *rig) prepare(routes ...exchange.Route) fact.Subject {
	r.t.Helper()
	about, err := fact.NewSubject(rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	_, err = r.j.Do(context.Background(), handler.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		return exchange.Prepare(handler, exchange.ToSend{
			About: about, Referral: &exchange.Referral{ID: about.String(), To: tarn}, To: tarn, Due: tx.Now().Add(time.Minute), Routes: routes,
		}, tx.Now())
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return about
}

func (r *rig) envelope(about fact.Subject) exchange.Envelope {
	r.t.Helper()
	h, err := r.j.History(context.Background(), about)
	if err != nil {
		r.t.Fatal(err)
	}
	all, err := exchange.FoldEnvelopes(h)
	if err != nil || len(all) != 1 {
		r.t.Fatalf("%d envelopes, %v", len(all), err)
	}
	return all[0]
}

func (r *rig) tasks() []task.Task {
	r.t.Helper()
	all, err := taskdb.Open(context.Background(), r.j.Views(), device, "")
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

func (r *rig) until(what string, holds func() bool) {
	r.t.Helper()
	for end := time.Now().Add(8 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("never: %s", what)
		}
	}
}

func (r *rig) delivered(about fact.Subject) func() bool {
	return func() bool { return r.envelope(about).Standing() == exchange.Delivered }
}

func TestEnvelopeIsCarriedAndReceipted(t *testing.T) {
	r := newRig(t)
	defer r.run()()
	about := r.prepare(exchange.ByDirect)
	r.until("delivered", r.delivered(about))
	e := r.envelope(about)
	if len(e.Attempts) != 1 || e.Receipts[0].Case != "26-1" || r.mail.count() != 1 {
		t.Errorf("%d attempts, %d sent, %+v", len(e.Attempts), r.mail.count(), e.Receipts)
	}
	if got, err := exchange.DecodeReferral([]byte(r.mail.sent[0])); err != nil || got.ID != about.String() {
		t.Errorf("another content was sent: %v %v", got, err)
	}
	r.until("nothing pending", func() bool { p, err := exchangedb.Pending(t.Context(), r.j); return err == nil && len(p) == 0 })
	if len(r.tasks()) != 0 {
		t.Error("a task for what arrived")
	}
}

func TestWhatFailedIsTriedAgain(t *testing.T) {
	r := newRig(t)
	r.mail.answers = []exchangedb.Answer{{Outcome: exchange.Unreachable}}
	defer r.run()()
	about := r.prepare(exchange.ByDirect)
	r.until("tried once", func() bool { return len(r.envelope(about).Attempts) == 1 })
	if s := r.envelope(about).Standing(); s != exchange.UnderWay {
		t.Errorf("%s", s)
	}
	r.until("delivered", r.delivered(about))
	if n := len(r.envelope(about).Attempts); n != 2 {
		t.Errorf("%d attempts", n)
	}
}

func TestOverdueIsOneTaskAlsoAfterARestart(t *testing.T) {
	r := newRig(t)
	r.mail.receipt, r.mail.answers = false, []exchangedb.Answer{{Outcome: exchange.NotKnown}}
	about := r.prepare(exchange.ByDirect)
	r.forward(61 * time.Second)
	stop := r.run()
	r.until("a phone task", func() bool { return len(r.tasks()) == 1 })
	stop()
	r.close()
	r.open()
	stop = r.run()
	r.forward(10 * time.Minute)
	r.until("tried again", func() bool { return r.mail.count() >= 2 })
	stop()
	all := r.tasks()
	if len(all) != 1 || all[0].What().What != task.PhoneNoReceipt || all[0].What().About != about || len(all[0].Says.Values) != 1 {
		t.Fatalf("%+v", all)
	}
	overdue := 0
	h, err := r.j.History(t.Context(), about)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range h.Facts() {
		if f.Body.Kind == (exchange.ReceiptOverdue{}).FactKind().Number {
			overdue++
		}
	}
	if overdue != 1 {
		t.Errorf("said %d times that it is overdue", overdue)
	}
	r.mail.receipt, r.mail.answers = true, nil
	defer r.run()()
	r.forward(10 * time.Minute)
	r.until("the late receipt ends the task", func() bool { return r.delivered(about)() && len(r.tasks()) == 0 })
}

func TestRefusedIsForAPersonAndNotSentAgain(t *testing.T) {
	r := newRig(t)
	r.mail.receipt, r.mail.answers = false, []exchangedb.Answer{{Outcome: exchange.Turned, Status: 403, Said: "Not a partner"}}
	defer r.run()()
	about := r.prepare(exchange.ByDirect)
	r.until("a phone task", func() bool { return len(r.tasks()) == 1 })
	r.forward(10 * time.Minute)
	second := r.prepare(exchange.ByDirect) // wakes the outbox
	r.until("the second was tried", func() bool { return len(r.envelope(second).Attempts) == 1 })
	if e := r.envelope(about); len(e.Attempts) != 1 || e.Attempts[0].Said != "Not a partner" || e.Standing() != exchange.Refused {
		t.Errorf("%+v", e)
	}
	r.until("a phone task for each", func() bool { return len(r.tasks()) == 2 })
	if all := r.tasks(); all[0].What().What != task.PhoneRefused {
		t.Errorf("%+v", all)
	}
}

func TestAReceiptForOtherContentIsForAPerson(t *testing.T) {
	r := newRig(t)
	about := r.prepare(exchange.ByDirect)
	r.mail.receipt, r.mail.answers = false, []exchangedb.Answer{{Outcome: exchange.Handed, Receipt: &exchange.Receipt{Envelope: r.envelope(about).ID, Content: fact.Hash{9}}}}
	defer r.run()()
	r.until("a phone task", func() bool { return len(r.tasks()) == 1 })
	if s := r.envelope(about).Standing(); s != exchange.Doubtful {
		t.Errorf("%s", s)
	}
}

func TestNoWayToSendIsAskedOfAPersonAtOnce(t *testing.T) {
	r := newRig(t)
	defer r.run()()
	r.prepare(exchange.ByPhone)
	r.until("a phone task", func() bool { return len(r.tasks()) == 1 })
	if w := r.tasks()[0].What(); w.What != task.PhoneNoRoute || !w.Urgent {
		t.Errorf("%+v", w)
	}
	if r.mail.count() != 0 {
		t.Error("sent by a route that was not chosen")
	}
}

func TestSeenKnowsWhatArrived(t *testing.T) {
	r := newRig(t)
	saved, err := r.j.Do(t.Context(), device.Author(), nil, func(*journal.Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(fact.Subject{7}, exchange.MessageArrived{Route: exchange.ByITK, Keys: []string{"a", "b"}})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.j.WaitViews(t.Context(), saved, time.Second)
	seen := exchangedb.Seen{Journal: r.j}
	for key, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if got, err := seen.Seen(t.Context(), key); err != nil || got != want {
			t.Errorf("%s: %v, %v", key, got, err)
		}
	}
}
