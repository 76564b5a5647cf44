package urgent

import (
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
)

var (
	deviceItself = access.Caller{Role: access.Device, Name: "this device"}
	manager      = access.Caller{Person: fact.Subject{4}, Name: "R. Quill", Role: access.Manager, ODS: "FEL01"}
)

// reported is a case with a report for Millrace Practice.
func reported(s *story) (Case, Report) {
	s.t.Helper()
	c := finished(s, "Dx34")
	p, _ := c.Patient.Get()
	p.Identity.Practice.ODS = "X99001"
	drafts, err := Describe(c, nurse, Description{Patient: &p})
	c = s.says(nurse, drafts, err)
	drafts, err = MakeReport(c, nurse, s.rules, us, s.now)
	c = s.says(nurse, drafts, err)
	return c, c.Reports[0]
}

func (s *story) wantsState(want ReportState) Case {
	s.t.Helper()
	c := s.at()
	if got := c.ReportState(c.Reports[0]); got != want {
		s.t.Fatalf("the report is %q, want %q", got, want)
	}
	if waits := len(c.ReportsOut()) > 0; waits != want.Waits() {
		s.t.Fatalf("%q: waits %v", want, waits)
	}
	return c
}

func (s *story) carry(c Case, o exchange.Outcome) Case {
	s.t.Helper()
	e, _ := c.reportEnvelope(c.Reports[0])
	drafts, err := exchange.Attempted(e, deviceItself, exchange.Attempt{Route: exchange.ByMesh, Outcome: o}, s.now)
	return s.says(deviceItself, drafts, err)
}

func TestAReportIsSentFailsIsSentAgainAndAcknowledged(t *testing.T) {
	s := begin(t)
	c, r := reported(s)
	s.wantsState(ReportQueued)
	drafts, err := SendReport(c, nurse, s.rules, r.Fact, []exchange.Route{exchange.ByMesh}, s.now)
	c = s.says(nurse, drafts, err)
	s.wantsState(ReportUnderWay)
	s.carry(c, exchange.Turned)
	c = s.wantsState(ReportFailed)
	drafts, err = SendReport(c, manager, s.rules, r.Fact, nil, s.now)
	c = s.says(manager, drafts, err)
	s.wantsState(ReportResent)
	if len(c.Envelopes) != 1 {
		t.Fatal("sent again it is another envelope: the practice would file it twice")
	}
	e, _ := c.reportEnvelope(r)
	if e.Tries() != 0 || e.NeedsPerson() {
		t.Fatalf("what failed before still counts: %+v", e)
	}
	drafts, err = exchange.Receipted(e, deviceItself, exchange.ReceiptReceived{Route: exchange.ByMesh, Receipt: exchange.Receipt{Envelope: e.ID, Content: e.Content, By: "X99001"}}, s.now)
	s.says(deviceItself, drafts, err)
	c = s.wantsState(ReportAcked)
	again, err := SendReport(c, nurse, s.rules, r.Fact, nil, s.now)
	if err != nil || len(again) != 0 {
		t.Fatal("sent again although they have it", again, err)
	}
}

func TestPrintingEndsTheSending(t *testing.T) {
	s := begin(t)
	c, r := reported(s)
	drafts, err := SendReport(c, nurse, s.rules, r.Fact, []exchange.Route{exchange.ByMesh}, s.now)
	c = s.says(nurse, drafts, err)
	drafts, err = PrintReport(c, nurse, r.Fact, s.now)
	s.says(nurse, drafts, err)
	c = s.wantsState(ReportPrinted)
	if e, _ := c.reportEnvelope(r); !e.Ended() {
		t.Fatal("a machine goes on sending what was printed")
	}
}

// The report of an overdue receipt is rung before the morning by which it is
// due; made too late for that, after the time of a receipt.
func TestSomebodySeesToAReportBeforeItIsDue(t *testing.T) {
	s := begin(t)
	due := time.Date(2026, 11, 23, 8, 0, 0, 0, codes.London())
	if got := s.rules.reportRung(due, evening); !got.Equal(due.Add(-30 * time.Minute)) {
		t.Errorf("rung at %v", got)
	}
	if late := due.Add(-10 * time.Minute); !s.rules.reportRung(due, late).Equal(late.Add(30 * time.Minute)) {
		t.Errorf("rung at %v", s.rules.reportRung(due, late))
	}
}

func TestDueOnTheNextWorkingMorning(t *testing.T) {
	r := rules(t)
	london := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, codes.London())
	}
	for _, one := range []struct{ at, want time.Time }{
		{london(11, 21, 19), london(11, 23, 8)}, // Saturday
		{london(11, 23, 4), london(11, 23, 8)},  // Monday before eight: the same morning
		{london(11, 23, 9), london(11, 24, 8)},
		{london(12, 24, 22), london(12, 29, 8)}, // Christmas on Friday, Boxing Day kept on Monday
		{london(10, 24, 23), london(10, 26, 8)}, // the clocks go back in between
	} {
		if got := r.reportDue(one.at); !got.Equal(one.want) {
			t.Errorf("%v: due %v, want %v", one.at, got, one.want)
		}
	}
}

func TestACorrectedReportSaysWhichItReplaces(t *testing.T) {
	s := begin(t)
	c, r := reported(s)
	drafts, err := PrintReport(c, nurse, r.Fact, s.now)
	c = s.says(nurse, drafts, err)
	_, err = CorrectReport(c, nurse, s.rules, us, r.Fact, " ", s.now)
	wantRefusal(t, err, refusal.Invalid)
	drafts, err = CorrectReport(c, nurse, s.rules, us, r.Fact, "The dose was wrong", s.now)
	c = s.says(nurse, drafts, err)
	if c.ReportState(c.Reports[0]) != ReportWithdrawn || len(c.Reports) != 2 {
		t.Fatalf("%d reports, the first %s", len(c.Reports), c.ReportState(c.Reports[0]))
	}
	fresh, _ := c.NewestReport()
	if fresh.What.Report.Replaces == "" || fresh.What.Report.Why != "The dose was wrong" || fresh.What.Report.Version != 1 {
		t.Fatalf("%+v", fresh.What.Report)
	}
	if _, err := SendReport(c, nurse, s.rules, r.Fact, nil, s.now); refusal.KindOf(err) != refusal.Taken {
		t.Fatal("what was taken back can be sent", err)
	}
}

func TestBothPracticesAreToldWhenTheGPWasWrong(t *testing.T) {
	s := begin(t)
	c, r := reported(s)
	drafts, err := SendReport(c, nurse, s.rules, r.Fact, []exchange.Route{exchange.ByMesh}, s.now)
	c = s.says(nurse, drafts, err)
	c = s.carry(c, exchange.Handed)
	p, _ := c.Patient.Get()
	p.Identity.Practice = record.Practice{ODS: "X99002", Name: "Tarn Surgery"}
	drafts, err = Describe(c, nurse, Description{Patient: &p})
	c = s.says(nurse, drafts, err)
	drafts, err = CorrectReport(c, nurse, s.rules, us, r.Fact, "Registered elsewhere since May", s.now)
	c = s.says(nurse, drafts, err)
	out := c.ReportsOut()
	if len(out) != 2 {
		t.Fatalf("%d reports are to go", len(out))
	}
	notice, fresh := out[0].What.Report, out[1].What.Report
	if notice.Takes == "" {
		notice, fresh = fresh, notice
	}
	if notice.To.ODS != "X99001" || notice.Takes == "" || len(notice.Actions) != 1 || fresh.To.ODS != "X99002" || fresh.Replaces != "" {
		t.Fatalf("told: %+v\nnew: %+v", notice, fresh)
	}
	if strings.Contains(notice.Happened+notice.Why, "Please see him") || len(notice.Sections) != 0 {
		t.Error("the wrong practice reads the clinical report again")
	}
	if e, _ := c.reportEnvelope(c.Reports[0]); e.Standing() != exchange.Withdrawn {
		t.Error("the wrong report is still being sent: ", e.Standing())
	}
}

func TestOneActionALine(t *testing.T) {
	out := actionsOf(Case{}, OutcomeSet{Action: "- Review chest\n\n• Settle oxygen target\nReplace rescue pack", By: 5})
	if len(out) != 3 || out[0].What != "Review chest" || out[1].What != "Settle oxygen target" || out[2].By != 5 {
		t.Fatalf("%+v", out)
	}
}

// Never a word that a question was asked and answered "no", and always that
// something was not asked.
func TestWhatWasNotAskedIsNeverNo(t *testing.T) {
	s := begin(t)
	c, r := reported(s)
	words := strings.Join(r.What.Report.NotKnown, "\n")
	for _, want := range []string{"NHS number: not known", "Whether it is safe to ring: not asked", "Allergies: not stated in this report"} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is missing from\n%s", want, words)
		}
	}
	if strings.Contains(words, ": no\n") {
		t.Error(words)
	}
	drafts, err := Describe(c, handler, Description{Contact: &ContactAgreed{Ring: No}})
	c = s.says(handler, drafts, err)
	if again := notKnown(c, r.What.Report); strings.Contains(strings.Join(again, "\n"), "safe to ring") {
		t.Errorf("asked, and listed as not asked: %v", again)
	}
}
