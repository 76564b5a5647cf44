package replicate_test

import (
	"context"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/replicate/replicatetest"
)

// A device that new pages admitted greets one that has heard of nothing: the
// exchange stands in the greeting, and the card is judged by it. What old pages
// sign afterwards is refused by both, and whoever was enrolled goes on.
func TestAnExchangeOfRootsTravelsWithTheGreeting(t *testing.T) {
	o := replicatetest.NewOrg(1)
	old, other := o.Device("old", fact.SiteNode), o.Device("other", fact.SiteNode)
	late := o.Device("late", fact.SiteNode) // its card is by the roots before, and it is not named
	o.Exchange(old, other)
	fresh := o.Device("fresh", fact.SiteNode)
	w := newWorld(t, old, fresh, other, late)
	w.connect(0, 1)
	w.connect(0, 2)
	ids := w.write(1, fact.Care, o.NewSubject(), 3)
	w.run()
	for n, s := range []*replicatetest.Store{old, fresh, other} {
		if len(s.Roots()) != 1 || !s.IDs()[ids[2]] {
			t.Errorf("device %d: %d exchanges, has it %v", n, len(s.Roots()), s.IDs()[ids[2]])
		}
	}
	w.connect(3, 0)
	w.run()
	closed := strings.Join(w.nodes[0].closed, " ")
	if !strings.Contains(closed, "have been replaced") {
		t.Errorf("closed: %q", closed)
	}
}

// Nobody spoils an exchange that is held by one that does not hold.
func TestFalseRootsInAGreeting(t *testing.T) {
	o := replicatetest.NewOrg(1)
	a, b := o.Device("a", fact.SiteNode), o.Device("b", fact.SiteNode)
	good := o.Exchange(a, b)
	false1 := fact.Signed{Bytes: good.Bytes, Sigs: [][]byte{good.Sigs[0], nil}}
	if err := a.AdmitRoots(context.Background(), []fact.Signed{false1}); err == nil || len(a.Roots()) != 0 {
		t.Errorf("taken: %v", err)
	}
	if err := b.AdmitRoots(context.Background(), []fact.Signed{good}); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, a, b)
	w.connect(0, 1)
	w.run()
	if len(a.Roots()) != 1 || len(b.Roots()) != 1 {
		t.Errorf("%d and %d exchanges", len(a.Roots()), len(b.Roots()))
	}
}
