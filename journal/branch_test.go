package journal

import (
	"testing"

	"holdfast/fact"
)

// TestAClonedDeviceKeepsBothHistories runs one folder twice.
func TestAClonedDeviceKeepsBothHistories(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, a)
	say(t, a, s, "before")
	b, _ := sister(t, a, fact.SiteNode, "b")
	meet(t, a, b)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	twin := o
	twin.Dir = t.TempDir()
	copyFolder(t, o.Dir, twin.Dir)
	a, clone := reopen(t, o), reopen(t, twin)
	say(t, a, s, "the first")
	say(t, clone, s, "the second")
	say(t, clone, s, "the second again")
	pull(t, a, b)
	pull(t, clone, b)
	if got := texts(t, b, s); len(got) != 4 {
		t.Fatalf("b has %q", got)
	}
	forks, err := b.Forks(t.Context())
	if err != nil || len(forks) == 0 {
		t.Fatalf("forks: %v, %v", forks, err)
	}
	for _, f := range forks {
		c, _ := b.branches.cert(f.Feed)
		if err := f.Check(c.key); err != nil {
			t.Errorf("the evidence does not hold: %v", err)
		}
	}
	meet(t, a, b)
	meet(t, clone, b)
	meet(t, a, b)
	meet(t, clone, a)
	meet(t, clone, b)
	tipsEqual(t, a, b, clone)
	if a.Health().Incarnation < 2 || clone.Health().Incarnation < 2 {
		t.Errorf("incarnations %d and %d: both must have begun anew", a.Health().Incarnation, clone.Health().Incarnation)
	}
	for _, j := range []*Journal{a, b, clone} {
		if got := texts(t, j, s); len(got) != 4 {
			t.Errorf("has %q", got)
		}
	}
}

func TestARestoredDeviceAdoptsWhatPeersHold(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, a)
	b, _ := sister(t, a, fact.SiteNode, "b")
	say(t, a, s, "backed up")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	backup := o
	backup.Dir = t.TempDir()
	copyFolder(t, o.Dir, backup.Dir)
	if a, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	say(t, a, s, "after the backup")
	meet(t, a, b)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	back := reopen(t, backup) // start folder and all: nothing here tells that it is old
	meet(t, back, b)
	say(t, back, s, "after the restore")
	meet(t, back, b)
	tipsEqual(t, back, b)
	if got := texts(t, back, s); len(got) != 3 {
		t.Fatalf("the restored device has %q", got)
	}
	if back.Health().Incarnation != 2 {
		t.Errorf("incarnation %d", back.Health().Incarnation)
	}
}
