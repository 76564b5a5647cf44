package urgent

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// SendReport sends a report of the case to the practice, or sends it again when
// it failed or has no receipt yet. A report that has one is left alone.
func SendReport(c Case, by access.Caller, r *Rules, report fact.ID, routes []exchange.Route, now time.Time) ([]fact.Draft, error) {
	one, err := c.standingReport(report)
	if err != nil {
		return nil, err
	}
	switch c.ReportState(one) {
	case ReportAcked:
		return nil, nil
	case ReportNotSent:
		return nil, refusal.New(refusal.Taken, "This report is not sent: "+one.What.Suppressed)
	}
	due := r.reportRung(one.What.Due.Time(), now)
	if e, ok := c.reportEnvelope(one); ok {
		return exchange.AskAgain(e, by, due, now)
	}
	if len(routes) == 0 {
		return nil, refusal.New(refusal.Invalid, "No way to reach this practice by message is known: print the report.")
	}
	return exchange.Prepare(by, exchange.ToSend{About: c.ID, Report: &one.What.Report, To: one.What.Report.To, Due: due, Routes: routes}, now)
}

// reportRung gives when somebody sees to a report without a receipt: some time
// before it is due, and never sooner than a receipt may take.
func (r *Rules) reportRung(due, now time.Time) time.Time {
	if early := due.Add(-r.Letters.ReportBefore); early.After(now.Add(r.Letters.ReportReceipt)) {
		return early
	}
	return now.Add(r.Letters.ReportReceipt)
}

func (c Case) standingReport(report fact.ID) (Report, error) {
	for _, one := range c.Reports {
		if one.Fact != report {
			continue
		}
		if c.nullified(report) {
			return one, refusal.New(refusal.Taken, "This report no longer stands: somebody corrected it. Open the newest one.")
		}
		return one, nil
	}
	return Report{}, refusal.New(refusal.Missing, "There is no such report on this case.")
}

// PrintReport says that a report is printed and on its way: nothing tries to
// send it any more.
func PrintReport(c Case, by access.Caller, report fact.ID, now time.Time) ([]fact.Draft, error) {
	one, err := c.standingReport(report)
	if err != nil {
		return nil, err
	}
	out, err := DoneReport(c, by, report, "printed")
	if err != nil {
		return nil, err
	}
	if e, ok := c.reportEnvelope(one); ok && !e.Ended() {
		more, err := exchange.Give(e, by, exchange.ByPaper, now)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// CorrectReport takes a report back and writes the one that is right now. Where
// the practice has changed, the one that was told is told that it no longer
// stands; where it has not, the new report says which one it replaces.
func CorrectReport(c Case, by access.Caller, r *Rules, from exchange.Party, report fact.ID, why string, now time.Time) ([]fact.Draft, error) {
	one, err := c.standingReport(report)
	if err != nil {
		return nil, err
	}
	if err := by.May(access.SendReport); err != nil {
		return nil, err
	}
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say what was wrong: both practices read it")
	}
	made, err := makeReport(c, by, r, from, now)
	if err != nil {
		return nil, err
	}
	out := c.takeBack(one, by, why)
	told := c.mayHaveLeft(one)
	if told && samePractice(one.What.Report.To, made.Report.To) {
		made.Report.Replaces, made.Report.Why = reportName(one.What.Report), why
	} else if told {
		out = append(out, fact.Say(c.ID, noticeOf(one, r, by, why, now)))
	}
	return append(out, fact.Say(c.ID, made)), nil
}

// takeBack says that a report no longer stands, and that nothing sends it any
// more.
func (c Case) takeBack(one Report, by access.Caller, why string) []fact.Draft {
	out := []fact.Draft{fact.Say(c.ID, ReportNullified{Report: one.Fact, Why: why, By: by.Says()})}
	if e, ok := c.reportEnvelope(one); ok {
		out = append(out, exchange.Withdraw(e, "The report was corrected.")...)
	}
	return out
}

// mayHaveLeft tells whether somebody outside may have read a report.
func (c Case) mayHaveLeft(one Report) bool {
	e, sent := c.reportEnvelope(one)
	return one.What.Suppressed == "" && (len(one.Done) > 0 || sent && (len(e.Attempts) > 0 || len(e.Receipts) > 0 || len(e.Endings.Given) > 0))
}

// samePractice compares by code, and by name where a code is missing.
func samePractice(a, b exchange.Party) bool {
	if a.ODS != "" && b.ODS != "" {
		return a.ODS == b.ODS
	}
	return strings.EqualFold(a.Name, b.Name)
}

// reportName says which report is meant, as the practice filed it.
func reportName(r exchange.Report) string {
	return "case " + r.CaseNumber + ", written " + londonWords(r.Written.Time())
}

// noticeOf tells a practice that a report it was sent no longer stands. It
// names the patient as that report did, and says nothing of anybody else.
func noticeOf(one Report, r *Rules, by access.Caller, why string, now time.Time) ReportMade {
	was := one.What.Report
	return ReportMade{Due: fact.At(r.reportDue(now)), Report: exchange.Report{
		ID: was.ID, From: was.From, To: was.To, Patient: was.Patient, CaseNumber: was.CaseNumber, Began: was.Began, Ended: was.Ended,
		Written: fact.At(now), Author: by.Says(), Version: was.Version + 1, Takes: reportName(was), Why: why,
		Happened: "The report on " + reportName(was) + " no longer stands.",
		Actions: []exchange.Action{{
			What: "Take the report out of this patient’s record, and undo what was done because of it.", Urgency: exchange.Soon, Why: why,
		}},
	}}
}
