package urgentweb

import (
	"net/url"
	"testing"

	"holdfast/urgent"
)

// Where nobody has signed the questions the page of a call says so before anybody
// goes on, with what to do instead; the call is saved, and no page of it is shut.
func TestACallWhoseQuestionsDoNotRunIsSavedAndGoesOn(t *testing.T) {
	d := openCall(t)
	d.app.Demo = false
	d.get("/call").is(t, 200).pair(t, []string{"Questions do not run here", "get a clinician on the line", "paper", "Save the call"}, "Go to questions")
	id, text := d.newCall()
	a := d.post("/call", with(d.tansleyForm(text), "do", "go")).is(t, 303)
	if c := d.caseOf(id); !c.Begun() || c.Patient.Or(urgent.PatientDescribed{}).Record != d.wilfred {
		t.Fatalf("the call is not saved: %+v", c)
	}
	d.get(a.location).is(t, 200).wants(t, "The call is saved", "Questions do not run here", "/call/"+text+"/clinician", "/call/"+text+"/outcome", "/call/"+text+"/emergency")
	d.get("/call/"+text).is(t, 200).pair(t, []string{"Questions do not run here"}, "Go to questions")
	d.get("/call/"+text+"/trace?"+d.tansleyForm(text).Encode()).is(t, 200).pair(t, []string{"Questions do not run here"}, "Go to questions")
	d.get("/call/"+text+"/outcome").is(t, 200).pair(t, []string{"No outcome is set yet", "Questions do not run here"}, "Go to questions")
	back := d.post("/call/"+text+"/clinician", url.Values{"back": {a.location}}).is(t, 303)
	d.get(back.location).is(t, 200)
	// Signed meanwhile: they run.
	d.app.Demo = true
	d.get(a.location).is(t, 200).without(t, "Questions do not run here")
	d.get("/call/"+text).is(t, 200).wants(t, "Go to questions")
}

// Questions that are under way when their content loses its signature go on: what
// was answered is not lost.
func TestQuestionsUnderWayGoOn(t *testing.T) {
	d := openCall(t)
	_, text := d.begun()
	d.app.Demo = false
	d.get("/call/"+text+"/ask").is(t, 200).pair(t, []string{"Chest pain"}, "Questions do not run here")
}

// A shift manager takes a call and asks no questions: that is said before, and
// the call is theirs to see afterwards.
func TestWhoMayNotAskIsToldBefore(t *testing.T) {
	d := openCall(t)
	d.as(listManager)
	d.get("/call").is(t, 200).pair(t, []string{"for a call handler or a clinician"}, "Go to questions")
	_, text := d.newCall()
	a := d.post("/call", with(d.tansleyForm(text), "do", "go")).is(t, 303)
	if a.location != "/call/"+text {
		t.Errorf("led to %s", a.location)
	}
	d.get(a.location).is(t, 200)
}

func (a answer) pair(t testing.TB, wants []string, without ...string) {
	t.Helper()
	a.wants(t, wants...)
	a.without(t, without...)
}
