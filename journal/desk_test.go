package journal

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/fact"
)

// TestADeskHoldsWholeSubjects gives a desk one subject and not another.
func TestADeskHoldsWholeSubjects(t *testing.T) {
	o1 := testOptions(t)
	o1.Views = []View{counts{}}
	a := newJournal(t, o1)
	mine, other := newSubject(t, a), newSubject(t, a)
	for range 3 {
		say(t, a, mine, "live work")
		say(t, a, other, "not for this desk")
	}
	desk, o := sister(t, a, fact.Desk, "desk 1")
	cards, certificates := a.Papers()
	if err := desk.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for _, tip := range a.Tips() {
		if tip.Lane == fact.Control {
			pullTip(t, a, desk, tip)
		}
	}
	ids, err := a.FactIDs(t.Context(), mine)
	if err != nil || len(ids) != 3 {
		t.Fatalf("%d ids, %v", len(ids), err)
	}
	for range 2 {
		p, err := a.Proved(t.Context(), desk.papers.card.Device, mine, ids)
		if err != nil || len(p.Facts) != 3 {
			t.Fatalf("%d facts, %v", len(p.Facts), err)
		}
		if err := desk.ReceiveProved(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if got := texts(t, desk, mine); len(got) != 3 {
		t.Fatalf("the desk has %q", got)
	}
	if h, err := desk.History(t.Context(), mine); err != nil || !desk.WaitViews(t.Context(), h.Facts(), 5*time.Second) {
		t.Error("the desk's views are not level", err)
	}
	var n int
	if err := desk.Views().QueryRow("SELECT count(*) FROM counts_said").Scan(&n); err != nil || n == 0 {
		t.Errorf("the desk's view has %d rows, %v", n, err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "views.db")); err == nil {
		t.Error("a desk keeps views on its disk")
	}
	if got := texts(t, desk, other); len(got) != 0 {
		t.Fatalf("the desk has %q", got)
	}
	made := newSubject(t, desk)
	new1 := say(t, desk, made, "a new case at the desk")
	say(t, desk, mine, "an answer at the desk")
	pull(t, desk, a)
	if got := texts(t, a, made); len(got) != 1 {
		t.Fatalf("the site has %q", got)
	}
	if got := texts(t, a, mine); len(got) != 4 {
		t.Fatalf("the site has %q", got)
	}
	if !desk.Safe(new1) {
		t.Error("the site confirmed it and it is not safe")
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, o)
	if got := texts(t, again, mine); len(got) != 4 {
		t.Fatalf("after a restart the desk has %q", got)
	}
	if _, err := again.Enrol(t.Context(), fact.Author{}, Request{}); err == nil {
		t.Error("a desk enrolled a device")
	}
}
