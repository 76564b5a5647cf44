package journal

import (
	"testing"

	"holdfast/fact"
)

// A device was cloned and then cut, trusting the first of its two histories. A
// desk holds one fact of each, at the same place, and can't tell them apart by
// itself: its site node tells it, and it remembers.
func TestADeskIsToldWhatAClonesCutHolds(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	site := reopen(t, o)
	s := newSubject(t, site)
	began := say(t, site, s, "before")
	first, of := sister(t, site, fact.SiteNode, "cloned")
	desk, od := sister(t, site, fact.Desk, "desk 1")
	meet(t, site, first)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	twin := of
	twin.Dir = t.TempDir()
	copyFolder(t, of.Dir, twin.Dir)
	first, clone := reopen(t, of), reopen(t, twin)
	good := say(t, first, s, "by the machine itself")
	pull(t, first, site)
	var trusted []fact.After
	for _, tip := range site.Tips() {
		if tip.Feed == good.Header.Feed {
			trusted = append(trusted, fact.After{Feed: tip.Feed, Size: tip.Size, Root: tip.Root})
		}
	}
	forged := say(t, clone, s, "by its clone")
	pull(t, clone, site)
	device := first.papers.card.Device
	cuts, err := site.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(site.OrgSubject(), CutMade{Device: device, Up: trusted, Why: "cloned"})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	toDesk(t, site, desk, s, []fact.ID{began.ID, good.ID, forged.ID})
	told := func() {
		t.Helper()
		held, err := site.HeldOf(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.TakeHeld(t.Context(), site.papers.card.Device, map[fact.Subject][]HeldBy{s: held}); err != nil {
			t.Fatal(err)
		}
	}
	told()
	onlyForged := func(j *Journal) bool {
		h, err := j.History(t.Context(), s)
		return err == nil && h.Len() == 2 && len(h.Held()) == 1 && h.Held()[0].ID == forged.ID
	}
	if !onlyForged(site) || !onlyForged(desk) {
		t.Fatalf("held at the site as it should %v, at the desk %v", onlyForged(site), onlyForged(desk))
	}
	other := fact.Subject{7} // a site node that lacks the clone's history
	if err := desk.TakeHeld(t.Context(), other, map[fact.Subject][]HeldBy{s: nil}); err != nil {
		t.Fatal(err)
	}
	if !onlyForged(desk) {
		t.Error("another site node's word took the mark away")
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	desk = reopen(t, od)
	if !onlyForged(desk) {
		t.Error("after a restart the desk has forgotten")
	}
	if _, err := site.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(site.OrgSubject(), Readmitted{Cut: cuts[0].ID, Facts: []fact.ID{forged.ID}, Why: "looked at"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	told()
	if h, err := desk.History(t.Context(), s); err != nil || h.Len() != 3 {
		t.Errorf("%d facts count at the desk after readmission, %v", h.Len(), err)
	}
}

// toDesk gives a desk the control feeds and single facts of a subject.
func toDesk(t *testing.T, site, desk *Journal, s fact.Subject, ids []fact.ID) {
	t.Helper()
	cards, certificates := site.Papers()
	if err := desk.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for _, tip := range site.Tips() {
		if tip.Lane == fact.Control {
			pullTip(t, site, desk, tip)
		}
	}
	p, err := site.Proved(t.Context(), desk.papers.card.Device, s, ids)
	if err != nil || len(p.Facts) != len(ids) {
		t.Fatalf("%d facts, %v", len(p.Facts), err)
	}
	if err := desk.ReceiveProved(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}
