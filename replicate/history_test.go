package replicate_test

import (
	"math/rand/v2"
	"testing"

	"holdfast/fact"
	"holdfast/replicate"
	"holdfast/replicate/replicatetest"
)

// Devices write, lose each other, come back from backups and go on: in the end
// all hold the same, and nothing is lost that any of them held at the end.
func TestRestoresAtRandom(t *testing.T) {
	forks, restored, cloned := 0, 0, 0
	for seed := uint64(1); seed <= 12; seed++ {
		o := replicatetest.NewOrg(byte(seed))
		w := newWorld(t, sites(o, "a", "b", "c", "d")...)
		w.random = rand.New(rand.NewPCG(seed, 11))
		w.twice, w.shuffle = 0.05, 0.05
		backups := map[int]*replicatetest.Store{}
		for range 60 {
			switch n := w.random.IntN(4); w.random.IntN(9) {
			case 0:
				backups[n] = w.nodes[n].store.Copy()
			case 1:
				if b := backups[n]; b != nil {
					w.restore(n, b)
					delete(backups, n)
					if w.random.IntN(2) == 0 { // it goes on before anyone tells it
						w.write(n, fact.Care, o.NewSubject(), 1)
					}
				}
			case 2:
				w.cutAll()
			case 3, 4:
				if m := w.random.IntN(4); m != n {
					w.connect(n, m)
				}
			default:
				w.write(n, fact.Lanes()[w.random.IntN(3)], o.NewSubject(), 1+w.random.IntN(3))
			}
			for range w.random.IntN(60) {
				w.step()
			}
		}
		w.cutAll()
		before := w.facts()
		for n := 1; n < 4; n++ {
			w.connect(0, n)
		}
		w.tick(40)
		w.wantSame()
		held := w.nodes[3].store.IDs()
		for id := range before {
			if !held[id] {
				t.Fatalf("seed %d: fact %s was lost", seed, id.Short())
			}
		}
		for _, n := range w.nodes {
			if told := effectsOf[replicate.Damaged](n); len(told) > 0 {
				t.Fatalf("seed %d: %+v", seed, told)
			}
			forks += len(effectsOf[replicate.Forked](n))
			for _, r := range effectsOf[replicate.Reincarnated](n) {
				if r.Why == "restored" {
					restored++
				} else {
					cloned++
				}
			}
		}
	}
	if forks == 0 || restored == 0 || cloned == 0 {
		t.Errorf("the seeds are too tame: %d forks, %d restored, %d cloned", forks, restored, cloned)
	}
}

// restore puts a device back to a backup, as a new run of the program.
func (w *world) restore(n int, backup *replicatetest.Store) {
	for _, l := range append([]*line(nil), w.lines...) {
		if l.ends[0].node == w.nodes[n] || l.ends[1].node == w.nodes[n] {
			w.cut(l)
		}
	}
	w.nodes[n].store, w.nodes[n].board = backup, replicate.NewBoard()
}

// facts lists what any device holds.
func (w *world) facts() map[fact.ID]bool {
	out := map[fact.ID]bool{}
	for _, n := range w.nodes {
		for id := range n.store.IDs() {
			out[id] = true
		}
	}
	return out
}
