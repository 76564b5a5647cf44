package accessdb

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
)

type fixture struct {
	*Gate
	j       *journal.Journal
	options journal.Options
	person  fact.Subject
	now     atomic.Int64 // ms; the journal reads the clock from goroutines of its own
	device  access.Caller
}

func open(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{device: access.Caller{Name: "this device", Role: access.Device}}
	f.now.Store(time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC).UnixMilli())
	o := journal.Options{
		Dir: t.TempDir(), Clock: func() time.Time { return time.UnixMilli(f.now.Load()).UTC() }, Random: rand.Reader, Views: []journal.View{View{}}, Demo: true, MayErase: MayErase,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	ctx := context.Background()
	if err := journal.Found(ctx, o, journal.Founding{Name: "Fellside 111", ODS: "FEL01", DeviceName: "site"}); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.j.Close(); err != nil {
			t.Error(err)
		}
		report, err := journal.Verify(ctx, o.Dir, o)
		if err != nil || len(report.Failures) > 0 {
			t.Errorf("verify: %v %+v", err, report.Failures)
		}
	})
	f.j, f.Gate = j, NewGate(j, o.Clock)
	f.Policy, f.options = shifts(), o
	f.person, err = f.AddStaff(ctx, f.device, access.PersonAdded{Name: "P. Varma", Title: "nurse"}, []access.Role{access.Clinician})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) link(t *testing.T) string {
	t.Helper()
	link, err := f.MakeLink(context.Background(), f.device, f.person, access.Clinician, access.ForSignIn, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func (f *fixture) browser(t *testing.T) string {
	t.Helper()
	token, _, err := f.newToken()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestLinkOpensOneBrowser(t *testing.T) {
	f, ctx := open(t), context.Background()
	link, mine, other := f.link(t), "", ""
	mine, other = f.browser(t), f.browser(t)
	token, by, err := f.UseLink(ctx, link, mine, "desk 6")
	if err != nil || by.Name != "P. Varma" || by.Role != access.Clinician {
		t.Fatal(by, err)
	}
	if _, _, err := f.UseLink(ctx, link, other, "desk 7"); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("another browser came in:", err)
	}
	if _, _, err := f.UseLink(ctx, link, mine, "desk 6"); err != nil {
		t.Fatal("the same browser is refused:", err)
	}
	if again, err := f.Caller(ctx, token); err != nil || again.Session != by.Session {
		t.Fatal(again, err)
	}
	fresh := NewGate(f.j, f.clock) // as after a restart: nothing remembered
	fresh.Policy = f.Policy
	if _, err := fresh.Caller(ctx, token); err != nil {
		t.Fatal("a restart ends sessions:", err)
	}
	if err := f.SignOut(ctx, by); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Caller(ctx, token); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("signed out, yet let in:", err)
	}
}

func TestNonsenseTokens(t *testing.T) {
	f, ctx := open(t), context.Background()
	for _, token := range []string{"", "x", "AAAA", f.browser(t)} {
		if _, err := f.Caller(ctx, token); !refusal.Is(err, refusal.Forbidden) {
			t.Errorf("%q: %v", token, err)
		}
		if _, _, err := f.UseLink(ctx, token, f.browser(t), ""); !refusal.Is(err, refusal.Forbidden) {
			t.Errorf("link %q: %v", token, err)
		}
	}
}

func TestEnterRecordsLooksAndRefusals(t *testing.T) {
	f, ctx := open(t), context.Background()
	_, by, err := f.UseLink(ctx, f.link(t), f.browser(t), "desk 6")
	if err != nil {
		t.Fatal(err)
	}
	looks := func() uint32 {
		h, err := f.j.History(ctx, by.Session)
		if err != nil {
			t.Fatal(err)
		}
		return access.FoldSession(by.Session, h).Looks
	}
	person := fact.Subject{3}
	for range 3 {
		if err := f.Enter(ctx, by, access.SeeCase, person); err != nil {
			t.Fatal(err)
		}
	}
	if looks() != 1 {
		t.Fatalf("%d looks for one record within 15 minutes", looks())
	}
	f.now.Add(lookEvery.Milliseconds())
	if err := f.Enter(ctx, by, access.SeeCase, person); err != nil || looks() != 2 {
		t.Fatalf("after 15 minutes: %d looks, %v", looks(), err)
	}
	if err := f.Enter(ctx, by, access.SeeWorklist, fact.Subject{}); err != nil || looks() != 3 {
		t.Fatalf("a list: %d looks, %v", looks(), err)
	}
	if err := f.Enter(ctx, by, access.ManageStaff, fact.Subject{}); !refusal.Is(err, refusal.Forbidden) || looks() != 4 {
		t.Fatalf("a refusal: %d looks, %v", looks(), err)
	}
	if err := f.Enter(ctx, access.Caller{}, access.SeeCase, person); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("nobody was let in:", err)
	}
}

// No look on record, no data: where the look can't be saved, the door stays
// shut.
func TestNoLookNoData(t *testing.T) {
	f, ctx := open(t), context.Background()
	_, by, err := f.UseLink(ctx, f.link(t), f.browser(t), "desk 6")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, act := range []access.Act{access.SeeCase, access.SeePerson, access.SeeWorklist} {
		if err := f.Enter(ctx, by, act, fact.Subject{3}); !refusal.Is(err, refusal.Unavailable) {
			t.Errorf("%s, and the look was not saved: %v", act, err)
		}
	}
}

// shifts is how long sessions last in tests.
func shifts() access.Policy {
	return access.Policy{SessionLasts: 13 * time.Hour, FinishLasts: 12 * time.Hour}
}
