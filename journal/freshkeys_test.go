package journal

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
)

// takenTo puts into a stolen desk's folder all that others hold, as stolen does,
// and besides every fact of some subjects by itself: a desk holds parts.
func takenTo(t *testing.T, desk *Journal, from *Journal, others ...*Journal) {
	t.Helper()
	stolen(t, desk, append([]*Journal{from}, others...)...)
	subjects, err := from.Subjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range subjects {
		ids, err := from.FactIDs(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		p, err := from.Proved(t.Context(), from.papers.card.Device, s, ids)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.ReceiveProved(t.Context(), p); err != nil && !errors.Is(err, ErrOwn) {
			t.Fatal(err)
		}
	}
}

// After a desk is revoked, whatever is written by anybody, about what it was
// given and what it had written itself, stays closed to it, though every byte of
// it is put into its folder. Everybody else reads everything and has nothing to
// do, also after a restart; a desk that was apart meanwhile loses nothing.
// Readmitted it reads everything; revoked again it is shut out again.
func TestARevokedDeskReadsNothingThatIsWrittenAfter(t *testing.T) {
	o := testOptions(t)
	a := newJournal(t, o)
	b, ob := sister(t, a, fact.SiteNode, "b")
	r, or := sister(t, a, fact.Desk, "r")
	desk, od := sister(t, a, fact.Desk, "desk")
	apart, _ := sister(t, a, fact.Desk, "apart")
	old, own, shared := newSubject(t, a), newSubject(t, r), newSubject(t, a)
	say(t, a, old, "before")
	say(t, a, shared, "before")
	give(t, a, r, old, shared)
	give(t, a, desk, old, shared)
	give(t, a, apart, old, shared)
	say(t, r, own, "before at r")
	pull(t, r, a)
	settle(t, a, b)
	give(t, b, desk, own)

	keys := len(everyWrap(t, a))
	cut := cutOff(t, a, r)
	tend(t, a)
	settle(t, a, b)
	if n := len(a.House().fresh); n != 1 {
		t.Fatalf("%d beginnings of fresh keys after one revocation", n)
	}
	if now := len(everyWrap(t, a)); now-keys > 2 {
		t.Errorf("the revocation itself cost %d keys", now-keys) // of the organisation's own subject
	}
	give(t, a, desk)
	say(t, apart, shared, "by a desk that had not heard of it")
	pull(t, apart, b)
	settle(t, a, b)
	give(t, a, apart)
	newA, newD := newSubject(t, a), newSubject(t, desk)
	for _, one := range []struct {
		j *Journal
		s fact.Subject
	}{{a, old}, {b, old}, {desk, old}, {b, own}, {desk, own}, {a, newA}, {desk, newD}, {apart, shared}} {
		say(t, one.j, one.s, "after by "+one.j.papers.card.Name)
	}
	pull(t, desk, a)
	pull(t, apart, b)
	settle(t, a, b)
	closed := func() {
		t.Helper()
		takenTo(t, r, a, b, desk, apart)
		reads(t, r, old, "before")
		reads(t, r, own, "before at r")
		reads(t, r, newA)
		reads(t, r, newD)
		for _, text := range texts(t, r, shared) {
			if text == "after by apart" {
				t.Errorf("r reads %q", text)
			}
		}
	}
	open := func(more ...string) {
		t.Helper()
		for _, j := range []*Journal{a, b} {
			reads(t, j, old, append([]string{"before", "after by node 1", "after by b", "after by desk"}, more...)...)
			reads(t, j, own, "before at r", "after by b", "after by desk")
			reads(t, j, newA, "after by node 1")
			reads(t, j, newD, "after by desk")
			reads(t, j, shared, "before", "by a desk that had not heard of it", "after by apart")
		}
		give(t, a, desk, old, own, newA, shared)
		give(t, b, apart, old)
		reads(t, desk, old, append([]string{"before", "after by node 1", "after by b", "after by desk"}, more...)...)
		reads(t, desk, own, "before at r", "after by b", "after by desk")
		reads(t, desk, newA, "after by node 1")
		reads(t, desk, shared, "before", "by a desk that had not heard of it", "after by apart")
		reads(t, apart, old, append([]string{"before", "after by node 1", "after by b", "after by desk"}, more...)...)
	}
	closed()
	open()
	refs := keysOf(t, a, newA)
	if wraps, err := a.Wraps(t.Context(), r.papers.card.Device, refs); !errors.Is(err, ErrCutOff) || len(wraps) > 0 {
		t.Errorf("a site node gives a revoked desk %d keys, %v", len(wraps), err)
	}

	for _, j := range []*Journal{a, b, r, desk} {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range []Options{o, ob, od} {
		holds(t, one)
	}
	a, b, r, desk = reopen(t, o), reopen(t, ob), reopen(t, or), reopen(t, od)
	tend(t, a, b)
	if n := len(a.House().fresh); n != 1 {
		t.Errorf("%d beginnings after a restart", n)
	}
	say(t, a, old, "after a restart")
	say(t, desk, old, "at the desk after a restart")
	pull(t, desk, a)
	settle(t, a, b)
	closed()
	open("after a restart", "at the desk after a restart")

	readmitted(t, b, cut)
	settle(t, a, b)
	give(t, b, r, old, own, newA, newD)
	all := []string{"before", "after by node 1", "after by b", "after by desk", "after a restart", "at the desk after a restart"}
	reads(t, r, old, all...)
	reads(t, r, newA, "after by node 1")
	say(t, r, old, "by r again")
	pull(t, r, b)
	settle(t, a, b)
	reads(t, a, old, append(all, "by r again")...)

	cutOff(t, b, r)
	tend(t, b)
	settle(t, a, b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = reopen(t, ob) // the readmission opens with the first fresh keys, the second cut as well, and with both the second ones
	if h := b.House(); len(h.fresh) != 2 || !h.CutOff(r.papers.card.Device) || len(h.Cuts) != 2 {
		t.Errorf("after a restart: %d beginnings, %d cuts, cut off %v", len(h.fresh), len(h.Cuts), h.CutOff(r.papers.card.Device))
	}
	say(t, a, old, "after the second time")
	say(t, b, newA, "after the second time")
	settle(t, a, b)
	takenTo(t, r, a, b)
	reads(t, r, old, append(all, "by r again")...)
	reads(t, r, newA, "after by node 1")
	reads(t, b, newA, "after by node 1", "after the second time")
}

// Two site nodes that revoke a desk each, apart, go on with fresh keys of their
// own; when they meet, what is written is closed to both desks. Two that act on
// the same revocation apart begin the same.
func TestDesksRevokedApartAreBothShutOut(t *testing.T) {
	a := newJournal(t, testOptions(t))
	b, _ := sister(t, a, fact.SiteNode, "b")
	c, _ := sister(t, a, fact.SiteNode, "c")
	r1, _ := sister(t, a, fact.Desk, "r1")
	r2, _ := sister(t, a, fact.Desk, "r2")
	s := newSubject(t, a)
	say(t, a, s, "before")
	settle(t, a, b, c)
	give(t, a, r1, s)
	give(t, a, r2, s)
	cutOff(t, a, r1)
	cutOff(t, b, r2)
	tend(t, a, b)
	if x, y := a.subjects.rings.Load().now, b.subjects.rings.Load().now; x.fresh == y.fresh || x.fresh == (fact.Hash{}) {
		t.Fatal("they did not begin fresh keys each")
	}
	say(t, a, s, "apart at a")
	give(t, a, r2, s) // a has not heard that r2 is revoked
	reads(t, r2, s, "before", "apart at a")
	say(t, b, s, "apart at b")
	settle(t, a, b, c)
	for _, j := range []*Journal{a, b, c} {
		say(t, j, s, "after by "+j.papers.card.Name)
		if _, missing := j.House().freshIn(j.epochs.Load().now); len(missing) > 0 {
			t.Errorf("%s goes on with keys that are not closed to both", j.papers.card.Name)
		}
	}
	settle(t, a, b, c)
	for _, j := range []*Journal{a, b, c} {
		reads(t, j, s, "before", "apart at a", "apart at b", "after by node 1", "after by b", "after by c")
	}
	for _, r := range []*Journal{r1, r2} {
		takenTo(t, r, c, a, b)
		for _, text := range texts(t, r, s) {
			if len(text) > 5 && text[:5] == "after" {
				t.Errorf("%s reads %q", r.papers.card.Name, text)
			}
		}
	}

	r3, _ := sister(t, a, fact.Desk, "r3")
	settle(t, a, b, c)
	cutOff(t, a, r3)
	meet(t, a, b)
	had := len(a.House().fresh)
	due := a.House()
	last, missing := due.freshIn(a.epochs.Load().now)
	for _, j := range []*Journal{a, b} { // as both do who have waited
		told(t, j, KeysFresh{Epoch: j.epochs.Load().now, After: last.called(), Cuts: missing})
	}
	settle(t, a, b, c)
	if n := len(c.House().fresh); n != had+1 {
		t.Errorf("the same said apart began %d, not 1", n-had)
	}
}

// The site node where a desk was revoked is killed before it begins fresh keys:
// it does so when it is back, and another after a while.
func TestFreshKeysBeginThoughTheNodeGoesDown(t *testing.T) {
	o := testOptions(t)
	var seconds atomic.Int64
	began := time.Now()
	o.Clock = func() time.Time { return began.Add(time.Duration(seconds.Load()) * time.Second) }
	a := newJournal(t, o)
	b, _ := sister(t, a, fact.SiteNode, "b")
	r, _ := sister(t, a, fact.Desk, "r")
	s := newSubject(t, a)
	say(t, a, s, "before")
	settle(t, a, b)
	give(t, a, r, s)
	cutOff(t, a, r)
	meet(t, a, b)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	tend(t, b)
	if n := len(b.House().fresh); n != 0 {
		t.Fatalf("b did not leave it to a: %d", n)
	}
	seconds.Store(31)
	tend(t, b)
	tend(t, b)
	if n := len(b.House().fresh); n != 1 {
		t.Fatalf("%d beginnings at b", n)
	}
	a = reopen(t, o)
	tend(t, a) // it has not heard of b's: it says the same
	meet(t, a, b)
	tend(t, a, b)
	if n := len(a.House().fresh); n != 1 {
		t.Errorf("%d beginnings at a", n)
	}
	say(t, a, s, "after")
	meet(t, a, b)
	takenTo(t, r, a, b)
	reads(t, r, s, "before")
	reads(t, b, s, "before", "after")
}

// When a site node and a desk are revoked, each is shut out of what is written
// after, whichever went first, and a desk that still uses the epoch before is
// not left with keys that the revoked desk has.
func TestADeskAndASiteNodeRevoked(t *testing.T) {
	a := newJournal(t, testOptions(t))
	r, _ := sister(t, a, fact.SiteNode, "r")
	d, _ := sister(t, a, fact.Desk, "d")
	desk, _ := sister(t, a, fact.Desk, "desk")
	s, s2 := newSubject(t, a), newSubject(t, a)
	say(t, a, s, "before")
	say(t, a, s2, "before")
	settle(t, a, r)
	for _, one := range []*Journal{d, desk} {
		give(t, a, one, s, s2)
	}
	cut := cutOff(t, a, r)
	tend(t, a)
	readmitted(t, a, cut) // the epoch before is spent no more: desks go on with it
	cutOff(t, a, d)
	tend(t, a)
	give(t, a, desk, s)
	if of := desk.subjects.rings.Load().now.of; of == a.epochs.Load().now {
		t.Fatal("the desk uses the new epoch, so this proves nothing")
	}
	say(t, desk, s, "after at the desk")
	say(t, a, s, "after at a")
	pull(t, desk, a)
	takenTo(t, d, a, desk)
	reads(t, d, s, "before")
	reads(t, a, s, "before", "after at the desk", "after at a")
	give(t, a, desk, s)
	reads(t, desk, s, "before", "after at the desk", "after at a")

	cutOff(t, a, r)
	tend(t, a)
	give(t, a, desk, s)
	tend(t, desk)
	pull(t, desk, a)
	tend(t, a)
	say(t, desk, s2, "last at the desk")
	say(t, a, s2, "last at a")
	pull(t, desk, a)
	takenTo(t, d, a, desk)
	reads(t, d, s2, "before")
	stolen(t, r, a, desk)
	reads(t, r, s2, "before")
	reads(t, a, s2, "before", "last at the desk", "last at a")
}

// Who has not heard of a cut makes no keys from what was begun because of it,
// and so can't hand any on.
func TestFreshKeysCountWithTheirCuts(t *testing.T) {
	cut1, cut2 := fact.ID{1}, fact.ID{2}
	epoch := fact.Hash{9}
	first := KeysFresh{Epoch: epoch, Cuts: []fact.ID{cut1}}
	name, err := first.name()
	if err != nil {
		t.Fatal(err)
	}
	second := KeysFresh{Epoch: epoch, After: name, Cuts: []fact.ID{cut2}}
	other := KeysFresh{Epoch: fact.Hash{8}, After: name, Cuts: []fact.ID{cut2}}
	nowhere := KeysFresh{Epoch: epoch, After: fact.Hash{7}, Cuts: []fact.ID{cut1}}
	d1, d2 := fact.Subject{1}, fact.Subject{2}
	house := func(cuts ...Cut) House {
		o := House{Cuts: cuts, Devices: map[fact.Subject]Enrolled{
			d1: {Card: fact.DeviceCard{Kind: fact.Desk}}, d2: {Card: fact.DeviceCard{Kind: fact.Desk}},
		}}
		o.foldFresh([]KeysFresh{nowhere, other, second, first, first})
		return o
	}
	one, two := Cut{ID: cut1, Says: CutMade{Device: d1}}, Cut{ID: cut2, Says: CutMade{Device: d2}}
	lapse := two
	lapse.Lapse = &Lapse{}
	for _, c := range []struct {
		what    string
		cuts    []Cut
		counts  int
		missing int
	}{
		{"no cut is known", nil, 0, 0},
		{"only the second", []Cut{two}, 0, 1},
		{"only the first", []Cut{one}, 1, 0},
		{"a lapse is no cut", []Cut{one, lapse}, 1, 0},
		{"both", []Cut{one, two}, 2, 0},
	} {
		o := house(c.cuts...)
		_, missing := o.freshIn(epoch)
		if len(o.fresh) != c.counts || len(missing) != c.missing {
			t.Errorf("%s: %d count and lack %d cuts, not %d and %d", c.what, len(o.fresh), len(missing), c.counts, c.missing)
		}
	}
	o := house(one, two)
	if best, _ := o.freshIn(epoch); best.before == nil || !slices.Equal(best.cuts, []fact.ID{cut2}) {
		t.Error("what comes after does not count what came before it")
	}
	if best, missing := o.freshIn(fact.Hash{8}); best != nil || len(missing) != 2 {
		t.Error("fresh keys of one epoch serve another")
	}
}

// Only site nodes begin fresh keys: a hostile desk could begin any number.
func TestADeskBeginsNoFreshKeys(t *testing.T) {
	a := newJournal(t, testOptions(t))
	r, _ := sister(t, a, fact.Desk, "r")
	d, _ := sister(t, a, fact.Desk, "d")
	cut := cutOff(t, a, r)
	give(t, a, d)
	for _, epoch := range []fact.Hash{a.epochs.Load().now, {1}} {
		told(t, d, KeysFresh{Epoch: epoch, Cuts: []fact.ID{cut}})
	}
	pull(t, d, a)
	for _, j := range []*Journal{a, d} {
		if h := j.House(); len(h.fresh) > 0 || j.subjects.rings.Load().now.fresh != (fact.Hash{}) {
			t.Errorf("%s: %d begun by a desk count", j.papers.card.Name, len(h.fresh))
		}
	}
	tend(t, a)
	if h := a.House(); len(h.fresh) != 1 {
		t.Errorf("%d begun by the site node", len(h.fresh))
	}
}

// What was sealed with fresh keys comes back from a copy and the holders' pages.
func TestFreshKeysComeBackFromPaper(t *testing.T) {
	j, o, made := heldByThree(t)
	s := newSubject(t, j)
	say(t, j, s, "before")
	gone, err := fact.NewSubject(j.o.Random)
	if err != nil {
		t.Fatal(err)
	}
	cut := told(t, j, CutMade{Device: gone, Since: fact.At(j.o.Clock()), Why: "stolen"})
	told(t, j, KeysFresh{Epoch: j.epochs.Load().now, Cuts: []fact.ID{cut}})
	if j.subjects.rings.Load().now.fresh == (fact.Hash{}) {
		t.Fatal("no fresh keys are in use, so this proves nothing")
	}
	say(t, j, s, "after")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := back(t, o, made)
	reads(t, again, s, "before", "after")
}
