package accessweb_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/access"
)

func TestWhoMayDoWhatIsAPage(t *testing.T) {
	o := newOffice(t, true)
	admin, _ := o.administrator("A. Holt")
	status, body := admin.get("/permissions")
	want(t, status, body, 200, "Who may do what", "Every open case of the service", "Open a case", "Information governance", "Say why")
	status, body = admin.get("/permissions?role=host-operator")
	want(t, status, body, 200, "See how the devices stand")
	if strings.Contains(body, "Open a case") {
		t.Error("a host operator is shown as somebody who opens cases")
	}
}

func TestMoverAndLeaver(t *testing.T) {
	o := newOffice(t, true)
	admin, self := o.administrator("A. Holt")
	nurse := o.person("K. Adeyemi", access.Clinician)
	b := o.browser()
	b.get("/in/" + o.link(nurse, access.Clinician, access.ForSignIn))
	path := "/staff/" + nurse.String()
	status, body := admin.get(path)
	want(t, status, body, 200, "K. Adeyemi", "Clinician", "desk 1", "Not known on this machine")
	status, body = admin.post(path+"/roles", url.Values{"give": {"manager"}, "end": {"clinician"}, "from": {"soon"}, "why": {"runs the night"}})
	want(t, status, body, 422, "Write the day as", "runs the night")
	status, body = admin.post(path+"/roles", url.Values{"give": {"manager"}, "end": {"clinician"}, "from": {"2199-12-01"}})
	want(t, status, body, 422, "Say why")
	status, body = admin.post(path+"/roles", url.Values{"give": {"manager"}, "end": {"clinician"}, "from": {"2199-12-01"}, "why": {"runs the night"}})
	want(t, status, body, 200, "Planned", "Sun 1 Dec 2199 00:00")
	status, body = b.get("/session")
	want(t, status, body, 200, "K. Adeyemi") // nothing changes before that day
	status, body = admin.post("/staff/"+self.String()+"/roles", url.Values{"give": {"clinician"}, "why": {"to look"}})
	want(t, status, body, 422, "Nobody gives a role to themselves")
	status, body = admin.post("/staff/"+self.String()+"/leave", url.Values{"left": {"tired"}})
	want(t, status, body, 422, "They are the only administrator")
	status, body = admin.post(path+"/leave", url.Values{"left": {"contract over"}})
	want(t, status, body, 200, "Ended", "Nowhere.")
	if _, body := b.get("/session"); strings.Contains(body, "K. Adeyemi") || !strings.Contains(body, "Sign in") {
		t.Error("who left is still signed in")
	}
	status, body = admin.post(path+"/roles", url.Values{"give": {"clinician"}, "why": {"came back"}})
	want(t, status, body, 200, "Held")
	if _, body := b.get("/session"); strings.Contains(body, "K. Adeyemi") {
		t.Error("a session that ended when they left is open again now that they are back")
	}
	status, body = b.get("/in/" + o.link(o.person("L. Other", access.Clinician), access.Clinician, access.ForSignIn))
	want(t, status, body, 200)
	status, body = admin.post("/staff/"+strings.Repeat("0", 31)+"1/leave", url.Values{"left": {"x"}})
	want(t, status, body, 404)
	second := o.person("S. Second", access.Administrator)
	if second.Zero() {
		t.Fatal("nobody")
	}
	status, body = admin.post("/staff/"+self.String()+"/leave", url.Values{"left": {"retires"}})
	want(t, status, body, 200)
}

func hiddenField(t *testing.T, body, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?s)<input type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no hidden %s in %s", name, body)
	}
	return html.UnescapeString(m[1])
}

// A staff file shows what it would do; with a mistake nothing is done; done
// twice it is done once; what was shown is what is done.
func TestStaffFromAFile(t *testing.T) {
	o := newOffice(t, true)
	admin, _ := o.administrator("A. Holt")
	rows := "name,title,registration,role,from,until\nM. Osei,nurse,NMC 12A3456E,clinician,,\nM. Osei,nurse,NMC 12A3456E,shift manager,2199-01-01,\nR. Lund,,,receptionist,,\n"
	status, body := admin.post("/staff/import", url.Values{"rows": {rows + "X,,,doctor,soon,\n"}})
	want(t, status, body, 422, "2 mistakes", "Line 5", "is no role", "Write the day as", "nothing is done while there is a mistake")
	if strings.Contains(body, `value="do"`) {
		t.Error("a file with mistakes can be saved")
	}
	status, body = admin.post("/staff/import", url.Values{"rows": {rows + "X,,,doctor,soon,\n"}, "step": {"do"}, "digest": {strings.Repeat("0", 64)}})
	want(t, status, body, 422, "2 mistakes")
	status, body = admin.post("/staff/import", url.Values{"rows": {rows}})
	want(t, status, body, 200, "Added to the staff list", "Shift manager from 1 January 2199", "5 entries would be saved")
	if list := body0of(admin, "/staff"); strings.Contains(list, "Osei") {
		t.Fatal("looking at a file added somebody")
	}
	form := url.Values{"rows": {hiddenField(t, body, "rows")}, "digest": {hiddenField(t, body, "digest")}, "step": {"do"}}
	if form.Get("rows") != rows {
		t.Fatalf("the rows changed on their way: %q", form.Get("rows"))
	}
	o.person("R. Lund", access.Clinician) // somebody is added meanwhile
	status, body = admin.post("/staff/import", form)
	want(t, status, body, 409, "The staff list has changed since you looked", "4 entries would be saved")
	form.Set("digest", hiddenField(t, body, "digest"))
	status, body = admin.post("/staff/import", form)
	want(t, status, body, 200, "Saved.", "4 entries saved")
	list := body0of(admin, "/staff")
	if strings.Count(list, "M. Osei</a>") != 1 || strings.Count(list, "R. Lund</a>") != 1 {
		t.Error("not everybody stands on the list once")
	}
	status, body = admin.post("/staff/import", url.Values{"rows": {rows}})
	want(t, status, body, 200, "nothing to do")
	status, body = admin.post("/staff/import", form) // the button pressed twice
	want(t, status, body, 409, "nothing to do")
	if list := body0of(admin, "/staff"); strings.Count(list, "M. Osei</a>") != 1 {
		t.Error("added twice")
	}
	status, body = admin.post("/staff/import", url.Values{"rows": {""}})
	want(t, status, body, 422, "Put in the rows")
	status, body = admin.post("/staff/import", url.Values{"rows": {strings.Repeat("a", 60_001)}})
	want(t, status, body, 422, "too many")
}

// What somebody says they look for stands with their looks, in their own session
// alone.
func TestPurposeIsStatedForASession(t *testing.T) {
	o := newOffice(t, true)
	auditor := o.person("Dr M. Hallam", access.ClinicalGovernance)
	b := o.browser()
	b.get("/in/" + o.link(auditor, access.ClinicalGovernance, access.ForSignIn))
	status, body := b.get("/session")
	want(t, status, body, 200, "You look for", "audit", "State it")
	status, body = b.post("/session/purpose", url.Values{"purpose": {"direct care"}})
	want(t, status, body, 422, "Choose one of the purposes")
	status, body = b.post("/session/purpose", url.Values{"purpose": {"complaint"}})
	want(t, status, body, 200, `value="complaint" selected`)
	b.get("/in/" + o.link(auditor, access.ClinicalGovernance, access.ForSignIn)) // another session in the same browser
	if _, body = b.get("/session"); strings.Contains(body, `value="complaint" selected`) {
		t.Error("what was said in one session counts in another")
	}
	nurse := o.person("K. Adeyemi", access.Clinician)
	b.get("/in/" + o.link(nurse, access.Clinician, access.ForSignIn))
	if _, body = b.get("/session"); strings.Contains(body, "State it") || !strings.Contains(body, "direct care") {
		t.Error("a clinician is asked for a purpose")
	}
}

// A role that runs out takes nobody away from open work, and lets nobody begin
// anything new.
func TestARoleThatRunsOutAtWork(t *testing.T) {
	o := newOffice(t, true)
	agency := o.person("Dr Agency")
	c := access.Change{Give: access.Clinician, Until: o.clock().Add(time.Hour), Why: "one shift"}
	if err := o.gate.ChangeRoles(t.Context(), access.Caller{Role: access.Administrator}, agency, c); err != nil {
		t.Fatal(err)
	}
	b := o.browser()
	b.get("/in/" + o.link(agency, access.Clinician, access.ForSignIn))
	status, body := b.get("/session")
	want(t, status, body, 200, "Dr Agency")
	o.skip(2 * time.Hour)
	o.working = true
	status, body = b.get("/session")
	want(t, status, body, 200, "Dr Agency", "Your role ran out at", "nothing stops you")
	o.working = false
	if _, body = b.get("/session"); strings.Contains(body, "Dr Agency") {
		t.Error("nothing in hand, and still signed in")
	}
}
