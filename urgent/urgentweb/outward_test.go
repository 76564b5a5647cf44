package urgentweb

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
)

// filling takes what names this filling of a form from its page.
func (a answer) filling(t testing.TB) string {
	t.Helper()
	_, rest, ok := strings.Cut(a.body, `name="case" value="`)
	if !ok {
		t.Fatal("the form names no filling")
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// finishedCase is a consultation that was finished with a report.
func (d *desk) finishedCase(change ...string) (fact.Subject, string) {
	d.t.Helper()
	id, form := d.consulting(codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male)
	path := "/case/" + id.String()
	d.post(path+"/consult", with(form, change...)).is(d.t, http.StatusSeeOther)
	return id, path
}

func wiredFor(routes ...exchange.Route) func(exchange.Route) bool {
	return func(r exchange.Route) bool {
		for _, one := range routes {
			if one == r {
				return true
			}
		}
		return false
	}
}

func TestTellingThePatientByTextObeysWhatWasAgreed(t *testing.T) {
	d := openDesk(t)
	d.app.Wired = wiredFor(exchange.ByText)
	id, path := d.finishedCase()
	page := d.get(path+"/tell").is(t, 200)
	page.wants(t, "Safe to text: not asked", "A text says only:", "No machine here carries this: e-mail", "Better by Monday evening")
	form := url.Values{"case": {page.filling(t)}, "seen": {page.seen()}, "key": {"worse"}, "language": {"cy"}, "route": {"text"}, "phone": {"07700 900518"}}
	bad := d.post(path+"/tell", form).is(t, 422)
	bad.wants(t, "Whether a text is safe: not asked", `value="07700 900518"`)
	if len(d.caseNow(id).Outward.Letters) != 0 {
		t.Fatal("a text was written although nobody asked")
	}
	d.post(path+"/tell", with(form, "agreed", "yes", "phone", "01632 960418")).is(t, 422).wants(t, "A text goes to a UK mobile number")
	for range 2 { // pressed twice it is one
		d.post(path+"/tell", with(form, "agreed", "yes")).is(t, 303)
	}
	c := d.caseNow(id)
	if len(c.Outward.Letters) != 1 || c.Contact.Or(urgent.ContactAgreed{}).Text != urgent.Yes {
		t.Fatalf("%+v", c.Outward.Letters)
	}
	d.get(path).wants(t, "Written to the patient:", "as a text, 07700 900 518, Cymraeg", "Safe to contact:")
	d.get(path+"/tell").wants(t, "07700 900 518", "about to be sent", "Told by phone")
	letter := path + "/tell/" + c.Outward.Letters[0].What.Envelope.String()
	d.get(letter).is(t, 200).wants(t, "ffoniwch 111", `lang="cy"`)
	d.post(letter+"/given", url.Values{"how": {"phone"}}).is(t, 303)
	if e := d.caseNow(id).Envelope(c.Outward.Letters[0].What.Envelope); e.Standing() != exchange.Given {
		t.Error(e.Standing())
	}
}

func TestWithoutAWireThePageSaysSoAndPrints(t *testing.T) {
	d := openDesk(t)
	id, path := d.finishedCase()
	page := d.get(path+"/tell").is(t, 200)
	page.wants(t, "No machine here carries texts or e-mail: print it, or ring them")
	form := url.Values{"case": {page.filling(t)}, "key": {"worse"}, "language": {"en"}, "route": {"text"}, "phone": {"07700 900518"}, "agreed": {"yes"}}
	d.post(path+"/tell", form).is(t, 422).wants(t, "No machine here carries this")
	d.post(path+"/tell", with(form, "route", "")).is(t, 422).wants(t, "Choose how")
	d.post(path+"/tell", with(form, "route", "paper", "large", "yes", "told", "yes")).is(t, 303)
	l := d.caseNow(id).Outward.Letters[0].What
	d.get(path+"/tell/"+l.Envelope.String()).wants(t, "let-large", "Wilfred Tansley", "999 if he cannot finish a sentence", "To be printed and given")
}

func TestReportsAreListedOldestFirst(t *testing.T) {
	d := openDesk(t)
	_, first := d.finishedCase()
	d.later(time.Hour)
	_, second := d.finishedCase()
	page := d.get("/reports").is(t, 200)
	page.wants(t, "2 without a receipt", "to be sent", "No mailbox of practices is set up here", "Print all")
	if strings.Index(page.body, first) > strings.Index(page.body, second) {
		t.Error("the newer one stands first")
	}
	d.get("/reports/print").is(t, 200).wants(t, "For action: 1 thing")
	d.post(first+"/report/done", url.Values{"report": {reportIn(page.body, first)}, "from": {"reports"}}).is(t, 303)
	page = d.get("/reports")
	page.wants(t, "1 without a receipt")
	page.without(t, first+"/")
	d.as(listHandler)
	d.get("/reports").is(t, 403)
}

func reportIn(body, path string) string {
	_, rest, _ := strings.Cut(body, path+"/report/done")
	_, rest, _ = strings.Cut(rest, `name="report" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

func TestAReportGoesByItselfWhereAWayIsKnown(t *testing.T) {
	d := openDesk(t)
	d.app.Wired = wiredFor(exchange.ByMesh)
	id, path := d.finishedCase()
	c := d.caseNow(id)
	if len(c.Envelopes) != 1 || c.ReportState(c.Reports[0]) != urgent.ReportUnderWay {
		t.Fatalf("%d envelopes, %s", len(c.Envelopes), c.ReportState(c.Reports[0]))
	}
	page := d.get(path + "/report")
	page.wants(t, "Sent, no receipt yet", "Send again", "Printed and on its way")
	d.get("/reports").wants(t, "sent, no receipt yet")
	report := c.Reports[0].Fact.String()
	d.post(path+"/report/correct", url.Values{"report": {report}}).is(t, 422).wants(t, "Say what was wrong")
	d.post(path+"/report/correct", url.Values{"report": {report}, "why": {"The dose was wrong"}}).is(t, 303)
	d.get(path+"/report?of="+report).wants(t, "This report no longer stands")
	d.get(path).wants(t, "A report to the GP no longer stands.", "The dose was wrong")
}

// What is to be done can't be taken for what is to be known.
func TestForActionIsUnmistakable(t *testing.T) {
	d := openDesk(t)
	_, path := d.finishedCase("gp_action", "Review his chest\nReplace rescue pack")
	page := d.get(path + "/report")
	page.wants(t, "For action: 2 things", `class="rep-act"`, "Infective flare of COPD</td>")
	_, path = d.finishedCase("gp_action", "", "actionby", "")
	page = d.get(path + "/report")
	page.wants(t, "For information: nothing is asked of you", `class="rep-act rep-info"`)
	page.without(t, "For action", ": no<", "not asked: no")
}

func TestADeathIsToldToTheGPAtOnce(t *testing.T) {
	d := openDesk(t)
	id := d.call(wilfred, codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male, "Found not breathing", "Dx05")
	path := "/case/" + id.String()
	page := d.get(path+"/form/death").is(t, 200)
	page.wants(t, "Coroner", "Medical examiner", "Not asked")
	page.without(t, "Procurator fiscal")
	form := url.Values{"case": {page.filling(t)}, "seen": {page.seen()}, "words": {"Daughter is with him"}, "told": {"coroner"}}
	d.post(path+"/form/death", form).is(t, 422).wants(t, "Who verified it: say this", "Daughter is with him", `value="coroner" autocomplete="off" checked`)
	a := d.post(path+"/form/death", with(form, "by", "doctor", "expected", "expected")).is(t, 303)
	if a.location != path+"/report" {
		t.Errorf("went to %s", a.location)
	}
	c := d.caseNow(id)
	if !c.Died() || len(c.ReportsOut()) != 1 {
		t.Fatalf("died %v, %d reports", c.Died(), len(c.ReportsOut()))
	}
	page = d.get(path + "/tell")
	page.wants(t, "Nothing is written")
	page.without(t, "Write it")
	d.post(path+"/lives", url.Values{"close_why": {"She rang"}}).is(t, 303)
	if c = d.caseNow(id); c.Died() || !c.OnList() {
		t.Error("it does not come back")
	}
}

func TestAProfessionalsCallBeginsWithItsForm(t *testing.T) {
	d := openDesk(t)
	d.as(listHandler)
	page := d.get("/form/professional").is(t, 200)
	form := url.Values{"case": {page.filling(t)}, "line": {"07700 90"}, "from": {"crew"}, "name": {"K. Lisle, paramedic"}, "phone": {"07700 900111"}, "words": {"May she stay at home?"}}
	d.post("/form/professional", form).is(t, 422).wants(t, "digits missing", "May she stay at home?")
	form.Set("line", "07700 900111")
	a := d.post("/form/professional", form).is(t, 303)
	again := d.post("/form/professional", form).is(t, 303)
	if a.location != again.location {
		t.Fatal("pressed twice it is two cases")
	}
	d.get(a.location).wants(t, "Professional line.", "Ambulance crew on scene", "May she stay at home?", "Dx32")
	d.get("/form/nothing").is(t, 404)
}

func TestMovingACaseFromTheWrongPatient(t *testing.T) {
	d := openDesk(t)
	id, path := d.finishedCase()
	right := d.person(record.Name{Given: "Wilfrid", Family: "Tansley"})
	page := d.get(path+"/wrong-patient").is(t, 200)
	page.wants(t, "Millrace Practice: to be sent", "Neither practice reads about the other’s patient")
	form := url.Values{"seen": {page.seen()}, "last": {"Tansley"}, "do": {"move"}, "born": {"31 02 1948"}}
	d.post(path+"/wrong-patient", form).is(t, 422).wants(t, `value="31 02 1948"`)
	form.Del("born")
	d.post(path+"/wrong-patient", form).is(t, 422).wants(t, "how you know who it is")
	d.found = []record.Match{{Person: right, Called: "TANSLEY, Wilfrid", On: "Name"}}
	d.post(path+"/wrong-patient", with(form, "do", "find")).is(t, 200).wants(t, "TANSLEY, Wilfrid", "Matches on: Name")
	d.post(path+"/wrong-patient", with(form, "record", right.String(), "why", "Two of one name")).is(t, 303)
	c := d.caseNow(id)
	if p, _ := c.Patient.Get(); p.Record != right || len(c.Outward.Moved) != 1 {
		t.Fatalf("%+v", p)
	}
	d.get(path).wants(t, "Filed under the wrong patient until now.", "Two of one name")
}

func TestAnAddressIsNeverMarkup(t *testing.T) {
	d := openDesk(t)
	d.app.Wired = wiredFor(exchange.ByEmail)
	_, path := d.finishedCase()
	form := url.Values{"case": {newFilling()}, "key": {"worse"}, "language": {"en"}, "route": {"e-mail"}, "agreed": {"yes"}}
	for _, typed := range []string{`"><script>x()</script>@example.org`, "m@example.org\r\nBcc: x@example.org", "javascript:x()@example", "{{7*7}}@example.org,"} {
		page := d.post(path+"/tell", with(form, "email", typed)).is(t, 422)
		page.wants(t, "Write one e-mail address")
		page.without(t, "<script>x()")
	}
}
