package urgent

import (
	"testing"
	"time"

	"holdfast/fact/refusal"
)

func whole() Finish {
	return Finish{
		Consulted: Consulted{
			Mode: "phone", History: "Cough since Thursday", Plan: "Treat at home",
			Net: SafetyNet{Expect: "Better by Monday", Worse: "Ring 999 if you cannot finish a sentence", SaidBack: "patient"},
		},
		Outcome: "advice",
	}
}

func consulting(s *story) Case {
	c := s.disposed("Dx34")
	drafts, err := StartConsultation(c, nurse, "phone")
	c = s.says(nurse, drafts, err)
	wantStage(s.t, c, Consulting)
	return c
}

func TestFinishConsultation(t *testing.T) {
	s := begin(t)
	c := consulting(s)
	drafts, err := FinishConsultation(c, nurse, s.rules, whole(), s.now)
	c = s.says(nurse, drafts, err)
	wantStage(t, c, Finishing)
	if len(c.Consultations) != 1 || c.Consultations[0].What.By != "P. Varma, nurse" {
		t.Fatalf("%+v", c.Consultations)
	}
}

func TestSafetyNetCannotBeSkipped(t *testing.T) {
	s := begin(t)
	c := consulting(s)
	for name, spoil := range map[string]func(*Finish){
		"expect":   func(f *Finish) { f.Consulted.Net.Expect = " " },
		"worse":    func(f *Finish) { f.Consulted.Net.Worse = "" },
		"saidback": func(f *Finish) { f.Consulted.Net.SaidBack = "" },
		"history":  func(f *Finish) { f.Consulted.History = "" },
		"plan":     func(f *Finish) { f.Consulted.Plan = "" },
		"outcome":  func(f *Finish) { f.Outcome = "no such" },
		"actionby": func(f *Finish) { f.Action = "See him"; f.ActionBy = time.Time{} },
	} {
		f := whole()
		spoil(&f)
		_, err := FinishConsultation(c, nurse, s.rules, f, s.now)
		fields := refusal.Fields(err)
		if len(fields) != 1 || fields[0].Field != name {
			t.Errorf("%s: got %v", name, err)
		}
	}
	f := Finish{Consulted: Consulted{Mode: "phone", Net: SafetyNet{Why: "no answer three times"}}, Outcome: "no-contact"}
	if _, err := FinishConsultation(c, nurse, s.rules, f, s.now); err != nil {
		t.Fatalf("nobody could be told: %v", err)
	}
}

func TestOnlyWhoHasTheCaseFinishesIt(t *testing.T) {
	s := begin(t)
	c := consulting(s)
	_, err := FinishConsultation(c, doctor, s.rules, whole(), s.now)
	wantRefusal(t, err, refusal.Taken)
}

func TestOutcomeAmbulanceRequestsOne(t *testing.T) {
	s := begin(t)
	c := consulting(s)
	f := whole()
	f.Outcome = "ambulance"
	drafts, err := FinishConsultation(c, nurse, s.rules, f, s.now)
	c = s.says(nurse, drafts, err)
	if len(c.Ambulances) != 1 {
		t.Fatal("no ambulance requested")
	}
	wantStage(t, c, Finishing)
}
