package accessweb_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
)

// Somebody who is held before one more record and has no passkey at all goes on
// when a shift manager beside them shows theirs: on record, for records alone, and
// so often.
func TestAManagerLetsSomebodyGoOnWhoHasNoPasskey(t *testing.T) {
	o := newOffice(t, true)
	manager, colleague, own := o.seat("M. Oduya", access.Manager), o.seat("C. Drummond", access.Clinician), o.seat("K. Adeyemi", access.Clinician)
	b := o.signedIn("P. Varma", access.Clinician)
	o.gate.Looking = access.Looking{Roles: map[access.Role]access.RoleLooking{access.Clinician: {Records: 1}}, CapOver: time.Hour, GlassLasts: time.Hour}
	strict := o.strict()
	b.o = &office{t: t, gate: o.gate, server: strict, device: o.device, journal: o.journal}
	own.browser.o = b.o
	next := byte(0)
	held := func() (access.Caller, error) { // one record more
		t.Helper()
		o.skip(time.Second)
		next++
		by := o.callerOf(b)
		return by, o.gate.Enter(t.Context(), by, access.SeeCase, fact.Subject{200, next})
	}
	if _, err := held(); err != nil {
		t.Fatal(err)
	}
	by, err := held()
	if !errors.Is(err, access.ErrHeld) || !errors.Is(err, access.ErrProve) {
		t.Fatal("not held:", err)
	}
	// The page that asks offers it; to whoever has a passkey it does not.
	page := func(by access.Caller, err error) string {
		w := httptest.NewRecorder()
		if !o.pages.Ask(w, httptest.NewRequest(http.MethodGet, "/cases/x", nil), &by, err) {
			t.Fatal("nothing is asked")
		}
		return w.Body.String()
	}
	if body := page(by, err); !strings.Contains(body, "Shift manager’s passkey") || strings.Contains(body, "Use your passkey") {
		t.Error("the way on is not offered:", body)
	}
	if body := page(o.callerOf(own.browser), err); strings.Contains(body, "Shift manager’s passkey") || !strings.Contains(body, "Use your passkey") {
		t.Error("who has a passkey is offered another's word")
	}
	before := by.Proved
	kept := url.Values{"_prove_to": {"/session"}, "_prove_get": {"yes"}, "_prove_held": {"yes"}, "_prove_say": {"Show that it is you"}, "_prove_way": {"colleague"}}
	let := func(key *authenticator) (int, string) {
		t.Helper()
		status, options := b.send("/prove/manager", nil)
		want(t, status, options, http.StatusOK, `"userVerification":"required"`)
		kept.Set("_prove_answer", string(key.get(options)))
		return b.post("/prove", kept)
	}
	status, body := let(colleague.key)
	want(t, status, body, http.StatusForbidden, "no shift manager now", "Shift manager’s passkey")
	manager.key.Unverified = true
	status, body = let(manager.key)
	want(t, status, body, http.StatusForbidden, "does not hold")
	manager.key.Unverified = false
	// The answer to a sign-in is none, nor is one for another session; nor does this
	// one sign anybody in.
	_, options := b.send("/sign-in/begin", nil)
	kept.Set("_prove_answer", string(manager.key.get(options)))
	status, body = b.post("/prove", kept)
	want(t, status, body, http.StatusForbidden, "Begin again")
	other := o.signedIn("T. Hale", access.Clinician)
	other.o = b.o
	_, options = other.send("/prove/manager", nil)
	kept.Set("_prove_answer", string(manager.key.get(options)))
	status, body = b.post("/prove", kept)
	want(t, status, body, http.StatusForbidden, "does not hold")
	_, options = b.send("/prove/manager", nil)
	status, body = o.browser().send("/sign-in/finish", manager.key.get(options))
	want(t, status, body, http.StatusForbidden)
	if _, err := held(); !errors.Is(err, access.ErrHeld) {
		t.Fatal("one of these lets them go on:", err)
	}

	for n := range o.gate.Policy.LetOnMost {
		status, body = let(manager.key)
		want(t, status, body, http.StatusOK, "Your session")
		if _, err := held(); err != nil {
			t.Fatalf("word %d of a shift manager opens nothing: %v", n+1, err)
		}
		by, err := held()
		if !errors.Is(err, access.ErrHeld) {
			t.Fatal("it opens more than another cap:", err)
		}
		if !by.Proved.Equal(before) || !by.LetOn.After(before) {
			t.Error("it counts as their own passkey")
		}
	}
	status, body = let(manager.key)
	want(t, status, body, http.StatusForbidden, "more is not possible")

	h, err := o.journal.History(t.Context(), by.Session)
	if err != nil {
		t.Fatal(err)
	}
	s := access.FoldSession(by.Session, h)
	if len(s.LetOn) != o.gate.Policy.LetOnMost || !s.LastProof().Before(s.LastLetOn()) {
		t.Errorf("%+v", s)
	}
	for _, f := range h.Facts() {
		if c, err := fact.Read[access.SessionProved](f); err == nil && (c.By != manager.person || f.Body.Person != manager.person || c.For != "/session" || len(c.Assertion) == 0) {
			t.Errorf("on record stands %+v by %s", c, f.Body.Person)
		}
	}
	// Whoever has a passkey uses it.
	status, body = own.send("/prove/manager", nil)
	want(t, status, body, http.StatusForbidden, "use it")
}

// What somebody writes of themselves, or without a role that may, lets nobody go
// on; and no colleague's word opens a screen.
func TestOnlyAManagersWordIsOne(t *testing.T) {
	o := newOffice(t, true)
	b := o.signedIn("P. Varma", access.Clinician)
	by, manager := o.callerOf(b), o.person("M. Oduya", access.Manager)
	say := func(author fact.Author, who fact.Subject) access.Session {
		t.Helper()
		saved := access.SessionProved{Way: access.WayColleague, For: "x", By: who, Assertion: []byte("x")}
		if err := o.said(author, fact.Say(by.Session, saved)); err != nil {
			t.Fatal(err)
		}
		h, err := o.journal.History(t.Context(), by.Session)
		if err != nil {
			t.Fatal(err)
		}
		return access.FoldSession(by.Session, h)
	}
	for what, s := range map[string]access.Session{
		"their own":        say(by.Author(), by.Person),
		"in another name":  say(by.Author(), manager),
		"not of a manager": say(fact.Author{Person: manager, Role: string(access.Clinician)}, manager),
	} {
		if len(s.LetOn) != 0 {
			t.Errorf("%s counts", what)
		}
	}
	if err := o.said(by.Author(), fact.Say(by.Session, access.SessionLocked{Why: "idle"})); err != nil {
		t.Fatal(err)
	}
	if s := say(fact.Author{Person: manager, Role: string(access.Manager)}, manager); len(s.LetOn) != 1 || !s.Locked || s.LastProof().IsZero() {
		t.Errorf("%+v", s)
	}
}
