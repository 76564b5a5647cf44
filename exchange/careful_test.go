package exchange

import (
	"testing"

	"holdfast/fact"
)

func TestAHeldReceiptEndsNothing(t *testing.T) {
	w := &writer{t: t, feed: fact.FeedID{1}}
	id, content := EnvelopeID{1}, fact.Hash{5}
	facts := []fact.Fact{
		w.write(EnvelopePrepared{Envelope: id, Content: content, Due: fact.At(now)}),
		w.write(EnvelopeAttempted{Envelope: id, Outcome: Handed}),
		w.write(ReceiptReceived{Receipt: Receipt{Envelope: id, Content: content, By: "X"}}),
	}
	if got := state(t, facts...); got[0].Standing() != Delivered {
		t.Fatalf("%s", got[0].Standing())
	}
	for first := range facts {
		held := append([]fact.Fact(nil), facts...)
		for i := first; i < len(held); i++ {
			held[i].Held = true
		}
		got := state(t, held...)
		if len(got) != 1 || got[0].Standing() == Delivered || got[0].Unverified != (first == 0) || got[0].Due != fact.At(now) {
			t.Errorf("held from fact %d: %+v", first, got)
		}
	}
}

func TestAHeldAttemptHidesNoRefusal(t *testing.T) {
	w := &writer{t: t, feed: fact.FeedID{1}}
	id := EnvelopeID{1}
	facts := []fact.Fact{
		w.write(EnvelopePrepared{Envelope: id}), w.write(EnvelopeAttempted{Envelope: id, Outcome: Turned}),
		w.write(EnvelopeAttempted{Envelope: id, Outcome: Handed}),
	}
	facts[2].Held = true
	if got := state(t, facts...); !got[0].NeedsPerson() {
		t.Errorf("nobody is asked to ring: %s", got[0].Standing())
	}
}
