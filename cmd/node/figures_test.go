package node_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// A commissioner sees counts and cases, and nobody: no name, number, place or
// reason; the same other name each time, and another in every organisation; and
// that they looked is on record.
func TestACommissionerSeesNobody(t *testing.T) {
	ours, now := weekOld(t, "Fellside 111", "ZZ111")
	theirs, _ := weekOld(t, "Tarn Valley", "ZZ122")
	figures := func(h *house) (reply, []string) {
		token := h.session(h.staff[access.Commissioner], access.Commissioner)
		got := h.get("/figures", token)
		if got.status != http.StatusOK {
			t.Fatalf("figures: %d: %.300s", got.status, got.body)
		}
		if leak := h.leaks(got); len(leak) > 0 {
			t.Errorf("figures say %q", leak)
		}
		if got := h.get("/case/"+h.cases.String(), token); got.status != http.StatusForbidden {
			t.Errorf("a commissioner opens a case: %d", got.status)
		}
		names := regexp.MustCompile(`<code>([A-Z2-7]{10})</code>`).FindAllString(got.body, -1)
		slices.Sort(names)
		return got, names
	}
	got, names := figures(ours)
	if len(names) != 7 || !regexp.MustCompile(`num">5</td>`).MatchString(got.body) {
		t.Errorf("%d cases listed", len(names))
	}
	now.forward(time.Minute)
	if _, again := figures(ours); fmt.Sprint(again) != fmt.Sprint(names) {
		t.Error("the names change from look to look")
	}
	_, others := figures(theirs)
	for _, n := range others {
		if slices.Contains(names, n) {
			t.Error("two organisations share a name")
		}
	}
	looks := 0
	for _, s := range must(ours.n.Journal.Subjects(t.Context()))(t) {
		h, err := ours.n.Journal.History(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range h.Facts() {
			if c, err := fact.Read[access.Looked](f); err == nil && c.Act == access.SeeFigures && c.Purpose == access.Commissioning {
				looks++
			}
		}
	}
	if looks != 2 {
		t.Errorf("%d looks on record, want 2", looks)
	}
}

func must(all []fact.Subject, err error) func(t *testing.T) []fact.Subject {
	return func(t *testing.T) []fact.Subject {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
}

// weekOld is a house with seven cases of eight days ago.
func weekOld(t *testing.T, name string, ods codes.ODS) (*house, *clock) {
	t.Helper()
	lib, at := library(t), &clock{}
	place := found(t, lib, name, ods)
	place.Clock = at.now
	n, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "a.localhost", Pages: listen(t), Machines: listen(t), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, n) })
	h := serve(t, n)
	h.furnish("Ottoline", "Quillfeather", "OQ-9917-X")
	by := access.Caller{Person: h.staff[access.CallHandler], Name: "R. Ashdown", Role: access.CallHandler, ODS: string(ods)}
	phone := codes.ReceivePhone("01632 960377")
	for i := range 6 {
		id, err := n.Cases.NewCase()
		if err != nil {
			t.Fatal(err)
		}
		who := urgent.PatientDescribed{Identity: record.Identity{Name: record.Name{Given: "Ottoline", Family: fmt.Sprintf("Quillfeather%d", i)}}}
		for _, verb := range []urgentdb.Verb{
			func(c urgent.Case, now time.Time) ([]fact.Draft, error) { return urgent.TakeCall(c, by, phone, now) },
			func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
				return urgent.Describe(c, by, urgent.Description{Patient: &who})
			},
			func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
				return urgent.SetDisposition(c, by, n.Cases.Rules, "Dx06", "", now)
			},
		} {
			saved, err := n.Cases.Do(t.Context(), by, access.TakeCall, id, nil, verb)
			if err != nil {
				t.Fatal(err)
			}
			n.Journal.WaitViews(t.Context(), saved, 5*time.Second)
		}
	}
	at.forward(8 * 24 * time.Hour)
	return h, at
}
