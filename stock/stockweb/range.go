package stockweb

import (
	"net/http"
	"strings"

	"holdfast/access"
	"holdfast/fact/share"
	"holdfast/stock"
	"holdfast/web"
)

// accountLine is one line of the account.
type accountLine struct{ Says, Count, Numbers string }

// useLine is one use, newest first.
type useLine struct {
	Numbers, How, At, By, Device, Note, Why string
	Mark                                    web.Tag
	Decide                                  string // path; empty where this person here may not
	Decided                                 string
}

// proposalLine is one reassignment.
type proposalLine struct {
	What, Why, At, By, State string
	Approve                  string // path; empty when done or one's own
	Own                      bool
}

type rangeView struct {
	Frame     web.Frame
	Line      rangeLine
	Received  string
	Account   []accountLine
	Sum       string
	Missing   string
	Waiting   []useLine
	Uses      []useLine
	Proposals []proposalLine
	Acts      []web.Button
	Disputed  bool
}

func (p *Pages) rangePage(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	all, err := p.Forms.List(r.Context(), by)
	if err != nil {
		return err
	}
	here := p.Forms.Here()
	v := rangeView{
		Frame: p.frame(r, by, "Numbered forms "+receivedAs(one), nil), Line: lineOf(one, here, all), Received: p.at(one.At),
		Disputed: one.Rights.InDispute(), Acts: actsOf(one, by),
	}
	v.account(one.Account())
	for n := len(one.Uses) - 1; n >= 0; n-- {
		l := p.useLine(one, one.Uses[n], by, here)
		if one.Uses[n].Right.Status == share.Provisional {
			v.Waiting = append(v.Waiting, l)
		}
		v.Uses = append(v.Uses, l)
	}
	for _, pr := range one.Proposals {
		v.Proposals = append(v.Proposals, p.proposalLine(one, pr, by))
	}
	return web.Render(w, r, http.StatusOK, rangePageOf(v))
}

func actsOf(r stock.Range, by web.Caller) (out []web.Button) {
	if by.May(access.UseForm) == nil {
		out = append(out, web.Button{Text: "Use, void or report lost", Href: pathOf(r) + "/use", Tone: "go"})
	}
	if by.May(access.KeepForms) == nil {
		out = append(out, web.Button{Text: "Hand out", Href: pathOf(r) + "/hand-out"})
	}
	if by.May(access.ReassignForms) == nil {
		out = append(out, web.Button{Text: "A device is lost", Href: pathOf(r) + "/reassign"})
	}
	return out
}

func (v *rangeView) account(a stock.Account) {
	for _, l := range a.Lines {
		var numbers []string
		for i, u := range l.Listed {
			if i == 12 {
				numbers = append(numbers, "and more")
				break
			}
			numbers = append(numbers, stock.Numbers(u))
		}
		v.Account = append(v.Account, accountLine{upper(l.Says), bar{Count: l.Count}.count(), strings.Join(numbers, ", ")})
	}
	v.Sum, v.Missing = bar{Count: a.Received}.count(), bar{Count: a.Missing}.count()
}

// statusTag is how firm a use is, in words.
func statusTag(s share.Status) web.Tag {
	switch s {
	case share.Firm:
		return web.Tag{Text: "Firm", Tone: "quiet"}
	case share.ConfirmedUse:
		return web.Tag{Text: "Confirmed", Tone: "grn"}
	case share.RefusedUse:
		return web.Tag{Text: "Refused", Tone: "red"}
	}
	return web.Tag{Text: "Provisional", Tone: "amb"}
}

// whyWords says why a use is not firm.
func whyWords(u stock.Use) string {
	switch u.Right.Why {
	case share.Asked:
		return "Used without holding it: " + u.Says.Asks
	case share.Reassigned:
		return "Two people had moved this device’s numbers without having seen this use"
	case share.Apart:
		return "Used or given twice apart, as a copied device does"
	case share.NoDevice:
		return "It is not known here which device wrote this"
	case share.NotHeld:
		return "The device did not hold this number"
	}
	return ""
}

func (p *Pages) useLine(r stock.Range, u stock.Use, by web.Caller, here stock.Device) useLine {
	l := useLine{
		Numbers: stock.Numbers(u.Right.Units), How: upper(string(u.Says.How)), At: p.at(u.At), By: u.Says.Says, Device: r.Called(u.Right.Device),
		Note: u.Says.Note, Mark: statusTag(u.Right.Status),
	}
	if !u.Right.Status.Counts() {
		l.Why = whyWords(u)
	}
	confirm, refuse := r.Rights.MayDecide(here.ID, u.Right)
	if by.May(access.DecideForm) == nil && (confirm || refuse) {
		l.Decide = pathOf(r) + "/decide/" + u.Right.Fact.String()
	}
	for _, d := range u.Decided {
		l.Decided = strings.TrimSpace(l.Decided + " " + p.at(d.At) + " by " + d.Says)
		if d.Why != "" {
			l.Decided += ": " + d.Why + ". " + d.Says + " sorts it out"
		}
	}
	return l
}

func (p *Pages) proposalLine(r stock.Range, pr stock.Proposal, by web.Caller) proposalLine {
	lost := "What is in dispute"
	if !pr.Right.Lost.Zero() {
		lost = "What " + r.Called(pr.Right.Lost) + " holds"
	}
	l := proposalLine{What: lost + " to " + r.Called(pr.Right.To), Why: pr.Says.Why, At: p.at(pr.At), By: pr.Says.Says}
	switch {
	case pr.Right.Done():
		l.State = "Approved by " + strings.Join(pr.By, " and ")
	case pr.Right.Person == by.Person:
		l.State, l.Own = "Waits for a second person: you proposed it", true
	case by.May(access.ReassignForms) == nil:
		l.State, l.Approve = "Waits for a second person", pathOf(r)+"/approve/"+pr.Right.Fact.String()
	default:
		l.State = "Waits for a second person"
	}
	return l
}
