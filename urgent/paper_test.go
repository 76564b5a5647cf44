package urgent

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
	"holdfast/record"
)

// onPaper is a call of four hours ago that a nurse ended on paper.
func onPaper(now time.Time) FromForm {
	reason := "Earache since the morning"
	return FromForm{
		Began: now.Add(-4 * time.Hour), Ended: now.Add(-210 * time.Minute), Calling: codes.ReceivePhone("01632960418"),
		Description: Description{
			Patient: &PatientDescribed{Identity: record.Identity{Name: record.Name{Given: "Edith", Family: "Wren"}, Practice: record.Practice{Name: "Weir Practice"}}},
			Reason:  &reason,
		},
		Paper:    PaperEntered{Form: "0412", Author: "Nurse P. Varma", Wrote: "clinician", Done: []string{"told"}},
		Finish:   &Finish{Outcome: "advice", Consulted: Consulted{Mode: "phone", History: "Earache, no fever", Plan: "Paracetamol", Net: SafetyNet{Worse: "Fever or swelling", Expect: "Better in three days", SaidBack: "Edith"}}},
		Pictures: []fact.Blob{{Media: "image/png", Bytes: []byte("\x89PNG")}},
	}
}

func (s *story) entered(in FromForm) Case {
	s.t.Helper()
	drafts, err := EnterPaper(s.at(), handler, s.rules, in, s.now)
	return s.says(handler, drafts, err)
}

func TestACaseFromPaperKeepsBothTimes(t *testing.T) {
	s := begin(t)
	in := onPaper(s.now)
	typed := s.now
	c := s.entered(in)
	if c.Began != fact.At(in.Began) || c.Paper.Entered[0].Recorded < fact.At(typed) || c.Consultations[0].At != fact.At(in.Ended) {
		t.Fatalf("began %v, recorded %v, consulted %v", c.Began.Time(), c.Paper.Entered[0].Recorded.Time(), c.Consultations[0].At.Time())
	}
	wantStage(t, c, Finishing)
	row := RowOf(c, s.rules, nil)
	if row.Due != 0 || row.Needs != "Check the paper" || row.Priority != "P3" || !slices.Contains(row.Marks, "From paper") || !c.OnList() {
		t.Fatalf("what was ended on paper asks only to be checked: %+v", row)
	}
	if c.Outcome.Or(OutcomeSet{}).Who != "Nurse P. Varma, on paper" || len(row.Holders) != 0 {
		t.Fatalf("%+v held by %v", c.Outcome, row.Holders)
	}
}

// An ambulance that the paper tells of went hours ago: typing it in sends for
// none. One that nobody sent for is not hidden in a form.
func TestPaperSendsForNoAmbulance(t *testing.T) {
	s := begin(t)
	in := onPaper(s.now)
	in.Finish.Outcome = "ambulance"
	_, err := EnterPaper(s.at(), handler, s.rules, in, s.now)
	wantRefusal(t, err, refusal.Invalid)
	in.Paper.Done = append(in.Paper.Done, DoneAmbulance)
	in.Life = LifeThreatChecked{Awake: Yes, Breathing: No, Bleeding: No, WithPatient: Yes}
	c := s.entered(in)
	if len(c.Ambulances) != 0 || c.Stage() != Finishing {
		t.Fatalf("%d ambulances, stage %s", len(c.Ambulances), c.Stage())
	}
	again := onPaper(s.now)
	again.Life = in.Life
	if _, err := EnterPaper(Case{ID: fact.Subject{8}}, handler, s.rules, again, s.now); err == nil || !strings.Contains(err.Error(), "ambulance") {
		t.Fatal("a threat to life without an ambulance is asked about", err)
	}
}

// What the paper did not end stands on the list with the clock that began then.
func TestUnfinishedPaperIsLateNotNew(t *testing.T) {
	s := begin(t)
	in := onPaper(s.now)
	in.Finish, in.Ended, in.Dx = nil, time.Time{}, "Dx05"
	c := s.entered(in)
	row := RowOf(c, s.rules, nil)
	if row.Due != fact.At(in.Began.Add(2*time.Hour)) || c.Stage() != Waiting || len(row.Holders) != 0 {
		t.Fatalf("due %v, stage %s", row.Due.Time(), c.Stage())
	}
}

func TestPaperIsCheckedBySomebodyElse(t *testing.T) {
	s := begin(t)
	in := onPaper(s.now)
	drafts, err := EnterPaper(s.at(), nurse, s.rules, in, s.now)
	c := s.says(nurse, drafts, err)
	_, err = Close(c, doctor, "")
	wantRefusal(t, err, refusal.Invalid)
	_, err = CheckPaper(c, nurse, s.rules, PaperChecked{Agrees: true}, "", s.now)
	wantRefusal(t, err, refusal.Forbidden)
	_, err = CheckPaper(c, doctor, s.rules, PaperChecked{}, "", s.now)
	wantRefusal(t, err, refusal.Invalid)
	drafts, err = CheckPaper(c, doctor, s.rules, PaperChecked{Agrees: true}, "", s.now)
	c = s.says(doctor, drafts, err)
	if len(c.Paper.ToCheck()) != 0 {
		t.Fatal("checked and still to be checked")
	}
	_, err = CheckPaper(c, doctor, s.rules, PaperChecked{Agrees: true}, "", s.now)
	wantRefusal(t, err, refusal.Taken)
	drafts, err = MakeReport(c, doctor, s.rules, exchange.Party{Name: "Tarn Valley"}, s.now)
	c = s.says(doctor, drafts, err)
	report := c.Reports[0].What.Report
	last := report.Sections[len(report.Sections)-1]
	if report.Began != fact.At(in.Began) || report.Ended != fact.At(in.Ended) || !strings.Contains(last.Text, "typed in by P. Varma") || !strings.Contains(last.Text, "Checked against the paper by Dr A. Okonjo") {
		t.Fatalf("%v to %v: %q", report.Began.Time(), report.Ended.Time(), last.Text)
	}
	drafts, err = Close(c, doctor, "")
	wantStage(t, s.says(doctor, drafts, err), Over)
}

// The second look finds that somebody should have been seen: the case asks for
// it from now on, and is on the list again.
func TestACheckCanOpenTheCaseAgain(t *testing.T) {
	s := begin(t)
	c := s.entered(onPaper(s.now))
	drafts, err := CheckPaper(c, doctor, s.rules, PaperChecked{Words: "Mastoid tender on the paper: to be seen"}, "Dx05", s.now)
	at := s.now
	c = s.says(doctor, drafts, err)
	if c.Stage() != Waiting || c.Due() != fact.At(at.Add(2*time.Hour)) {
		t.Fatalf("stage %s, due %v", c.Stage(), c.Due().Time())
	}
}

// One paper typed in at two desks that could not see each other: both entries
// stand, and a check that knew only one leaves the other to be checked.
func TestPaperTypedInApart(t *testing.T) {
	s := begin(t)
	in := onPaper(s.now)
	here, err := EnterPaper(s.at(), handler, s.rules, in, s.now)
	if err != nil {
		t.Fatal(err)
	}
	there, err := EnterPaper(s.at(), nurse, s.rules, in, s.now)
	if err != nil {
		t.Fatal(err)
	}
	car := facttest.NewWriter("car", fact.At(evening))
	s.facts = append(s.facts, s.desk.State(t, handler.Author(), nil, here...)...)
	c := s.at()
	checked, err := CheckPaper(c, doctor, s.rules, PaperChecked{Agrees: true}, "", s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.facts = append(s.facts, s.desk.State(t, doctor.Author(), c.Frontier, checked...)...)
	s.facts = append(s.facts, car.State(t, nurse.Author(), nil, there...)...)
	if c = s.at(); len(c.Paper.Entered) != 2 || len(c.Paper.ToCheck()) != 1 || c.Number == "" {
		t.Fatalf("%d entries, %d to check", len(c.Paper.Entered), len(c.Paper.ToCheck()))
	}
}

func TestPaperSaysWhatIsToBeMended(t *testing.T) {
	s := begin(t)
	for name, spoil := range map[string]func(*FromForm){
		"no time":        func(f *FromForm) { f.Began = time.Time{} },
		"to come":        func(f *FromForm) { f.Began = s.now.Add(time.Hour) },
		"long ago":       func(f *FromForm) { f.Began = s.now.AddDate(0, -3, 0) },
		"no author":      func(f *FromForm) { f.Paper.Author = " " },
		"who wrote it":   func(f *FromForm) { f.Paper.Wrote = "" },
		"ended before":   func(f *FromForm) { f.Ended = f.Began.Add(-time.Minute) },
		"ended to come":  func(f *FromForm) { f.Ended = s.now.Add(time.Minute) },
		"no outcome":     func(f *FromForm) { f.Finish.Outcome = "" },
		"nothing needed": func(f *FromForm) { f.Finish = nil },
		"an ambulance":   func(f *FromForm) { f.Finish, f.Dx = nil, "Dx011" },
		"no such code":   func(f *FromForm) { f.Finish, f.Dx = nil, "Dx99999" },
		"too long":       func(f *FromForm) { f.Finish.Consulted.History = strings.Repeat("x", MaxWords+1) },
		"action, no day": func(f *FromForm) { f.Finish.Action = "ECG" },
	} {
		in := onPaper(s.now)
		spoil(&in)
		if _, err := EnterPaper(s.at(), handler, s.rules, in, s.now); refusal.KindOf(err) != refusal.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.entered(onPaper(s.now))
	if _, err := EnterPaper(s.at(), handler, s.rules, onPaper(s.now), s.now); refusal.KindOf(err) != refusal.Taken {
		t.Error("twice", err)
	}
}
