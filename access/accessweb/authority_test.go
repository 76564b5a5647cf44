package accessweb_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
)

// runsOut gives the office's machine an authority that runs out, as a desk has.
func (o *office) runsOut() *accessdb.Leases {
	o.t.Helper()
	began := o.clock()
	l, err := o.gate.OpenLeases(accessdb.LeaseConfig{
		Rules: access.LeaseRules{Lasts: 2 * time.Hour, Warn: time.Hour, Codes: 8}, Dir: o.t.TempDir(),
		Now:  func() access.Moment { return access.Moment{Wall: o.clock(), Steady: o.clock().Sub(began), Boot: "one"} },
		Open: func(context.Context, access.Caller, fact.Subject) (bool, error) { return false, nil },
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.gate.Leases = l
	return l
}

// Two people renew the authority of a desk, each with a passkey of their own: the
// one who is signed in, and one who need not be.
func TestTwoPeopleRenew(t *testing.T) {
	o := newOfficeAt(t, false, newWall().now)
	l := o.runsOut()
	nurse, handler, governance := o.seat("P. Varma", access.Clinician), o.seat("C. Ndlovu", access.CallHandler), o.seat("G. Ives", access.InformationGovernance)
	status, body := nurse.get("/authority")
	want(t, status, body, http.StatusOK, "Lasts until", "Two people who are here", "A code of the sealed paper")
	o.skip(3 * time.Hour)
	status, body = nurse.get("/authority")
	want(t, status, body, http.StatusOK, "No authority since", "Goes on:", "1. I confirm")
	status, body = nurse.send("/authority/second/begin", nil)
	want(t, status, body, http.StatusUnprocessableEntity, "your own passkey first")
	status, body = governance.send("/authority/first/begin", nil)
	want(t, status, body, http.StatusForbidden)

	// Another's passkey is not the caller's own; another session's answer is none.
	status, options := nurse.send("/authority/first/begin", nil)
	want(t, status, options, http.StatusOK, `"userVerification":"required"`)
	status, body = nurse.send("/authority/first/finish", handler.key.get(options))
	want(t, status, body, http.StatusUnprocessableEntity, "does not hold")
	status, options = nurse.send("/authority/first/begin", nil)
	want(t, status, options, http.StatusOK)
	status, body = handler.send("/authority/first/finish", nurse.key.get(options))
	want(t, status, body, http.StatusUnprocessableEntity, "does not hold")

	first := func() {
		t.Helper()
		status, options := nurse.send("/authority/first/begin", nil)
		want(t, status, options, http.StatusOK)
		status, body := nurse.send("/authority/first/finish", nurse.key.get(options))
		want(t, status, body, http.StatusOK, "/authority")
	}
	second := func(key *authenticator) (int, string) {
		t.Helper()
		status, options := nurse.send("/authority/second/begin", nil)
		want(t, status, options, http.StatusOK)
		return nurse.send("/authority/second/finish", key.get(options))
	}
	first()
	status, body = nurse.get("/authority")
	want(t, status, body, http.StatusOK, "You have confirmed", "2. The second person")
	for say, key := range map[string]*authenticator{"same person twice": nurse.key, "G. Ives holds no role": governance.key} {
		status, body = second(key)
		want(t, status, body, http.StatusUnprocessableEntity, say)
	}
	handler.key.Unverified = true
	status, body = second(handler.key)
	want(t, status, body, http.StatusUnprocessableEntity, "does not hold")
	handler.key.Unverified = false
	if !l.Standing().Out {
		t.Fatal("renewed by none of these")
	}
	status, body = second(handler.key)
	want(t, status, body, http.StatusOK, "/authority")
	s := l.Standing()
	if s.Out || s.Way != access.LeaseByTwo || len(s.By) != 2 || s.By[0] != nurse.person || s.By[1] != handler.person {
		t.Errorf("%+v", s)
	}
	status, body = nurse.send("/authority/second/begin", nil)
	want(t, status, body, http.StatusUnprocessableEntity, "your own passkey first") // one confirmation, one renewal
	status, body = nurse.get("/authority")
	want(t, status, body, http.StatusOK, "Lasts until", "last renewed")
	if status, _ = nurse.post("/authority/demo", url.Values{"second": {handler.person.String()}}); status != http.StatusNotFound {
		t.Errorf("outside a demo a word is a passkey: %d", status)
	}
}

// A sealed paper is printed at a site node by an administrator, shown once, and
// one of its codes renews a desk.
func TestASealedPaperFromPrintToUse(t *testing.T) {
	o := newOfficeAt(t, false, newWall().now)
	l := o.runsOut()
	nurse, admin := o.seat("P. Varma", access.Clinician), o.seat("A. Holt", access.Administrator)
	o.gate.Leases = nil // as at a site node
	status, body := nurse.get("/authority")
	want(t, status, body, http.StatusOK, "it is authority itself")
	if strings.Contains(body, "Sealed papers") {
		t.Error("a nurse is shown the papers")
	}
	status, body = nurse.post("/authority/print", url.Values{"desk": {"all"}})
	want(t, status, body, http.StatusForbidden, "This needs an administrator")
	status, body = admin.get("/authority")
	want(t, status, body, http.StatusOK, "No paper was printed", "Every desk")
	status, body = admin.post("/authority/print", url.Values{"desk": {"nonsense"}})
	want(t, status, body, http.StatusUnprocessableEntity, "Choose one of those shown")
	status, body = admin.post("/authority/print", url.Values{"desk": {"all"}})
	want(t, status, body, http.StatusOK, "it is shown once", "8 codes")
	codes := codesOn(body)
	if len(codes) != 8 {
		t.Fatalf("%d codes", len(codes))
	}
	status, body = admin.get("/authority")
	want(t, status, body, http.StatusOK, "Codes left", "Every desk")
	if strings.Contains(body, codes[0]) {
		t.Error("a code is shown again")
	}
	o.gate.Leases = l
	o.skip(3 * time.Hour)
	status, body = nurse.post("/authority/paper", url.Values{"code": {"12"}})
	want(t, status, body, http.StatusUnprocessableEntity, "20 letters and figures")
	status, body = nurse.post("/authority/paper", url.Values{"code": {"0000-0000-0000-0000-0000"}})
	want(t, status, body, http.StatusUnprocessableEntity, "not a code that can be used here")
	status, body = nurse.post("/authority/paper", url.Values{"code": {codes[0]}})
	want(t, status, body, http.StatusOK, "Lasts until", "with a code of the sealed paper")
	status, body = nurse.post("/authority/paper", url.Values{"code": {codes[0]}})
	want(t, status, body, http.StatusUnprocessableEntity, "This code has been used")
	o.gate.Leases = nil
	status, body = admin.get("/authority")
	want(t, status, body, http.StatusOK, "Written without authority", "1 to look through", "Review")
}
