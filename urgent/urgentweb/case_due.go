package urgentweb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
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
		}
		if e.Unverified {
			line.More = "not verified, and not sent from here: ring them"
		}
		out = append(out, line)
	}
	for _, r := range c.Reports {
		if r.What.Suppressed == "" && len(r.Done) == 0 {
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

// caseAsk is something that waits for a person: values written apart, or
// what cannot be shown.
type caseAsk struct {
	Title  string
	More   string
	Values []askValue
}

// askValue is one of the values, with who wrote it and when.
type askValue struct{ Value, By string }

// asksOf lists every disagreement with both sides, and what is not shown.
func (a *App) asksOf(c urgent.Case, h fact.History, now time.Time, zone *time.Location) []caseAsk {
	writer := func(id fact.ID) string {
		for _, f := range h.WithHeld().Facts() {
			if f.ID == id {
				return a.personWords(f) + ", " + web.ClockWords(f.Body.Happened.From.Time(), now, zone)
			}
		}
		return "writer not known here"
	}
	const again = "Both were written apart and neither replaces the other. Ask, then state it again on the call page: that settles it."
	var out []caseAsk
	out = add(out, "Two patients are stated", again, c.Patient, func(v urgent.PatientDescribed) string { return v.Identity.Shown().Called() }, writer)
	out = add(out, "Two callers are stated", again, c.Caller, callerWords, writer)
	out = add(out, "Two places are stated", again, c.Place, codes.Place.String, writer)
	out = add(out, "Two reasons are stated", again, c.Reason, func(v string) string { return v }, writer)
	out = add(out, "Two answers on safe contact", again, c.Contact, urgent.ContactAgreed.String, writer)
	out = add(out, "Two services are chosen", "Choose again, having seen both.", c.Service, func(v urgent.ServiceChosen) string { return v.Name }, writer)
	out = add(out, "Two outcomes are set", "No report goes until a clinician, having seen both, sets one.", c.Outcome, a.outcomeWords, writer)
	if len(c.Dispositions) > 1 {
		ask := caseAsk{Title: "Two dispositions stand", More: "Set apart. The more urgent counts until somebody sets one, having seen both."}
		for _, d := range c.Dispositions {
			ask.Values = append(ask.Values, askValue{a.dxWords(d.What), writer(d.Fact)})
		}
		out = append(out, ask)
	}
	if len(c.Claims) > 1 {
		ask := caseAsk{Title: "Two people have this case", More: "They took it apart. Ring each other; one gives it back."}
		for _, claim := range c.Claims {
			ask.Values = append(ask.Values, askValue{claim.By, web.ClockWords(claim.At.Time(), now, zone)})
		}
		out = append(out, ask)
	}
	return append(out, notShown(c)...)
}

func add[T any](out []caseAsk, title, more string, r fact.Register[T], say func(T) string, writer func(fact.ID) string) []caseAsk {
	if !r.Disputed() {
		return out
	}
	ask := caseAsk{Title: title, More: more}
	for _, v := range r.Values {
		ask.Values = append(ask.Values, askValue{orWords(say(v.Value), "empty"), writer(v.Fact)})
	}
	return append(out, ask)
}

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
