package share_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"testing"

	"holdfast/fact"
	"holdfast/fact/share"
)

// step is one thing that can happen in the model; it tells whether anything
// did.
type step func(w *world) bool

// everything that can happen between few devices and units: each use, hand-out
// and question, each reassignment by two people on one device, each decision,
// each meeting of two devices.
func everything(devices int, units uint64) (out []step) {
	for d := range devices {
		for u := uint64(1); u <= units; u++ {
			out = append(out, func(w *world) bool { return w.use(d, u) }, func(w *world) bool { return w.ask(d, u) })
			for e := range devices {
				out = append(out, func(w *world) bool { return w.hand(d, deviceID(e), share.One(u)) })
			}
		}
		for lost := range devices {
			for to := range devices {
				out = append(out, func(w *world) bool { return w.propose(d, d, deviceID(lost), deviceID(to)) && w.approve(d, 8) })
			}
		}
		for to := range devices {
			out = append(out, func(w *world) bool {
				return w.rights(d).InDispute() && w.propose(d, d, fact.Subject{}, deviceID(to)) && w.approve(d, 8)
			})
		}
		out = append(out, func(w *world) bool { return w.decide(d, true) }, func(w *world) bool { return w.decide(d, false) })
		for e := range devices {
			out = append(out, func(w *world) bool { return d != e && w.sync(d, e) })
		}
	}
	return out
}

// explore walks every interleaving down to a depth, one for each set of facts
// and who holds which.
type explorer struct {
	steps  []step
	known  map[[32]byte]int
	worlds int
}

func (x *explorer) explore(w *world, depth int) error {
	x.worlds++
	if depth == 0 {
		return nil
	}
	for _, s := range x.steps {
		next := w.copy()
		if !s(next) {
			continue
		}
		key := next.key()
		if x.known[key] >= depth {
			continue
		}
		x.known[key] = depth
		if err := next.judgeChanged(w); err != nil {
			return err
		}
		if err := x.explore(next, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// judgeChanged judges the nodes that know more than they did in a former world.
func (w *world) judgeChanged(was *world) error {
	for at := range w.at {
		if w.at[at].held == was.at[at].held {
			continue
		}
		if err := w.judgeAt(at); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) key() [32]byte {
	ids := func(held set) (out []string) {
		held.each(func(i int) { out = append(out, string(w.facts[i].fact.ID[:])) })
		slices.Sort(out)
		return out
	}
	h := sha256.New()
	for _, n := range w.at {
		fmt.Fprint(h, ids(n.held), "|")
	}
	return [32]byte(h.Sum(nil))
}

// deep tells whether there is time for all of it (a few minutes).
func deep() bool { return os.Getenv("HOLDFAST_SHARE") == "deep" }

// beginnings are the fresh world, one where a share is out, one where the owner
// was declared lost unseen, and one where two pairs moved its rights apart.
func beginnings(devices int, units uint64) []*world {
	fresh := func() *world { return newWorld(theLaw, devices, units) }
	shared, lost, apart := fresh(), fresh(), fresh()
	shared.hand(0, deviceID(1), share.One(1))
	shared.sync(0, 1)
	lost.propose(1, 1, deviceID(0), deviceID(1))
	lost.approve(1, 8)
	last := deviceID(devices - 1)
	apart.propose(0, 1, deviceID(0), last)
	apart.approve(0, 8)
	apart.propose(1, 1, deviceID(0), deviceID(1))
	apart.approve(1, 8)
	return []*world{fresh(), shared, lost, apart}
}

// Every interleaving of a small world keeps the law.
func TestEveryInterleavingOfASmallWorld(t *testing.T) {
	for _, size := range []struct {
		devices, depth, deeper int
		units                  uint64
	}{{2, 4, 5, 2}, {3, 3, 4, 1}, {3, 2, 3, 2}} {
		depth := size.depth
		if deep() {
			depth = size.deeper
		}
		x := explorer{steps: everything(size.devices, size.units), known: map[[32]byte]int{}}
		for _, begin := range beginnings(size.devices, size.units) {
			if err := begin.judgeAll(); err != nil {
				t.Fatal(err)
			}
			if err := x.explore(begin, depth); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d devices, %d units, %d steps deep: %d worlds", size.devices, size.units, depth, x.worlds)
	}
}
