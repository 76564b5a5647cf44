package share_test

import (
	"testing"

	"holdfast/fact"
	"holdfast/fact/share"
)

// A share handed out is spent alone; without one, a use waits for the holder,
// who decides.
func TestAShareIsSpentAlone(t *testing.T) {
	w := newWorld(theLaw, 2, 10)
	if !w.hand(0, deviceID(1), share.Some(3, 5)) || w.use(1, 3) {
		t.Fatal("a share is spent before it has arrived, or cannot be handed out")
	}
	w.sync(0, 1)
	if !w.use(1, 3) || w.use(1, 6) || w.use(0, 4) || w.hand(0, deviceID(1), share.Some(2, 3)) {
		t.Error("a device spends what it does not hold, or not what it holds")
	}
	if left := w.rights(1).Left(deviceID(1)); len(left) != 1 || left[0] != share.Some(4, 5) {
		t.Errorf("left %v", left)
	}
	w.use(1, 4)
	w.use(1, 5)
	if !w.ask(1, 6) {
		t.Fatal("with an empty share nobody can go on")
	}
	w.sync(1, 0)
	if r := w.rights(0); w.use(0, 6) || len(r.Open()) != 1 || r.Open()[0].Why != share.Asked {
		t.Errorf("what waits for the holder is not shown, or is used over: %+v", r.Open())
	}
	if !w.decide(0, true) || w.decide(0, true) {
		t.Error("the holder cannot confirm, or twice")
	}
	w.sync(0, 1)
	if r := w.rights(1); len(r.Open()) != 0 || r.UsesOf(w.facts[5].fact.ID)[0].Status != share.ConfirmedUse {
		t.Errorf("%+v", r.Uses)
	}
}

// The owner is lost; two people move its rights. What it used unseen waits for
// a decision; when it has seen what happened it is refused.
func TestALostOwner(t *testing.T) {
	w := newWorld(theLaw, 2, 4)
	w.propose(1, 1, deviceID(0), deviceID(1))
	if w.approve(1, 1) || w.use(1, 1) {
		t.Fatal("one person alone moved the rights")
	}
	if !w.approve(1, 2) || !w.use(1, 1) || w.rights(1).Owner.Holder != deviceID(1) {
		t.Fatal("two people cannot move the rights of a lost owner")
	}
	w.use(0, 1)
	w.use(0, 2)
	w.sync(0, 1)
	r := w.rights(1)
	if open := r.Open(); len(open) != 2 || open[0].Why != share.Reassigned || r.Holds(deviceID(1), share.One(2)) {
		t.Errorf("%+v", r.Uses)
	}
	w.sync(1, 0)
	if w.use(0, 3) {
		t.Error("a lost owner that has seen it still spends")
	}
}

// Two pairs move the rights apart: nobody spends until a pair settles it.
func TestTwoPairsApart(t *testing.T) {
	w := newWorld(theLaw, 3, 2)
	for _, at := range []int{1, 2} {
		w.propose(at, at, deviceID(0), deviceID(at))
		w.approve(at, 3)
	}
	w.use(1, 1)
	w.sync(1, 2)
	r := w.rights(2)
	if !r.InDispute() || w.use(2, 2) || len(r.Parts[0].Between) != 2 || len(r.Open()) != 1 {
		t.Fatalf("%+v", r)
	}
	w.propose(2, 1, fact.Subject{}, deviceID(2))
	if w.approve(2, 1) || !w.approve(2, 2) {
		t.Fatal("a dispute is settled by one person, or cannot be")
	}
	if r = w.rights(2); r.InDispute() || w.use(2, 1) || !w.decide(2, false) || !w.use(2, 2) {
		t.Errorf("%+v", w.rights(2))
	}
	if got := w.rights(2).Uses[0]; got.Status != share.RefusedUse || len(got.By) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestUnits(t *testing.T) {
	if share.Some(5, 4).Sound() || share.Some(5, 4).Count() != 0 || share.Some(4, 1<<63).Sound() || !share.One(0).Sound() {
		t.Error("unsound units pass")
	}
	w := newWorld(theLaw, 1, 2)
	w.write(0, share.Step{Act: share.Used, Units: share.Some(9, 3)}, true)
	if r := w.rights(0); len(r.Uses) != 1 || r.Uses[0].Status != share.Provisional || r.Holds(deviceID(0), share.Some(9, 3)) {
		t.Errorf("%+v", r)
	}
}
