package accessweb_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
)

func (o *office) administrator(name string) (*browser, fact.Subject) {
	o.t.Helper()
	s := o.person(name, access.Administrator)
	b := o.browser()
	b.get("/in/" + o.link(s, access.Administrator, access.ForSignIn))
	return b, s
}

func TestEntriesAreHeldBackReviewedAndReadmitted(t *testing.T) {
	o := newOffice(t, true)
	admin, self := o.administrator("A. Holt")
	nurse := o.person("K. Adeyemi", access.Clinician)
	whom := "person:" + nurse.String()
	before := time.Now().UTC().Add(-time.Hour).Format("2006-01-02 15:04")
	b := o.browser()
	b.get("/in/" + o.link(nurse, access.Clinician, access.ForSignIn)) // entries by the nurse
	status, body := admin.get("/held")
	want(t, status, body, 200, "Nothing is held back", "K. Adeyemi", "Machine desk 1")
	status, body = admin.post("/held/forecast", url.Values{"whom": {whom}, "since": {"yesterday"}, "why": {"phished, kept as typed"}})
	want(t, status, body, 422, "Write it like", "phished, kept as typed")
	status, body = admin.post("/held/forecast", url.Values{"whom": {whom}, "since": {before}, "why": {"phished"}})
	want(t, status, body, 200, " would be held back", "kind 25", "Case 26-1, waiting", "stays on every list")
	status, body = admin.post("/held/cut", url.Values{"whom": {whom}, "since": {before}})
	want(t, status, body, 422, "Say why")
	status, body = admin.post("/held/cut", url.Values{"whom": {"person:" + self.String()}, "since": {before}, "why": {"x"}})
	want(t, status, body, 403, "nobody holds their own entries back")
	machine := regexp.MustCompile(`value="(device:[0-9a-f]{32})"`).FindStringSubmatch(body0of(admin, "/held"))
	if machine == nil {
		t.Fatal("the machine can't be chosen")
	}
	status, body = admin.post("/held/cut", url.Values{"whom": {machine[1]}, "since": {before}, "why": {"all of it"}})
	want(t, status, body, 422, "hold back your own role", "all of it")
	status, body = admin.post("/held/cut", url.Values{"whom": {whom}, "since": {before}, "why": {"phished"}})
	want(t, status, body, 200, "phished", "Kind 25", "Let all count")
	status, body = b.get("/session")
	want(t, status, body, 200, "K. Adeyemi") // a cut signs nobody out at their machine
	status, body = b.get("/held")
	want(t, status, body, 403)
	cut := regexp.MustCompile(`/held/([0-9a-f]{64})/readmit`).FindStringSubmatch(body0(admin))
	if cut == nil {
		t.Fatal("no review form")
	}
	ids := regexp.MustCompile(`name="fact" value="([0-9a-f]{64})"`).FindAllStringSubmatch(body0(admin), -1)
	if len(ids) == 0 {
		t.Fatal("no entry is listed")
	}
	at := "/held/" + cut[1] + "/readmit"
	status, body = admin.post(at, url.Values{"fact": {ids[0][1]}})
	want(t, status, body, 422, "Say what you looked at")
	status, body = admin.post(at, url.Values{"fact": {ids[0][1]}, "back_why": {"asked her"}})
	want(t, status, body, 200, "1 entry let count one by one")
	if strings.Contains(body, ids[0][1]) {
		t.Error("an entry that counts is still listed as held")
	}
	status, body = admin.post(at, url.Values{"all": {"yes"}, "back_why": {"asked her"}})
	want(t, status, body, 200, "Over")
}

func body0of(b *browser, path string) string {
	_, body := b.get(path)
	return body
}

// body0 is the review page of the one hold there is.
func body0(b *browser) string {
	_, list := b.get("/held")
	found := regexp.MustCompile(`/held\?cut=[0-9a-f]{64}`).FindString(list)
	_, body := b.get(found)
	return body
}

func TestErasureIsAskedByOneAndApprovedByAnother(t *testing.T) {
	o := newOffice(t, true)
	first, _ := o.administrator("A. Holt")
	second, _ := o.administrator("B. Frame")
	record := strings.Repeat("09", 16)
	status, body := first.get("/erasure")
	want(t, status, body, 200, "Nobody has asked", "due since", "Adult health record, 8 years")
	status, body = first.post("/erasure/ask", url.Values{"record": {"12"}, "rule": {"Adult health record, 8 years"}})
	want(t, status, body, 422, "No record is known by this")
	status, body = first.post("/erasure/ask", url.Values{"record": {record}})
	want(t, status, body, 422, "Choose the retention rule")
	status, body = first.post("/erasure/ask", url.Values{"record": {record}, "rule": {"Adult health record, 8 years"}})
	want(t, status, body, 200, record, "nobody yet")
	if strings.Contains(body, `action="/erasure/approve"`) {
		t.Error("the one who asked is offered to approve")
	}
	_, body = second.get("/erasure")
	id := regexp.MustCompile(`name="id" value="([0-9a-f]{64})"`).FindStringSubmatch(body)
	if id == nil {
		t.Fatal("the second person is offered nothing")
	}
	status, body = first.post("/erasure/approve", url.Values{"id": {id[1]}})
	want(t, status, body, 403, "Another person must approve")
	status, body = second.post("/erasure/approve", url.Values{"id": {id[1]}})
	want(t, status, body, 200, "To be erased", time.Now().AddDate(0, 0, 90).UTC().Format("2 January 2006"))
	status, body = second.post("/erasure/hold", url.Values{"hold_record": {record}, "hold_why": {"inquest 114"}})
	want(t, status, body, 200, "Legal hold: inquest 114")
	status, body = first.post("/erasure/cancel", url.Values{"id": {id[1]}, "why": {""}})
	want(t, status, body, 422, "Say why it is cancelled")
	status, body = first.post("/erasure/cancel", url.Values{"id": {id[1]}, "why": {"asked for by the person"}})
	want(t, status, body, 200, "Cancelled by A. Holt: asked for by the person")
}
