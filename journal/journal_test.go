package journal

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// said is a fact for tests.
type said struct {
	Text string `cbor:"1,keyasint"`
}

func (said) FactKind() fact.Kind {
	return fact.Kind{Number: 999, Version: 1, Lane: fact.Care, Name: "said", Join: fact.Grow}
}

// looked is a fact of the looks lane for tests.
type looked struct {
	Text string `cbor:"1,keyasint"`
}

func (looked) FactKind() fact.Kind {
	return fact.Kind{Number: 998, Version: 1, Lane: fact.Looks, Name: "looked", Join: fact.Grow}
}

func testOptions(t testing.TB) Options {
	t.Helper()
	return Options{Dir: t.TempDir(), Demo: true, Reserve: 1 << 20}
}

func testFounding() Founding {
	return Founding{Name: "Test 111", ODS: "ABC", DeviceName: "node 1", Domain: "cellar"}
}

// newJournal founds and opens a journal; at the end everything is verified.
func newJournal(t testing.TB, o Options) *Journal {
	t.Helper()
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	return reopen(t, o)
}

func reopen(t testing.TB, o Options) *Journal {
	t.Helper()
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil && o.Store == nil {
			t.Error(err)
		}
		holds(t, o)
	})
	return j
}

func holds(t testing.TB, o Options) Report {
	t.Helper()
	r, err := Verify(context.Background(), o.Dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Failures {
		t.Errorf("verify: %s: %s", f.Place, f.What)
	}
	return r
}

func newSubject(t testing.TB, j *Journal) fact.Subject {
	t.Helper()
	s, err := fact.NewSubject(j.o.Random)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func say(t testing.TB, j *Journal, s fact.Subject, text string) fact.Fact {
	t.Helper()
	facts, err := j.Do(context.Background(), fact.Author{Role: "tester"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{text})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return facts[0]
}

// texts reads what was said about a subject.
func texts(t testing.TB, j *Journal, s fact.Subject) []string {
	t.Helper()
	h, err := j.History(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range h.Facts() {
		if c, err := fact.Read[said](f); err == nil {
			out = append(out, c.Text)
		}
	}
	return out
}

// counts is a view that counts what was said about each subject.
type counts struct {
	version int
	poison  string
}

func (c counts) Name() string { return "counts" }
func (c counts) Version() int { return max(c.version, 1) }

func (c counts) Create(tx *sql.Tx) error {
	_, err := tx.Exec("CREATE TABLE counts_said(subject BLOB PRIMARY KEY, n INTEGER NOT NULL) STRICT")
	return err
}

func (c counts) Apply(tx *sql.Tx, _ Reader, facts []fact.Fact) error {
	add, err := tx.Prepare("INSERT INTO counts_said(subject, n) VALUES(?, 1) ON CONFLICT(subject) DO UPDATE SET n=n+1")
	if err != nil {
		return err
	}
	defer add.Close()
	for _, f := range facts {
		s, err := fact.Read[said](f)
		if err != nil {
			continue
		}
		if c.poison != "" && s.Text == c.poison {
			return errors.New("poison")
		}
		if _, err := add.Exec(f.Header.Subject[:]); err != nil {
			return err
		}
	}
	return nil
}

func countOf(t testing.TB, j *Journal, s fact.Subject) int {
	t.Helper()
	var n int
	err := j.Views().QueryRow("SELECT n FROM counts_said WHERE subject=?", s[:]).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return n
}

func TestSavedIsThereAfterReopening(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	j := newJournal(t, o)
	s := newSubject(t, j)
	first := say(t, j, s, "one")
	second := say(t, j, s, "two")
	if len(second.Body.Seen) != 1 || second.Body.Seen[0] != first.ID {
		t.Errorf("the second fact has seen %v, want the first", second.Body.Seen)
	}
	if !j.WaitViews(t.Context(), []fact.Fact{second}, 5*time.Second) || countOf(t, j, s) != 2 {
		t.Errorf("the view counts %d", countOf(t, j, s))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = reopen(t, o)
	if got := texts(t, j, s); len(got) != 2 || got[0] != "one" || got[1] != "two" {
		t.Errorf("after reopening: %q", got)
	}
	if h := j.Health(); !h.Saving || h.Incarnation != 1 || !h.HeldByOne {
		t.Errorf("health: %+v", h)
	}
	third := say(t, j, s, "three")
	if third.Header.Seq != second.Header.Seq+1 || third.Header.Prev != second.ID {
		t.Error("the feed does not go on where it stood")
	}
}

func TestFoundRefusesAFolderInUse(t *testing.T) {
	o := testOptions(t)
	newJournal(t, o)
	if err := Found(t.Context(), o, testFounding()); !refusal.Is(err, refusal.Taken) {
		t.Errorf("founding twice gave %v", err)
	}
	if _, err := Open(t.Context(), o); !refusal.Is(err, refusal.Taken) {
		t.Errorf("opening twice gave %v", err)
	}
}
