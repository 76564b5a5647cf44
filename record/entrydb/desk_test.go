package entrydb_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record/entry"
	"holdfast/record/entrydb"
)

// A desk keeps a way in and cannot take it out again: a stolen one has none. Its
// site nodes can.
func TestADeskClosesAndCannotOpen(t *testing.T) {
	h := newHouse(t, 1)
	o := options(t)
	ask, err := journal.Ask(t.Context(), o, fact.Desk, "Desk 6", "floor")
	if err != nil {
		t.Fatal(err)
	}
	admission, err := h.Journal.Enrol(t.Context(), fact.Author{Role: "administrator"}, ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.Join(t.Context(), o, admission); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	desk := openHouse(t, j, o, visitOf(nurse))
	info := []byte("x")
	sealed, err := desk.Vault.Seal(info, []byte("code"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Vault.Open(info, sealed); err == nil {
		t.Error("a desk opened what it closed")
	}
	if b, err := h.Vault.Open(info, sealed); err != nil || !bytes.Equal(b, []byte("code")) {
		t.Error("the site cannot open what a desk closed:", err)
	}
	if err := desk.Open(t.Context(), nurse, h.people[0], entry.Asking{}); !refusal.Is(err, refusal.Unavailable) {
		t.Error(err)
	}
	_, err = desk.OpenAtSite(t.Context(), nurse, h.people[0], entry.Asking{Emergency: true, Reason: "x"})
	if !refusal.Is(err, refusal.Unavailable) {
		t.Error(err)
	}
	var r *refusal.Error
	if !errors.As(err, &r) {
		t.Error("no sentence that a person can act on")
	}
}

// closes is the vault of a desk.
type closes struct{ entrydb.Vault }

func (closes) Opens() bool { return false }

func (closes) Open(_, _ []byte) ([]byte, error) { return nil, errors.New("a desk opens nothing") }

// toSite has a site answer without a wire between.
type toSite struct {
	site *entrydb.Homes
	by   func() access.Caller // as the site knows who is signed in at the desk
}

func (s toSite) Ask(ctx context.Context, question []byte) ([]byte, error) {
	return s.site.Answer(ctx, fact.Subject{66}, func(context.Context, fact.Subject) (access.Caller, error) { return s.by(), nil }, question)
}

// deskOf is a desk of a site, as far as opening homes goes.
func deskOf(h *house, by func() access.Caller) *entrydb.Homes {
	desk := *h.Homes
	desk.Vault, desk.Site = closes{h.Vault}, toSite{h.Homes, by}
	return &desk
}

// What a site wants of somebody before it opens is asked of them at their desk,
// and what they have just shown there is waited for.
func TestWhatTheSiteWantsIsAskedAtTheDesk(t *testing.T) {
	h := newHouse(t, 1)
	h.keep(t)
	who := h.people[0]
	var mu sync.Mutex
	asked, wants := 0, access.ErrProve
	desk := deskOf(h, func() access.Caller { return nurse })
	h.Homes.Gate = gated{h.Homes.Gate, func(_ access.Caller, act access.Act) error {
		mu.Lock()
		defer mu.Unlock()
		if asked++; act == access.OpenEntry && wants != nil {
			return refusal.New(refusal.Forbidden, "Show that it is you.").Because(wants)
		}
		return nil
	}}
	_, err := desk.OpenAtSite(t.Context(), nurse, who, entry.Asking{})
	if !errors.Is(err, access.ErrProve) || !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("the desk can't ask for a proof: %v", err)
	}
	wants = access.ErrSayWhy
	_, err = desk.OpenAtSite(t.Context(), nurse, who, entry.Asking{})
	var why *access.NeedsReason
	if !errors.As(err, &why) || why.About != who || why.Act != access.OpenEntry {
		t.Errorf("the desk can't ask why: %v", err)
	}
	wants = access.ErrProve
	proved := nurse
	proved.Proved = time.Now()
	h.Homes.Gate = gated{accessdb.NewGate(h.Journal, time.Now), func(access.Caller, access.Act) error {
		mu.Lock()
		defer mu.Unlock()
		if asked++; asked < 6 { // the proof is still on its way
			return refusal.New(refusal.Forbidden, "Show that it is you.").Because(access.ErrProve)
		}
		return nil
	}}
	asked = 4
	shown, err := desk.OpenAtSite(t.Context(), proved, who, entry.Asking{})
	if err != nil || len(shown.Ways) != 1 || shown.Ways[0].Plain != way {
		t.Errorf("what was shown at the desk is asked for again: %v", err)
	}
}

// A desk replaces what its form was opened on, and nothing that came later.
func TestADeskWritesNothingOverUnseen(t *testing.T) {
	h := newHouse(t, 1)
	h.keep(t)
	who := h.people[0]
	desk := deskOf(h, func() access.Caller { return nurse })
	standing := func() int {
		t.Helper()
		c, err := journal.Fold(t.Context(), h.Journal, h.CodeOf(who), entry.Fold)
		if err != nil {
			t.Fatal(err)
		}
		return len(c.Standing())
	}
	seen, err := desk.SeenAtSite(t.Context(), nurse, who)
	if err != nil || len(seen) == 0 {
		t.Fatal(seen, err)
	}
	if err := h.Keep(t.Context(), boss, who, seen, entry.Plain{Code: "changed at the site"}, ""); err != nil {
		t.Fatal(err)
	}
	for name, seen := range map[string][]fact.ID{"of before the change": seen, "that saw nothing": {}, "of the program before": nil} {
		if err := desk.Keep(t.Context(), nurse, who, seen, entry.Plain{Code: "written at the desk"}, ""); !refusal.Is(err, refusal.Taken) {
			t.Errorf("a page %s: %v", name, err)
		}
		if err := desk.KeepNone(t.Context(), nurse, who, seen, "moved"); !refusal.Is(err, refusal.Taken) {
			t.Errorf("a page %s: %v", name, err)
		}
	}
	if standing() != 1 {
		t.Fatalf("%d ways in stand", standing())
	}
	if seen, err = desk.SeenAtSite(t.Context(), nurse, who); err != nil {
		t.Fatal(err)
	}
	if err := desk.Keep(t.Context(), nurse, who, seen, entry.Plain{Code: "whoever has seen all"}, ""); err != nil || standing() != 1 {
		t.Fatalf("%d ways in stand, %v", standing(), err)
	}
	desk.Site = nil
	if seen, err := desk.SeenAtSite(t.Context(), nurse, who); err != nil || seen == nil || len(seen) != 0 {
		t.Error("without the site:", seen, err)
	}
}
