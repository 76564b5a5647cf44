package replicate_test

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/replicate"
	"holdfast/replicate/replicatetest"
)

// holding is a device that has something to tell of what is held back, and keeps
// what it is told.
type holding struct {
	*replicatetest.Store
	of  map[fact.Subject][]journal.HeldBy
	got map[fact.Subject][][]journal.HeldBy
	bad map[fact.ID]bool // come with a proof that does not hold
}

func (h *holding) HeldOf(_ context.Context, s fact.Subject) ([]journal.HeldBy, error) {
	return h.of[s], nil
}

func (h *holding) TakeHeld(_ context.Context, _ fact.Subject, told map[fact.Subject][]journal.HeldBy) error {
	for s, held := range told {
		h.got[s] = append(h.got[s], held)
	}
	return nil
}

// elsewhere begins the ids of facts that the desk is taken to hold already.
const elsewhere = 0xee

func (h *holding) Lacking(ctx context.Context, s fact.Subject, ids []fact.ID) ([]fact.ID, error) {
	return h.Store.Lacking(ctx, s, slices.DeleteFunc(slices.Clone(ids), func(id fact.ID) bool { return id[0] == elsewhere }))
}

func (h *holding) ReceiveProved(ctx context.Context, p journal.Proved) error {
	for _, f := range p.Facts {
		if header, err := fact.ParseHeader(f.Header); err == nil && h.bad[header.ID()] {
			return journal.ErrBad
		}
	}
	return h.Store.ReceiveProved(ctx, p)
}

func (w *world) connectHolding(a, b int) (*line, [2]*holding) {
	both := [2]*holding{}
	at := 0
	l := w.connectWith(a, b, func(c *replicate.Config) {
		both[at] = &holding{Store: c.Store.(*replicatetest.Store), of: map[fact.Subject][]journal.HeldBy{}, got: map[fact.Subject][][]journal.HeldBy{}, bad: map[fact.ID]bool{}}
		c.Store = both[at]
		at++
	})
	return l, both
}

// largestStatement measures the statements that are under way to the second end.
func largestStatement(l *line) (most int) {
	for _, f := range l.ends[1].queue {
		if f[4] == 18 {
			most = max(most, len(f))
		}
	}
	return most
}

func manyHeld(n int) []journal.HeldBy {
	out := make([]journal.HeldBy, n)
	for i := range out {
		binary.BigEndian.PutUint32(out[i].Fact[:], uint32(i))
		out[i].Cut[0] = 1
	}
	return out
}

// A cut that holds tens of thousands of entries of one subject back is told whole,
// in frames that fit, and the desk's work goes on; what changes later is told too.
func TestHoweverMuchIsHeldBackTheDeskGetsItsWork(t *testing.T) {
	_, w, cases, subjects := ward(t)
	l, both := w.connectHolding(0, 1)
	both[0].of[subjects[0]] = manyHeld(40_000)
	both[0].of[subjects[1]] = manyHeld(3)
	largest := 0
	for range 2000 {
		w.step()
		largest = max(largest, largestStatement(l))
	}
	if told := effectsOf[replicate.Trouble](w.nodes[0]); len(told) > 0 {
		t.Fatalf("%v: %v", told[0].What, told[0].Err)
	}
	if n := len(effectsOf[replicate.Stated](w.nodes[1])); n < 10 || largest > 1<<20 {
		t.Errorf("%d statements, the largest of %d bytes", n, largest)
	}
	for _, s := range subjects[:2] {
		got := both[1].got[s]
		if len(got) != 1 || !slices.Equal(got[0], both[0].of[s]) {
			t.Fatalf("told %d times of %d held entries", len(got), len(both[0].of[s]))
		}
	}
	held := w.nodes[1].store.IDs()
	for _, id := range cases.facts[subjects[0]] {
		if !held[id] {
			t.Fatal("the desk lacks its work")
		}
	}
	both[0].of[subjects[0]] = manyHeld(20_000)
	w.touched(l, subjects[0])
	if got := both[1].got[subjects[0]]; len(got) != 2 || len(got[1]) != 20_000 {
		t.Errorf("the change was told %d times", len(got)-1)
	}
	w.calm()
}

// A statement that is lost in the middle of what is held back is begun anew, and
// nothing is taken for the whole that is a part.
func TestWhatIsHeldBackIsTakenWholeOrNotAtAll(t *testing.T) {
	_, w, _, subjects := ward(t)
	l, both := w.connectHolding(0, 1)
	both[0].of[subjects[0]] = manyHeld(20_000)
	seen, lost := map[*byte]bool{}, false
	for range 2000 {
		w.step()
		l.ends[1].queue = slices.DeleteFunc(l.ends[1].queue, func(f []byte) bool {
			if f[4] != 18 || lost {
				return false
			}
			seen[&f[0]] = true
			lost = len(seen) == 3
			return lost
		})
	}
	if !lost {
		t.Fatal("nothing was lost")
	}
	w.tick(30)
	got := both[1].got[subjects[0]]
	if len(got) == 0 {
		t.Fatal("never told")
	}
	for _, held := range got {
		if len(held) != 20_000 {
			t.Errorf("%d of 20,000 were taken for all", len(held))
		}
	}
}

// A subject with more facts than one statement may name is stated in several.
func TestALongSubjectIsStatedInParts(t *testing.T) {
	_, w, cases, subjects := ward(t)
	facts := cases.facts[subjects[0]]
	for i := range 80_000 {
		id := fact.ID{0: elsewhere}
		binary.BigEndian.PutUint32(id[1:], uint32(i))
		cases.facts[subjects[0]] = append(cases.facts[subjects[0]], id)
	}
	l, _ := w.connectHolding(0, 1)
	largest := 0
	for range 2000 {
		w.step()
		largest = max(largest, largestStatement(l))
	}
	if n := len(effectsOf[replicate.Stated](w.nodes[1])); n < 9 || largest > 1<<20 {
		t.Errorf("%d statements, the largest of %d bytes", n, largest)
	}
	held := w.nodes[1].store.IDs()
	for _, id := range facts {
		if !held[id] {
			t.Fatal("a fact of a long subject did not come")
		}
	}
	w.calm()
	cases.subjects = subjects[1:2]
	w.touched(l)
	if gone := effectsOf[replicate.LetGo](w.nodes[1]); len(gone) != 1 {
		t.Errorf("let go: %+v", gone)
	}
	w.calm()
}
