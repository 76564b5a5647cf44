package journal

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// words keeps all that was said of a subject; its fold panics on one word.
type words struct{ poison string }

func (words) Name() string { return "words" }
func (words) Version() int { return 1 }

func (words) Create(tx *sql.Tx) error {
	_, err := tx.Exec("CREATE TABLE words_all(subject BLOB PRIMARY KEY, said TEXT NOT NULL) STRICT")
	return err
}

func (w words) Apply(tx *sql.Tx, r Reader, facts []fact.Fact) error {
	for _, f := range facts {
		if f.Body.Kind != (said{}).FactKind().Number {
			continue
		}
		h, err := r.History(f.Header.Subject)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT OR REPLACE INTO words_all VALUES(?, ?)", f.Header.Subject[:], w.fold(f.Header.Subject, h)); err != nil {
			return err
		}
	}
	return nil
}

func (w words) fold(_ fact.Subject, h fact.History) string {
	var out []string
	for _, f := range h.Facts() {
		switch s, err := fact.Read[said](f); {
		case err != nil:
		case s.Text == w.poison:
			panic("the fold knows no " + s.Text)
		default:
			out = append(out, s.Text)
		}
	}
	return strings.Join(out, " ")
}

func (words) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec("DELETE FROM words_all WHERE subject=?", s[:]); err != nil {
			return err
		}
	}
	return nil
}

func wordsOf(t *testing.T, j *Journal, s fact.Subject) string {
	t.Helper()
	var out string
	if err := j.Views().QueryRow("SELECT coalesce(max(said), '') FROM words_all WHERE subject=?", s[:]).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func becomes(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(8 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// setAsideOf lists what is set aside of a subject.
func setAsideOf(t *testing.T, j *Journal, s fact.Subject) (out []fact.ID) {
	t.Helper()
	h, err := j.History(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range h.Facts() {
		if a, err := fact.Read[SetAside](f); err == nil {
			out = append(out, a.Fact)
		}
	}
	return out
}

func TestAFactOnWhichAViewPanicsIsSetAsideEverywhere(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{words{poison: "poison"}}
	a := newJournal(t, o)
	s, other := newSubject(t, a), newSubject(t, a)
	say(t, a, s, "one")
	bad := say(t, a, s, "poison")
	say(t, a, s, "two")
	say(t, a, other, "else")
	becomes(t, "the view shows the rest", func() bool { return wordsOf(t, a, s) == "one two" })
	becomes(t, "another subject is not held up", func() bool { return wordsOf(t, a, other) == "else" })
	if got := setAsideOf(t, a, s); len(got) != 1 || got[0] != bad.ID {
		t.Fatalf("set aside: %v", got)
	}
	b, _ := sister(t, a, fact.SiteNode, "b")
	meet(t, a, b)
	becomes(t, "the other device shows the rest", func() bool { return wordsOf(t, b, s) == "one two" })
	say(t, b, s, "three")
	becomes(t, "work goes on", func() bool { return wordsOf(t, b, s) == "one two three" })
	meet(t, a, b)
	tipsEqual(t, a, b) // forwarded as it is
	if got := setAsideOf(t, b, s); len(got) != 1 {
		t.Errorf("set aside: %v", got)
	}
}

func TestAFactOnWhichAPageOrVerbPanicsIsSetAside(t *testing.T) {
	j := newJournal(t, testOptions(t))
	for name, act := range map[string]func(s fact.Subject, w words) (string, error){
		"page": func(s fact.Subject, w words) (string, error) { return Fold(t.Context(), j, s, w.fold) },
		"verb": func(s fact.Subject, w words) (got string, err error) {
			_, err = j.Do(t.Context(), fact.Author{}, nil, func(tx *Tx) ([]fact.Draft, error) {
				got, err = FoldIn(tx, s, w.fold)
				return []fact.Draft{fact.Say(s, said{"decided"})}, err
			})
			return got, err
		},
	} {
		s := newSubject(t, j)
		say(t, j, s, "one")
		say(t, j, s, "poison")
		say(t, j, s, "two")
		if got, err := act(s, words{poison: "poison"}); err != nil || got != "one two" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if got := setAsideOf(t, j, s); len(got) != 1 {
			t.Errorf("%s: set aside %v", name, got)
		}
	}
	s := newSubject(t, j)
	say(t, j, s, "poison")
	say(t, j, s, "between")
	say(t, j, s, "poison")
	if got, err := Fold(t.Context(), j, s, words{poison: "poison"}.fold); err != nil || got != "between" {
		t.Errorf("two bad facts: %q, %v", got, err)
	}
	if _, err := Fold(t.Context(), j, s, func(fact.Subject, fact.History) int { panic("always") }); err == nil {
		t.Error("a fold that always panics gave a state")
	}
	if got := setAsideOf(t, j, s); slices.Contains(got, fact.ID{}) || len(got) > 3 {
		t.Errorf("a fold that always panics set aside %v", got)
	}
}

// TestNothingOfAnErasedSubjectStays looks for the words on the disk itself.
func TestNothingOfAnErasedSubjectStays(t *testing.T) {
	const canary = "canary-7f3a91"
	o := testOptions(t)
	o.Views = []View{words{}}
	j := newJournal(t, o)
	s, other := newSubject(t, j), newSubject(t, j)
	say(t, j, s, canary)
	say(t, j, other, "stays")
	becomes(t, "in the view", func() bool { return wordsOf(t, j, s) == canary })
	if !grepViews(t, o.Dir, canary) {
		t.Fatal("the search for the words finds nothing even before the erasure")
	}
	for key, want := range map[string]bool{"p/note/" + s.String(): false, "p/note/" + other.String(): true} {
		if err := j.SaveDraft(t.Context(), key, []byte("typing")); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, _, err := j.LoadDraft(t.Context(), key); (err == nil) != want {
				t.Errorf("half-typed form %s: %v", key, err)
			}
		}()
	}
	if _, err := j.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(j.OrgSubject(), SubjectErased{Subject: s, Why: "retention"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	becomes(t, "buried", func() bool { return j.Buried(s) })
	if grepViews(t, o.Dir, canary) {
		t.Error("what was erased stands in the views' files")
	}
	if wordsOf(t, j, other) != "stays" || j.Buried(other) {
		t.Error("another subject is gone as well")
	}
}

func grepViews(t *testing.T, dir, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "views.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(raw, []byte(text)) {
			return true
		}
	}
	return false
}

func TestAnEntryThatIsTooLongIsRefusedInWords(t *testing.T) {
	j := newJournal(t, testOptions(t))
	s := newSubject(t, j)
	_, err := j.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{strings.Repeat("x", 70_000)})}, nil
	})
	if !refusal.Is(err, refusal.Invalid) || !strings.Contains(err.Error(), "Nothing was saved") {
		t.Errorf("%v", err)
	}
	if got := texts(t, j, s); len(got) != 0 {
		t.Error("half of it was saved")
	}
}
