package urgentweb

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/sim/telephone"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// line is a desk with a telephone exchange at its door.
type line struct {
	*callDesk
	door *PhoneDoor
	x    *telephone.Exchange
}

func openLine(t testing.TB) *line {
	t.Helper()
	d := &line{callDesk: openCall(t)}
	d.app.Phone = &urgentdb.Phone{Cases: d.app.Cases}
	d.door = &PhoneDoor{Hear: d.app.Phone.Hear, Who: func(*http.Request) (string, error) { return "aldermoor", nil }, Now: d.clock}
	server := httptest.NewServer(d.door)
	t.Cleanup(server.Close)
	d.x = &telephone.Exchange{URL: server.URL + PhoneDoorPath, Client: server.Client(), Now: d.clock, Prefix: "t"}
	return d
}

// level waits until the lists have taken everything in.
func (d *line) level() {
	d.t.Helper()
	for range 400 {
		if d.app.Cases.Journal.WaitLevel(context.Background(), 50*time.Millisecond) {
			return
		}
	}
	d.t.Fatal("the lists never caught up")
}

// ring lets somebody ring and somebody answer at an extension.
func (d *line) ring(number, extension string) *telephone.Call {
	d.t.Helper()
	c, err := d.x.Ring(context.Background(), number)
	d.must(err)
	d.later(5 * time.Second)
	d.must(c.Say(context.Background(), "answered", extension))
	d.level()
	return c
}

func (d *line) hangUp(c *telephone.Call) {
	d.t.Helper()
	d.must(c.Say(context.Background(), "ended"))
	d.level()
}

func (d *line) tel(c *telephone.Call) string {
	return d.app.Phone.CallOf("aldermoor", c.ID).String()
}

// A call on my telephone is offered with its number, on a page of its own; the
// form in progress is left alone.
func TestAnOfferReplacesNothing(t *testing.T) {
	d := openLine(t)
	d.get("/call").is(t, 200).without(t, "phone-bar")
	d.must(d.x.Beat(context.Background()))
	d.level()
	d.get("/call").is(t, 200).wants(t, "Say which telephone is yours")
	d.post("/phone/extension", url.Values{"extension": {"2104"}, "back": {"/call"}}).is(t, 303)
	d.level()
	page := d.get("/call").is(t, 200)
	page.wants(t, "No other call on extension 2104")
	_, text := d.newCall()
	d.post(web.DraftPath, with(d.tansleyForm(text), "_draft", newCallDraft, "_seq", "5")).is(t, 200)
	c := d.ring("07700900555", "2104")
	d.get("/call").is(t, 200).wants(t, "07700 900 555 on your telephone since", "/call?tel="+d.tel(c), "Moira Tansley")
	offered := d.get("/call?tel="+d.tel(c)).is(t, 200)
	offered.wants(t, `value="07700 900 555"`, `name="tel" value="`+d.tel(c)+`"`)
	offered.without(t, "Moira Tansley", "on your telephone since")
	d.get("/call").is(t, 200).wants(t, "Moira Tansley") // still half-typed
	own := url.Values{"case": {caseField.FindStringSubmatch(offered.body)[1]}, "tel": {d.tel(c)}, "number": {"07700 900555"}, "do": {"look"}}
	d.post("/call/emergency", own).is(t, 303)
	d.post("/call", own).is(t, 303)
	d.get("/call").is(t, 200).wants(t, "Moira Tansley") // though the other one was sent
	d.ring("07700900556", "2107")
	d.get("/call").is(t, 200).without(t, "900 556")
	d.hangUp(c)
	d.get("/call").is(t, 200).without(t, "on your telephone since")
	if a := d.post("/phone/extension", url.Values{"extension": {"21;04"}, "back": {"/call"}}); a.status < 400 {
		t.Errorf("an extension that is none: %d", a.status)
	}
}

// Of two handlers who answer one call the second is led to the first one's
// case, whatever they press.
func TestTwoHandlersAnswerOneCall(t *testing.T) {
	d := openLine(t)
	c := d.ring("07700900555", "2104")
	d.must(c.Say(context.Background(), "answered", "2107"))
	d.level()
	first, second := d.get("/call?tel="+d.tel(c)).is(t, 200), d.as(listDoctor).get("/call?tel="+d.tel(c)).is(t, 200)
	id := caseField.FindStringSubmatch(first.body)[1]
	if caseField.FindStringSubmatch(second.body)[1] != id {
		t.Fatal("two pages of one call draw two cases")
	}
	form := url.Values{"case": {id}, "tel": {d.tel(c)}, "number": {"07700 900555"}, "place": {"Mill Lane"}, "do": {"look"}}
	d.as(listHandler).post("/call", form).is(t, 303)
	d.level()
	d.as(listDoctor).post("/call", with(form, "place", "Mill Lane, the barn")).is(t, 303)
	if a := d.get("/call?tel="+d.tel(c)).is(t, 303); a.location != "/call/"+id {
		t.Errorf("led to %s", a.location)
	}
	about, err := fact.ParseSubject(id)
	d.must(err)
	got := d.caseOf(about)
	if got.TakenBy != listHandler.Person || len(got.Ties) != 1 || got.Place.Disputed() {
		t.Errorf("taken by %v, %d calls, places %v", got.TakenBy, len(got.Ties), got.Place.Values)
	}
	d.get("/case/"+id).is(t, 200).wants(t, "Call "+c.ID, "2104, 2107")
}

func TestTheCallersEndMarksTheOpenPage(t *testing.T) {
	d := openLine(t)
	c := d.ring("07700900555", "2104")
	page := d.get("/call?tel="+d.tel(c)).is(t, 200)
	id := caseField.FindStringSubmatch(page.body)[1]
	d.must(c.Say(context.Background(), "held", "2104"))
	d.must(c.Say(context.Background(), "joined", "2204"))
	d.must(d.app.Phone.Sit(context.Background(), listNurse, "2204"))
	d.post("/call", url.Values{"case": {id}, "tel": {d.tel(c)}, "number": {"07700 900555"}, "why": {"dizzy"}, "do": {"look"}}).is(t, 303)
	d.level()
	d.get("/call/"+id).is(t, 200).wants(t, "On hold since", "Also on the call: ", "P. Varma, extension 2204", "dizzy")
	d.as(listNurse).get("/worklist").is(t, 200).wants(t, "07700 900 555 on your telephone since", "Open its case", `href="/case/`+id+`"`)
	d.as(listHandler)
	d.hangUp(c)
	d.get("/call/"+id).is(t, 200).wants(t, "Caller gone", "The case stays open. Ring back.", "dizzy")
	about, err := fact.ParseSubject(id)
	d.must(err)
	if got := d.caseOf(about); got.Closed() {
		t.Error("the end of the call closed the case")
	}
}

func TestAnonymousAndForeignNumbers(t *testing.T) {
	for number, want := range map[string]string{"": `value="Withheld"`, "anonymous": `value="Withheld"`, "+33145678901": `value="+33145678901"`, "sip:x@example": `value="sip:x@example"`} {
		d := openLine(t)
		c := d.ring(number, "2104")
		page := d.get("/call?tel="+d.tel(c)).is(t, 200)
		page.wants(t, want)
		page.without(t, `name="record" value="`+d.wilfred.String()+`" checked`)
		id := caseField.FindStringSubmatch(page.body)[1]
		d.post("/call/emergency", url.Values{"case": {id}, "tel": {d.tel(c)}, "number": {""}}).is(t, 303)
		about, err := fact.ParseSubject(id)
		d.must(err)
		if got := d.caseOf(about); len(got.Ambulances) != 1 || len(got.Ties) != 1 {
			t.Errorf("%q: %d ambulances, %d calls", number, len(got.Ambulances), len(got.Ties))
		}
	}
	d := openLine(t) // a telephone that is not known ties nothing, and hinders nothing
	id, text := d.newCall()
	d.post("/call/emergency", url.Values{"case": {text}, "tel": {"ffffffffffffffffffffffffffffffff"}}).is(t, 303)
	if got := d.caseOf(id); len(got.Ambulances) != 1 || len(got.Ties) != 0 {
		t.Errorf("%+v", got.Telephoned)
	}
}

// From an answered call the ambulance is asked for with one key; the case says
// how long after the answer, by which way, and that three minutes are late.
func TestTheTimeFromAnswerToAmbulanceIsShown(t *testing.T) {
	for after, want := range map[time.Duration]string{40 * time.Second: "40 s after the answer", 200 * time.Second: "3 min 20 s after the answer"} {
		d := openLine(t)
		c := d.ring("07700900555", "2104")
		id := caseField.FindStringSubmatch(d.get("/call?tel="+d.tel(c)).is(t, 200).body)[1]
		d.later(after)
		d.post("/call/emergency", url.Values{"case": {id}, "tel": {d.tel(c)}, "place": {"Fell gate NY 123 456"}}).is(t, 303)
		page := d.get("/case/"+id).is(t, 200)
		page.wants(t, want, "a task for dispatch to ring ambulance control")
		if late := strings.Contains(page.body, ">Late<"); late != (after > 3*time.Minute) {
			t.Errorf("%s: late %v", after, late)
		}
	}
}

func TestPlacesAreReadBack(t *testing.T) {
	d := openLine(t)
	_, text := d.newCall()
	for place, want := range map[string]string{
		"Fell gate NY 123 456": "Grid NY 123 456", "shore J 337 741": "Irish grid J 337 741", "wood ///filled.count.soap": "///filled.count.soap, read each word back",
		"Mill Lane QX4 7TD": "Postcode QX4 7TD", "wall at NY 123 45": "Grid reference: 1 figure missing",
	} {
		d.get("/call/"+text+"/trace?place="+url.QueryEscape(place)).is(t, 200).wants(t, want)
	}
	d.post("/call/emergency", url.Values{"case": {text}, "place": {"wall at NY 123 45"}}).is(t, 303) // never refused
}

func TestCallsGoOnByHandWhenTheExchangeIsSilent(t *testing.T) {
	d := openLine(t)
	d.must(d.x.Beat(context.Background()))
	waits, err := d.x.Ring(context.Background(), "07700900555")
	d.must(err)
	d.must(waits.Say(context.Background(), "queued"))
	d.later(2 * time.Minute)
	d.must(d.app.Phone.Quiet(context.Background(), d.clock().Add(-time.Hour)))
	d.level()
	d.get("/call").is(t, 200).wants(t, "Telephone events not heard since 19:54", "Take calls by hand")
	d.get("/mycalls").is(t, 200).wants(t, "Telephone events not heard since 19:54")
	id, text := d.newCall()
	d.post("/call", url.Values{"case": {text}, "number": {"07700 900555"}, "do": {"look"}}).is(t, 303)
	if c := d.caseOf(id); !c.Begun() {
		t.Error("no call by hand")
	}
	d.as(listManager).get("/board").is(t, 200).wants(t, "Telephone events not heard since 19:54", "These figures are as they were then", "calls waiting")
	d.must(d.x.Beat(context.Background()))
	d.level()
	d.get("/board").is(t, 200).without(t, "not heard since")
}

// A call that was taken by hand before the exchange told of it is tied to its
// case in one step, and is no second case.
func TestACallTakenByHandIsTiedLater(t *testing.T) {
	d := openLine(t)
	d.must(d.app.Phone.Sit(context.Background(), listHandler, "2104"))
	id, text := d.newCall()
	d.post("/call", url.Values{"case": {text}, "number": {"07700 900555"}, "do": {"look"}}).is(t, 303)
	c := d.ring("07700900555", "2104")
	d.get("/call/"+text).is(t, 200).wants(t, "It is this call", "/call/"+text+"/tie")
	d.post("/call/"+text+"/tie", url.Values{"tel": {"00"}}).is(t, 404)
	d.post("/call/"+text+"/tie", url.Values{"tel": {d.tel(c)}}).is(t, 303)
	d.level()
	page := d.get("/call/"+text).is(t, 200)
	page.without(t, "It is this call", "on your telephone since")
	if got := d.caseOf(id); len(got.Ties) != 1 || got.Ties[0].Answered == 0 {
		t.Errorf("%+v", got.Ties)
	}
	if a := d.get("/call?tel="+d.tel(c)).is(t, 303); a.location != "/call/"+text {
		t.Errorf("it makes another case: %s", a.location)
	}
}

func TestTheBoardCountsCalls(t *testing.T) {
	d := openLine(t)
	ctx := context.Background()
	d.as(listManager).get("/board").is(t, 200).without(t, "calls waiting</span>")
	d.x.Ahead = 7 * time.Minute
	for i := range 3 {
		c := d.ring(fmt.Sprintf("0770090055%d", i), "2104")
		d.must(c.Say(ctx, "ended"))
	}
	gone, err := d.x.Ring(ctx, "")
	d.must(err)
	d.later(40 * time.Second)
	d.must(gone.Say(ctx, "abandoned"))
	_, err = d.x.Ring(ctx, "07700900559")
	d.must(err)
	d.later(130 * time.Second)
	d.level()
	d.get("/board").is(t, 200).wants(t, `<b class="bd-num">1</b><span>calls waiting`, `2 min 10 s</b><span>oldest wait`, `5 s</b><span>mean time to answer`, `20.0%</b><span>abandoned, 1 of 5`,
		"The exchange’s clock is 7 min ahead of ours", "Abandoned within 60 s")
}

func TestACancelledAmbulanceOnTheCasePage(t *testing.T) {
	d := openLine(t)
	id, text := d.newCall()
	d.post("/call/emergency", url.Values{"case": {text}}).is(t, 303)
	page := d.get("/case/"+text).is(t, 200)
	page.wants(t, "The ambulance was cancelled")
	d.post("/case/"+text+"/ambulance/cancelled", url.Values{"seen": {page.seen()}, "cancel_who": {"Control, J. Marsh"}, "cancel_tell": {"Ruth"}}).is(t, 422).wants(t, "Say why they cancelled it", "Control, J. Marsh")
	d.post("/case/"+text+"/ambulance/cancelled", url.Values{"seen": {page.seen()}, "cancel_who": {"Control, J. Marsh"}, "cancel_why": {"nobody in"}, "cancel_tell": {"Ruth Ashdown"}}).is(t, 303)
	c := d.caseOf(id)
	page = d.get("/case/"+text).is(t, 200)
	page.wants(t, "Tell them: no ambulance comes", "To tell them: Ruth Ashdown")
	d.post("/case/"+text+"/ambulance/told", url.Values{"seen": {page.seen()}, "cancelled": {c.Cancelled[0].Fact.String()}, "told_whom": {"daughter"}, "told_plan": {"a doctor visits"}}).is(t, 303)
	d.get("/case/"+text).is(t, 200).without(t, "Tell them: no ambulance comes")
}

func TestTheTelephoneDoorIsBounded(t *testing.T) {
	d := openLine(t)
	ctx := context.Background()
	post := func(media, body string) (int, string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, PhoneDoorPath, strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		d.door.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	good := `{"sent":"2026-11-21T19:54:00Z","events":[{"event":"1","call":"c","what":"offered","at":"2026-11-21T19:54:00Z"}]}`
	for name, one := range map[string]struct {
		media, body string
		status      int
	}{
		"good":           {"application/json", good, 200},
		"charset":        {"application/json; charset=utf-8", good, 200},
		"form":           {"application/x-www-form-urlencoded", good, 415},
		"no JSON":        {"application/json", "hello", 400},
		"more after it":  {"application/json", good + good, 400},
		"unknown field":  {"application/json", `{"sent":"2026-11-21T19:54:00Z","events":[],"exchange":"other"}`, 400},
		"no time":        {"application/json", `{"events":[]}`, 400},
		"years away":     {"application/json", `{"sent":"1970-01-01T00:00:00Z","events":[]}`, 400},
		"too long":       {"application/json", `{"sent":"` + strings.Repeat("x", 300<<10) + `"}`, 413},
		"too many":       {"application/json", `{"sent":"2026-11-21T19:54:00Z","events":[` + strings.TrimSuffix(strings.Repeat(`{},`, 201), ",") + `]}`, 400},
		"beat":           {"application/json", `{"sent":"2026-11-21T19:54:00Z","events":[]}`, 200},
		"beat with null": {"application/json", `{"sent":"2026-11-21T19:54:00Z","events":null}`, 200},
	} {
		if status, said := post(one.media, one.body); status != one.status {
			t.Errorf("%s: %d %s", name, status, said)
		}
	}
	w := httptest.NewRecorder()
	if d.door.ServeHTTP(w, httptest.NewRequest(http.MethodGet, PhoneDoorPath, nil)); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
	a, err := d.x.Post(ctx, []telephone.Event{{Event: "a", Call: "c", What: "rang", At: d.clock()}, {Event: "b", Call: "c", What: "queued", At: d.clock()}, {Event: "z", Call: "c", What: "queued"}})
	if err != nil || a.New != 1 || len(a.Wrong) != 2 {
		t.Errorf("one event that can't be read: %+v %v", a, err)
	}
	flooded := 0
	for i := range 40 {
		var events []telephone.Event
		for k := range 200 {
			events = append(events, telephone.Event{Event: fmt.Sprint(i, "/", k), Call: "none", What: "rang", At: d.clock()})
		}
		if _, err := d.x.Post(ctx, events); err != nil {
			if r, ok := err.(*telephone.Refused); !ok || r.Status != http.StatusTooManyRequests {
				t.Fatal(err)
			}
			flooded++
		}
	}
	if flooded < 10 || flooded > 20 {
		t.Errorf("%d of 40 messages turned away", flooded)
	}
	d.later(time.Second)
	if err := d.x.Beat(ctx); err != nil {
		t.Errorf("after a second: %v", err)
	}
}

// What comes from the door is either taken or refused in a sentence; it never
// ends the program, and what is taken stays within the bounds of a fact.
func FuzzPhoneEvents(f *testing.F) {
	f.Add([]byte(`{"sent":"2026-11-21T19:54:00Z","events":[{"event":"1","call":"c","what":"answered","at":"2026-11-21T19:54:00Z","number":"07700900555","extension":"2104","to":"x","recording":"r"}]}`))
	f.Add([]byte(`{"sent":"2026-11-21T19:54:00.5+01:00","events":[{}]}`))
	f.Add([]byte(`[`))
	device := access.Caller{Person: fact.Subject{1}, Role: access.Device}
	now := time.Date(2026, 11, 21, 19, 54, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte) {
		events, wrong, err := ReadPhoneEvents(body, "aldermoor", now)
		if err != nil && !refusal.Is(err, refusal.Invalid) {
			t.Fatalf("%v is no refusal", err)
		}
		if len(events)+len(wrong) > mostPhoneEvents {
			t.Fatal("too many")
		}
		for _, e := range events {
			if _, err := urgent.Hear(urgent.Call{ID: fact.Subject{2}}, device, e); err != nil && !refusal.Is(err, refusal.Invalid) {
				t.Fatalf("%v", err)
			}
		}
		if _, err := json.Marshal(wrong); err != nil {
			t.Fatal(err)
		}
	})
}
