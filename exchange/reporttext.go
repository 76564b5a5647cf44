package exchange

import (
	"strconv"
	"strings"

	"holdfast/codes"
)

// ReportText is a report as plain text on one page: what to do first, with day
// and reason, apart from what is to be known. What was not asked is said to be
// so, never turned into "no".
func ReportText(r Report) string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	day := func(a Action) string {
		if a.By == 0 {
			return "no time was set"
		}
		return "by " + a.By.Time().In(codes.London()).Format("Mon 2 Jan 2006") + ", end of day"
	}
	switch {
	case r.Takes != "":
		line("FOR ACTION: A REPORT NO LONGER STANDS")
	case len(r.Actions) == 0:
		line("FOR INFORMATION: nothing is asked of you")
	default:
		line("FOR ACTION: ", strconv.Itoa(len(r.Actions)))
	}
	for i, a := range r.Actions {
		line(strconv.Itoa(i+1), ". ", a.What, " (", day(a), ")", whyWords(a.Why))
	}
	line()
	line(r.Patient.Shown().Called(), ", case ", r.CaseNumber, ", ", r.From.Name)
	if r.Takes != "" {
		line("Takes back the report on ", r.Takes, ". ", r.Why)
	}
	if r.Replaces != "" {
		line("Replaces the report on ", r.Replaces, ". ", r.Why)
	}
	line()
	line("FOR INFORMATION")
	line(r.Happened)
	for _, s := range r.Sections {
		line(s.Title, ": ", s.Text)
	}
	for _, f := range r.Findings {
		line(f.Code.Words(), ": ", f.Value)
	}
	if r.SafetyNet != "" {
		line("Told to them: ", r.SafetyNet)
	}
	if len(r.NotKnown) > 0 {
		line("Not done, not known: ", strings.Join(r.NotKnown, "; "))
	}
	line("Written by ", r.Author)
	return b.String()
}

func whyWords(why string) string {
	if why == "" {
		return ""
	}
	return " – " + why
}
