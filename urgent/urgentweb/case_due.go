package urgentweb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/web"
)

// dueLine is one thing that is due on the case.
type dueLine struct {
	At   time.Time
	What string
	More string
	Held string // said instead of a time when no clock runs
}

// dueOf lists what runs on this case: the disposition, receipts, reports and
// tasks.
func (a *App) dueOf(ctx context.Context, by web.Caller, c urgent.Case) ([]dueLine, error) {
	var out []dueLine
	if d, ok := c.Disposition(); ok && !c.Closed() {
		line := dueLine{At: timeOf(d.What.Due), What: a.dxWords(d.What), More: d.What.Why}
		switch {
		case c.Decided:
			line.Held, line.At = "outcome set", time.Time{}
		case line.At.IsZero():
			line.Held = "no deadline"
		}
		out = append(out, line)
	}
	for _, e := range c.Envelopes {
		line := dueLine{At: timeOf(e.Due), What: "Receipt from " + partyName(e.To), More: string(e.Standing())}
		if e.Standing() == exchange.Delivered {
			line.At, line.Held = time.Time{}, "received"
		} else if e.Ended() {
			line.At, line.Held = time.Time{}, "ended"
		}
		if e.Unverified {
			line.More = "not verified, and not sent from here: ring them"
		}
		out = append(out, line)
	}
	for _, r := range c.ReportsOut() {
		if c.ReportState(r) == urgent.ReportQueued {
			out = append(out, dueLine{At: timeOf(r.What.Due), What: "Report at " + orWords(r.What.Report.To.Name, "the GP practice")})
		}
	}
	if by.May(access.SeeTasks) != nil {
		return out, nil
	}
	tasks, err := a.Tasks.Open(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		if t.About == c.ID {
			out = append(out, dueLine{At: t.Due, What: t.What, More: orWords(t.Who, "nobody has it")})
		}
	}
	return out, nil
}

// dxWords names a disposition: "Dx05: to contact a GP practice within 2 hours".
func (a *App) dxWords(d urgent.DispositionSet) string {
	row, ok := a.Cases.Rules.Code(d.Dx)
	if !ok {
		return string(d.Dx)
	}
	return string(d.Dx) + ": " + row.Name
}

// codeOptions are the dispositions to choose from, in the table's order.
func codeOptions(r *urgent.Rules) []web.Option {
	out := []web.Option{{Value: "", Text: "Choose"}}
	for _, d := range r.Triage.Dispositions().All() {
		if d.Group != triage.GroupRetired {
			out = append(out, web.Option{Value: string(d.Dx), Text: string(d.Dx) + " " + d.Name})
		}
	}
	return out
}

// caseAsk is what cannot be shown, and what to do about it.
type caseAsk struct{ Title, More string }

// notShown says that there is more than the page shows.
func notShown(c urgent.Case) []caseAsk {
	var out []caseAsk
	if n := len(c.NotShown); n > 0 {
		out = append(out, caseAsk{Title: count(n, "entry is", "entries are") + " not shown", More: "Newer than this program, or held back. Treat what it says as unknown, not as nothing. Ring whoever wrote it, see the line."})
	}
	if n := len(c.Gaps); n > 0 {
		out = append(out, caseAsk{Title: count(n, "entry has", "entries have") + " not reached this device", More: "Somebody has seen it elsewhere. It comes when the devices have heard each other."})
	}
	return out
}

func (a *App) outcomeWords(o urgent.OutcomeSet) string {
	row, _ := a.Cases.Rules.Outcome(o.Outcome)
	return joined(". ", orWords(row.Name, o.Outcome), o.Detail)
}
