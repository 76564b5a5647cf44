package journal

import (
	"testing"

	"holdfast/fact"
)

// What a desk is given is said once, all of one question in one fact, and not
// again after a restart; what is remembered of it is bounded, and what was
// forgotten changes nothing in the manifest.
func TestGivenIsSaidOnceAndRememberedWithinBounds(t *testing.T) {
	o := testOptions(t)
	a := newJournal(t, o)
	d, _ := sister(t, a, fact.Desk, "d")
	desk := d.papers.card.Device
	var all []fact.Subject
	for range 3 {
		s := newSubject(t, a)
		say(t, a, s, "live work")
		all = append(all, s)
	}
	said := func(j *Journal) (n int) {
		t.Helper()
		h, err := j.History(t.Context(), desk)
		if err != nil {
			t.Fatal(err)
		}
		return h.Len()
	}
	before := said(a)
	a.Giving(t.Context(), desk, append(all, all[0]))
	a.GiveAnew(t.Context(), desk, []Anew{{Subject: all[0], Times: 1}})
	give(t, a, d, all...)
	if n := said(a) - before; n > 3 { // and one for what the control lane needs
		t.Fatalf("three subjects and one anew are said in %d facts", n)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = reopen(t, o)
	n := said(a)
	a.Giving(t.Context(), desk, all)
	a.GiveAnew(t.Context(), desk, []Anew{{Subject: all[0], Times: 1}})
	if said(a) != n {
		t.Error("it is said again after a restart")
	}
	g := a.gave.to(desk)
	for range mostRemembered * 2 {
		g.add(Anew{Subject: newSubject(t, a)})
	}
	if kept := len(g.now) + len(g.before); kept > 2*mostRemembered || g.has(Anew{Subject: all[1]}) {
		t.Errorf("%d are remembered, the first among them: %v", kept, g.has(Anew{Subject: all[1]}))
	}
	at := fact.At(a.o.Clock()) + 1000
	first, err := a.Manifest(t.Context(), desk, at)
	if err != nil {
		t.Fatal(err)
	}
	a.Giving(t.Context(), desk, all)
	if said(a) != n+1 {
		t.Error("what was forgotten is not said")
	}
	again, err := a.Manifest(t.Context(), desk, at)
	if err != nil || len(again) != len(first) {
		t.Fatalf("the manifest has %d lines, and had %d; %v", len(again), len(first), err)
	}
	for i := range first {
		if first[i] != again[i] {
			t.Errorf("a line changed: %+v, was %+v", again[i], first[i])
		}
	}
	site, err := fact.NewSubject(a.o.Random)
	if err != nil {
		t.Fatal(err)
	}
	a.Giving(t.Context(), site, all) // no desk
	if h, err := a.History(t.Context(), site); err != nil || h.Len() > 0 {
		t.Errorf("%d facts about what is no desk, %v", h.Len(), err)
	}
}
