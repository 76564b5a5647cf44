package journal

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
)

func level(t testing.TB, j *Journal, facts ...fact.Fact) {
	t.Helper()
	if !j.WaitViews(t.Context(), facts, 10*time.Second) {
		t.Fatal("the views did not get there")
	}
}

// TestViewsAreRebuilt throws views away in every way they can be wrong.
func TestViewsAreRebuilt(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	j := newJournal(t, o)
	s := newSubject(t, j)
	for range 30 {
		say(t, j, s, "one more")
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Dir, "views.db")
	for _, c := range []struct {
		name  string
		wrong func() error
	}{
		{"missing", func() error { return os.Remove(path) }},
		{"not a database", func() error {
			return os.WriteFile(path, []byte("not a database at all, but long enough to be read as one"), 0o600)
		}},
		{"cut short", func() error { return os.Truncate(path, 4096+100) }},
		{"another version", func() error { o.Views = []View{counts{version: 2}}; return nil }},
		{"table gone", func() error { return change(path, "DROP TABLE counts_said") }},
		{"ahead of the journal", func() error { return change(path, "UPDATE holdfast_views SET cursor=9999") }},
		{"of another journal", func() error {
			return change(path, "UPDATE holdfast_views SET id=zeroblob(32); UPDATE counts_said SET n=1000")
		}},
		{"behind", func() error {
			return change(path, "UPDATE holdfast_views SET cursor=0; DELETE FROM counts_said")
		}},
	} {
		if err := errors.Join(c.wrong(), removeIfThere(sumPath(path))); err != nil { // as after a crash: no hash speaks for the file
			t.Fatal(err)
		}
		j, err := Open(t.Context(), o)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		last := say(t, j, s, "another")
		level(t, j, last)
		h, err := j.History(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if n := countOf(t, j, s); n != h.Len() {
			t.Errorf("%s: the view counts %d of %d", c.name, n, h.Len())
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := change(path, "UPDATE counts_said SET n=0"); err != nil {
		t.Fatal(err)
	}
	if err := RebuildViews(t.Context(), o.Dir, o); err != nil {
		t.Fatal(err)
	}
	if n := countOf(t, reopen(t, o), s); n != 38 {
		t.Errorf("after views rebuild the view counts %d", n)
	}
}

func change(path, statement string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	_, err = db.Exec(statement)
	return errors.Join(err, db.Close())
}

// TestAPoisonFactHoldsNothingUp: a view that can't take one fact takes all
// others, and health says so.
func TestAPoisonFactHoldsNothingUp(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{poison: "poison"}}
	j := newJournal(t, o)
	s := newSubject(t, j)
	say(t, j, s, "one")
	say(t, j, s, "poison")
	level(t, j, say(t, j, s, "two"))
	if n := countOf(t, j, s); n != 2 {
		t.Errorf("the view counts %d, want 2", n)
	}
	if h := j.Health(); !h.Saving || h.ViewError == "" {
		t.Errorf("health: %+v", h)
	}
}

// TestViewsFileFailsWhileRunning damages the file under an open journal.
func TestViewsFileFailsWhileRunning(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	j := newJournal(t, o)
	s := newSubject(t, j)
	one := say(t, j, s, "one")
	level(t, j, one)
	var watched atomic.Int64
	defer j.Watch(func(facts []fact.Fact) {
		for _, f := range facts {
			if f.Header.Seq > one.Header.Seq { // the first may be told of only now
				watched.Add(1)
			}
		}
	})()
	if _, err := j.views.writing.Exec("DROP TABLE holdfast_views"); err != nil {
		t.Fatal(err)
	}
	level(t, j, say(t, j, s, "two"))
	if n := countOf(t, j, s); n != 2 {
		t.Errorf("the view counts %d, want 2", n)
	}
	for end := time.Now().Add(10 * time.Second); watched.Load() == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // who watches is told after the views are level
	}
	if watched.Load() != 1 {
		t.Errorf("those who watch were told of %d facts, want 1", watched.Load())
	}
	if h := j.Health(); h.ViewError != "" {
		t.Errorf("after the repair health says %q", h.ViewError)
	}
}

// TestWatchComesAfterTheViews: who is told finds the views level.
func TestWatchComesAfterTheViews(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	j := newJournal(t, o)
	s := newSubject(t, j)
	told := make(chan int, 10)
	stop := j.Watch(func(facts []fact.Fact) {
		if !slices.ContainsFunc(facts, func(f fact.Fact) bool { return f.Header.Subject == s }) {
			return // what the organisation began with
		}
		var n int
		_ = j.Views().QueryRow("SELECT n FROM counts_said WHERE subject=?", s[:]).Scan(&n)
		told <- n
	})
	f := say(t, j, s, "one")
	if n := <-told; n != 1 {
		t.Errorf("when told, the view counted %d", n)
	}
	if pos, _, behind := j.ViewsAt(); behind != 0 || pos != 5 {
		t.Errorf("views are at %d, %d behind", pos, behind)
	}
	stop()
	level(t, j, f, say(t, j, s, "two"))
	if len(told) != 0 {
		t.Error("told after stopping")
	}
	if _, err := j.Views().Exec("DELETE FROM counts_said"); err == nil {
		t.Error("the reading handle can write")
	}
}

// A bit flipped in what the tables say, which SQLite does not notice, is found
// at the next start.
func TestAViewsFileAtRestIsCheckedToTheBit(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	j := newJournal(t, o)
	s := newSubject(t, j)
	say(t, j, s, "a")
	say(t, j, s, "b")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(o.Dir, "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE counts_said SET n = n + 1"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	j = reopen(t, o)
	if n := countOf(t, j, s); n != 2 {
		t.Errorf("the view counts %d", n)
	}
}
