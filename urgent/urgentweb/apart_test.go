package urgentweb

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
)

// restore brings the desk back from a backup without its start folder: what it
// writes now is written apart from what a page of before had not seen.
func (d *desk) restore() {
	d.t.Helper()
	d.must(d.app.Cases.Journal.Close())
	d.must(os.RemoveAll(filepath.Join(d.dir, "start")))
	j, err := journal.Open(context.Background(), d.options)
	d.must(err)
	d.app.Cases.Journal, d.app.Drafts = j, j
}

// says states things about a subject by somebody whose page showed what seen
// says.
func (d *desk) says(by access.Caller, id fact.Subject, seen []fact.ID, all ...fact.Content) {
	d.t.Helper()
	saved, err := d.app.Cases.Journal.Do(context.Background(), by.Author(), journal.Seen{id: seen}, func(*journal.Tx) (out []fact.Draft, err error) {
		for _, c := range all {
			out = append(out, fact.Say(id, c))
		}
		return out, nil
	})
	d.must(err)
	d.app.Cases.Journal.WaitViews(context.Background(), saved, time.Second)
}

func (d *desk) frontier(id fact.Subject) []fact.ID {
	d.t.Helper()
	h, err := d.app.Cases.Journal.History(context.Background(), id)
	d.must(err)
	return h.Frontier()
}

// disputed is a case whose record has two resuscitation decisions and whose
// place and outcome were stated apart.
func disputed(d *desk) (id, person fact.Subject) {
	born := codes.Date{Year: 1948, Month: 2, Day: 3}
	id = d.call(wilfred, born, codes.Male, "Chest infection", "Dx05")
	person = d.person(wilfred)
	d.link(id, person)
	decision := record.AlertAdded{Kind: record.Resuscitation, Decision: record.DoNotAttempt, Author: "Dr P. Whitlock", Signed: codes.Date{Year: 2026, Month: 9, Day: 14}, Kept: "on the fridge"}
	other := record.AlertAdded{Kind: record.Resuscitation, Decision: record.Attempt, Author: "Dr L. Okonjo", Signed: codes.Date{Year: 2026, Month: 11, Day: 2}, Text: "Recovered well, wants everything done"}
	ofPerson, ofCase := d.frontier(person), d.frontier(id)
	d.says(listNurse, person, ofPerson, decision)
	d.says(listHandler, id, ofCase, urgent.PlaceStated{Place: codes.Place{Text: "11 Tenter Row, side door", Postcode: "QX4 7TD"}})
	d.restore()
	d.says(listDoctor, person, ofPerson, other)
	d.says(listNurse, id, ofCase, urgent.PlaceStated{Place: codes.Place{Text: "The Old Forge, Millrace Lane", Postcode: "QX4 9BB"}})
	return id, person
}

var choiceValue = regexp.MustCompile(`name="choice" value="([0-9a-f]{64})"`)

func TestTwoDecisionsAboutResuscitationAreShownAndSettled(t *testing.T) {
	d := openDesk(t)
	id, person := disputed(d)
	page := d.get("/case/"+id.String()).is(t, http.StatusOK)
	page.wants(t, "Resuscitation: these disagree", "do not attempt CPR", "Dr P. Whitlock", "attempt CPR", "Dr L. Okonjo",
		"none of them counts. Treat as for full active treatment until you have looked at each", "P. Varma, clinician, 19:54, on site", "CPR: records disagree", "Not a decision, records disagree.")
	page.without(t, ">No CPR<", ">CPR: attempt<")
	tasks := d.get("/tasks").is(t, http.StatusOK)
	tasks.wants(t, "These two disagree", "2 to settle", "Resuscitation", "/apart/"+person.String(), "Where the patient is", "A clinician")
	d.get("/worklist").wants(t, "2 disagreements", "to settle")
	d.get("/apart").is(t, http.StatusOK).wants(t, "2 to settle", "The Old Forge, Millrace Lane")

	one := d.get("/apart/"+person.String()+"?back="+id.String()).is(t, http.StatusOK)
	found := choiceValue.FindStringSubmatch(one.body)
	if found == nil {
		t.Fatalf("nothing can be chosen: %.2000s", one.body)
	}
	form := url.Values{"seen": {one.seen()}, "kind": {"110"}, "part": {"resuscitation"}, "why": {"Seen the form, rang Dr Okonjo"}, "back": {id.String()}}
	// Nothing chosen: what was typed comes back, nothing is saved.
	d.post("/apart/"+person.String(), form).is(t, http.StatusUnprocessableEntity).wants(t, "Choose which one stands", "Seen the form, rang Dr Okonjo")
	form.Set("choice", found[1])
	form.Set("why", "")
	d.post("/apart/"+person.String(), form).is(t, http.StatusUnprocessableEntity).wants(t, "Say why this one stands", `value="`+found[1]+`" checked`)
	form.Set("why", "Seen the form, rang Dr Okonjo")
	d.as(listHandler)
	d.get("/apart/"+person.String()).wants(t, "Settled by a clinician. Get one now.")
	d.post("/apart/"+person.String(), form).is(t, http.StatusForbidden).wants(t, "This is settled by a clinician")
	d.as(listNurse)
	if got := d.post("/apart/"+person.String(), form).is(t, http.StatusSeeOther); got.location != "/case/"+id.String() {
		t.Errorf("leads to %q", got.location)
	}
	d.get("/case/"+id.String()).without(t, "Resuscitation: these disagree", "records disagree")
	tasks = d.get("/tasks")
	tasks.wants(t, "1 to settle")
	tasks.without(t, "/apart/"+person.String())
	d.get("/apart/"+person.String()).wants(t, "Nothing disagrees here")
}

func TestAPlaceStatedApartIsSettledFromTheCase(t *testing.T) {
	d := openDesk(t)
	id, _ := disputed(d)
	d.as(listHandler)
	page := d.get("/apart/"+id.String()).is(t, http.StatusOK)
	page.wants(t, "Where the patient is: these disagree", "side door", "The Old Forge")
	form := url.Values{"seen": {page.seen()}, "kind": {"203"}, "choice": {choiceValue.FindStringSubmatch(page.body)[1]}, "why": {"Daughter rang back"}}
	d.post("/apart/"+id.String(), form).is(t, http.StatusSeeOther)
	after := d.get("/case/"+id.String()).is(t, http.StatusOK)
	after.without(t, "Where the patient is: these disagree")
	after.wants(t, "Settled: where the patient is.", "Daughter rang back.")
	if strings.Count(d.get("/tasks").body, "/apart/") != 1 {
		t.Error("the list of what is to be settled")
	}
	d.get("/apart/"+strings.Repeat("0", 32)).is(t, http.StatusNotFound)
}
