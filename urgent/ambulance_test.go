package urgent

import (
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// byTelephone is a case taken by a call that was answered so long before.
func (s *story) byTelephone(before time.Duration, more ...TelephoneEvent) (Case, Call) {
	s.t.Helper()
	at := s.now.Add(-before).Sub(evening).Seconds()
	call := callOf(s.t, append([]TelephoneEvent{event("1", Offered, at-20), event("2", Answered, at, "2104")}, more...)...)
	out, err := TakeCall(s.at(), handler, codes.ReceivePhone("01632960418"), s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	tie, err := TakeTelephoned(Case{ID: theCase}, call, handler)
	if err != nil {
		s.t.Fatal(err)
	}
	out = append(out, slices.DeleteFunc(tie, func(d fact.Draft) bool { return d.Subject != theCase })...)
	return s.says(handler, out, nil), call
}

// A caller rings off at each step of a call: the case is marked and never
// closed, and without an outcome it is listed to be rung back.
func TestACallerWhoHangsUpAtEachStep(t *testing.T) {
	steps := map[string]struct {
		do   func(s *story, c Case) Case
		lost bool
	}{
		"just answered": {func(_ *story, c Case) Case { return c }, true},
		"place said": {func(s *story, c Case) Case {
			out, err := Describe(c, handler, Description{Place: &codes.Place{Text: "Mill Lane"}})
			return s.says(handler, out, err)
		}, true},
		"no life threat": {func(s *story, c Case) Case {
			out, err := CheckLifeThreat(c, handler, s.rules, LifeThreatChecked{Awake: Yes, Breathing: Yes, Bleeding: No}, s.now)
			return s.says(handler, out, err)
		}, true},
		"ambulance asked for": {func(s *story, c Case) Case {
			out, err := CallAmbulance(c, handler, s.rules, Emergency{}, s.now)
			return s.says(handler, out, err)
		}, false},
		"outcome known": {func(s *story, c Case) Case {
			out, err := SetDisposition(c, handler, s.rules, "Dx05", "", s.now)
			return s.says(handler, out, err)
		}, false},
	}
	for name, step := range steps {
		s := begin(t)
		c, call := s.byTelephone(time.Minute)
		c = step.do(s, c)
		was := RowOf(c, s.rules, nil)
		call.Events = append(call.Events, CallEvent{Event: "9", What: Ended, At: fact.At(s.now)})
		c = s.says(device, Follow(c, call), nil)
		row := RowOf(c, s.rules, nil)
		if c.Closed() || !c.OnList() || c.CallerLost() != step.lost {
			t.Errorf("%s: closed %v, on the list %v, lost %v", name, c.Closed(), c.OnList(), c.CallerLost())
		}
		if step.lost && (row.Needs != NeedsRingBack || row.Priority != "P1" || row.Due != c.GoneAt()+fact.Millis(s.rules.Phone.RingBack.Milliseconds()) || len(row.Holders) != 0) {
			t.Errorf("%s: %+v", name, row)
		}
		if !step.lost && (row.Needs != was.Needs || row.Due != was.Due) {
			t.Errorf("%s: %+v, was %+v", name, row, was)
		}
		if again := Follow(c, call); len(again) != 0 {
			t.Errorf("%s: said twice", name)
		}
	}
}

// A second call about the case, still going on, is a caller who is there.
func TestACallerWhoRingsAgain(t *testing.T) {
	s := begin(t)
	c, call := s.byTelephone(time.Minute)
	call.Events = append(call.Events, CallEvent{Event: "9", What: Ended, At: fact.At(s.now)})
	c = s.says(device, Follow(c, call), nil)
	second := callOf(t, event("1", Offered, 200), event("2", Answered, 210, "2107"))
	second.ID = fact.Subject{42}
	tie, err := TakeTelephoned(c, second, handler)
	tie = slices.DeleteFunc(tie, func(d fact.Draft) bool { return d.Subject != c.ID })
	if c = s.says(handler, tie, err); c.CallerLost() || len(c.Ties) != 2 {
		t.Errorf("the caller is there and counts as gone: %+v", c.Telephoned)
	}
}

var control = AmbulanceRoute{To: exchange.Party{ODS: "NAM01", Name: "Northmoor Ambulance", Service: "9990000901"}, Routes: []exchange.Route{exchange.ByDirect}}

func TestHowAnAmbulanceIsAskedFor(t *testing.T) {
	us := exchange.Party{ODS: "FEL01", Name: "Fellside 111"}
	for name, one := range map[string]struct {
		by    access.Caller
		way   AmbulanceRoute
		route exchange.Route
	}{
		"by message":            {handler, control, exchange.ByDirect},
		"by a receptionist too": {access.Caller{Person: fact.Subject{8}, Role: access.Receptionist, ODS: "FEL01"}, control, exchange.ByDirect},
		"no route":              {handler, AmbulanceRoute{To: control.To}, exchange.ByPhone},
		"a route to nobody":     {handler, AmbulanceRoute{Routes: control.Routes}, exchange.ByPhone},
	} {
		s := begin(t)
		c, _ := s.byTelephone(40 * time.Second)
		out, err := CallAmbulance(c, one.by, s.rules, Emergency{Place: codes.Place{Text: "Fell gate ///filled.count.soap"}}, s.now)
		if err != nil {
			t.Fatal(err)
		}
		var req AmbulanceRequested
		for _, d := range out {
			if v, ok := d.Content.(AmbulanceRequested); ok {
				req = v
			}
		}
		sent := SendAmbulance(Stated(c, out, s.now), one.by, s.rules, req, one.way, us, s.now)
		at := s.now
		c = s.says(one.by, append(out, sent...), nil)
		way, ok := c.Way(c.Ambulances[0])
		after, known := c.AfterAnswer(c.Ambulances[0])
		if !ok || way.Route != one.route || !known || after != 100*time.Second || !way.Call {
			t.Errorf("%s: %+v, %s after the answer", name, way, after)
		}
		if one.route == exchange.ByPhone {
			if len(c.Envelopes) != 0 {
				t.Errorf("%s: an envelope goes nowhere", name)
			}
			continue
		}
		e := c.Envelope(way.Envelope)
		if e.Carries != exchange.CarriesAmbulance || e.Due != fact.At(at.Add(s.rules.Phone.Receipt)) || len(c.Sent) != 0 || c.Stage() != Waiting {
			t.Errorf("%s: %+v, stage %s", name, e, c.Stage())
		}
		for _, d := range sent {
			for _, b := range d.Attach {
				ref, err := exchange.DecodeReferral(b.Bytes)
				if err != nil || ref.Purpose != exchange.ForAmbulance || ref.Spot.ThreeWords != "///filled.count.soap" || ref.Location.Text == "" || ref.Priority.Code != "C2" || ref.Callback.National() != "01632960418" {
					t.Errorf("%s: %+v %v", name, ref, err)
				}
			}
		}
	}
}

func TestACancelledAmbulanceOpensTheCase(t *testing.T) {
	s := begin(t)
	c := s.taken()
	if _, err := CancelAmbulance(c, handler, Cancellation{"a", "b", "c"}); !refusal.Is(err, refusal.Missing) {
		t.Errorf("no ambulance was asked for: %v", err)
	}
	out, err := CallAmbulance(c, handler, s.rules, Emergency{}, s.now)
	c = s.says(handler, out, err)
	out, err = Close(c, handler, "handed to the crew")
	if c = s.says(handler, out, err); !c.Closed() {
		t.Fatal("not closed")
	}
	for _, half := range []Cancellation{{Who: "x", Why: "y"}, {Why: "y", Tell: "z"}, {Who: "x", Tell: "z"}} {
		if _, err := CancelAmbulance(c, handler, half); len(refusal.Fields(err)) != 1 {
			t.Errorf("%+v: %v", half, err)
		}
	}
	out, err = CancelAmbulance(c, handler, Cancellation{Who: "Control room", Why: "nobody in", Tell: "Ruth Ashdown"})
	c = s.says(handler, out, err)
	row := RowOf(c, s.rules, nil)
	if c.Closed() || !c.OnList() || row.Needs != NeedsTelling || row.Priority != "P1" || row.Due == 0 || !slices.Contains(row.Marks, "Ambulance cancelled") {
		t.Fatalf("closed %v: %+v", c.Closed(), row)
	}
	if _, err := TellFamily(c, handler, c.Cancelled[0].Fact, "", "x"); len(refusal.Fields(err)) != 1 {
		t.Errorf("told nobody: %v", err)
	}
	if _, err := TellFamily(c, handler, fact.ID{}, "x", "x"); !refusal.Is(err, refusal.Missing) {
		t.Errorf("no such cancellation: %v", err)
	}
	out, err = TellFamily(c, handler, c.Cancelled[0].Fact, "daughter", "a doctor visits")
	if c = s.says(handler, out, err); len(c.Untold()) != 0 || c.Closed() || RowOf(c, s.rules, nil).Needs == NeedsTelling {
		t.Errorf("told, and still: %+v", c.Cancelled)
	}
}

// Cancelled here and closed there: the case is open, and they are told.
func TestCancelledHereAndClosedThere(t *testing.T) {
	s := begin(t)
	c := s.taken()
	out, err := CallAmbulance(c, handler, s.rules, Emergency{}, s.now)
	c = s.says(handler, out, err)
	c = s.apart(handler, nurse, drafts(CancelAmbulance(c, handler, Cancellation{"a", "b", "c"})), drafts(Close(c, nurse, "done")))
	if c.Closed() || len(c.Untold()) != 1 {
		t.Errorf("closed %v", c.Closed())
	}
}

// That they were told counts only when it is verified: held back, somebody
// tells them.
func TestToldAsNobodyHasVerified(t *testing.T) {
	s := begin(t)
	c := s.taken()
	out, err := CallAmbulance(c, handler, s.rules, Emergency{}, s.now)
	c = s.says(handler, out, err)
	out, err = CancelAmbulance(c, handler, Cancellation{"a", "b", "c"})
	c = s.says(handler, out, err)
	out, err = TellFamily(c, handler, c.Cancelled[0].Fact, "daughter", "a doctor visits")
	s.says(handler, out, err)
	last := len(s.facts) - 1
	c = Fold(theCase, fact.NewHistory(hold(s.facts, func(i int) bool { return i == last })))
	if len(c.Untold()) != 1 || c.HeldBack == nil {
		t.Errorf("%+v", c.Cancelled)
	}
}
