package entrydb_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record/entry"
	"holdfast/record/entrydb"
)

// shut closes and does not open, like a desk's vault.
type shut struct{ entrydb.Vault }

func (shut) Opens() bool { return false }

// site answers what a test says.
type site struct {
	answer []byte
	err    error
	asked  int
}

func (s *site) Ask(context.Context, []byte) ([]byte, error) {
	s.asked++
	return s.answer, s.err
}

// What the site may have saved is not saved a second time by the desk; only when
// the site surely did nothing does the desk keep it itself.
func TestAnAnswerThatDidNotComeIsNoRefusal(t *testing.T) {
	h := newHouse(t, 1)
	h.Vault = shut{h.Vault}
	who := h.people[0]
	kept := func() int {
		t.Helper()
		history, err := h.Journal.History(t.Context(), h.CodeOf(who))
		if err != nil {
			t.Fatal(err)
		}
		return len(history.Facts())
	}
	lost := refusal.New(refusal.Unknown, "No answer came.")
	done, err := fact.Encode(map[int]any{})
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*site{
		"its answer is lost": {err: lost}, "its answer can't be read": {answer: []byte("?")}, "it answers": {answer: done},
	} {
		h.Site = s
		err := h.Keep(t.Context(), nurse, who, nil, way, "")
		if (s.err != nil || len(s.answer) > 0 && s.answer[0] == '?') != refusal.Is(err, refusal.Unknown) {
			t.Errorf("%s: %v", name, err)
		}
		if n := kept(); n != 0 || s.asked != 1 {
			t.Errorf("%s: %d facts at the desk, asked %d times", name, n, s.asked)
		}
	}
	h.Site = &site{err: lost}
	for what, do := range map[string]func() error{
		"cover": func() error { return h.Cover(t.Context(), nurse, who) },
		"none":  func() error { return h.KeepNone(t.Context(), nurse, who, nil, "moved") },
		"doubt": func() error { return h.Doubt(t.Context(), nurse, who, "heard") },
	} {
		if err := do(); !refusal.Is(err, refusal.Unknown) || !strings.Contains(err.Error(), "Look at this home") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := h.OpenAtSite(t.Context(), nurse, who, entry.Asking{}); !refusal.Is(err, refusal.Unknown) || !strings.Contains(err.Error(), "Ask once more") || !strings.Contains(err.Error(), "ring the coordinator") {
		t.Errorf("open: %v", err)
	}
	h.Site = &site{err: errors.New("nobody there")}
	if err := h.Keep(t.Context(), nurse, who, nil, way, ""); err != nil || kept() == 0 {
		t.Errorf("without its site the desk kept %d facts: %v", kept(), err)
	}
}
