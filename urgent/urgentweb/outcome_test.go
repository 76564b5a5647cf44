package urgentweb

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/urgent"
)

// disposed is a call with an outcome.
func (d *callDesk) disposed(dx codes.Dx, pairs ...string) (fact.Subject, string) {
	d.t.Helper()
	id, text := d.begun(pairs...)
	d.do(listHandler, access.Dispose, id, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.SetDisposition(c, listHandler, d.app.Cases.Rules, dx, "", now)
	})
	return id, "/call/" + text
}

func service(n byte) string { return fact.Subject{100 + n}.String() }

func TestOutcomeShowsServicesWithReasons(t *testing.T) {
	d := openCall(t)
	_, path := d.disposed("Dx05")
	page := d.get(path+"/outcome").is(t, 200)
	page.wants(t, "Dx05", "Must be met by", "21:54", "2 h 00 left", "Aldermoor base", "Coldwater evening hub", "nurse only", "Ring first", "Cannot be chosen", "Closed until Mon 08:00", "Send to the one chosen", "4 services looked at for QX4 7TD")
	if strings.Index(page.body, "Millrace Practice</b>") < strings.Index(page.body, "Coldwater evening hub</b>") {
		t.Error("a closed service stands before an open one")
	}
}

func TestSendPreparesAnEnvelopeAndSaysWhereItIs(t *testing.T) {
	d := openCall(t)
	id, path := d.disposed("Dx05")
	page := d.get(path + "/outcome")
	a := d.post(path+"/refer", url.Values{"service": {service(1)}, "seen": {page.seen()}, "said": {"Sit upright."}}).is(t, 303)
	c := d.caseOf(id)
	if len(c.Sent) != 1 || c.Sent[0].What.To.ODS != "TAR01" || c.Sent[0].What.Route != exchange.ByDirect {
		t.Fatalf("sent: %+v", c.Sent)
	}
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0].What.Words, "Sit upright.") {
		t.Errorf("what was said is not written down: %+v", c.Notes)
	}
	page = d.get(a.location).is(t, 200)
	page.wants(t, "On its way to Aldermoor base", "without one by 19:55:00 it becomes a phone task", `data-live="`+path+`/outcome/live"`)
	page.without(t, "Send to the one chosen")
	d.post(path+"/refer", url.Values{"service": {service(2)}, "passed-over": {"Prefers another"}}).is(t, 409)

	d.later(4 * time.Second)
	e := c.Envelope(c.Sent[0].What.Envelope)
	d.do(access.Caller{Role: access.Device, Name: "this device"}, access.SeeCase, id, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return exchange.Receipted(e, access.Caller{Role: access.Device}, exchange.ReceiptReceived{
			Route: exchange.ByDirect, Receipt: exchange.Receipt{Envelope: e.ID, Content: e.Content, By: "TAR01", Case: "26-555", Filed: fact.At(now)},
		}, now)
	})
	d.get(path+"/outcome").wants(t, "Aldermoor base has it.", "Receipt back in 4 s", "26-555", "Next call")
}

func TestPassingOverTheFirstNeedsAReason(t *testing.T) {
	d := openCall(t)
	id, path := d.disposed("Dx05")
	page := d.get(path + "/outcome")
	first := service(1)
	if !strings.Contains(page.body[strings.Index(page.body, `class="svc"`):], first) {
		t.Fatal("the first service is another one than the test thinks")
	}
	bad := d.post(path+"/refer", url.Values{"service": {service(2)}}).is(t, 422)
	bad.wants(t, "Say why the first service was passed over.")
	if !strings.Contains(bad.body, `value="`+service(2)+`" checked`) {
		t.Error("the choice was lost")
	}
	if a := d.get(path+"/refer").is(t, 303); a.location != path+"/outcome" {
		t.Errorf("asked for again it leads to %s", a.location)
	}
	if len(d.caseOf(id).Service.Values) != 0 {
		t.Error("it was chosen all the same")
	}
	d.post(path+"/refer", url.Values{"service": {service(2)}, "passed-over": {"Cannot get there"}}).is(t, 303)
	c := d.caseOf(id)
	v, _ := c.Service.Get()
	if v.PassedOver != "Cannot get there" || v.Rank < 2 || len(c.Sent) != 0 {
		t.Errorf("chosen: %+v, %d envelopes to a service that takes none", v, len(c.Sent))
	}
	d.get(path+"/outcome").wants(t, "Chosen: Coldwater evening hub", "It is a task for dispatch already")
}

func TestShutAndUnknownServicesCannotBeChosen(t *testing.T) {
	d := openCall(t)
	_, path := d.disposed("Dx05")
	d.post(path+"/refer", url.Values{"service": {service(4)}, "passed-over": {"x"}}).is(t, 422).wants(t, "can’t be chosen any more")
	d.post(path+"/refer", url.Values{}).is(t, 422).wants(t, "Choose a service")
}

func TestOurOwnListTakesNoEnvelope(t *testing.T) {
	d := openCall(t)
	id, path := d.disposed("Dx34")
	d.post(path+"/refer", url.Values{"service": {service(3)}, "passed-over": {"Prefers another"}}).is(t, 303)
	c := d.caseOf(id)
	if len(c.Sent) != 0 || c.Stage() != urgent.Waiting || !c.OnList() {
		t.Errorf("%d envelopes, stage %s, on the list %v", len(c.Sent), c.Stage(), c.OnList())
	}
	d.get(path+"/outcome").wants(t, "It waits on our own worklist", "Choose another")
	d.get(path+"/outcome?another=1").wants(t, "Send to the one chosen")
	d.post(path+"/refer", url.Values{"service": {service(1)}}).is(t, 303)
	if c = d.caseOf(id); len(c.Sent) != 1 {
		t.Errorf("choosing another sent %d envelopes", len(c.Sent))
	}
}

func TestChangingTheOutcome(t *testing.T) {
	d := openCall(t)
	id, path := d.disposed("Dx05")
	d.post(path+"/outcome/change", url.Values{"dx": {"Dx08"}, "why": {"Feels fine"}}).is(t, 403).wants(t, "clinician")
	d.post(path+"/outcome/change", url.Values{"dx": {""}}).is(t, 422).wants(t, "Choose the outcome")
	d.as(listNurse).post(path+"/outcome/change", url.Values{"dx": {"Dx08"}}).is(t, 422).wants(t, "Say why it is less urgent")
	d.post(path+"/outcome/change", url.Values{"dx": {"Dx08"}, "why": {"Spoken to directly, alert"}}).is(t, 303)
	d.get(path+"/outcome").wants(t, "Lowered by a clinician", "Spoken to directly, alert")
	d.as(listHandler).post(path+"/outcome/change", url.Values{"dx": {"Dx11"}}).is(t, 303)
	if set, _ := d.caseOf(id).Disposition(); set.What.Dx != "Dx11" {
		t.Errorf("raising gave %s", set.What.Dx)
	}
}

func TestCareAtHomeClosesWithAdvice(t *testing.T) {
	d := openCall(t)
	id, path := d.disposed("Dx39")
	page := d.get(path+"/outcome").is(t, 200)
	page.wants(t, "Care at home", "Advice given: close")
	page.without(t, "Send to the one chosen")
	d.post(path+"/outcome/close", url.Values{"said": {"Drink enough."}, "seen": {page.seen()}}).is(t, 303)
	c := d.caseOf(id)
	if !c.Closed() || len(c.Notes) != 1 {
		t.Errorf("closed %v, %d notes", c.Closed(), len(c.Notes))
	}
	d.get(path+"/outcome").is(t, 200).wants(t, "Closed.", "Next call")
}

func TestOnlyCareAtHomeClosesHere(t *testing.T) {
	d := openCall(t)
	id, path := d.disposed("Dx05")
	d.post(path+"/outcome/close", url.Values{}).is(t, 422)
	if d.caseOf(id).Closed() {
		t.Error("closed with an appointment outstanding")
	}
}

func TestAmbulanceOutcomeOffersNoService(t *testing.T) {
	d := openCall(t)
	_, text := d.begun()
	d.post("/call/"+text+"/emergency", url.Values{}).is(t, 303)
	page := d.get("/call/"+text+"/outcome").is(t, 200)
	page.wants(t, "Stay on the line", "Ambulance control is rung by dispatch")
	page.without(t, "Services that can take them")
}

func TestNoOutcomeYet(t *testing.T) {
	d := openCall(t)
	_, text := d.begun()
	d.get("/call/"+text+"/outcome").is(t, 200).wants(t, "No outcome is set yet", "Go to questions")
}

func TestMyCalls(t *testing.T) {
	d := openCall(t)
	d.get("/mycalls").is(t, 200).wants(t, "You have taken no call yet")
	_, path := d.disposed("Dx05")
	_, _ = d.begun("last", "Ferriby", "first", "Dolores", "record", noRecord)
	d.post(path+"/refer", url.Values{"service": {service(1)}}).is(t, 303)
	page := d.get("/mycalls").is(t, 200)
	page.wants(t, "2 calls", "TANSLEY, Wilfred", "Sent, no receipt yet", "FERRIBY, Dolores", "On the call")
	d.as(listNurse).get("/mycalls").is(t, 200).wants(t, "You have taken no call yet")
}
