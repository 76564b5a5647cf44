package journal

import (
	"testing"
	"time"

	"holdfast/fact"
)

// TestOnlyAnotherFailureDomainMakesSafe: a second device beside the first is
// lost together with it, so that its receipt makes nothing safe.
func TestOnlyAnotherFailureDomainMakesSafe(t *testing.T) {
	a := newJournal(t, testOptions(t))
	beside := sisterIn(t, a, "beside", a.Domain())
	one := say(t, a, newSubject(t, a), "one")
	meet(t, a, beside)
	if a.Safe(one) || beside.Safe(one) {
		t.Fatal("safe, and one fire takes both devices that hold it")
	}
	if n, err := a.Safety(t.Context()); err != nil || n.Unsafe == 0 || n.Others != 0 {
		t.Fatalf("%+v %v", n, err)
	}
	away := sisterIn(t, a, "away", "another building")
	meet(t, a, away)
	if !a.Safe(one) || !away.Safe(one) {
		t.Fatal("not safe although another building holds it")
	}
}

// TestWhoIsCutOffConfirmsNothing: once a device is cut off, what only it
// confirmed is not safe any more, and its later receipts change nothing.
func TestWhoIsCutOffConfirmsNothing(t *testing.T) {
	a := newJournal(t, testOptions(t))
	b, _ := sister(t, a, fact.SiteNode, "b")
	one := say(t, a, newSubject(t, a), "one")
	meet(t, a, b)
	if !a.Safe(one) {
		t.Fatal("not safe although b confirmed it")
	}
	cut := CutMade{Device: b.papers.card.Device, Why: "stolen"}
	cuts, err := a.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(a.OrgSubject(), cut)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if a.Safe(one) {
		t.Error("safe by the word of a device that is cut off")
	}
	two := say(t, a, newSubject(t, a), "two")
	meet(t, a, b)
	if a.Safe(two) {
		t.Error("a device that is cut off confirmed something new")
	}
	if _, err := a.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(a.OrgSubject(), Readmitted{Cut: cuts[0].ID, Why: "found again"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if !a.Safe(one) || !a.Safe(two) {
		t.Errorf("after readmission what the device holds is safe: %v, %v", a.Safe(one), a.Safe(two))
	}
}

// sisterIn enrols another site node in a failure domain and opens it.
func sisterIn(t testing.TB, j *Journal, name, domain string) *Journal {
	t.Helper()
	o := testOptions(t)
	ask, err := Ask(t.Context(), o, fact.SiteNode, name, domain)
	if err != nil {
		t.Fatal(err)
	}
	admission, err := j.Enrol(t.Context(), fact.Author{Role: "administrator"}, ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := Join(t.Context(), o, admission); err != nil {
		t.Fatal(err)
	}
	return reopen(t, o)
}

// When a device was last heard of is told by what it signed: its own entries, or
// its word that it holds another's.
func TestWhenADeviceWasLastHeard(t *testing.T) {
	a := newJournal(t, testOptions(t))
	before := a.o.Clock().Truncate(time.Millisecond)
	b := sisterIn(t, a, "b", "elsewhere")
	s := newSubject(t, a)
	heard := func(j *Journal, of fact.Subject) time.Time {
		t.Helper()
		all, err := j.LastHeard()
		if err != nil {
			t.Fatal(err)
		}
		return all[of]
	}
	if at := heard(a, b.papers.card.Device); !at.IsZero() {
		t.Errorf("nothing has come from it, and it was heard of at %s", at)
	}
	say(t, a, s, "work")
	meet(t, a, b)
	for name, one := range map[string]struct {
		at *Journal
		of fact.Subject
	}{"by its word": {a, b.papers.card.Device}, "by its entries": {b, a.papers.card.Device}} {
		if at := heard(one.at, one.of); at.Before(before) {
			t.Errorf("%s: last heard of at %s, and it has been here since %s", name, at, before)
		}
	}
}
