package exchange

import (
	"testing"

	"holdfast/fact"
)

func TestAnyOrderGivesTheSameState(t *testing.T) {
	a, b := &writer{t: t, feed: fact.FeedID{1}}, &writer{t: t, feed: fact.FeedID{2}}
	prepared := a.write(EnvelopePrepared{Envelope: EnvelopeID{1}, Carries: CarriesReferral, Content: fact.Hash{5}, Due: 10, Routes: []Route{ByDirect}})
	facts := []fact.Fact{
		prepared,
		a.write(EnvelopeAttempted{Envelope: EnvelopeID{1}, Route: ByDirect, Outcome: Unreachable}),
		b.write(EnvelopeAttempted{Envelope: EnvelopeID{1}, Route: ByDirect, Outcome: NotKnown}, prepared.ID),
		b.write(ReceiptOverdue{Envelope: EnvelopeID{1}, Timer: fact.Hash{9}}, prepared.ID),
		a.write(ReceiptReceived{Receipt: Receipt{Envelope: EnvelopeID{1}, Content: fact.Hash{5}}}),
		b.write(ReceiptReceived{Receipt: Receipt{Envelope: EnvelopeID{1}, Content: fact.Hash{5}}}),
		b.write(EnvelopePrepared{Envelope: EnvelopeID{2}}),
	}
	want, err := fact.StateHash(state(t, facts...))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	all(facts, func(order []fact.Fact) {
		n++
		got, err := fact.StateHash(state(t, order...))
		if err != nil || got != want {
			t.Fatalf("another order gives another state: %v", err)
		}
	})
	if n != 5040 {
		t.Errorf("%d orders", n)
	}
	got := state(t, facts...)
	if len(got) != 2 || len(got[0].Attempts) != 2 || len(got[0].Receipts) != 1 || got[0].Standing() != Delivered {
		t.Errorf("%+v", got)
	}
}

func TestStandings(t *testing.T) {
	id := EnvelopeID{1}
	for _, c := range []struct {
		name  string
		facts []fact.Content
		want  Standing
		ring  bool
	}{
		{"prepared", nil, Waiting, false},
		{"handed over", []fact.Content{EnvelopeAttempted{Envelope: id, Outcome: Handed}}, UnderWay, false},
		{"not reached", []fact.Content{EnvelopeAttempted{Envelope: id, Outcome: Unreachable}}, UnderWay, false},
		{"refused", []fact.Content{EnvelopeAttempted{Envelope: id, Outcome: Turned}}, Refused, true},
		{"refused, then not reached", []fact.Content{EnvelopeAttempted{Envelope: id, Outcome: Turned}, EnvelopeAttempted{Envelope: id, Outcome: Unreachable}}, Refused, true},
		{"refused, then taken", []fact.Content{EnvelopeAttempted{Envelope: id, Outcome: Turned}, EnvelopeAttempted{Envelope: id, Outcome: Handed}}, UnderWay, false},
		{"late", []fact.Content{EnvelopeAttempted{Envelope: id, Outcome: Handed}, ReceiptOverdue{Envelope: id}}, Late, true},
		{"late, then receipt", []fact.Content{ReceiptOverdue{Envelope: id}, ReceiptReceived{Receipt: Receipt{Envelope: id, Content: fact.Hash{5}}}}, Delivered, false},
		{"receipt for something else", []fact.Content{ReceiptReceived{Receipt: Receipt{Envelope: id, Content: fact.Hash{6}}}}, Doubtful, true},
	} {
		w := &writer{t: t, feed: fact.FeedID{1}}
		facts := []fact.Fact{w.write(EnvelopePrepared{Envelope: id, Content: fact.Hash{5}})}
		for _, f := range c.facts {
			facts = append(facts, w.write(f))
		}
		e := state(t, facts...)[0]
		if e.Standing() != c.want || e.NeedsPerson() != c.ring {
			t.Errorf("%s: %s, a person: %v", c.name, e.Standing(), e.NeedsPerson())
		}
	}
}

func TestBrokenAndNewerFactsDoNotHideOthers(t *testing.T) {
	w := &writer{t: t, feed: fact.FeedID{1}}
	good := w.write(EnvelopePrepared{Envelope: EnvelopeID{1}})
	newer := w.write(ReceiptOverdue{Envelope: EnvelopeID{1}})
	newer.Body.Version = 99
	broken := w.write(ReceiptOverdue{Envelope: EnvelopeID{1}})
	broken.Body.Content = []byte{0xff}
	other := w.write(MessageArrived{Route: ByITK})
	got, err := FoldEnvelopes(fact.NewHistory([]fact.Fact{good, newer, broken, other}))
	if len(got) != 1 || got[0].Overdue || err == nil {
		t.Errorf("%+v %v", got, err)
	}
	if _, ok, err := FoldEnvelope(fact.NewHistory([]fact.Fact{good}), EnvelopeID{1}); !ok || err != nil {
		t.Error("not found")
	}
	if _, ok, _ := FoldEnvelope(fact.NewHistory([]fact.Fact{good}), EnvelopeID{2}); ok {
		t.Error("found what is not there")
	}
}

func TestKindsAreTheirOwn(t *testing.T) {
	seen := map[uint32]bool{}
	for _, k := range Kinds() {
		if k.Number < 300 || k.Number > 399 || seen[k.Number] || k.Name == "" || k.Version != 1 {
			t.Errorf("%+v", k)
		}
		seen[k.Number] = true
	}
}
