package journal

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
)

// What a desk could read is known for any moment, from the site nodes alone:
// what they gave it before then, and what it wrote itself; no more and no less.
func TestTheManifestOfADeskForAnyMoment(t *testing.T) {
	o := testOptions(t)
	var minutes atomic.Int64
	began := time.Now()
	clock := func() time.Time { return began.Add(time.Duration(minutes.Load()) * time.Minute) }
	o.Clock = clock
	a := newJournal(t, o)
	first, second, never := newSubject(t, a), newSubject(t, a), newSubject(t, a)
	for _, s := range []fact.Subject{first, second, never} {
		say(t, a, s, "work")
	}
	desk, _ := sister(t, a, fact.Desk, "laptop")
	id := desk.papers.card.Device
	give := func(s fact.Subject) {
		t.Helper()
		ids, err := a.FactIDs(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		p, err := a.Proved(t.Context(), id, s, ids)
		if err != nil || len(p.Facts) != 1 {
			t.Fatalf("%d facts, %v", len(p.Facts), err)
		}
	}
	minutes.Store(10)
	give(first)
	give(first) // said once
	minutes.Store(20)
	give(second)
	minutes.Store(30)
	made := newSubject(t, desk)
	say(t, desk, made, "a case taken at the laptop")
	pull(t, desk, a)

	holds := func(j *Journal, minute int) map[fact.Subject]bool {
		t.Helper()
		lines, err := j.Manifest(t.Context(), id, fact.At(began.Add(time.Duration(minute)*time.Minute)))
		if err != nil {
			t.Fatal(err)
		}
		out := map[fact.Subject]bool{}
		for _, l := range lines {
			out[l.Subject] = true
			if l.Subject == made != l.Written && l.Subject != a.OrgSubject() {
				t.Errorf("%s: written there: %v", l.Subject, l.Written)
			}
		}
		return out
	}
	check := func(j *Journal) {
		t.Helper()
		for minute, want := range map[int]string{9: "", 10: "first", 19: "first", 20: "first second", 29: "first second", 30: "first second made"} {
			have, got := holds(j, minute), ""
			for _, one := range []struct {
				s    fact.Subject
				name string
			}{{first, "first"}, {second, "second"}, {made, "made"}, {never, "never"}} {
				if have[one.s] {
					if got != "" {
						got += " "
					}
					got += one.name
				}
			}
			if got != want {
				t.Errorf("minute %d: %q, want %q", minute, got, want)
			}
		}
	}
	check(a)
	other, _ := sister(t, a, fact.SiteNode, "another site")
	meet(t, a, other)
	check(other) // whichever site node is asked
	h, err := a.History(t.Context(), id)
	if err != nil || len(h.Facts()) != 2 {
		t.Errorf("%d facts for two subjects: %v", len(h.Facts()), err)
	}
	if _, err := desk.Manifest(t.Context(), id, fact.At(clock())); err == nil {
		t.Error("a desk answers")
	}
	if _, err := a.Manifest(t.Context(), a.papers.card.Device, fact.At(clock())); err == nil {
		t.Error("a site node has a manifest")
	}
}

// An entry that is damaged here keeps nobody from the list of what could be read
// on a stolen desk, and what it is about stands on it.
func TestADamagedEntryHidesNothingFromTheManifest(t *testing.T) {
	a := newJournal(t, testOptions(t))
	desk, _ := sister(t, a, fact.Desk, "laptop")
	made := newSubject(t, desk)
	say(t, desk, made, "a case taken at the laptop")
	pull(t, desk, a)
	damage := func(to []byte) (was []byte) {
		if err := a.control1(t.Context(), func(w *writer) (err error) {
			if was, err = w.file.write.oneBytes("SELECT header FROM facts WHERE subject=(SELECT num FROM subjects WHERE subject=?)", made[:]); err != nil {
				return err
			}
			return w.file.write.exec("UPDATE facts SET header=? WHERE subject=(SELECT num FROM subjects WHERE subject=?)", to, made[:])
		}); err != nil || len(was) == 0 {
			t.Fatal(was, err)
		}
		return was
	}
	was := damage([]byte{0})
	defer damage(was)
	lines, err := a.Manifest(t.Context(), desk.papers.card.Device, fact.At(a.o.Clock()))
	if err != nil || !slices.ContainsFunc(lines, func(l ManifestLine) bool { return l.Subject == made }) {
		t.Errorf("%d lines, none of them what was written there: %v", len(lines), err)
	}
}

// A desk is never kept from its work by the list of what it holds: when that
// can't be written the keys are given all the same, and it is written with the
// next that are.
func TestADeskIsGivenItsWorkThoughTheListCannotBeWritten(t *testing.T) {
	o := testOptions(t)
	faults := faulty(t, o.Dir)
	o.Store = faults
	a := newJournal(t, o)
	s := newSubject(t, a)
	say(t, a, s, "work")
	desk, _ := sister(t, a, fact.Desk, "laptop")
	id := desk.papers.card.Device
	ids, err := a.FactIDs(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	give := func() {
		t.Helper()
		p, err := a.Proved(t.Context(), id, s, ids)
		if err != nil || len(p.Facts) != 1 || len(p.Wraps) == 0 {
			t.Errorf("%d facts and %d keys are given: %v", len(p.Facts), len(p.Wraps), err)
		}
	}
	faults.Arm(failing(1, false, false))
	give()
	settled(t, a, faults)
	if _, fired := faults.Disarm(); fired == 0 {
		t.Fatal("nothing was written")
	}
	if lines, err := a.Manifest(t.Context(), id, fact.At(time.Now())); err != nil || len(lines) != 0 {
		t.Fatalf("%+v %v", lines, err)
	}
	give()
	if lines, err := a.Manifest(t.Context(), id, fact.At(time.Now())); err != nil || len(lines) != 1 || lines[0].Subject != s {
		t.Errorf("%+v %v", lines, err)
	}
}
