package journal

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

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

// Where all desks are given the same, what one is given is said of all that are at
// work, once; of one that has asked for nothing for a while, or is revoked, it is
// not. Each desk's manifest has it, whoever's fact said it.
func TestGivenIsSaidOnceOfAllDesksAtWork(t *testing.T) {
	o := testOptions(t)
	o.OneWork = true
	var minutes atomic.Int64
	began := time.Now()
	o.Clock = func() time.Time { return began.Add(time.Duration(minutes.Load()) * time.Minute) }
	a := newJournal(t, o)
	var desks []fact.Subject
	for _, name := range []string{"one", "two", "idle", "gone"} {
		d, _ := sister(t, a, fact.Desk, name)
		desks = append(desks, d.papers.card.Device)
		if name == "gone" {
			a.Giving(t.Context(), desks[3], []fact.Subject{newSubject(t, a)})
			cutOff(t, a, d)
		}
	}
	one, two, idle, gone := desks[0], desks[1], desks[2], desks[3]
	first := newSubject(t, a)
	a.Giving(t.Context(), idle, []fact.Subject{first})
	minutes.Store(11)
	a.Giving(t.Context(), one, []fact.Subject{first})
	a.Giving(t.Context(), two, []fact.Subject{first})
	said := func() (out []KeysGiven) {
		t.Helper()
		for _, d := range desks {
			h, err := a.History(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range h.Facts() {
				if k, err := fact.Read[KeysGiven](f); err == nil {
					out = append(out, k)
				}
			}
		}
		return out
	}
	before := len(said())
	s := newSubject(t, a)
	minutes.Store(12)
	for _, d := range []fact.Subject{two, one, two} {
		a.Giving(t.Context(), d, []fact.Subject{s})
	}
	all := said()
	if len(all) != before+1 {
		t.Fatalf("what two desks were given is said in %d facts", len(all)-before)
	}
	at := slices.IndexFunc(all, func(k KeysGiven) bool { return slices.Contains(k.Subjects, s) })
	if !slices.Equal(all[at].Desks, []fact.Subject{one}) {
		t.Errorf("it is said of %v as well, not of %v alone", all[at].Desks, one)
	}
	for _, c := range []struct {
		desk   fact.Subject
		has    bool
		minute int
	}{{one, true, 12}, {two, true, 12}, {idle, false, 12}, {gone, false, 12}, {one, false, 11}, {two, false, 11}} {
		lines, err := a.Manifest(t.Context(), c.desk, fact.At(began.Add(time.Duration(c.minute)*time.Minute)))
		if err != nil {
			t.Fatal(err)
		}
		if has := slices.ContainsFunc(lines, func(l ManifestLine) bool { return l.Subject == s }); has != c.has {
			t.Errorf("desk %s, minute %d: listed %v", a.House().Devices[c.desk].Card.Name, c.minute, has)
		}
	}
	a.o.OneWork = false
	other := newSubject(t, a)
	a.Giving(t.Context(), one, []fact.Subject{other})
	a.Giving(t.Context(), two, []fact.Subject{other})
	if n := len(said()); n != before+3 {
		t.Errorf("where desks are given different work, two are said in %d facts", n-before-1)
	}
}
