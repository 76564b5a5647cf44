package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/fact/refusal"
)

func TestDraftsSurviveClosing(t *testing.T) {
	o := testOptions(t)
	now := time.Date(2026, 8, 4, 4, 29, 0, 0, time.UTC)
	o.Clock = func() time.Time { return now }
	j := newJournal(t, o)
	if err := j.SaveDraft(t.Context(), "call/1", []byte("07700 900")); err != nil {
		t.Fatal(err)
	}
	if err := j.SaveDraft(t.Context(), "call/1", []byte("07700 900461")); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(o.Dir, "drafts", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if b, err := os.ReadFile(files[0]); err != nil || bytes.Contains(b, []byte("07700")) {
		t.Errorf("the draft lies open: %v", err)
	}
	j = reopen(t, o)
	data, at, err := j.LoadDraft(t.Context(), "call/1")
	if err != nil || string(data) != "07700 900461" || !at.Equal(now) {
		t.Errorf("got %q of %s, %v", data, at, err)
	}
	if _, _, err := j.LoadDraft(t.Context(), "call/2"); !refusal.Is(err, refusal.Missing) {
		t.Errorf("a draft that is not there gave %v", err)
	}
	for range 2 {
		if err := j.DropDraft(t.Context(), "call/1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := j.LoadDraft(t.Context(), "call/1"); !refusal.Is(err, refusal.Missing) {
		t.Errorf("a dropped draft gave %v", err)
	}
}

func TestDraftsAreBounded(t *testing.T) {
	j := newJournal(t, testOptions(t))
	if err := j.SaveDraft(t.Context(), "long", make([]byte, mostDraft+1)); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("too long a draft gave %v", err)
	}
	if err := j.SaveDraft(t.Context(), "longest", make([]byte, mostDraft)); err != nil {
		t.Error(err)
	}
	j.drafts.count = mostDrafts
	if err := j.SaveDraft(t.Context(), "one more", nil); !refusal.Is(err, refusal.Unavailable) {
		t.Errorf("one draft too many gave %v", err)
	}
	if err := j.SaveDraft(t.Context(), "longest", []byte("again")); err != nil {
		t.Errorf("an old draft can't be kept up: %v", err)
	}
}

// TestADraftOfAnotherKeyDoesNotOpen: files can't be exchanged.
func TestADraftOfAnotherKeyDoesNotOpen(t *testing.T) {
	j := newJournal(t, testOptions(t))
	if err := j.SaveDraft(t.Context(), "a", []byte("of a")); err != nil {
		t.Fatal(err)
	}
	from, _ := j.drafts.place("a")
	to, _ := j.drafts.place("b")
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	if _, _, err := j.LoadDraft(t.Context(), "b"); !refusal.Is(err, refusal.Missing) {
		t.Errorf("got %v", err)
	}
}

func TestOldDraftsGo(t *testing.T) {
	o := testOptions(t)
	j := newJournal(t, o)
	if err := j.SaveDraft(t.Context(), "old", []byte("x")); err != nil {
		t.Fatal(err)
	}
	path, _ := j.drafts.place("old")
	long := time.Now().Add(-31 * 24 * time.Hour)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := reopen(t, o).LoadDraft(t.Context(), "old"); !refusal.Is(err, refusal.Missing) {
		t.Errorf("got %v", err)
	}
}
