package journal

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
)

func TestACutHoldsAndReadmits(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	var minutes atomic.Int64
	began := time.Now()
	o.Clock = func() time.Time { return began.Add(time.Duration(minutes.Load()) * time.Minute) }
	a := newJournal(t, o)
	b, _ := sister(t, a, fact.SiteNode, "b")
	s := newSubject(t, a)
	say(t, b, s, "trusted")
	meet(t, a, b)
	moment := o.Clock().Add(time.Minute)
	minutes.Store(2)
	suspect := say(t, b, s, "suspect")
	meet(t, a, b)
	rests := say(t, a, s, "rests on the suspect")
	about := a.OrgSubject()
	dated, err := a.DatedBefore(b.papers.card.Device, moment)
	if err != nil || len(dated) == 0 {
		t.Fatalf("dated: %v, %v", dated, err)
	}
	cut := CutMade{Device: b.papers.card.Device, Up: dated, Since: fact.At(moment), Why: "taken over"}
	facts, err := a.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(about, cut)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := a.History(t.Context(), s)
	if err != nil || len(h.Held()) != 1 || h.Held()[0].ID != suspect.ID {
		t.Fatalf("held %v, %v", h.Held(), err)
	}
	if got := h.Resting(); len(got) != 1 || got[0] != rests.ID {
		t.Errorf("resting: %v", got)
	}
	if !a.House().CutOff(b.papers.card.Device) {
		t.Error("the device may still connect")
	}
	held, _, err := a.HeldFacts(t.Context(), facts[0].ID, 0, 10)
	if err != nil || len(held) == 0 {
		t.Fatalf("held: %v, %v", held, err)
	}
	if _, err := b.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(about, Readmitted{Cut: facts[0].ID, Why: "let me in"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	pull(t, b, a)
	if h, _ := a.History(t.Context(), s); len(h.Held()) != 1 {
		t.Error("a device lifted its own cut")
	}
	if _, err := a.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(about, Readmitted{Cut: facts[0].ID, Facts: []fact.ID{suspect.ID}, Why: "looked at"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if h, _ := a.History(t.Context(), s); len(h.Held()) != 0 || h.Len() != 3 {
		t.Errorf("%d facts count and %d are held after readmission", h.Len(), len(h.Held()))
	}
}

func TestAnErasedSubjectStaysErased(t *testing.T) {
	o := testOptions(t)
	a := newJournal(t, o)
	s := newSubject(t, a)
	say(t, a, s, "to be erased")
	b, _ := sister(t, a, fact.SiteNode, "b")
	meet(t, a, b)
	wraps, err := b.Wraps(t.Context(), a.papers.card.Device, keysOf(t, b, s))
	if err != nil || len(wraps) != 1 {
		t.Fatalf("%d wraps, %v", len(wraps), err)
	}
	checkSums(t, a)
	checkSums(t, b)
	if _, err := a.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(a.OrgSubject(), SubjectErased{Subject: s, Why: "retention"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	meet(t, a, b)
	for _, j := range []*Journal{a, b} {
		checkSums(t, j)
		if got := texts(t, j, s); len(got) != 0 {
			t.Errorf("still readable: %q", got)
		}
		if err := j.TakeWraps(t.Context(), wraps); err != nil {
			t.Fatal(err)
		}
		if got := keysOf(t, j, s); len(got) != 0 {
			t.Error("a key came back")
		}
		if got := texts(t, j, s); len(got) != 0 {
			t.Errorf("readable again: %q", got)
		}
	}
	tipsEqual(t, a, b)
}

func keysOf(t testing.TB, j *Journal, s fact.Subject) []KeyRef {
	t.Helper()
	all, err := j.KeyringList(t.Context(), s[0])
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(r KeyRef) bool { return r.Subject != s })
}
