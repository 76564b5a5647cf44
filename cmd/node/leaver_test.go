package node_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/task"
	"holdfast/urgent"
	"holdfast/web"
)

// send posts a form in a role.
func (h *house) send(path, token string, form url.Values) reply {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "holdfast", Value: token})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	return reply{status: res.StatusCode}
}

func (h *house) get(path, token string) reply {
	h.t.Helper()
	return h.ask(web.Route{Method: http.MethodGet, Pattern: path}, path, token)
}

// takes has somebody claim the house's case and take its task.
func (h *house) takes(who fact.Subject) {
	h.t.Helper()
	by := access.Caller{Person: who, Name: "Somebody", Role: access.Clinician}
	if _, err := h.n.Cases.Do(h.t.Context(), by, access.Claim, h.cases, nil, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) { return urgent.Claim(c, by) }); err != nil {
		h.t.Fatal(err)
	}
	saved, err := h.n.Journal.Do(h.t.Context(), by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		t, err := journal.FoldIn(tx, h.task, task.Fold)
		if err != nil {
			return nil, err
		}
		return task.Take(t, by, "", tx.Now())
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.n.Journal.WaitViews(h.t.Context(), saved, 5*time.Second)
}

// Somebody leaves with a case and a task in hand: their session is over, both
// stay on their lists, both are listed without saying whom they are about, and
// given back they are free for others. Nothing is lost at any step.
func TestWhoLeavesLosesNothing(t *testing.T) {
	h := newHouse(t, "Fellside 111", "ZZ111", "Ottoline", "Quillfeather", "OQ-9917-X")
	nurse, admin := h.staff[access.Clinician], h.token[access.Administrator]
	h.takes(nurse)
	path := "/staff/" + nurse.String()
	if got := h.send(path+"/give-back", admin, nil); got.status != http.StatusConflict {
		t.Errorf("taken from somebody at work: %d", got.status)
	}
	if got := h.send(path+"/leave", admin, url.Values{"left": {"contract over"}}); got.status != http.StatusSeeOther {
		t.Fatalf("leaving: %d", got.status)
	}
	if got := h.get("/worklist", h.token[access.Clinician]); got.status != http.StatusSeeOther {
		t.Errorf("who left still works: %d", got.status)
	}
	page := h.get(path, admin)
	for _, want := range []string{"holds no role any more", "2 pieces", "Case ", "Task: ring back", "Give all of it back"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if leak := h.leaks(page); len(leak) > 0 {
		t.Errorf("an administrator is shown %q", leak)
	}
	rows := listed(t, h.n)
	if len(rows) != 1 || len(rows[0].Holders) != 1 {
		t.Fatalf("before it is given back: %+v", rows)
	}
	for range 2 {
		if got := h.send(path+"/give-back", admin, nil); got.status != http.StatusSeeOther {
			t.Fatalf("giving back: %d", got.status)
		}
	}
	if rows = listed(t, h.n); len(rows) != 1 || len(rows[0].Holders) != 0 {
		t.Errorf("the case is not free on the list: %+v", rows)
	}
	one, err := journal.Fold(t.Context(), h.n.Journal, h.task, task.Fold)
	if err != nil || !one.Open() || len(one.Holders()) != 0 {
		t.Errorf("the task is not free on its list: %v %+v", err, one.Holders())
	}
	if page = h.get(path, admin); strings.Contains(page.body, "Give all of it back") {
		t.Error("given back, and still listed")
	}
}

// A role that runs out at its time freezes nobody with an open case: they go on
// until they have let go of it, and take up nothing new.
func TestARoleThatRunsOutFreezesNoOpenCase(t *testing.T) {
	lib, at := library(t), &clock{}
	place := found(t, lib, "Fellside 111", codes.ODS("ZZ111"))
	place.Clock = at.now
	n, err := node.Open(t.Context(), node.Config{Place: place, Library: lib, Host: "a.localhost", Pages: listen(t), Machines: listen(t), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, n) })
	h := serve(t, n)
	h.furnish("Ottoline", "Quillfeather", "OQ-9917-X")
	ctx := context.Background()
	agency, err := n.Gate.AddStaff(ctx, n.Device, access.PersonAdded{Name: "Dr Agency"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	boss := access.Caller{Person: h.staff[access.Administrator], Role: access.Administrator}
	if err := n.Gate.ChangeRoles(ctx, boss, agency, access.Change{Give: access.Clinician, Until: at.now().Add(time.Hour), Why: "one shift"}); err != nil {
		t.Fatal(err)
	}
	token := h.session(agency, access.Clinician)
	h.takes(agency)
	at.forward(2 * time.Hour)
	if got := h.get("/case/"+h.cases.String(), token); got.status != http.StatusOK || len(h.leaks(got)) == 0 {
		t.Errorf("frozen with an open case: %d", got.status)
	}
	if got := h.send("/case/"+h.cases.String()+"/note", token, url.Values{"note": {"Rang back, is better"}, "text": {"Rang back, is better"}}); got.status == http.StatusForbidden || got.status == http.StatusUnauthorized {
		t.Errorf("can't write on the open case: %d", got.status)
	}
	if got := h.send("/worklist/next", token, nil); got.status != http.StatusForbidden {
		t.Errorf("takes up something new: %d", got.status)
	}
	if _, err := (node.InHand(n)).GiveBack(ctx, boss, agency, "shift over"); err != nil {
		t.Fatal(err)
	}
	if got := h.get("/case/"+h.cases.String(), token); got.status != http.StatusSeeOther {
		t.Errorf("nothing in hand, and still let in: %d", got.status)
	}
}

// An open case is open to everybody on shift; a closed one that somebody took
// no part in is looked at with nothing linking them to it, which the look says,
// or, where people can be asked, only once they have said why.
func TestAClosedCaseOfNobodyNeedsAReason(t *testing.T) {
	h := newHouse(t, "Fellside 111", "ZZ111", "Ottoline", "Quillfeather", "OQ-9917-X")
	path, other := "/case/"+h.cases.String(), h.token[access.Dispatcher]
	if got := h.get(path, other); got.status != http.StatusOK || len(h.leaks(got)) == 0 {
		t.Fatalf("an open case: %d", got.status)
	}
	by := access.Caller{Person: h.staff[access.CallHandler], Name: "R. Ashdown", Role: access.CallHandler}
	saved, err := h.n.Cases.Do(t.Context(), by, access.Close, h.cases, nil, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(c.ID, urgent.Closed{Why: "Home care advice given"})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.n.Journal.WaitViews(t.Context(), saved, 5*time.Second)
	got := h.get(path, other)
	if got.status != http.StatusForbidden || !strings.Contains(got.body, "Say why") || len(h.leaks(got)) > 0 {
		t.Errorf("a closed case, no reason: %d, shows %q", got.status, h.leaks(got))
	}
	if got := h.get(path, h.token[access.CallHandler]); got.status != http.StatusOK {
		t.Errorf("who took the call: %d", got.status)
	}
	if got := h.get(path, h.token[access.ClinicalGovernance]); got.status != http.StatusOK {
		t.Errorf("clinical governance: %d", got.status)
	}
	by, err = h.n.Gate.Caller(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.n.Gate.GiveReason(t.Context(), by, h.cases, access.SeeCase, "She rang the desk back"); err != nil {
		t.Fatal(err)
	}
	if got := h.get(path, other); got.status != http.StatusOK {
		t.Errorf("with a reason: %d", got.status)
	}
}
