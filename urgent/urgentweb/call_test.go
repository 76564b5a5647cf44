package urgentweb

import (
	"net/url"
	"strings"
	"testing"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/urgent"
)

func TestEmergencyNeedsOneKeyAndNothingTyped(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	a := d.post("/call/emergency", url.Values{"case": {text}}).is(t, 303)
	if !strings.HasPrefix(a.location, "/call/"+text+"?say=") {
		t.Fatalf("led to %s", a.location)
	}
	c := d.caseOf(id)
	if !c.Begun() || len(c.Ambulances) != 1 {
		t.Fatalf("begun %v, %d ambulances", c.Begun(), len(c.Ambulances))
	}
	d.get(a.location).is(t, 200).wants(t, "Stay on the line", "Still missing: where the patient is, a number to ring, who it is", `data-opens-now="say-stay"`)
	d.post("/call/emergency", url.Values{"case": {text}}).is(t, 303)
	if c = d.caseOf(id); len(c.Ambulances) != 1 {
		t.Errorf("pressed twice it requested %d ambulances", len(c.Ambulances))
	}
	d.post("/call/"+text+"/emergency", url.Values{"place": {"Lay-by after the second bridge"}, "number": {"07700 900123"}}).is(t, 303)
	c = d.caseOf(id)
	if n := len(c.Ambulances); n != 2 || c.Ambulances[1].What.Place.Text != "Lay-by after the second bridge" {
		t.Errorf("the place that came later is not in a request: %d requests", n)
	}
}

func TestEmergencyKeepsWhatWasTyped(t *testing.T) {
	d := openCall(t)
	_, text := d.newCall()
	f := with(d.tansleyForm(text), "ring_back", "07700 9005")
	a := d.post("/call/emergency", f).is(t, 303)
	d.get(a.location).is(t, 200).wants(t, "Moira Tansley", "07700 9005", "2 digits missing", "Chest pain since this morning")
	d.get("/call").is(t, 200).without(t, "Moira Tansley")
}

func TestLifeThreats(t *testing.T) {
	for _, one := range []struct {
		name, awake, breathing, bleeding, with string
		category, drawer                       string
		findOut                                bool
	}{
		{"none", "yes", "yes", "no", "", "", "", false},
		{"arrest", "no", "no", "", "", "C1", "say-cpr-adult", false},
		{"arrest, unsure", "no", "unsure", "", "yes", "C1", "say-cpr-adult", false},
		{"asleep", "no", "yes", "no", "", "C2", "say-recovery-position", false},
		{"bleeding", "yes", "yes", "yes", "", "C2", "say-severe-bleeding", false},
		{"caller elsewhere", "unsure", "unsure", "unsure", "no", "", "", true},
	} {
		t.Run(one.name, func(t *testing.T) {
			d := openCall(t)
			id, text := d.newCall()
			a := d.post("/call/"+text+"/life", url.Values{
				"case": {text}, "awake": {one.awake}, "breathing": {one.breathing}, "bleeding": {one.bleeding}, "with": {one.with}, "place": {"11 Tenter Row QX4 7TD"},
			}).is(t, 303)
			c, page := d.caseOf(id), d.get(a.location).is(t, 200)
			if one.category == "" && len(c.Ambulances) != 0 || one.category != "" && (len(c.Ambulances) != 1 || c.Ambulances[0].What.Category != one.category) {
				t.Fatalf("ambulances: %+v, want %q", c.Ambulances, one.category)
			}
			if one.drawer != "" {
				page.wants(t, `data-opens-now="`+one.drawer+`"`, "Stay on the line")
				if c.Ambulances[0].What.Place.Postcode != "QX4 7TD" {
					t.Error("the place that was typed is not in the request")
				}
			}
			if strings.Contains(page.body, "Somebody goes to them") != one.findOut {
				t.Errorf("finding out is offered: %v", !one.findOut)
			}
		})
	}
}

func TestKnownPatientGoesToQuestionsInOneStep(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	a := d.post("/call", with(d.tansleyForm(text), "do", "go")).is(t, 303)
	if a.location != "/call/"+text+"/ask" {
		t.Fatalf("led to %s", a.location)
	}
	c := d.caseOf(id)
	p, _ := c.Patient.Get()
	caller, _ := c.Caller.Get()
	switch {
	case p.Record != d.wilfred, p.Identity.NHS.Status != codes.Verified, p.Identity.Practice.ODS != "X99001":
		t.Errorf("the record does not fill the patient: %+v", p)
	case caller.RingBack.Number != "+447700900518", caller.WithPatient != urgent.Yes, caller.Name != "Moira Tansley":
		t.Errorf("caller: %+v", caller)
	case c.Contact.Or(urgent.ContactAgreed{}) != (urgent.ContactAgreed{Ring: urgent.Yes, Text: urgent.No}):
		t.Errorf("safe contact: %+v", c.Contact)
	}
	d.get(a.location).is(t, 200).wants(t, "Chest pain", "TANSLEY, Wilfred", "No CPR")
}

func TestUnreadableRingBackIsMendedOrSkipped(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	f := with(d.tansleyForm(text), "ring_back", "07700 9005", "do", "go")
	a := d.post("/call", f).is(t, 303)
	if a.location != "/call/"+text {
		t.Fatalf("went on to %s with a ring-back number that can't be read", a.location)
	}
	d.get(a.location).wants(t, "1 thing to mend first or skip", "2 digits missing", "07700 9005")
	page := d.post("/call/"+text, f).is(t, 422)
	page.wants(t, "2 digits missing", "07700 9005", "Moira Tansley", "Mend first")
	if c := d.caseOf(id); !c.Caller.Or(urgent.CallerDescribed{}).RingBack.Present() == false {
		t.Error("an unreadable number was saved as a number")
	}
	a = d.post("/call/"+text, with(f, "do", "skip")).is(t, 303)
	if a.location != "/call/"+text+"/ask" {
		t.Fatalf("skipping led to %s", a.location)
	}
	c := d.caseOf(id)
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0].What.Words, "07700 9005") {
		t.Errorf("what was skipped is not written down: %+v", c.Notes)
	}
}

func TestDraftOfACallComesBackAndIsForgottenWhenSent(t *testing.T) {
	d := openCall(t)
	_, text := d.newCall()
	draft := with(d.tansleyForm(text), "_draft", "call/new", "_seq", "10")
	d.post("/draft", draft).is(t, 200)
	d.get("/call").is(t, 200).wants(t, "Moira Tansley", text, "is here again")
	d.post("/draft", with(draft, "_seq", "9", "caller_name", "Somebody Else")).is(t, 200)
	d.get("/call").without(t, "Somebody Else")
	d.as(listNurse).get("/call").is(t, 200).without(t, "Moira Tansley")
	d.as(listHandler).post("/call", with(d.tansleyForm(text), "do", "look")).is(t, 303)
	d.get("/call").is(t, 200).without(t, "Moira Tansley", text)
	d.post("/draft", with(draft, "_seq", "11")).is(t, 200)
	d.get("/call").is(t, 200).without(t, "Moira Tansley")
}

func TestTraceAndFlags(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	q := url.Values{"last": {"Tansley"}}
	little := d.get("/call/"+text+"/trace?"+q.Encode()).is(t, 200)
	little.wants(t, "Two of name, birth date")
	little.without(t, "TANSLEY")
	q.Set("born", "3 2 48")
	d.get("/call/"+text+"/trace?"+q.Encode()).is(t, 200).wants(t, "2 possible people", "TANSLEY, Wilfred", "999 412 0735", "All four", "78 years", "None of these")
	q.Set("record", d.wilfred.String())
	page := d.get("/call/"+text+"/trace?"+q.Encode()).is(t, 200)
	page.wants(t, "do not attempt CPR", "on the fridge", "Prednisolone 5 mg", "Second call", "own GP within 24 h", "Deaf in the left ear", "I have read all five", "Millrace Practice")
	if strings.Count(page.body, `class="interrupt"`) != 1 {
		t.Error("only the resuscitation decision may interrupt")
	}
	q.Set("look", "no")
	d.get("/call/"+text+"/trace?"+q.Encode()).is(t, 200).without(t, "Prednisolone", "TANSLEY")

	f := with(d.tansleyForm(text), "do", "flags")
	for _, fid := range []fact.ID{{1}, {2}, {3}, {4}, {9}} {
		f.Add("flag", fid.String())
	}
	d.post("/call", f).is(t, 303)
	if c := d.caseOf(id); len(c.FlagsRead) != 5 {
		t.Errorf("%d flags are read", len(c.FlagsRead))
	}
	d.get("/call/"+text).is(t, 200).without(t, "I have read all five")
}

func TestSentTwiceIsOneCall(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	f := with(d.tansleyForm(text), "do", "look")
	d.post("/call", f).is(t, 303)
	n := len(d.caseOf(id).Line)
	d.post("/call", f).is(t, 303)
	if c := d.caseOf(id); len(c.Line) != n {
		t.Errorf("the same form sent again wrote %d more facts", len(c.Line)-n)
	}
}

func TestAdministratorTakesNoCall(t *testing.T) {
	d := openCall(t)
	d.as(access.Caller{Person: fact.Subject{9}, Name: "A. Clerk", Role: access.Administrator})
	d.get("/call").is(t, 403)
	d.post("/call/emergency", url.Values{}).is(t, 403)
}

func TestClinicianOnTheLineIsATask(t *testing.T) {
	d := openCall(t)
	_, text := d.newCall()
	d.post("/call", with(d.tansleyForm(text), "do", "look")).is(t, 303)
	a := d.post("/call/"+text+"/clinician", url.Values{"back": {"/call/" + text + "/ask"}}).is(t, 303)
	if a.location != "/call/"+text+"/ask" {
		t.Errorf("led to %s", a.location)
	}
}

func TestPlaceOf(t *testing.T) {
	for typed, want := range map[string]codes.Place{
		"11 Tenter Row, Coldwater QX4 7TD": {Text: "11 Tenter Row, Coldwater QX4 7TD", Postcode: "QX4 7TD"},
		"flat 2 qx47td up the stairs":      {Text: "flat 2 qx47td up the stairs", Postcode: "QX4 7TD"},
		"  by the  river ":                 {Text: "by the river"},
		"":                                 {},
	} {
		if got := placeOf(typed); got != want {
			t.Errorf("%q: %+v", typed, got)
		}
	}
}

func TestGoingOnWithAThreatRequestsTheAmbulance(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	f := with(d.tansleyForm(text), "awake", "no", "breathing", "no", "do", "look")
	a := d.post("/call", f).is(t, 303)
	if a.location != "/call/"+text+"?say=cpr-adult" {
		t.Errorf("led to %s", a.location)
	}
	c := d.caseOf(id)
	if len(c.Ambulances) != 1 || c.Ambulances[0].What.Place.Postcode != "QX4 7TD" {
		t.Fatalf("ambulances: %+v", c.Ambulances)
	}
	d.get(a.location).is(t, 200).wants(t, "Do not attempt CPR is on record, 14 Sep 2026", "Form seen, it is theirs: stop", "Not seen, or not sure: go on")
	d.post("/call/"+text, with(f, "do", "go")).is(t, 303)
	if c = d.caseOf(id); len(c.Ambulances) != 1 || len(c.LifeThreats) != 1 {
		t.Errorf("the same answers sent again: %d ambulances, %d checks", len(c.Ambulances), len(c.LifeThreats))
	}
}

func TestWhatADrawerSendsLeavesTheFormAlone(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	a := d.post("/call/emergency", with(d.tansleyForm(text), "ring_back", "07700 9005")).is(t, 303)
	d.post("/call/"+text+"/life", url.Values{"awake": {"no"}, "breathing": {"no"}, "bleeding": {""}, "with": {"yes"}}).is(t, 303)
	d.get(a.location).is(t, 200).wants(t, "Moira Tansley", "07700 9005", "Category 1 ambulance")
	if n := len(d.caseOf(id).Ambulances); n != 2 {
		t.Errorf("%d requests: the arrest must be one of its own", n)
	}
	d.post("/call/"+text+"/said", url.Values{"said": {"Ambulance crew at the patient."}}).is(t, 303)
	if c := d.caseOf(id); len(c.Notes) != 1 {
		t.Errorf("%d notes", len(c.Notes))
	}
}

func TestRecordThatCannotBeReadHindersNothing(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	f := with(d.tansleyForm(text), "record", fact.Subject{77}.String())
	d.post("/call", with(f, "do", "look")).is(t, 303)
	d.get("/call/"+text).is(t, 200).wants(t, "The record cannot be shown", "unknown is not none")
	d.post("/call/"+text, with(f, "do", "go")).is(t, 303)
	if p, _ := d.caseOf(id).Patient.Get(); p.Record != (fact.Subject{77}) {
		t.Error("the link to the record was lost")
	}
}

// A record with a number that fails its check is chosen: nobody on the call can
// mend that, so the call goes on, and the record keeps what it has.
func TestANumberOnRecordThatFailsItsCheckHoldsNobodyUp(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	unsound := codes.ReceiveNHSNumber("9994120736")
	p := d.tansley()
	p.NHS = stated(unsound)
	d.app.People.(registry).people[d.wilfred] = p
	f := with(d.tansleyForm(text), "nhs", "", "record", d.wilfred.String())
	d.post("/call", f).is(t, 303)
	if got := d.caseOf(id).Patient.Or(urgent.PatientDescribed{}).Identity.NHS; got != unsound {
		t.Fatalf("the record's number is %v on the case", got)
	}
	page := d.get("/call/"+text).is(t, 200)
	page.without(t, "The last digit does not fit", "9994120736")
}
