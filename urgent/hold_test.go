package urgent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
	"holdfast/triage"
)

func raisedIn(out []fact.Draft) (all []task.Raised) {
	for _, d := range out {
		if v, ok := d.Content.(task.Raised); ok {
			all = append(all, v)
		}
	}
	return all
}

func TestAnOutcomeIsHeldForAClinician(t *testing.T) {
	for _, x := range []struct {
		dx, as codes.Dx
		goes   Goes
		needs  string
	}{{"Dx012", "Dx333", AmbulanceGoes, "Validate ambulance"}, {"Dx02", "Dx334", PatientGoes, "Validate ED"}, {"Dx03", "Dx337", PatientGoes, "Validate ED"}, {"Dx89", "Dx338", PatientGoes, "Validate ED"}} {
		s := begin(t)
		c := s.taken()
		began := s.now
		c = s.says(handler, drafts(SetDisposition(c, handler, s.rules, x.dx, "", s.now)), nil)
		h, ok := c.Held()
		row := RowOf(c, s.rules, nil)
		if !ok || h.What.As != x.as || h.What.Goes != x.goes || h.What.Until != fact.At(began.Add(20*time.Minute)) {
			t.Fatalf("%s: %+v", x.dx, h)
		}
		if row.Dx != x.as || row.Needs != x.needs || row.Filter != "validate" || row.Priority != "P1" || row.Due != h.What.Until {
			t.Fatalf("%s: %+v", x.dx, row)
		}
		if d, _ := c.Disposition(); d.What.Dx != x.dx {
			t.Fatalf("what is needed became %s", d.What.Dx)
		}
		c = s.says(handler, drafts(RecordTriage(c, handler, s.rules, TriageRequest{Outcome: triage.Outcome{Level: 3, Dx: x.dx}}, s.now)), nil)
		if again, _ := c.Held(); again.What.Until != h.What.Until {
			t.Fatalf("%s: asked again, and its clock starts again", x.dx)
		}
	}
}

func TestWhatIsNotHeld(t *testing.T) {
	s := begin(t)
	c := s.taken()
	c = s.says(nurse, drafts(SetDisposition(c, nurse, s.rules, "Dx012", "", s.now)), nil)
	if _, ok := c.Held(); ok {
		t.Fatal("what a clinician sets is validated already")
	}
	for _, dx := range []codes.Dx{"Dx011", "Dx05", "Dx34"} {
		s := begin(t)
		if _, ok := s.disposed(dx).Held(); ok {
			t.Fatalf("%s is held", dx)
		}
	}
	s = begin(t)
	c = s.taken()
	c = s.says(handler, drafts(CallAmbulance(c, handler, s.rules, Emergency{}, s.now)), nil)
	c = s.says(handler, drafts(RecordTriage(c, handler, s.rules, TriageRequest{Outcome: triage.Outcome{Level: 4, Dx: "Dx012"}}, s.now)), nil)
	if _, ok := c.Held(); ok || len(c.Ambulances) != 1 {
		t.Fatal("an ambulance is on its way already")
	}
}

// Set by hand, the code of validation goes by itself too.
func TestTheCodeOfValidationSetByHandIsHeld(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx333")
	if h, ok := c.Held(); !ok || h.What.Original != "Dx012" || h.What.As != "Dx333" {
		t.Fatalf("%+v", c.Holds)
	}
	was, _ := c.Disposition()
	c = s.says(device, drafts(LetGoOverdue(c, device, s.rules, s.now.Add(time.Hour))), nil)
	if d, _ := c.Disposition(); d.What.Dx != "Dx012" || d.What.Level > was.What.Level || d.What.Due > was.What.Due || len(c.Ambulances) != 1 {
		t.Fatalf("%+v was %+v", d.What, was.What)
	}
}

// Where calls are not held an ambulance is asked for at once.
func TestWhereCallsAreNotHeldTheAmbulanceGoesAtOnce(t *testing.T) {
	s := begin(t)
	r := *s.rules
	r.Nation = content.Wales
	c := s.taken()
	c = s.says(handler, drafts(SetDisposition(c, handler, &r, "Dx012", "", s.now)), nil)
	if _, ok := c.Held(); ok || len(c.Ambulances) != 1 || c.Ambulances[0].What.Category != "C3" {
		t.Fatalf("%+v %+v", c.Holds, c.Ambulances)
	}
}

func TestTheAmbulanceGoesByItself(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx012")
	h, _ := c.Held()
	if out, err := LetGoOverdue(c, device, s.rules, h.What.Until.Time().Add(-time.Millisecond)); err != nil || len(out) != 0 {
		t.Fatalf("too early: %v %v", out, err)
	}
	_, err := LetGoOverdue(c, nurse, s.rules, h.What.Until.Time())
	wantRefusal(t, err, refusal.Forbidden)
	c = s.says(nurse, drafts(StartConsultation(c, nurse, "phone")), nil)
	s.now = h.What.Until.Time()
	out := drafts(LetGoOverdue(c, device, s.rules, s.now))
	c = s.says(device, out, nil)
	if len(c.Ambulances) != 1 || c.Ambulances[0].What.Dx != "Dx012" || c.Holds[0].Late() != 0 {
		t.Fatalf("%+v %+v", c.Ambulances, c.Holds)
	}
	_, err = Validate(c, nurse, s.rules, Validation{Dx: "Dx15", Why: "x"}, s.now)
	wantRefusal(t, err, refusal.Taken)
	if !strings.Contains(err.Error(), "asked for at 20:05") {
		t.Fatalf("says %q", err)
	}
	if !c.OnList() || RowOf(c, s.rules, nil).Went == 0 {
		t.Fatal("it left the list")
	}
}

func TestOverdueAtTheStartGoesAtOnceAndIsMarkedLate(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx013")
	h, _ := c.Held()
	s.now = h.What.Until.Time().Add(3 * time.Hour)
	out, err := LetGoOverdue(c, device, s.rules, s.now)
	for i := range out {
		out[i] = out[i].When(s.now)
	}
	c = s.says(device, out, err)
	if c.Holds[0].Late() < 2*time.Hour || RowOf(c, s.rules, nil).LateBy == 0 {
		t.Fatalf("late by %v", c.Holds[0].Late())
	}
}

func TestWhoMayGoIsToldBeforeTheCaseEnds(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx02")
	h, _ := c.Held()
	s.now = h.What.Until.Time()
	out := drafts(LetGoOverdue(c, device, s.rules, s.now))
	c = s.says(device, out, nil)
	tasks := raisedIn(out)
	if len(c.Ambulances) != 0 || len(tasks) != 1 || tasks[0].List != task.Handlers || !strings.Contains(tasks[0].Reason, "they may go to the emergency department") {
		t.Fatalf("%+v", tasks)
	}
	if row := RowOf(c, s.rules, nil); !row.Tell || row.Needs != "Tell the patient" {
		t.Fatalf("%+v", row)
	}
	_, err := Close(c, handler, "")
	wantRefusal(t, err, refusal.Invalid)
	c = s.says(handler, drafts(RecordAttempt(c, handler, s.rules, Rung{For: ForTelling, Number: c.RingBack(), How: RungNoAnswer}, s.now)), nil)
	if _, untold := c.ToTell(); !untold || !c.OnList() {
		t.Fatal("nobody answered, and they count as told")
	}
	c = s.says(handler, drafts(RecordAttempt(c, handler, s.rules, Rung{For: ForTelling, Number: c.RingBack(), How: RungReached}, s.now)), nil)
	if _, untold := c.ToTell(); untold {
		t.Fatal("they were told")
	}
	if d, _ := c.Disposition(); d.What.Dx != "Dx02" {
		t.Fatalf("needs %s", d.What.Dx)
	}
}

// A referral to an emergency department that has arrived does not take the
// case off the list while the patient knows nothing.
func TestHandedOnAndNotToldStaysOnTheList(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx02")
	s.now = s.now.Add(time.Hour)
	c = s.says(device, drafts(LetGoOverdue(c, device, s.rules, s.now)), nil)
	envelope := exchange.EnvelopeID{1}
	content := fact.Hash{1}
	c = s.says(handler, []fact.Draft{
		fact.Say(c.ID, exchange.EnvelopePrepared{Envelope: envelope, Content: content, Due: 1, Routes: []exchange.Route{exchange.ByBars}}),
		fact.Say(c.ID, ReferralSent{Envelope: envelope, To: exchange.Party{Name: "Aldermoor ED"}}),
		fact.Say(c.ID, exchange.ReceiptReceived{Receipt: exchange.Receipt{Envelope: envelope, Content: content}}),
	}, nil)
	if c.Stage() != HandedOn || !c.OnList() {
		t.Fatalf("stage %q, on the list %v", c.Stage(), c.OnList())
	}
}

func TestWhatNeverGoesByItselfIsLoudlyLate(t *testing.T) {
	for _, dx := range []codes.Dx{"Dx92"} {
		s := begin(t)
		c := s.disposed(dx)
		h, _ := c.Held()
		if h.What.Never == "" {
			t.Fatalf("%s goes by itself", dx)
		}
		s.now = h.What.Until.Time().Add(time.Minute)
		out := drafts(LetGoOverdue(c, device, s.rules, s.now))
		tasks := raisedIn(out)
		if len(out) != 1 || len(tasks) != 1 || !tasks[0].Urgent || tasks[0].List != task.Clinicians {
			t.Fatalf("%+v", out)
		}
		if row := RowOf(c, s.rules, nil); !row.Never || row.Due != h.What.Until {
			t.Fatalf("%+v", row)
		}
	}
}

func TestNoClinicianFoundTakesTheFirstOutcome(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx02")
	_, err := LetGo(c, handler, s.rules, " ", s.now)
	wantRefusal(t, err, refusal.Invalid)
	_, err = LetGo(c, access.Caller{Person: fact.Subject{7}, Role: access.Receptionist}, s.rules, "x", s.now)
	wantRefusal(t, err, refusal.Forbidden)
	c = s.says(handler, drafts(LetGo(c, handler, s.rules, "No clinician on tonight", s.now)), nil)
	if d, _ := c.Disposition(); d.What.Dx != "Dx02" || c.Holds[0].Release.By != handler.Says() {
		t.Fatalf("%+v %+v", d, c.Holds)
	}
	_, err = LetGo(c, handler, s.rules, "again", s.now)
	wantRefusal(t, err, refusal.Taken)
}

func TestWhatEndsAHold(t *testing.T) {
	for name, end := range map[string]func(s *story, c Case) (access.Caller, []fact.Draft){
		"the red key": func(s *story, c Case) (access.Caller, []fact.Draft) {
			return handler, drafts(CallAmbulance(c, handler, s.rules, Emergency{Threat: "arrest"}, s.now))
		},
		"a clinician upholds it": func(s *story, c Case) (access.Caller, []fact.Draft) {
			return nurse, drafts(Validate(c, nurse, s.rules, Validation{Upheld: true}, s.now))
		},
		"a clinician says otherwise": func(s *story, c Case) (access.Caller, []fact.Draft) {
			return nurse, drafts(Validate(c, nurse, s.rules, Validation{Dx: "Dx15", Why: "walks about"}, s.now))
		},
		"a clinician lowers it": func(s *story, c Case) (access.Caller, []fact.Draft) {
			return nurse, drafts(SetDisposition(c, nurse, s.rules, "Dx15", "walks about", s.now))
		},
		"it is closed with a reason": func(s *story, c Case) (access.Caller, []fact.Draft) {
			return handler, drafts(Close(c, handler, "they went themselves"))
		},
	} {
		s := begin(t)
		c := s.disposed("Dx012")
		by, out := end(s, c)
		c = s.says(by, out, nil)
		if _, ok := c.Held(); ok {
			t.Errorf("%s: it still waits", name)
		}
		if out, err := LetGoOverdue(c, device, s.rules, s.now.Add(time.Hour)); err != nil || len(out) != 0 {
			t.Errorf("%s: it goes all the same", name)
		}
	}
}

// A call handler who finds it worse does not take the failsafe away: it goes
// when it was to go, with the more urgent outcome.
func TestRaisedByAHandlerStillGoes(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx012")
	h, _ := c.Held()
	c = s.says(handler, drafts(SetDisposition(c, handler, s.rules, "Dx011", "worse", s.now)), nil)
	if again, ok := c.Held(); !ok || again.What.Until != h.What.Until {
		t.Fatal("nothing goes by itself any more")
	}
	c = s.says(device, drafts(LetGoOverdue(c, device, s.rules, s.now.Add(time.Hour))), nil)
	if d, _ := c.Disposition(); d.What.Dx != "Dx011" || len(c.Ambulances) != 1 {
		t.Fatalf("%+v", d.What)
	}
}

func TestUpheldGoesAtOnce(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx012")
	_, err := Validate(c, handler, s.rules, Validation{Upheld: true}, s.now)
	wantRefusal(t, err, refusal.Forbidden)
	_, err = Validate(c, nurse, s.rules, Validation{}, s.now)
	wantRefusal(t, err, refusal.Invalid)
	_, err = Validate(c, nurse, s.rules, Validation{Dx: "Dx15"}, s.now)
	wantRefusal(t, err, refusal.Invalid)
	c = s.says(doctor, drafts(Claim(c, doctor)), nil)
	_, err = Validate(c, nurse, s.rules, Validation{Upheld: true}, s.now)
	wantRefusal(t, err, refusal.Taken)
	c = s.says(doctor, drafts(Validate(c, doctor, s.rules, Validation{Upheld: true, Why: "grey and clammy"}, s.now)), nil)
	if len(c.Ambulances) != 1 || c.Ambulances[0].What.Category != "C3" || len(c.Holds[0].Answers) != 1 {
		t.Fatalf("%+v", c.Ambulances)
	}
}

// asked is a case that an ambulance service sent for validation.
func (s *story) asked(from exchange.Party) Case {
	s.t.Helper()
	c := Case{ID: fact.Subject{9}}
	ref := exchange.Referral{
		ID: "m1", Purpose: exchange.ForValidation, From: from, Dx: codes.ReceiveDx("Dx0122"), Assessed: fact.At(s.now),
		Cases: []exchange.CaseNumber{{System: "amb", Number: "A-77"}}, Callback: codes.ReceivePhone("01632960418"),
	}
	from2 := exchange.Arrival{Route: exchange.ByBars, Keys: []string{"m1"}, Original: []byte("{}"), Media: "application/fhir+json", At: fact.At(s.now)}
	out, err := ReceiveReferral(c, device, s.rules, ref, from2, s.now)
	return s.says(device, out, err)
}

func TestWhoeverAskedForValidationIsAnswered(t *testing.T) {
	s := begin(t)
	c := s.asked(exchange.Party{Name: "North Fells Ambulance", ODS: "NFA01", Phone: codes.ReceivePhone("01632960377")})
	h, ok := c.Held()
	if !ok || h.What.Original != "Dx0122" || h.What.As != "Dx333" || h.What.Until != fact.At(evening.Add(20*time.Minute)) {
		t.Fatalf("%+v", h)
	}
	out := drafts(Validate(c, nurse, s.rules, Validation{Dx: "Dx15", Why: "walks about", Us: exchange.Party{ODS: "FEL01", Name: "Fellside 111"}, Texts: noTexts{}}, s.now))
	i := slices.IndexFunc(out, func(d fact.Draft) bool { _, ok := d.Content.(exchange.EnvelopePrepared); return ok })
	if i < 0 {
		t.Fatal("nobody is answered")
	}
	ref, err := exchange.DecodeReferral(out[i].Attach[0].Bytes)
	if err != nil || ref.Purpose != exchange.ForAnswer || ref.Dx.Code != "Dx15" || ref.To.ODS != "NFA01" || len(ref.Cases) != 2 {
		t.Fatalf("%v %+v", err, ref)
	}
	c = s.says(nurse, out, nil)
	if len(c.Envelopes) != 1 || c.Stage() != Waiting {
		t.Fatalf("%d envelopes, stage %q", len(c.Envelopes), c.Stage())
	}
	if e := c.Envelopes[0]; e.To.Name != "North Fells Ambulance" {
		t.Fatalf("%+v", e)
	}
}

// A consultation that ends what waited for validation answers whoever asked.
func TestAConsultationAnswersWhoeverAsked(t *testing.T) {
	s := begin(t)
	c := s.asked(exchange.Party{Name: "North Fells Ambulance", ODS: "NFA01"})
	out := drafts(AnswerConsultation(c, nurse, s.rules, Finish{Outcome: "advice", Detail: "Walks about"}, us, noTexts{}, s.now))
	if len(out) != 1 {
		t.Fatalf("%d drafts", len(out))
	}
	ref, err := exchange.DecodeReferral(out[0].Attach[0].Bytes)
	if err != nil || ref.Purpose != exchange.ForAnswer || !strings.Contains(strings.Join(ref.Notes, " "), "Walks about") {
		t.Fatalf("%v %+v", err, ref.Notes)
	}
	plain := begin(t)
	if out := drafts(AnswerConsultation(plain.disposed("Dx34"), nurse, plain.rules, Finish{Outcome: "advice"}, us, noTexts{}, s.now)); len(out) != 0 {
		t.Fatal("nobody asked, and somebody is answered")
	}
}

func TestWhoeverAskedAndCannotBeReachedIsRung(t *testing.T) {
	s := begin(t)
	c := s.asked(exchange.Party{Name: "North Fells Ambulance", Phone: codes.ReceivePhone("01632960377")})
	out := drafts(Validate(c, nurse, s.rules, Validation{Upheld: true, Texts: noTexts{}}, s.now))
	tasks := raisedIn(out)
	if len(tasks) != 1 || tasks[0].List != task.Dispatch || !tasks[0].Ring.Present() || !strings.Contains(tasks[0].Reason, "Dx0122") {
		t.Fatalf("%+v", tasks)
	}
}

// Not validated in time, the ambulance of whoever asked goes, and they are rung.
func TestNotValidatedInTimeTheSenderIsRung(t *testing.T) {
	s := begin(t)
	c := s.asked(exchange.Party{Name: "North Fells Ambulance", ODS: "NFA01", Phone: codes.ReceivePhone("01632960377")})
	s.now = s.now.Add(30 * time.Minute)
	out := drafts(LetGoOverdue(c, device, s.rules, s.now))
	c = s.says(device, out, nil)
	if d, _ := c.Disposition(); d.What.Dx != "Dx0122" || len(c.Ambulances) != 1 {
		t.Fatalf("%+v", d.What)
	}
	reason, ring := c.RingForHeld(c.Ambulances[0].What)
	if !strings.Contains(reason, "North Fells Ambulance") || !ring.Present() {
		t.Fatalf("%q", reason)
	}
}

// A sender who gives the code of validation alone is answered by the first
// outcome of the table.
func TestTheCodeOfValidationAlone(t *testing.T) {
	r := rules(t)
	set, err := r.dispositionOf(exchange.Referral{Purpose: exchange.ForReferral, Dx: codes.ReceiveDx("Dx334")}, evening)
	if err != nil {
		t.Fatal(err)
	}
	h, ok := r.holdOf(exchange.Referral{Purpose: exchange.ForReferral, Dx: codes.ReceiveDx("Dx334")}, set)
	if !ok || h.Original != "Dx02" || h.As != "Dx334" {
		t.Fatalf("%+v %v", h, ok)
	}
}
