package share_test

import (
	"testing"

	"holdfast/fact"
	"holdfast/fact/share"
)

// Each test here pins one clause of the law by an example that a person can
// follow; the random lives look for what nobody thought of.

func (w *world) say(at int, s share.Step) fact.ID { return w.facts[w.write(at, s, true)].fact.ID }

func (w *world) moveByTwo(t *testing.T, at int, lost, to fact.Subject) {
	t.Helper()
	if !w.propose(at, 1, lost, to) || !w.approve(at, 2) {
		t.Fatal("two people cannot move rights")
	}
}

func (w *world) everywhere() { // everything arrives everywhere
	for range w.at {
		for a := range w.at {
			for b := range w.at {
				w.sync(a, b)
			}
		}
	}
}

func holder(t *testing.T, w *world, unit uint64, want fact.Subject) {
	t.Helper()
	for at := range w.at {
		if got, ok := w.rights(at).Holder(unit); !ok || got != want {
			t.Errorf("at node %d unit %d is held by %x (%v), want %x", at, unit, got[:1], ok, want[:1])
		}
	}
}

func standing(t *testing.T, w *world, use fact.ID, status share.Status, why share.Why) {
	t.Helper()
	for at := range w.at {
		if got := w.rights(at).UsesOf(use); len(got) != 1 || got[0].Status != status || got[0].Why != why {
			t.Errorf("at node %d the use stands %+v, want %s, %s", at, got, status, why)
		}
	}
}

// What exists cannot be received again by who has seen it.
func TestReceivedAgain(t *testing.T) {
	w := newWorld(theLaw, 2, 2)
	w.say(1, share.Step{Act: share.Received, Units: share.Some(1, 2), To: deviceID(1)})
	w.everywhere()
	holder(t, w, 1, deviceID(0))
	if r := w.rights(0); r.Exist() != 2 || r.Owner.Holder != deviceID(0) {
		t.Errorf("%+v", r)
	}
}

// What nobody is named to hold does not exist, and is not handed to nobody.
func TestToNobody(t *testing.T) {
	w := newWorld(theLaw, 2, 2)
	w.say(0, share.Step{Act: share.Received, Units: share.Some(5, 6)})
	w.say(0, share.Step{Act: share.Handed, Units: share.One(1)})
	p := w.say(0, share.Step{Act: share.Proposed, Lost: deviceID(0), Person: person(1)})
	w.say(0, share.Step{Act: share.Approved, About: p, Person: person(2)})
	w.everywhere()
	holder(t, w, 1, deviceID(0))
	if r := w.rights(0); r.Exist() != 2 || r.Reassignments[0].Done() {
		t.Errorf("%+v", r)
	}
}

// A proposal is used once; approved again later, it moves nothing.
func TestAProposalIsUsedOnce(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	proposal := w.rights(1).Reassignments[0].Fact
	w.hand(1, deviceID(0), share.One(1))
	w.say(1, share.Step{Act: share.Approved, About: proposal, Person: person(0)})
	w.everywhere()
	holder(t, w, 1, deviceID(0))
	if r := w.rights(0).Reassignments[0]; len(r.Approved) != 1 {
		t.Errorf("%+v", r)
	}
}

// Two people who approve one proposal apart have moved the unit once.
func TestAProposalApprovedTwiceApart(t *testing.T) {
	w := newWorld(theLaw, 3, 1)
	w.propose(1, 0, deviceID(0), deviceID(1))
	w.sync(1, 2)
	if !w.approve(1, 1) || !w.approve(2, 2) {
		t.Fatal("not approved")
	}
	use := w.rights(1)
	if !use.Holds(deviceID(1), share.One(1)) || !w.use(1, 1) {
		t.Fatal("the approval moved nothing")
	}
	w.everywhere()
	standing(t, w, w.facts[len(w.facts)-1].fact.ID, share.Firm, "")
}

// An approval counts when it has seen the proposal, and a person spoke each
// time, two different ones.
func TestWhatIsNoApproval(t *testing.T) {
	for name, people := range map[string][2]fact.Subject{
		"one person": {person(1), person(1)}, "a device proposes": {{}, person(1)}, "a device approves": {person(1), {}},
	} {
		w := newWorld(theLaw, 2, 1)
		p := w.say(1, share.Step{Act: share.Proposed, Lost: deviceID(0), To: deviceID(1), Person: people[0]})
		w.say(1, share.Step{Act: share.Approved, About: p, Person: people[1]})
		w.everywhere()
		holder(t, w, 1, deviceID(0))
		if w.rights(0).Reassignments[0].Done() {
			t.Error(name, "is taken for two people")
		}
	}
	w := newWorld(theLaw, 2, 1)
	p := w.say(1, share.Step{Act: share.Proposed, Lost: deviceID(0), To: deviceID(1), Person: person(1)})
	w.say(0, share.Step{Act: share.Approved, About: p, Person: person(2)}) // node 0 has not seen it
	w.everywhere()
	holder(t, w, 1, deviceID(0))
}

// Two people move what the lost device holds, and nothing else.
func TestOnlyWhatTheLostDeviceHolds(t *testing.T) {
	w := newWorld(theLaw, 3, 2)
	w.hand(0, deviceID(1), share.One(2))
	w.everywhere()
	w.moveByTwo(t, 2, deviceID(0), deviceID(2))
	w.moveByTwo(t, 2, fact.Subject{}, deviceID(0)) // nothing is in dispute
	w.everywhere()
	holder(t, w, 1, deviceID(2))
	holder(t, w, 2, deviceID(1))
}

// A refusal counts from who had seen the use.
func TestRefusedUnseen(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	w.ask(1, 1)
	use := w.facts[1].fact.ID
	w.say(0, share.Step{Act: share.Refused, About: use})
	w.everywhere()
	standing(t, w, use, share.Provisional, share.Asked)
}

// A confirmation counts from who had seen the use and holds the unit.
func TestConfirmedUnseen(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	w.ask(1, 1)
	use := w.facts[1].fact.ID
	w.say(0, share.Step{Act: share.Confirmed, About: use})
	w.say(1, share.Step{Act: share.Confirmed, About: use})
	w.everywhere()
	standing(t, w, use, share.Provisional, share.Asked)
	holder(t, w, 1, deviceID(0))
}

// The holder refuses and the owner refuses; nobody else does, and only the
// holder confirms.
func TestWhoDecides(t *testing.T) {
	for at, want := range []share.Status{share.RefusedUse, share.RefusedUse, share.Provisional, share.Provisional} {
		w := newWorld(theLaw, 4, 1) // 0 owns, 1 holds, 2 uses, 3 looks on
		w.hand(0, deviceID(1), share.One(1))
		w.everywhere()
		w.ask(2, 1)
		use := w.facts[2].fact.ID
		w.everywhere()
		confirm, refuse := w.rights(at).MayDecide(deviceID(at), w.rights(at).Open()[0])
		if confirm != (at == 1) || refuse != (want == share.RefusedUse) {
			t.Errorf("node %d may confirm: %v, refuse: %v", at, confirm, refuse)
		}
		by := w.say(at, share.Step{Act: share.Refused, About: use})
		w.everywhere()
		standing(t, w, use, want, share.Asked)
		if got := w.rights(0).UsesOf(use)[0].By; want == share.RefusedUse && (len(got) != 1 || got[0] != by) {
			t.Errorf("refused by %v", got)
		}
	}
}

// What somebody has used provisionally is neither used over nor handed on until
// the holder has decided; refused, the number is free again.
func TestNotUsedOverWhatWaits(t *testing.T) {
	w := newWorld(theLaw, 2, 3)
	w.ask(1, 2)
	w.everywhere()
	r := w.rights(0)
	if w.use(0, 2) || w.hand(0, deviceID(1), share.Some(1, 3)) || r.Holds(deviceID(0), share.One(2)) || share.CountOf(r.HeldBy(deviceID(0))) != 3 {
		t.Errorf("%+v", r.Left(deviceID(0)))
	}
	if !w.decide(0, false) || !w.use(0, 2) {
		t.Error("a refused use still takes the number")
	}
}

// Copies of a device did the same apart, and at either place two people who
// could not see the other copy moved the unit back. Nobody has seen all of it,
// so it is in dispute, though both pairs agree.
func TestAClashIsSettledByWhoSawAllOfIt(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	w.addNode(deviceID(1), w.at[1].held)
	for _, at := range []int{1, 2} {
		w.moveByTwo(t, at, deviceID(0), deviceID(1))
		if !w.hand(at, deviceID(0), share.One(1)) {
			t.Fatal("not handed back")
		}
		w.moveByTwo(t, at, deviceID(0), deviceID(1))
	}
	w.everywhere()
	if r := w.rights(0); !r.InDispute() || r.Parts[0].Standing != share.Disputed || len(r.Parts[0].Between) != 1 {
		t.Fatalf("settled unseen: %+v", r.Parts)
	}
	w.moveByTwo(t, 0, fact.Subject{}, deviceID(0))
	w.everywhere()
	holder(t, w, 1, deviceID(0))
}

// Copies of a device use one number apart: both uses are shown and wait, until
// two people who have seen both give the unit to a device that decides.
func TestACopyUsesOnceMore(t *testing.T) {
	w := newWorld(theLaw, 2, 1)
	w.addNode(deviceID(0), w.at[0].held)
	if !w.use(0, 1) || !w.use(2, 1) {
		t.Fatal("not used")
	}
	one, two := w.facts[1].fact.ID, w.facts[2].fact.ID
	w.everywhere()
	standing(t, w, one, share.Provisional, share.Apart)
	standing(t, w, two, share.Provisional, share.Apart)
	w.moveByTwo(t, 1, fact.Subject{}, deviceID(1))
	w.say(1, share.Step{Act: share.Confirmed, About: one})
	w.say(1, share.Step{Act: share.Confirmed, About: two})
	w.everywhere()
	standing(t, w, one, share.ConfirmedUse, share.Apart)
	standing(t, w, two, share.Provisional, share.Apart)
}

// A feed of no known device has no rights, and what it used is shown.
func TestNoDevice(t *testing.T) {
	w := newWorld(func(w *world, held set) share.Rights {
		return share.Fold(fact.NewHistory(w.of(held)), read, func(feed fact.FeedID) (fact.Subject, bool) {
			return deviceID(0), feed != w.at[0].feed
		})
	}, 2, 1)
	w.say(0, share.Step{Act: share.Used, Units: share.One(1)})
	w.everywhere()
	standing(t, w, w.facts[1].fact.ID, share.Provisional, share.NoDevice)
}

// The word of two people is one word if said twice apart; who went on from
// either copy went on.
func TestTwinsGoOn(t *testing.T) {
	w := newWorld(theLaw, 3, 2)
	w.moveByTwo(t, 1, deviceID(0), deviceID(1))
	w.moveByTwo(t, 2, deviceID(0), deviceID(1))
	w.use(1, 1)
	use := w.facts[len(w.facts)-1].fact.ID
	w.hand(1, deviceID(2), share.One(2))
	w.everywhere()
	standing(t, w, use, share.Firm, "")
	holder(t, w, 2, deviceID(2))
}

// What a lost device handed out unseen is not the receiver's, and what the
// receiver used of it waits.
func TestHandedOutUnseen(t *testing.T) {
	w := newWorld(theLaw, 3, 1)
	w.hand(0, deviceID(1), share.One(1))
	w.sync(0, 1)
	w.use(1, 1)
	use := w.facts[len(w.facts)-1].fact.ID
	w.moveByTwo(t, 2, deviceID(0), deviceID(2))
	w.everywhere()
	standing(t, w, use, share.Provisional, share.Reassigned)
	holder(t, w, 1, deviceID(2))
}
