package journal

import (
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"

	"holdfast/fact"
)

// recorder notes what a view is given.
type recorder struct {
	name string
	got  *recorded
}

type recorded struct {
	mu    sync.Mutex
	facts []fact.Fact
	short int // histories that lacked something of what was given with them
}

func (r recorder) Name() string { return r.name }
func (r recorder) Version() int { return 1 }
func (r recorder) Create(tx *sql.Tx) error {
	_, err := tx.Exec("CREATE TABLE " + r.name + "_n(n INTEGER)")
	return err
}

func (r recorder) Apply(_ *sql.Tx, read Reader, facts []fact.Fact) error {
	r.got.mu.Lock()
	defer r.got.mu.Unlock()
	r.got.facts = append(r.got.facts, facts...)
	for _, f := range facts {
		h, err := read.History(f.Header.Subject)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(h.Facts(), func(g fact.Fact) bool { return g.ID == f.ID }) {
			r.got.short++
		}
	}
	return nil
}

// TestViewsAreBuiltSubjectBySubject builds two views from subjects whose facts
// stand far apart: each view gets every fact once, a subject's facts together
// and in order, with its whole history at hand.
func TestViewsAreBuiltSubjectBySubject(t *testing.T) {
	o := testOptions(t)
	j := newJournal(t, o)
	var subjects []fact.Subject
	for range 90 {
		subjects = append(subjects, newSubject(t, j))
	}
	for n := range 60 { // more than one step
		if _, err := j.Do(t.Context(), fact.Author{}, nil, func(*Tx) (out []fact.Draft, err error) {
			for _, s := range subjects {
				out = append(out, fact.Say(s, said{fmt.Sprint(n)}))
			}
			return out, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	all := held(j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	one, two := &recorded{}, &recorded{}
	o.Views = []View{recorder{"one", one}, recorder{"two", two}}
	j = reopen(t, o)
	for _, got := range []*recorded{one, two} {
		if got.short > 0 {
			t.Errorf("%d facts were not in the history at hand", got.short)
		}
		checkBySubject(t, got.facts, all)
	}
	if pos, _, behind := j.ViewsAt(); behind != 0 || pos != int64(all) {
		t.Errorf("views are at %d, %d behind", pos, behind)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	one.facts = nil
	reopen(t, o)
	if len(one.facts) > 0 {
		t.Error("built again although nothing is wrong with them")
	}
}

func held(j *Journal) int {
	n := 0
	for _, tip := range j.Tips() {
		n += int(tip.Size)
	}
	return n
}

func checkBySubject(t *testing.T, facts []fact.Fact, all int) {
	t.Helper()
	if len(facts) != all {
		t.Fatalf("%d facts were given, there are %d", len(facts), all)
	}
	done := map[fact.Subject]bool{}
	for i, f := range facts {
		if i > 0 && facts[i-1].Header.Subject == f.Header.Subject {
			if facts[i-1].Header.Feed == f.Header.Feed && facts[i-1].Header.Seq >= f.Header.Seq {
				t.Fatalf("fact %d stands before an earlier one", i)
			}
			continue
		}
		if done[f.Header.Subject] {
			t.Fatalf("subject %s comes twice", f.Header.Subject)
		}
		done[f.Header.Subject] = true
	}
}

// TestViewsSetNothingAsideOnDisk asks the connections that views are written
// and read with.
func TestViewsSetNothingAsideOnDisk(t *testing.T) {
	j := newJournal(t, testOptions(t))
	for name, db := range map[string]*sql.DB{"writing": j.views.writing, "reading": j.views.reading} {
		var where int
		if err := db.QueryRowContext(t.Context(), "PRAGMA temp_store").Scan(&where); err != nil || where != 2 {
			t.Errorf("%s: temp_store is %d, %v; want 2, memory", name, where, err)
		}
	}
}
