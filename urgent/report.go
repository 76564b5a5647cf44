package urgent

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// MakeReport writes the report to the GP: what happened, what they must do,
// by when, first. For the codes on the no-report list, for a case that went
// on to somebody who reports themselves, and for a patient without a practice
// it says why nothing is sent (NHS England, post-event messaging).
func MakeReport(c Case, by access.Caller, r *Rules, from exchange.Party, now time.Time) ([]fact.Draft, error) {
	made, err := makeReport(c, by, r, from, now)
	if err != nil {
		return nil, err
	}
	return []fact.Draft{fact.Say(c.ID, made)}, nil
}

func makeReport(c Case, by access.Caller, r *Rules, from exchange.Party, now time.Time) (ReportMade, error) {
	if !c.Begun() {
		return ReportMade{}, refusal.New(refusal.Missing, "There is no such case here.")
	}
	set, ok := c.Outcome.Get()
	if c.Outcome.Disputed() {
		return ReportMade{}, refusal.New(refusal.Taken, "Two outcomes are on record. Decide which one stands, then report.")
	}
	if c.Patient.Disputed() {
		return ReportMade{}, refusal.New(refusal.Taken, "Two patients are stated on this case. Decide who it is about, then report: else it may go to the wrong practice.")
	}
	made := ReportMade{Report: reportOf(c, r, set, from, by, now), Due: fact.At(r.reportDue(now))}
	d, _ := c.Disposition()
	switch why, silent := r.Silent[d.What.Dx]; {
	case silent:
		made.Suppressed, made.Due = why, 0
	case c.ReportIsOurs(r):
		made.Report.Outcome = "Referred to " + sentNames(c)
		made.Report.Happened = joinSentences(made.Report.Outcome)
		if made.Report.To.Name == "" && made.Report.To.ODS == "" {
			made.Suppressed, made.Due = "No GP practice is known for this patient.", 0
		}
	case !ok && c.Stage() == HandedOn:
		made.Suppressed, made.Due = "It went to "+sentNames(c)+", who report to the GP themselves.", 0
	case !ok:
		return ReportMade{}, refusal.New(refusal.Invalid, "Set the outcome first: the report begins with it.")
	case made.Report.To.Name == "" && made.Report.To.ODS == "":
		made.Suppressed, made.Due = "No GP practice is known for this patient.", 0
	}
	return made, nil
}

// reportDue gives when a report written now is due at the practice.
func (r *Rules) reportDue(now time.Time) time.Time {
	return r.Triage.Dispositions().NextMorning(now, r.Nation, r.ReportBy.Hour, r.ReportBy.Minute)
}

func londonWords(t time.Time) string { return t.In(codes.London()).Format("Mon 2 Jan 2006 15:04") }

func sentNames(c Case) string {
	var names []string
	for _, s := range c.SentNow() {
		names = append(names, s.What.To.Name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " and ")
}

// DoneReport says that a report went on its way.
func DoneReport(c Case, _ access.Caller, report fact.ID, route string) ([]fact.Draft, error) {
	for _, one := range c.Reports {
		if one.Fact != report {
			continue
		}
		for _, done := range one.Done {
			if done == route {
				return nil, nil
			}
		}
		return []fact.Draft{fact.Say(c.ID, ReportDone{Report: report, Route: route})}, nil
	}
	return nil, refusal.New(refusal.Missing, "There is no such report on this case.")
}

func reportOf(c Case, r *Rules, set OutcomeSet, from exchange.Party, by access.Caller, now time.Time) exchange.Report {
	d, _ := c.Disposition()
	row, _ := r.Outcome(set.Outcome)
	dx, _ := r.Code(d.What.Dx)
	from.Person = by.Says()
	out := exchange.Report{
		ID: c.ID.String(), From: from, CaseNumber: c.Number, Began: c.Began, Ended: c.ended(now), Written: fact.At(now), Author: by.Says(),
		Dx: codes.ReceivedDx{Code: d.What.Dx, Original: string(d.What.Dx)}, DxName: dx.Name, Outcome: row.Name,
		Happened: joinSentences(row.Name, set.Detail),
	}
	if p, ok := c.Patient.Get(); ok {
		out.Patient = p.Identity
		out.To = exchange.Party{ODS: p.Identity.Practice.ODS, Name: p.Identity.Practice.Name}
	}
	out.Actions, out.Version = actionsOf(c, set), len(c.Reports)
	for _, one := range c.Consultations {
		out.Sections = append(out.Sections, consultationSections(one.What)...)
		out.SafetyNet = joinSentences(out.SafetyNet, one.What.Net.Expect, one.What.Net.Worse)
		if one.What.Obs != nil {
			out.Findings = append(out.Findings, findings(*one.What.Obs, one.At)...)
		}
	}
	if c.FromPaper() {
		out.Sections = append(out.Sections, exchange.Section{Title: "How it was recorded", Text: c.paperWords()})
	}
	out.NotKnown = notKnown(c, out)
	if len(out.Sections) == 0 {
		out.Sections = append(out.Sections, exchange.Section{Title: "Why they rang", Text: c.Reason.Or("")})
	}
	return out
}

func consultationSections(v Consulted) []exchange.Section {
	var out []exchange.Section
	for _, one := range []exchange.Section{
		{Title: "History", Text: v.History}, {Title: "Examination", Text: v.Examination},
		{Title: "Working diagnosis", Text: v.Diagnosis}, {Title: "Plan", Text: v.Plan},
	} {
		if one.Text != "" {
			out = append(out, one)
		}
	}
	return out
}

func joinSentences(parts ...string) string {
	out := ""
	for _, p := range parts {
		if p == "" {
			continue
		}
		if out != "" {
			out += " "
		}
		out += p
		if last := p[len(p)-1]; last != '.' && last != '?' {
			out += "."
		}
	}
	return out
}

// actionsOf gives what the GP is asked to do, one thing a line, each with the
// day by which it was asked for and why.
func actionsOf(c Case, set OutcomeSet) []exchange.Action {
	why := ""
	if n := len(c.Consultations); n > 0 {
		why = firstLine(c.Consultations[n-1].What.Diagnosis)
	}
	var out []exchange.Action
	for line := range strings.Lines(set.Action) {
		if line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "-•")); line != "" {
			out = append(out, exchange.Action{What: line, By: set.By, Urgency: exchange.Soon, Why: why})
		}
	}
	return out
}

// notKnown says what a reader must not take for "no". It never lists what was
// asked and ruled out: the questions of a call fill pages and hide what
// matters.
func notKnown(c Case, r exchange.Report) []string {
	var out []string
	say := func(yes bool, what string) {
		if yes {
			out = append(out, what)
		}
	}
	say(!r.Patient.NHS.Present() && !r.Patient.CHI.Present() && !r.Patient.HCN.Present(), "NHS number: not known")
	say(len(r.Findings) == 0, "Observations: none measured")
	say(len(r.Allergies) == 0, "Allergies: not stated in this report")
	say(len(r.Medicines) == 0, "Medicines: not stated in this report")
	contact, ok := c.Contact.Get()
	say(c.Contact.Disputed(), "Whether it is safe to ring: two answers, ask")
	say(!c.Contact.Disputed() && (!ok || contact.Ring == NotAsked), "Whether it is safe to ring: not asked")
	say(r.SafetyNet == "", "Safety net: none given")
	return out
}
