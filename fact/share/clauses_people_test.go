package share_test

import (
	"testing"

	"holdfast/fact"
	"holdfast/fact/share"
)

// Examples of what two people's word does to words written apart from it.

func lastID(w *world) fact.ID { return w.facts[len(w.facts)-1].fact.ID }

// Only who holds a unit hands it on.
func TestHandedByWhoDoesNotHold(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	w.say(1, share.Step{Act: share.Handed, Units: share.One(1), To: deviceID(1)})
	w.everywhere()
	holder(t, w, 1, deviceID(0))
}

// Who declares a use provisional has not used the unit up, even its own.
func TestAskedOfItself(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	use := w.say(0, share.Step{Act: share.Used, Units: share.One(1), Asks: true})
	w.everywhere()
	standing(t, w, use, share.Provisional, share.Asked)
}

// A use of what another holds is shown, and says why.
func TestUsedByWhoDoesNotHold(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	use := w.say(1, share.Step{Act: share.Used, Units: share.One(1)})
	w.everywhere()
	standing(t, w, use, share.Provisional, share.NotHeld)
}

// A confirmation of what is no use takes nothing.
func TestConfirmedWhatIsNoUse(t *testing.T) {
	w := newWorld(theLaw, 2, 2)
	w.hand(0, deviceID(1), share.One(2))
	hand := lastID(w)
	w.everywhere()
	w.say(1, share.Step{Act: share.Confirmed, About: hand})
	w.everywhere()
	holder(t, w, 2, deviceID(1))
}

// A refusal is about one use.
func TestOneIsRefused(t *testing.T) {
	w := newWorld(theLaw, 2, 2)
	w.ask(1, 1)
	one := lastID(w)
	w.ask(1, 2)
	two := lastID(w)
	w.everywhere()
	w.say(0, share.Step{Act: share.Refused, About: one})
	w.everywhere()
	standing(t, w, one, share.RefusedUse, share.Asked)
	standing(t, w, two, share.Provisional, share.Asked)
	r := w.rights(0)
	if confirm, refuse := r.MayDecide(deviceID(0), r.UsesOf(one)[0]); confirm || refuse {
		t.Error("what is decided may be decided on again")
	}
}

// disputed has a unit that two copies of device 0 used apart, all of it known
// everywhere but to a third copy.
func disputed() *world {
	w := newWorld(theLaw, 2, 1)
	w.addNode(deviceID(0), w.at[0].held)
	w.addNode(deviceID(0), w.at[0].held)
	w.use(0, 1)
	w.use(2, 1)
	w.sync(0, 2)
	w.sync(2, 0)
	return w
}

// What is in dispute is settled by a proposal to settle it; neither the word on
// a lost device nor the approval of something else does.
func TestOnlyAProposalToSettleSettles(t *testing.T) {
	w := disputed()
	w.moveByTwo(t, 0, deviceID(0), deviceID(1))
	no := w.say(0, share.Step{Act: share.Handed, Units: share.One(1), To: deviceID(1), Person: person(1)})
	w.say(0, share.Step{Act: share.Approved, About: no, Person: person(2)})
	w.everywhere()
	if r := w.rights(0); r.Parts[0].Standing != share.Disputed || len(r.Parts[0].Between) != 0 {
		t.Errorf("%+v", r.Parts)
	}
}

// A hand-out to the device that two people chose, unseen by them, is not their
// word: what rests on it waits.
func TestAHandOutIsNoTwin(t *testing.T) {
	w := disputed()
	w.moveByTwo(t, 0, fact.Subject{}, deviceID(1))
	w.hand(3, deviceID(1), share.One(1))
	w.sync(3, 1)
	if !w.use(1, 1) {
		t.Fatal("not used")
	}
	use := lastID(w)
	w.everywhere()
	standing(t, w, use, share.Provisional, share.Reassigned)
	holder(t, w, 1, deviceID(1))
}

// To move from one device and to move from another is not the same thing done
// twice, though both name who takes over.
func TestFromDifferentDevicesIsNoTwin(t *testing.T) {
	w := newWorld(theLaw, 3, 1)
	w.hand(0, deviceID(2), share.One(1))
	w.sync(0, 2)
	w.moveByTwo(t, 2, deviceID(2), deviceID(1))
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	w.use(1, 1)
	use := lastID(w)
	w.everywhere()
	standing(t, w, use, share.Provisional, share.Reassigned)
	holder(t, w, 1, deviceID(1))
}

// The same move made again later is another move: what the lost device used
// between, unseen, waits.
func TestMovedAgainLater(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	w.hand(1, deviceID(0), share.One(1))
	w.sync(1, 0)
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	w.use(0, 1)
	use := lastID(w)
	w.everywhere()
	standing(t, w, use, share.Provisional, share.Reassigned)
	holder(t, w, 1, deviceID(1))
}

// A move made twice apart overrules what neither pair had seen.
func TestTwinsOverrule(t *testing.T) {
	w := newWorld(theLaw, 3, 1)
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	w.moveByTwo(t, 2, deviceID(0), deviceID(1))
	w.use(0, 1)
	use := lastID(w)
	w.everywhere()
	standing(t, w, use, share.Provisional, share.Reassigned)
	holder(t, w, 1, deviceID(1))
}

// A move to the device itself is none, and makes nothing provisional.
func TestMovedToItself(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	p := w.say(1, share.Step{Act: share.Proposed, Lost: deviceID(0), To: deviceID(0), Person: person(1)})
	w.say(1, share.Step{Act: share.Approved, About: p, Person: person(2)})
	w.use(0, 1)
	use := lastID(w)
	w.everywhere()
	standing(t, w, use, share.Firm, "")
}

// Two pairs against one are no majority: the unit is in dispute.
func TestNoMajority(t *testing.T) {
	w := newWorld(theLaw, 4, 1)
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	w.moveByTwo(t, 2, deviceID(0), deviceID(1))
	w.moveByTwo(t, 3, deviceID(0), deviceID(2))
	w.everywhere()
	if r := w.rights(0); r.Parts[0].Standing != share.Disputed || len(r.Parts[0].Between) != 2 {
		t.Errorf("%+v", r.Parts)
	}
}

// A dispute that was settled is not opened again by a third pair who did apart
// what one of the two had done; what was used on that pair's word waits.
func TestARepetitionOfWhatWasSettled(t *testing.T) {
	w := newWorld(theLaw, 4, 2)
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	w.moveByTwo(t, 2, deviceID(0), deviceID(2))
	w.sync(1, 2)
	w.moveByTwo(t, 2, fact.Subject{}, deviceID(2))
	w.use(2, 1)
	firm := lastID(w)
	w.moveByTwo(t, 3, deviceID(0), deviceID(1))
	w.sync(3, 1)
	if !w.use(1, 2) {
		t.Fatal("not used")
	}
	unseen := lastID(w)
	w.everywhere()
	standing(t, w, firm, share.Firm, "")
	standing(t, w, unseen, share.Provisional, share.Reassigned)
	holder(t, w, 2, deviceID(2))
}

// Two people's word that came without all it rests on moves nothing here yet,
// and the history says that something is missing. What the lost device uses
// meanwhile waits once all of it is here: nobody has it twice.
func TestAWordThatCameWithoutWhatItRestsOn(t *testing.T) {
	w := newWorld(theLaw, 3, 2)
	w.ask(1, 2)
	w.sync(1, 2)
	w.moveByTwo(t, 2, deviceID(0), deviceID(2))
	w.trickle(2, 0, 2)
	if gaps := fact.NewHistory(w.of(w.at[0].held)).Gaps(); len(gaps) != 1 || !w.use(0, 1) {
		t.Fatalf("%d gaps", len(gaps))
	}
	use := lastID(w)
	w.everywhere()
	standing(t, w, use, share.Provisional, share.NotHeld)
	holder(t, w, 1, deviceID(2))
}

// Two pairs did two things in either order: each repeats the other, and the
// unit does not vanish between them.
func TestEachRepeatsTheOther(t *testing.T) {
	w := newWorld(theLaw, 3, 1)
	for _, at := range []int{1, 2} {
		w.moveByTwo(t, at, deviceID(0), deviceID(at))
		w.hand(at, deviceID(0), share.One(1))
		w.moveByTwo(t, at, deviceID(0), deviceID(3-at))
	}
	w.everywhere()
	if r := w.rights(0); r.Exist() != 1 || r.Parts[0].Standing != share.Disputed {
		t.Errorf("%+v", r.Parts)
	}
}

// Who owns the whole is in dispute even when nothing is left of it.
func TestADisputeOverTheOwner(t *testing.T) {
	w := newWorld(theLaw, 3, 1)
	w.use(0, 1)
	w.everywhere()
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	w.moveByTwo(t, 2, deviceID(0), deviceID(2))
	w.everywhere()
	r := w.rights(0)
	if !r.InDispute() || r.Owner.Standing != share.Disputed {
		t.Errorf("%+v", r.Owner)
	}
	if _, ok := r.Holder(1); ok {
		t.Error("a used unit is held")
	}
}

// Parts of one use that stand differently are shown apart.
func TestPartsOfAUse(t *testing.T) {
	w := newWorld(theLaw, 2, 3)
	w.hand(0, deviceID(1), share.One(2))
	w.sync(0, 1)
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	use := w.say(0, share.Step{Act: share.Used, Units: share.Some(1, 2)})
	w.everywhere()
	got := w.rights(0).UsesOf(use)
	if len(got) != 2 || got[0].Why != share.Reassigned || got[1].Why != share.NotHeld {
		t.Errorf("%+v", got)
	}
	w = newWorld(theLaw, 3, 2)
	w.hand(0, deviceID(1), share.One(2))
	w.everywhere()
	use = w.say(2, share.Step{Act: share.Used, Units: share.Some(1, 2), Asks: true})
	w.everywhere()
	w.say(0, share.Step{Act: share.Confirmed, About: use})
	w.say(1, share.Step{Act: share.Confirmed, About: use})
	w.everywhere()
	got = w.rights(0).UsesOf(use)
	if len(got) != 2 || got[0].Status != share.ConfirmedUse || got[1].Status != share.ConfirmedUse || got[0].By[0] == got[1].By[0] {
		t.Errorf("%+v", got)
	}
}

// Units that stand differently are shown apart: by which use took them, and
// between whom they are in dispute.
func TestPartsOfTheWhole(t *testing.T) {
	w := newWorld(theLaw, 4, 4)
	w.use(0, 1)
	w.use(0, 2)
	w.addNode(deviceID(0), w.at[0].held)
	for unit, to := range map[uint64][2]int{3: {1, 2}, 4: {1, 3}} {
		w.hand(0, deviceID(to[0]), share.One(unit))
		w.hand(4, deviceID(to[1]), share.One(unit))
	}
	w.everywhere()
	p := w.rights(0).Parts
	if len(p) != 4 || p[0].Use == p[1].Use || p[2].Between[1] != deviceID(2) || p[3].Between[1] != deviceID(3) {
		t.Errorf("%+v", p)
	}
}

// Absurd numbers bring nothing into being.
func TestAbsurdUnits(t *testing.T) {
	w := newWorld(theLaw, 1, 2)
	w.say(0, share.Step{Act: share.Received, Units: share.Some(5, 1<<62), To: deviceID(0)})
	w.say(0, share.Step{Act: share.Received, Units: share.Some(5, 1<<64-1), To: deviceID(0)})
	r := w.rights(0)
	if _, ok := r.Holder(5); ok || r.Exist() != 2 || len(r.Parts) != 1 {
		t.Errorf("%+v", r.Parts)
	}
}
