package urgentweb

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
)

// queueDesk is a desk with the pages of the queue, at which colleagues work.
func queueDesk(t *testing.T) *desk {
	d := openDesk(t)
	d.app.queueRoutes(d.mux)
	d.app.Colleagues = func(_ context.Context, by access.Caller) ([]Colleague, error) {
		return []Colleague{{Person: listDoctor.Person, Name: listDoctor.Name, Role: access.Clinician}}, nil
	}
	return d
}

func (d *desk) simran(dx codes.Dx) fact.Subject {
	return d.call(simran, codes.Date{Year: 1992, Month: 5, Day: 1}, codes.Female, "Back pain, legs weak", dx)
}

// goesBy lets timers act once.
func (d *desk) goesBy() {
	d.t.Helper()
	level := func() {
		if !d.app.Cases.Journal.WaitLevel(context.Background(), 20*time.Second) {
			d.t.Fatal("the lists never caught up")
		}
	}
	level()
	timers := urgentdb.Timers{Cases: d.app.Cases, Log: slog.New(slog.DiscardHandler)}
	timers.Round(context.Background())
	level()
}

func (d *desk) sends(id fact.Subject, what string, form url.Values) answer {
	d.t.Helper()
	path := "/case/" + id.String()
	form.Set("seen", d.get(path).is(d.t, http.StatusOK).seen())
	return d.post(path+"/"+what, form)
}

func TestTheListSaysWhenItGoesByItself(t *testing.T) {
	d := queueDesk(t)
	id := d.simran("Dx012")
	d.get("/worklist").is(t, http.StatusOK).wants(t, "Validate ambulance", "Dx333", "Goes by itself 20:14", "Validate 1")
	d.later(15 * time.Minute)
	d.get("/worklist").wants(t, "goes by itself within 10 min")
	d.get("/worklist?show=going").is(t, http.StatusOK).wants(t, "KAUR-ELLIS")
	d.get("/worklist?show=comfort").is(t, http.StatusOK)
	page := d.get("/case/" + id.String())
	page.wants(t, "Validate the ambulance", "Goes by itself 20:14.", "It stands: send the ambulance", "No clinician can be found", "Without one the ambulance goes by itself at 20:14.")
	d.as(listHandler).get("/case/"+id.String()).without(t, "It stands: send the ambulance")
	d.as(listNurse)
	d.later(6 * time.Minute)
	d.goesBy()
	d.get("/worklist").wants(t, "Went by itself 20:15")
	page = d.get("/case/" + id.String())
	page.wants(t, "Went by itself: Dx012.", "Ambulance needed now, C3.")
	page.without(t, "It stands: send the ambulance")
	d.get("/board").is(t, http.StatusOK).wants(t, "wait for a clinician")
}

func TestAClinicianValidatesOnTheCase(t *testing.T) {
	d := queueDesk(t)
	id := d.simran("Dx012")
	d.sends(id, "validate", url.Values{"do": {"instead"}, "v_dx": {""}, "v_why": {"Walks about"}}).is(t, http.StatusUnprocessableEntity).wants(t, "Choose what is needed", "Walks about")
	d.sends(id, "validate", url.Values{"do": {"instead"}, "v_dx": {"Dx15"}, "v_why": {"Walks about"}}).is(t, http.StatusSeeOther)
	d.get("/case/"+id.String()).wants(t, "Validated: it is Dx15 instead.")
	stands := d.simran("Dx012")
	d.sends(stands, "validate", url.Values{"do": {"stands"}}).is(t, http.StatusSeeOther)
	d.get("/case/"+stands.String()).wants(t, "Validated: Dx012 stands.", "Ambulance needed now, C3.")
	d.as(listHandler).sends(stands, "validate", url.Values{"do": {"stands"}}).is(t, http.StatusForbidden)
}

func TestToldOnTheCase(t *testing.T) {
	d := queueDesk(t)
	id := d.simran("Dx02")
	d.later(21 * time.Minute)
	d.goesBy()
	d.get("/worklist").wants(t, "Tell the patient", "to be told that they may go")
	d.as(listHandler).get("/case/"+id.String()).wants(t, "Tell the patient that they may go", "Ring them and say so", "To tell them")
	d.sends(id, "rang", url.Values{"r_for": {"telling"}, "r_number": {"01632960421"}, "r_how": {"reached"}}).is(t, http.StatusSeeOther)
	d.get("/case/"+id.String()).without(t, "Ring them and say so")
}

func TestAttemptsOnTheCaseAndTheList(t *testing.T) {
	d := queueDesk(t)
	id := d.simran("Dx34")
	d.sends(id, "rang", url.Values{"r_for": {"callback"}, "r_number": {"01632960421"}, "r_note": {"rang out"}}).is(t, http.StatusUnprocessableEntity).wants(t, "Say what came of it.", "rang out")
	d.sends(id, "rang", url.Values{"r_for": {"callback"}, "r_number": {"01632960421"}, "r_how": {"no answer"}}).is(t, http.StatusSeeOther)
	d.get("/case/"+id.String()).wants(t, "Tried 1 of 3, next 20:04", "Rung back: no answer.", "01632 960 421, rung", "01632 960 418")
	d.get("/worklist").wants(t, "Tried 1 of 3, next 20:04", "No one is waiting")
	d.sends(id, "no-contact", url.Values{"s_step": {"welfare"}}).is(t, http.StatusUnprocessableEntity).wants(t, "Tried 1 of 3. Try again at 20:04, or say why not.")
	d.sends(id, "no-contact", url.Values{"s_step": {"welfare"}, "s_why": {"sounded faint"}}).is(t, http.StatusSeeOther)
	d.get("/case/"+id.String()).wants(t, "Nobody reached:", "Ask for a welfare check. sounded faint.")
}

func TestComfortCallsAreListedWhenDue(t *testing.T) {
	d := queueDesk(t)
	id := d.simran("Dx05")
	d.get("/worklist").without(t, "Comfort call due")
	d.later(106 * time.Minute)
	d.get("/worklist?show=comfort").wants(t, "Comfort call due 21:39", "comfort call due", "KAUR-ELLIS")
	d.get("/board").wants(t, "comfort calls due")
	d.as(listHandler).sends(id, "rang", url.Values{"r_for": {"comfort"}, "r_number": {"01632960421"}, "r_how": {"reached"}}).is(t, http.StatusUnprocessableEntity).wants(t, "Ask whether they are worse")
	d.sends(id, "rang", url.Values{"r_for": {"comfort"}, "r_number": {"01632960421"}, "r_how": {"reached"}, "r_worse": {"yes"}, "r_dx": {"Dx32"}}).is(t, http.StatusSeeOther)
	list := d.as(listNurse).get("/worklist")
	list.wants(t, "Dx32")
	list.without(t, "Comfort call due")
}

func TestHandingOverAndPuttingFirst(t *testing.T) {
	d := queueDesk(t)
	soon, later := d.simran("Dx34"), d.call(wilfred, codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male, "Cough", "Dx15")
	d.sends(later, "claim", url.Values{}).is(t, http.StatusSeeOther)
	d.sends(later, "hand-over", url.Values{"h_note": {"needs a prescriber"}}).is(t, http.StatusUnprocessableEntity).wants(t, "Choose the colleague", "needs a prescriber")
	d.sends(later, "hand-over", url.Values{"h_to": {listDoctor.Person.String()}, "h_note": {"needs a prescriber"}}).is(t, http.StatusSeeOther)
	d.get("/case/"+later.String()).wants(t, "It is yours until they take it.")
	d.as(listDoctor).get("/worklist").wants(t, "is offered to you", "Offered to Dr A. Okonjo")
	c, err := d.app.Cases.Case(context.Background(), listDoctor, later)
	d.must(err)
	o, _ := c.OfferTo(listDoctor.Person)
	d.get("/case/"+later.String()).wants(t, "Offered to you by P. Varma, nurse", "needs a prescriber")
	d.sends(later, "offer", url.Values{"do": {"accept"}, "h_offer": {o.Fact.String()}}).is(t, http.StatusSeeOther)
	if c, _ = d.app.Cases.Case(context.Background(), listDoctor, later); !c.HeldBy(listDoctor.Person) || len(c.Claims) != 1 {
		t.Fatalf("%+v", c.Claims)
	}
	d.sends(later, "release", url.Values{}).is(t, http.StatusSeeOther)
	d.as(listManager).sends(later, "first", url.Values{"o_why": {"alone with two children"}}).is(t, http.StatusSeeOther)
	page := d.get("/worklist").is(t, http.StatusOK)
	page.wants(t, "Put first")
	if at, before := strings.Index(page.body, "c-"+later.String()), strings.Index(page.body, "c-"+soon.String()); at < 0 || at > before {
		t.Fatalf("put first, and it stands at %d after %d", at, before)
	}
	d.get("/case/"+later.String()).wants(t, "alone with two children.", "By its deadline again")
	d.as(listHandler).sends(later, "first", url.Values{"o_why": {"x"}}).is(t, http.StatusForbidden)
}

// Let go while a clinician says otherwise: the case says both.
func TestCrossedIsSaidOnTheCase(t *testing.T) {
	d := queueDesk(t)
	id := d.simran("Dx012")
	c, err := d.app.Cases.Case(context.Background(), listNurse, id)
	d.must(err)
	d.later(30 * time.Minute)
	d.do(listNurse, access.Consult, id, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.Validate(c, listNurse, d.app.Cases.Rules, urgent.Validation{Dx: "Dx15", Why: "walks about"}, now)
	})
	d.restore()
	out, err := urgent.LetGoOverdue(c, access.Caller{Role: access.Device}, d.app.Cases.Rules, d.clock())
	d.must(err)
	for i, one := range out {
		if one.Subject != id {
			continue // the task
		}
		seen := c.Frontier
		if i > 0 {
			seen = d.frontier(id)
		}
		d.says(access.Caller{Role: access.Device}, id, seen, one.Content)
	}
	d.get("/case/"+id.String()).is(t, http.StatusOK).wants(t, "It went by itself while a clinician said otherwise.", "What is needed")
	d.get("/worklist").wants(t, "The ambulance went by itself while a clinician said otherwise")
}

// What is written about a validation or a next step stands on the pages as it
// was typed, and runs nowhere.
func TestWordsOfTheQueueAreNeverMarkup(t *testing.T) {
	d := queueDesk(t)
	const attack = `"><script>x()</script>`
	id := d.simran("Dx012")
	d.sends(id, "validate", url.Values{"do": {"instead"}, "v_dx": {""}, "v_why": {attack}}).is(t, http.StatusUnprocessableEntity).without(t, "<script>x()")
	d.sends(id, "validate", url.Values{"do": {"instead"}, "v_dx": {"Dx15"}, "v_why": {attack}}).is(t, http.StatusSeeOther)
	tried := d.simran("Dx34")
	d.sends(tried, "rang", url.Values{"r_for": {"callback"}, "r_number": {"01632960421"}, "r_how": {"no answer"}}).is(t, http.StatusSeeOther)
	d.sends(tried, "no-contact", url.Values{"s_step": {""}, "s_why": {attack}}).is(t, http.StatusUnprocessableEntity).without(t, "<script>x()")
	d.sends(tried, "no-contact", url.Values{"s_step": {"welfare"}, "s_why": {attack}}).is(t, http.StatusSeeOther)
	for _, path := range []string{"/case/" + id.String(), "/case/" + tried.String(), "/worklist", "/tasks", "/board"} {
		d.get(path).is(t, http.StatusOK).without(t, "<script>x()")
	}
	d.get("/case/"+id.String()).wants(t, "&lt;script&gt;x()")
}
