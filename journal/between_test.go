package journal

import (
	"os"
	"path/filepath"
	"testing"

	"holdfast/fact"
	"holdfast/sim/disk"
)

// TestAStartThatFailsLeavesNothingOpen fails each write and flush of a start: it
// is refused with nothing left open, or goes on. Once plainly, once when the start has to move to a new file.
func TestAStartThatFailsLeavesNothingOpen(t *testing.T) {
	for _, moves := range []bool{false, true} {
		base := startedOnce(t)
		if moves {
			if err := os.WriteFile(filepath.Join(base.Dir, firstFile+".failed"), []byte("now\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		refused := 0
		for at := 1; failsAt(t, base, at, &refused); at++ {
		}
		if refused == 0 {
			t.Error("no start was refused: nothing was tried")
		}
	}
}

func startedOnce(t *testing.T) Options {
	t.Helper()
	base := testOptions(t)
	if err := Found(t.Context(), base, testFounding()); err != nil {
		t.Fatal(err)
	}
	j := reopen(t, base)
	say(t, j, newSubject(t, j), "before")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return base
}

// failsAt starts a copy of a folder on a disk that fails from some step on. It
// tells whether the start came so far.
func failsAt(t *testing.T, base Options, at int, refused *int) bool {
	t.Helper()
	o := testOptions(t)
	copyFolder(t, base.Dir, o.Dir)
	d, err := disk.New(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	o.Store = d
	d.Arm(disk.Fault{At: at, How: disk.NotDone, Sticky: true, Files: true})
	j, err := Open(t.Context(), o)
	_, fired := d.Disarm()
	if err != nil {
		*refused++
	} else if closing := j.Close(); closing != nil && fired == 0 {
		t.Errorf("step %d: %v", at, closing)
	}
	if err := d.Close(); err != nil {
		t.Errorf("step %d: %v", at, err)
	}
	return fired > 0
}

// TestPapersThatWereNotWrittenAreNotKnown: facts may build on a certificate only
// when it is on the disk, or the next start could not read their feed.
func TestPapersThatWereNotWrittenAreNotKnown(t *testing.T) {
	for _, done := range []bool{false, true} {
		o := testOptions(t)
		d := faulty(t, o.Dir)
		o.Store = d
		if err := Found(t.Context(), o, testFounding()); err != nil {
			t.Fatal(err)
		}
		a, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := sister(t, a, fact.SiteNode, "b")
		s := newSubject(t, b)
		say(t, b, s, "from b")
		cards, certificates := b.Papers()
		d.Arm(failing(1, done, false))
		if err := a.AdmitPapers(t.Context(), cards, certificates); err == nil {
			t.Error("papers that could not be written were called kept")
		}
		settled(t, a, d)
		d.Disarm()
		pull(t, b, a)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if a, err = Open(t.Context(), o); err != nil {
			t.Fatalf("done %v: the next start: %v", done, err)
		}
		if got := texts(t, a, s); len(got) != 1 {
			t.Errorf("done %v: %q", done, got)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestADamagedKeyComesAgain: a key wrap with a flipped bit is as good as missing.
func TestADamagedKeyComesAgain(t *testing.T) {
	a := newJournal(t, testOptions(t))
	b, o := sister(t, a, fact.SiteNode, "b")
	s := newSubject(t, a)
	say(t, a, s, "from a")
	meet(t, a, b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := change(filepath.Join(o.Dir, firstFile), "UPDATE wraps SET wrap=zeroblob(length(wrap)) WHERE subject=x'"+s.String()+"'"); err != nil {
		t.Fatal(err)
	}
	b = reopen(t, o)
	if len(keysOf(t, b, s)) != 0 {
		t.Fatal("a damaged key is listed as held")
	}
	wraps, err := a.Wraps(t.Context(), b.papers.card.Device, keysOf(t, a, s))
	if err != nil || len(wraps) != 1 {
		t.Fatalf("%d wraps, %v", len(wraps), err)
	}
	if err := b.TakeWraps(t.Context(), wraps); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, b, s); len(got) != 1 || got[0] != "from a" {
		t.Errorf("b reads %q", got)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	holds(t, o)
}

// TestNothingIsWrittenUnderAnErasedSubject: a page that is still open can't bring
// a key back.
func TestNothingIsWrittenUnderAnErasedSubject(t *testing.T) {
	j := newJournal(t, testOptions(t))
	s := newSubject(t, j)
	say(t, j, s, "before")
	erased := fact.Say(j.OrgSubject(), SubjectErased{Subject: s, Why: "asked for"})
	if _, err := j.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) { return []fact.Draft{erased}, nil }); err != nil {
		t.Fatal(err)
	}
	_, err := j.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) { return []fact.Draft{fact.Say(s, said{Text: "after"})}, nil })
	if err == nil || len(keysOf(t, j, s)) != 0 {
		t.Errorf("%v, %d keys", err, len(keysOf(t, j, s)))
	}
}

// TestADeskWithAFeedOfOneFactMoves: the proof of a feed's only fact has no
// hashes, and is copied to a new file all the same.
func TestADeskWithAFeedOfOneFactMoves(t *testing.T) {
	a := newJournal(t, testOptions(t))
	desk, o := sister(t, a, fact.Desk, "desk")
	s := newSubject(t, a)
	one := say(t, a, s, "the only care fact")
	cards, certificates := a.Papers()
	if err := desk.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	p, err := a.Proved(t.Context(), desk.papers.card.Device, s, []fact.ID{one.ID})
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.ReceiveProved(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	d := faulty(t, o.Dir)
	o.Store = d
	desk = reopen(t, o)
	d.Arm(failing(1, false, false))
	talk(t, desk, newSubject(t, desk), 1)
	settled(t, desk, d)
	d.Disarm()
	if h := desk.Health(); !h.Saving || h.Incarnation != 2 {
		t.Errorf("saving %v, incarnation %d, %q", h.Saving, h.Incarnation, h.Sentence)
	}
	if got := texts(t, desk, s); len(got) != 1 {
		t.Errorf("the desk reads %q", got)
	}
}
