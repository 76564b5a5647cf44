package urgentweb

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/record"
	"holdfast/urgent"
)

// referral is what another organisation sent, with every part filled.
func referral(id string) exchange.Referral {
	return exchange.Referral{
		ID: id, Purpose: exchange.ForReferral, From: exchange.Party{Name: "Tarn Valley Out of Hours", ODS: "TAR01", Person: "T. Grundy, dispatcher"},
		Patient:  record.Identity{Name: wilfred, Born: codes.Date{Year: 1948, Month: 2, Day: 3}, Sex: codes.Male, NHS: codes.ReceiveNHSNumber("9994120735"), Practice: record.Practice{Name: "Millrace Practice", ODS: "X99001"}},
		Location: codes.Place{Text: "11 Tenter Row, Coldwater", Postcode: "QX4 7TD"}, Callback: codes.ReceivePhone("01632960418"),
		Contacts:  []exchange.Contact{{Rank: 1, Relation: "daughter", Name: "Moira Tansley", Phones: []codes.Phone{codes.ReceivePhone("01632960421")}, Caller: true}},
		Reason:    "Chest rattling since Thursday, worse tonight",
		Dx:        codes.ReceiveDx("Dx05"),
		Sections:  []exchange.Section{{Title: "Consultation summary", Text: "Second call in three days.\nSteroids daily."}, {Title: "Advice given", Text: "Sit up, sip water.", Depth: 1}},
		Answers:   []exchange.Answer{{Question: "Can he finish a sentence?", Answer: "yes"}, {Question: "Blue lips?", Answer: ""}},
		Findings:  []exchange.Finding{{Code: exchange.Code{Name: "Temperature"}, Value: "38.1 Cel"}, {Code: exchange.Code{Name: "Pulse"}, Value: "999", Status: "entered-in-error"}},
		Allergies: []exchange.Allergy{{Code: exchange.Code{Name: "Penicillin"}, Reaction: "rash", Status: "active"}},
		Medicines: []exchange.Medicine{{Code: exchange.Code{Name: "Prednisolone 5 mg"}, Dose: "1 each morning"}},
		Flags:     []exchange.Flag{{Category: exchange.Code{Code: "SS", Name: "Scene safety"}, Code: exchange.Code{Name: "Dog loose at the address"}, About: "place", Status: "active"}},
		Notes:     []string{"The birth date in the message differs between its two parts."},
		Cases:     []exchange.CaseNumber{{System: "tarn", Number: "TV-118204"}},
	}
}

func TestCaseShowsEverythingThatTheSenderSent(t *testing.T) {
	d := openDesk(t)
	id := d.arrive(referral("m-1"), "<soap>the original, as it came</soap>")
	page := d.get("/case/"+id.String()).is(t, http.StatusOK)
	page.wants(t, "What Tarn Valley Out of Hours, T. Grundy, dispatcher sent", "Second call in three days.", "Advice given", "Can he finish a sentence?", "no answer given",
		"38.1 Cel", "entered in error, was 999", "Penicillin: rash", "Prednisolone 5 mg 1 each morning", "Dog loose at the address", "The birth date in the message differs",
		"TV-118204", "Moira Tansley, daughter, rang, 01632 960 421", "Millrace Practice", "01632 960 418", "999 412 0735 (unverified)", "Original message", "Came from Tarn Valley Out of Hours.")
	page.wants(t, "Start consultation", `name="seen" value="`)
	got := d.get("/case/"+id.String()+"/original/1").is(t, http.StatusOK)
	if got.body != "<soap>the original, as it came</soap>" || got.header.Get("Content-Type") != "text/plain; charset=utf-8" ||
		got.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("the original: %q %v", got.body, got.header)
	}
	d.get("/case/"+id.String()+"/original/2").is(t, http.StatusNotFound)
	d.get("/case/"+strings.Repeat("0", 32)).is(t, http.StatusNotFound)
}

func TestCaseReadsALongReferralFromItsAttachment(t *testing.T) {
	d := openDesk(t)
	long := referral("m-2")
	for range 40 {
		long.Sections = append(long.Sections, exchange.Section{Title: "More", Text: strings.Repeat("A long account. ", 100)})
	}
	long.Sections = append(long.Sections, exchange.Section{Title: "Last", Text: "The very last words."})
	id := d.arrive(long, "<long/>")
	d.get("/case/"+id.String()).wants(t, "The very last words.", "Can he finish a sentence?")
}

func TestCaseKeepsCallerApartFromPatientAndSaysWhatWasNotAsked(t *testing.T) {
	d := openDesk(t)
	id := d.call(wilfred, codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male, "Chest infection", "Dx05")
	page := d.get("/case/"+id.String()).is(t, http.StatusOK)
	page.wants(t, "Moira Tansley, daughter, with the patient", "Wilfred Tansley", "Call taken by", "Safe to contact", "Not asked", "No record is linked", "Why they rang:", "Chest infection", "Ruth Ashdown, call handler")
}

func TestCaseShowsAlertsAndThatSomebodyReadThem(t *testing.T) {
	d := openDesk(t)
	id := d.call(wilfred, codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male, "Chest infection", "Dx05")
	d.link(id, d.person(wilfred, record.AlertAdded{Kind: record.Resuscitation, Decision: record.DoNotAttempt, Author: "Dr P. Whitlock"}, record.AlertAdded{Kind: record.Allergy, Substance: "Penicillin", Reaction: "rash"}))
	page := d.get("/case/" + id.String())
	page.wants(t, `<span class="tag fill">No CPR</span>`, "Penicillin: rash", "I have read all 2")
	flags := url.Values{"seen": {page.seen()}}
	for _, part := range strings.Split(page.body, `name="flag" value="`)[1:] {
		flags.Add("flag", part[:64])
	}
	d.post("/case/"+id.String()+"/flags", flags).is(t, http.StatusSeeOther)
	d.get("/case/"+id.String()).without(t, "I have read all")
}

func TestTakenByAnotherIsSaidAndTakingOverNeedsAReason(t *testing.T) {
	d := openDesk(t)
	id := d.call(wilfred, codes.Date{}, codes.Male, "Chest infection", "Dx05")
	path := "/case/" + id.String()
	d.post(path+"/claim", url.Values{"seen": {d.get(path).seen()}}).is(t, http.StatusSeeOther)
	d.get(path).wants(t, "You, since 19:54", "Give it back")
	page := d.as(listDoctor).get(path)
	page.wants(t, "Taken by P. Varma, nurse, since 19:54", "Take it over")
	page.without(t, "Start consultation")
	d.post(path+"/claim", url.Values{}).is(t, http.StatusConflict).wants(t, "Taken by P. Varma, nurse at 19:54.")
	d.post(path+"/take-over", url.Values{"seen": {page.seen()}}).is(t, http.StatusUnprocessableEntity).wants(t, "Say why you take it over.", "<details class=\"more\" open")
	d.post(path+"/take-over", url.Values{"over_why": {"She has gone home"}}).is(t, http.StatusSeeOther)
	d.get(path).wants(t, "You, since", "She has gone home")
}

func TestNoteChangeAndCloseComeBackWithWhatMustBeMended(t *testing.T) {
	d := openDesk(t)
	id := d.call(wilfred, codes.Date{}, codes.Male, "Chest infection", "Dx05")
	path := "/case/" + id.String()
	d.post(path+"/note", url.Values{"words": {" "}}).is(t, http.StatusUnprocessableEntity).wants(t, "Write the note.")
	d.post(path+"/note", url.Values{"words": {"Daughter rang <again>"}}).is(t, http.StatusSeeOther)
	d.get(path).wants(t, "Daughter rang &lt;again&gt;")
	d.post(path+"/disposition", url.Values{"dx": {"Dx08"}}).is(t, http.StatusUnprocessableEntity).wants(t, "Say why it is less urgent", `value="Dx08" selected`)
	d.post(path+"/disposition", url.Values{"dx": {"Dx08"}, "dx_why": {"Spoke to him, no distress"}}).is(t, http.StatusSeeOther)
	d.get(path).wants(t, "Less urgent than before:", "Spoke to him, no distress")
	d.post(path+"/close", url.Values{}).is(t, http.StatusUnprocessableEntity).wants(t, "No outcome is set. Say why the case ends here.")
	d.post(path+"/close", url.Values{"close_why": {"Moved away"}}).is(t, http.StatusSeeOther)
	closed := d.get(path)
	closed.wants(t, "Closed", "Moved away")
	closed.without(t, "Start consultation")
}

func TestTwoValuesAreShownWithTheirWriters(t *testing.T) {
	d := openDesk(t)
	at, id := fact.At(d.clock()), fact.Subject{9}
	here, there := facttest.NewWriter("here", at), facttest.NewWriter("there", at)
	all := here.State(t, listHandler.Author(), nil, fact.Say(id, urgent.CallTaken{Number: "26-1", By: "Ruth"}))
	apart := []fact.ID{all[0].ID}
	all = append(all, here.State(t, listNurse.Author(), apart, fact.Say(id, urgent.PlaceStated{Place: codes.Place{Text: "Side door"}}))...)
	all = append(all, there.State(t, listDoctor.Author(), apart, fact.Say(id, urgent.PlaceStated{Place: codes.Place{Text: "The annexe"}}))...)
	h := fact.NewHistory(all)
	c := urgent.Fold(id, h)
	views, err := d.app.apartOfCase(httptest.NewRequest("GET", "/case/"+id.String(), nil), listNurse, c, h)
	if err != nil || len(views) != 1 {
		t.Fatal(views, err)
	}
	var b strings.Builder
	if err := apartPanel(views[0]).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	page := answer{body: b.String()}
	page.wants(t, "Where the patient is: these disagree", "Side door", "P. Varma, clinician, 19:54, on a device not named here", "The annexe", "Dr A. Okonjo, clinician, 19:54",
		"Ask a person", "This one stands", "Settle it", `name="why"`, "Until it is settled this stops")
	row := rowOf(ptr(urgent.RowOf(c, d.app.Cases.Rules, nil)), listNurse, true, d.clock(), codes.London())
	b.Reset()
	if err := listRowView(row, d.clock()).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	answer{body: b.String()}.wants(t, `<span class="tag ask">Two places stated: ask which</span>`)
}

func TestWhatCannotBeReadIsSaidAndNeverSilent(t *testing.T) {
	d := openDesk(t)
	id := fact.Subject{9}
	w := facttest.NewWriter("here", fact.At(d.clock()))
	all := w.State(t, listHandler.Author(), nil, fact.Say(id, urgent.CallTaken{Number: "26-1", By: "Ruth"}))
	newer := w.State(t, listNurse.Author(), []fact.ID{all[0].ID}, fact.Say(id, urgent.Noted{Words: "secret of a newer version", By: "P"}))
	newer[0].Body.Version = 99
	h := fact.NewHistory(append(all, newer...))
	days := d.app.lineOf(h, d.clock(), codes.London())
	found := false
	for _, day := range days {
		for _, m := range day.Moments {
			found = found || m.Mark == "gap" && m.What == "Something is not shown." && strings.Contains(m.By[0], "P. Varma")
		}
	}
	if !found {
		t.Errorf("the line is silent about it: %+v", days)
	}
	if asks := notShown(urgent.Fold(id, h)); len(asks) != 1 || asks[0].Title != "1 entry is not shown" {
		t.Errorf("asks: %+v", asks)
	}
}

func ptr[T any](v T) *T { return &v }

func TestNoPageHasMoreThanOneNextAct(t *testing.T) {
	d := openDesk(t)
	free := d.call(wilfred, codes.Date{}, codes.Male, "Chest infection", "Dx05")
	calling := d.call(simran, codes.Date{}, codes.Female, "Headache", "")
	begun, form := d.consulting(codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male)
	ended, form2 := d.consulting(codes.Date{Year: 1948, Month: 2, Day: 3}, codes.Male)
	d.post("/case/"+ended.String()+"/consult", form2).is(t, http.StatusSeeOther)
	form.Set("plan", "")
	d.post("/case/"+begun.String()+"/consult", form).is(t, http.StatusUnprocessableEntity)
	for _, by := range []access.Caller{listNurse, listDoctor, listHandler, listManager} {
		d.as(by)
		for _, path := range []string{"/worklist", "/case/" + free.String(), "/case/" + calling.String(), "/case/" + begun.String(), "/case/" + ended.String(), "/case/" + ended.String() + "/report", "/tasks", "/services"} {
			page := d.get(path).is(t, http.StatusOK)
			if n := strings.Count(page.body, "btn go"); n > 1 {
				t.Errorf("%s for a %s has %d green buttons", path, by.Role, n)
			}
			page.without(t, " style=", "<script>", "onclick=")
		}
	}
}
