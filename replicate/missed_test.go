package replicate_test

import (
	"context"
	"testing"

	"holdfast/fact"
	"holdfast/replicate"
)

// What left the desk's work is asked for no more: the site gives it to nobody who
// is not to hold it.
func TestWhatIsStatedNoMoreIsAskedForNoMore(t *testing.T) {
	_, w, cases, subjects := ward(t)
	hidden := cases.facts[subjects[1]][3]
	w.nodes[0].store.Keep = func(id fact.ID) bool { return id == hidden }
	l := w.connect(0, 1)
	w.tick(30)
	if told := effectsOf[replicate.Omitted](w.nodes[1]); len(told) != 1 {
		t.Fatalf("told %+v", told)
	}
	asked := func(seconds int) (n int) {
		for range seconds {
			w.now = w.now.Add(1e9)
			w.post(l, 0, l.ends[0].link.Tick(context.Background(), w.now))
			w.post(l, 1, l.ends[1].link.Tick(context.Background(), w.now))
			for moved := true; moved; {
				for _, f := range l.ends[0].queue[:min(1, len(l.ends[0].queue))] {
					if f[4] == 19 {
						n++
					}
				}
				moved = w.step()
			}
		}
		return n
	}
	if asked(20) == 0 {
		t.Fatal("what may come after all is not asked for")
	}
	cases.subjects = subjects[:1]
	w.touched(l)
	if n := asked(30); n > 0 {
		t.Errorf("asked %d times for what the desk is to hold no more", n)
	}
	cases.subjects = subjects[:2]
	w.touched(l)
	w.tick(30)
	if told := effectsOf[replicate.Omitted](w.nodes[1]); len(told) != 2 {
		t.Errorf("stated again, and not told that it does not come: %+v", told)
	}
	w.nodes[0].store.Keep = nil
	w.tick(30)
	if !w.nodes[1].store.IDs()[hidden] {
		t.Error("it does not come when it is stated again")
	}
}

// A fact whose proof did not hold is told, and comes after all when it holds.
func TestAFactWithABadProofMayComeAfterAll(t *testing.T) {
	_, w, cases, subjects := ward(t)
	_, both := w.connectHolding(0, 1)
	late := cases.facts[subjects[1]][3]
	both[1].bad[late] = true
	w.tick(20)
	if told := effectsOf[replicate.Omitted](w.nodes[1]); len(told) != 1 || told[0].Fact != late {
		t.Fatalf("told %+v", told)
	}
	delete(both[1].bad, late)
	w.tick(20)
	if !w.nodes[1].store.IDs()[late] {
		t.Error("it is asked for no more")
	}
}
