package urgentweb

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/triage"
)

// begun takes Wilfred's call to its questions.
func (d *callDesk) begun(pairs ...string) (fact.Subject, string) {
	d.t.Helper()
	id, text := d.newCall()
	d.post("/call", with(with(d.tansleyForm(text), "do", "go"), pairs...)).is(d.t, 303)
	return id, text
}

var keyField = regexp.MustCompile(`name="k([0-2])" value="([^"]+)"`)

// keys lists the questions that a page asks now.
func (a answer) keys() []string {
	var out []string
	for _, m := range keyField.FindAllStringSubmatch(a.body, -1) {
		out = append(out, m[2])
	}
	return out
}

// answers fills the form of a page: what the patient is said to have is
// answered so, everything else is the best answer there is.
func (d *callDesk) answers(page answer, has map[string]string) url.Values {
	d.t.Helper()
	v := url.Values{"do": {"next"}}
	for i, key := range page.keys() {
		n := strconv.Itoa(i)
		best := regexp.MustCompile(`name="q` + n + `" value="([^"]+)"`).FindStringSubmatch(page.body)
		if len(best) < 2 {
			d.t.Fatalf("%s has no answers", key)
		}
		answer := best[1]
		if answer == string(triage.Yes) {
			answer = string(triage.No)
		}
		if a, ok := has[key]; ok {
			answer = a
		}
		v.Set("k"+n, key)
		v.Set("q"+n, answer)
	}
	return v
}

// askedThrough answers group after group until nothing is left to ask.
func (d *callDesk) askedThrough(path string, has map[string]string) (page answer, groups int) {
	d.t.Helper()
	for groups = 0; groups < 60; groups++ {
		page = d.get(path).is(d.t, 200)
		if len(page.keys()) == 0 {
			return page, groups
		}
		d.post(path, d.answers(page, has)).is(d.t, 303)
	}
	d.t.Fatal("the questions do not end")
	return page, groups
}

func TestQuestionsStartFromTheCallersWords(t *testing.T) {
	d := openCall(t)
	_, text := d.begun()
	page := d.get("/call/"+text+"/ask").is(t, 200)
	page.wants(t, "Chest pain", "Urgency so far", "Not asked", "Instructions")
	if n := len(page.keys()); n < 1 || n > 3 {
		t.Errorf("%d questions at once", n)
	}
	page.without(t, "Which questions?")
}

func TestNoMatchLetsAPersonChoose(t *testing.T) {
	d := openCall(t)
	_, text := d.begun("why", "Feels odd")
	page := d.get("/call/"+text+"/ask").is(t, 200)
	page.wants(t, "Which questions?", "Feels odd", "Fits anything, and goes to a clinician")
	d.post("/call/"+text+"/ask", url.Values{"set": {"chest-pain", "something-else"}}).is(t, 303)
	page = d.get("/call/"+text+"/ask").is(t, 200)
	page.without(t, "Which questions?")
	d.post("/call/"+text+"/ask", url.Values{"do": {"again"}}).is(t, 303)
	d.get("/call/"+text+"/ask").wants(t, "Which questions?")
}

func TestLifeThreatInQuestionsRequestsAnAmbulanceAtOnce(t *testing.T) {
	d := openCall(t)
	id, text := d.begun()
	page := d.get("/call/"+text+"/ask").is(t, 200)
	if len(page.keys()) != 1 {
		t.Fatalf("life threats are asked one at a time, not %d", len(page.keys()))
	}
	has := map[string]string{"core/abc/response": "unresponsive", "core/abc/breathing": "failing"}
	var to string
	for range 10 {
		page = d.get("/call/" + text + "/ask")
		to = d.post("/call/"+text+"/ask", d.answers(page, has)).is(t, 303).location
		if strings.Contains(to, "say=") {
			break
		}
	}
	c := d.caseOf(id)
	if len(c.Ambulances) == 0 {
		t.Fatal("no ambulance was requested")
	}
	d.get(to).is(t, 200).wants(t, "Stay on the line", "data-opens-now=")
}

func TestRecordIsConfirmedAloudAndCounts(t *testing.T) {
	d := openCall(t)
	_, text := d.begun()
	path := "/call/" + text + "/ask"
	confirmed := false
	for range 40 {
		page := d.get(path).is(t, 200)
		if len(page.keys()) == 0 {
			break
		}
		if strings.Contains(page.body, "Say each aloud once") {
			confirmed = true
			page.wants(t, "From the record:")
		}
		d.post(path, d.answers(page, map[string]string{"record/steroids/steroids": "takes", "core/contacts/contacts": "second"})).is(t, 303)
	}
	if !confirmed {
		t.Error("what the record says was never to be said aloud")
	}
	d.get(path).wants(t, "the record said aloud")
}

func TestFinishSetsTheOutcomeAndItsDeadline(t *testing.T) {
	d := openCall(t)
	id, text := d.begun("record", noRecord)
	path := "/call/" + text + "/ask"
	page, groups := d.askedThrough(path, nil)
	page.wants(t, "Finish: outcome and service")
	a := d.post(path+"/finish", url.Values{"do": {"finish"}, "words": {"“It comes and goes”"}, "seen": {page.seen()}}).is(t, 303)
	if a.location != "/call/"+text+"/outcome" {
		t.Fatalf("led to %s", a.location)
	}
	c := d.caseOf(id)
	set, ok := c.Disposition()
	if !ok || len(c.Triages) != 1 || c.Triages[0].What.Words != "“It comes and goes”" {
		t.Fatalf("after %d groups: outcome %v, %d runs", groups, ok, len(c.Triages))
	}
	if set.What.Due == 0 && set.What.Level < triage.L9 {
		t.Errorf("%s has no deadline", set.What.Dx)
	}
	if b, _, err := d.app.Drafts.LoadDraft(context.Background(), askKey(id)); err == nil {
		t.Errorf("the run is still kept as half-done, %d bytes", len(b))
	}
}

func TestHangingUpKeepsTheHigherBound(t *testing.T) {
	d := openCall(t)
	id, text := d.begun("record", noRecord)
	path := "/call/" + text + "/ask"
	d.post(path+"/finish", url.Values{"do": {"gone"}}).is(t, 303)
	c := d.caseOf(id)
	if n := len(c.Triages); n != 1 || !c.Triages[0].What.Outcome.Unfinished || c.Triages[0].What.Outcome.Level > triage.L2 {
		t.Fatalf("a caller who hung up got %+v", c.Triages)
	}
	if c.Triages[0].What.Outcome.Level <= triage.L1 && len(c.Ambulances) == 0 {
		t.Error("the ambulance of the higher bound was not requested")
	}
}

func TestCallerElsewhere(t *testing.T) {
	d := openCall(t)
	_, text := d.begun("with", "no", "record", noRecord)
	path := "/call/" + text + "/ask"
	page := d.get(path).is(t, 200)
	page.wants(t, "Caller is not with the patient", "is with the patient now")
	key := page.keys()[0]
	d.post(path, url.Values{"do": {"next"}, "k0": {key}, "q0": {"unsure"}}).is(t, 303)
	page = d.get(path).is(t, 200)
	page.wants(t, "Find out")
	if len(page.keys()) > 0 && page.keys()[0] == key {
		t.Error("what nobody there can tell is asked again at once")
	}
	d.post(path, url.Values{"do": {"with"}}).is(t, 303)
	page = d.get(path).is(t, 200)
	page.without(t, "Caller is not with the patient")
	if page.keys()[0] != key {
		t.Errorf("with the patient now, %s is asked before %s", page.keys()[0], key)
	}
}

func TestAnswersCanBeChangedAndUrgencyStays(t *testing.T) {
	d := openCall(t)
	_, text := d.begun("record", noRecord)
	path := "/call/" + text + "/ask"
	key := d.get(path).keys()[0]
	d.post(path, d.answers(d.get(path), nil)).is(t, 303)
	page := d.get(path+"?q="+url.QueryEscape(key)).is(t, 200)
	if keys := page.keys(); len(keys) != 1 || keys[0] != key {
		t.Fatalf("changing %s asks %v", key, keys)
	}
	page.wants(t, "Changing an answer")
	d.post(path, url.Values{"do": {"next"}, "k0": {key}, "q0": {"unsure"}, "n0": {"line is bad"}}).is(t, 303)
	d.get(path).wants(t, "changed from", "line is bad")
}

func TestAnotherSymptom(t *testing.T) {
	d := openCall(t)
	_, text := d.begun("record", noRecord)
	path := "/call/" + text + "/ask"
	d.get(path+"?add=1").is(t, 200).wants(t, "Another symptom", "Back to the questions")
	d.post(path+"/add", url.Values{"set": {"head-injury"}}).is(t, 303)
	page := d.get(path).is(t, 200)
	w := d.app.Triage.Words(triage.English)
	page.wants(t, w.Title("chest-pain")+", "+w.Title("head-injury"))
}

func TestFirstSecondsAreNotAskedAgain(t *testing.T) {
	d := openCall(t)
	id, text := d.newCall()
	d.post("/call/"+text+"/life", url.Values{"case": {text}, "awake": {"yes"}, "breathing": {"yes"}, "bleeding": {"no"}}).is(t, 303)
	d.post("/call/"+text, with(d.tansleyForm(text), "do", "go", "record", noRecord)).is(t, 303)
	if len(d.caseOf(id).LifeThreats) != 1 {
		t.Fatal("the three questions were not recorded")
	}
	_, s, ok, err := d.app.askLoad(context.Background(), listHandler, id)
	d.must(err)
	if !ok {
		t.Fatal("no run is under way")
	}
	said := map[string]triage.Answer{}
	for _, g := range s.Answers() {
		said[g.Key] = g.Answer
	}
	if said["core/abc/breathing"] != "normal" || said["core/abc/bleeding"] != triage.No {
		t.Errorf("carried over: %v", said)
	}
	if _, asked := said["core/abc/response"]; asked {
		t.Error("“awake and talking” says nothing about drowsy: it must be asked")
	}
}

func TestMoreUrgentOutcomeStands(t *testing.T) {
	d := openCall(t)
	id, text := d.begun("record", noRecord)
	d.post("/call/"+text+"/emergency", url.Values{}).is(t, 303)
	before, _ := d.caseOf(id).Disposition()
	path := "/call/" + text + "/ask"
	d.askedThrough(path, nil)
	d.post(path+"/finish", url.Values{"do": {"finish"}}).is(t, 303)
	after, _ := d.caseOf(id).Disposition()
	if after.What.Level > before.What.Level {
		t.Errorf("questions lowered an emergency from %s to %s", before.What.Level, after.What.Level)
	}
}
