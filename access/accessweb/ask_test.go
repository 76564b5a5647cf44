package accessweb_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/access"
)

// hidden gives the hidden fields of the form with this action.
func hidden(t *testing.T, body, action string) url.Values {
	t.Helper()
	form := regexp.MustCompile(`(?s)<form[^>]*action="` + action + `".*?</form>`).FindString(body)
	if form == "" {
		t.Fatalf("no form %s: %s", action, body)
	}
	out := url.Values{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
		out.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	return out
}

func TestAFormWaitsForThePasskeyAndIsDoneOnce(t *testing.T) {
	o := newOffice(t, true)
	o.gate.Looking = access.Looking{Proof: map[access.Act]time.Duration{access.ManageStaff: time.Hour}}
	b := o.browser()
	status, body := b.get("/in/" + o.link(o.person("A. Holt", access.Administrator), access.Administrator, access.ForSignIn))
	want(t, status, body, 200, "first page of administrator")
	status, body = b.get("/staff")
	want(t, status, body, 200, "A. Holt")
	o.gate.Looking.Proof[access.ManageStaff] = time.Nanosecond

	typed := url.Values{"name": {`J. "Sowerby" & <b>`}, "title": {"nurse"}, "role": {"clinician", "manager"}, "_once": {"abc"}}
	status, body = b.post("/staff", typed)
	want(t, status, body, 403, "Show that it is you", "It is me (demo)")
	kept := hidden(t, body, "/prove")
	for name, values := range typed {
		if strings.Join(kept[name], "|") != strings.Join(values, "|") {
			t.Errorf("%s was typed as %q and is kept as %q", name, values, kept[name])
		}
	}
	// without the proof nothing is done, and everything stays
	bad := url.Values{}
	for name, values := range kept {
		bad[name] = values
	}
	bad.Del("_prove_way")
	status, body = b.post("/prove", bad)
	want(t, status, body, 403, "Your passkey gave no answer")
	if again := hidden(t, body, "/prove"); again.Get("name") != typed.Get("name") {
		t.Errorf("what was typed is lost: %v", again)
	}
	o.gate.Looking.Proof[access.ManageStaff] = time.Hour
	status, body = b.post("/prove", kept)
	want(t, status, body, 200, "J. &#34;Sowerby&#34; &amp; &lt;b&gt;")
	if n := strings.Count(body, "Sowerby"); n > 3 {
		t.Errorf("it was done more than once: %d", n)
	}
	list, err := o.gate.StaffList(t.Context(), o.device)
	if err != nil || len(list) != 2 {
		t.Errorf("%d people, %v", len(list), err)
	}
	kept.Set("_prove_to", "//elsewhere.example/")
	status, _ = b.post("/prove", kept)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("it leads to another site: %d", status)
	}
}

func TestOutsideADemoNoButtonIsAPasskey(t *testing.T) {
	o := newOffice(t, true)
	by := o.browser()
	status, body := by.get("/in/" + o.link(o.person("A. Holt", access.Administrator), access.Administrator, access.ForSignIn))
	want(t, status, body, 200)
	// the same session at a door without links
	o.gate.Looking = access.Looking{Proof: map[access.Act]time.Duration{access.ManageStaff: time.Nanosecond}}
	strict := o.strict()
	by.o = &office{t: t, gate: o.gate, server: strict, device: o.device}
	status, body = by.get("/staff")
	want(t, status, body, 403, "You have no passkey", "Ask an administrator for a link")
	if strings.Contains(body, "(demo)") || strings.Contains(body, "Use your passkey") || strings.Contains(body, "Shift manager’s passkey") {
		t.Error("a button stands in for a passkey, or leads nowhere")
	}
	kept := url.Values{"_prove_to": {"/staff"}, "_prove_get": {"yes"}, "_prove_way": {"demo"}}
	status, body = by.post("/prove", kept)
	want(t, status, body, 403, "Your passkey gave no answer")
	status, _ = by.post("/unlock", url.Values{"place": {"0"}})
	if status != http.StatusNotFound {
		t.Errorf("a locked screen opens without a passkey: %d", status)
	}
}

func TestAScreenLocksAndComesBackToItsPerson(t *testing.T) {
	o := newOffice(t, true)
	b := o.browser()
	status, body := b.get("/in/" + o.link(o.person("A. Holt", access.Administrator), access.Administrator, access.ForSignIn))
	want(t, status, body, 200)
	status, _ = b.post("/screen/typed", typedOn(sessionOf(t, b), "/staff", "one", "/staff", "name=Half+typed"))
	if status != http.StatusNoContent {
		t.Fatal("what was typed is not kept:", status)
	}
	status, body = b.post("/lock", url.Values{"why": {"idle"}})
	want(t, status, body, 200, "This screen is locked", "A. Holt, nurse, as administrator", "2 open cases are in their hands", "data-deadline")
	if strings.Contains(body, "Half") {
		t.Error("what was typed stands on the locked screen")
	}
	status, body = b.get("/staff")
	want(t, status, body, 200, "This screen is locked")
	status, body = b.post("/staff", url.Values{"name": {"Nobody"}})
	want(t, status, body, 401, "Sign in")

	// somebody else works here meanwhile
	status, body = b.get("/in/" + o.link(o.person("C. Drummond", access.CallHandler), access.CallHandler, access.ForSignIn))
	want(t, status, body, 200, "first page of call-handler")
	status, body = b.get("/screen?path=/staff")
	want(t, status, body, 200, `"forms":[]`)
	status, body = b.get("/sign-in?next=/screen%3Fpath=/staff")
	want(t, status, body, 200, "A. Holt, nurse, as administrator", "Signed in here: <b>C. Drummond")
	place := hidden(t, body, `/unlock\?next=%2Fscreen%3Fpath%3D%2Fstaff`)
	status, body = b.post("/unlock?next=/screen%3Fpath=/staff", place)
	want(t, status, body, 200, `"form":"/staff"`, "name=Half+typed")
	status, body = b.get("/")
	want(t, status, body, 200, "first page of administrator")
	status, body = b.get("/sign-in")
	want(t, status, body, 200, "C. Drummond, nurse, as call handler")
}
