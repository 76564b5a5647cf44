package urgent

import (
	"testing"
	"time"

	"holdfast/codes"
	"holdfast/fact/refusal"
	"holdfast/record"
)

func finished(s *story, dx codes.Dx) Case {
	s.t.Helper()
	c := s.taken()
	drafts, err := Describe(c, handler, Description{Patient: &PatientDescribed{Identity: record.Identity{
		Name: record.Name{Family: "Tansley"}, Practice: record.Practice{Name: "Millrace Practice"},
	}}})
	s.says(handler, drafts, err)
	drafts, err = SetDisposition(s.at(), handler, s.rules, dx, "", s.now)
	s.says(handler, drafts, err)
	drafts, err = StartConsultation(s.at(), nurse, "phone")
	s.says(nurse, drafts, err)
	f := whole()
	f.Action, f.ActionBy = "Please see him", evening.AddDate(0, 0, 2)
	drafts, err = FinishConsultation(s.at(), nurse, s.rules, f, s.now)
	return s.says(nurse, drafts, err)
}

func TestReportBeginsWithTheAction(t *testing.T) {
	s := begin(t)
	drafts, err := MakeReport(finished(s, "Dx34"), nurse, s.rules, us, s.now)
	c := s.says(nurse, drafts, err)
	r := c.Reports[0].What
	if r.Suppressed != "" || len(r.Report.Actions) != 1 || r.Report.Actions[0].What != "Please see him" || r.Report.To.Name != "Millrace Practice" {
		t.Fatalf("%+v", r)
	}
	// Saturday evening: Monday 08:00 in London.
	if want := time.Date(2026, 11, 23, 8, 0, 0, 0, codes.London()); !r.Due.Time().Equal(want) {
		t.Fatalf("due %v, want %v", r.Due.Time(), want)
	}
	drafts, err = DoneReport(c, nurse, c.Reports[0].Fact, "printed")
	c = s.says(nurse, drafts, err)
	if len(c.Reports[0].Done) != 1 {
		t.Fatal("not marked as gone")
	}
	again, err := DoneReport(c, nurse, c.Reports[0].Fact, "printed")
	if err != nil || len(again) != 0 {
		t.Fatal("said twice", again, err)
	}
}

// NHS England, post-event messaging: never sent for these codes.
func TestNeverSendList(t *testing.T) {
	for _, dx := range []codes.Dx{"Dx22", "Dx23", "Dx28", "Dx45", "Dx46", "Dx52", "Dx60", "Dx63"} {
		s := begin(t)
		drafts, err := MakeReport(finished(s, dx), nurse, s.rules, us, s.now)
		c := s.says(nurse, drafts, err)
		if c.Reports[0].What.Suppressed == "" || c.Reports[0].What.Due != 0 {
			t.Errorf("%s: a report would be sent", dx)
		}
	}
}

func TestNoReportBeforeAnOutcome(t *testing.T) {
	s := begin(t)
	_, err := MakeReport(s.disposed("Dx34"), nurse, s.rules, us, s.now)
	wantRefusal(t, err, refusal.Invalid)
}
