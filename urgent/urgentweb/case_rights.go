package urgentweb

import (
	"holdfast/urgent"
	"holdfast/web"
)

// ReportNext tells whether the report is the next act: the outcome stands and
// no report has been made.
func (p casePage) ReportNext() bool {
	_, reported := p.C.NewestReport()
	return p.Rights.Report && (p.C.Decided || p.ReportOurs) && !reported && !p.C.Outcome.Disputed()
}

// CloseNext tells whether nothing but closing is left: the report is made, or
// it went on to somebody else.
func (p casePage) CloseNext() bool {
	stage := p.C.Stage()
	return p.Rights.Close && (stage == urgent.Finishing && len(p.C.Reports) > 0 || stage == urgent.HandedOn)
}

// ClaimTone makes claiming the next act for those who do not consult.
func (p casePage) ClaimTone() string {
	if p.Rights.Consult || p.Rights.OnCall || p.ReportNext() || p.CloseNext() {
		return ""
	}
	return "go"
}

// modeChoices are the ways to consult.
func modeChoices() []web.Choice {
	return []web.Choice{
		{Value: "phone", Text: "Phone"}, {Value: "video", Text: "Video"}, {Value: "base", Text: "Base"}, {Value: "home", Text: "Home"},
	}
}

// needWords says what is needed as the worklist does, with its code.
func needWords(c urgent.Case, r *urgent.Rules) string {
	d, ok := c.Disposition()
	if !ok {
		return ""
	}
	needs, _ := r.Need(d.What.Dx)
	row, _ := r.Code(d.What.Dx)
	return joined(", ", needs, joined(" ", string(d.What.Dx), row.Name))
}
