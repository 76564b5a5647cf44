package urgent

import (
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
)

// BeginWithForm takes a call that begins with a short form: a professional on
// the line, a laboratory, a prison. There are no questions before a clinician;
// who rings, their number and their words are filled from the form.
func BeginWithForm(c Case, by access.Caller, r *Rules, line codes.Phone, in Filled, now time.Time) ([]fact.Draft, error) {
	out, err := TakeCall(c, by, line, now)
	if err != nil {
		return nil, err
	}
	taken, _ := out[0].Content.(CallTaken)
	c.Taken, c.Number, c.Began = &taken, taken.Number, fact.At(now)
	form, ok := r.Forms.Form(in.Form)
	if ok {
		answers, _, err := form.read(in.Values)
		if err != nil {
			return nil, err
		}
		out = append(out, c.callerOf(answers)...)
	}
	more, err := FillForm(c, by, r, in, now)
	return append(out, more...), err
}

// callerOf states who rings and why, as far as the form says it.
func (c Case) callerOf(answers []FormAnswer) []fact.Draft {
	caller := CallerDescribed{Is: CallerProfessional}
	var out []fact.Draft
	for _, a := range answers {
		switch a.Field {
		case "name":
			caller.Name = a.Words
		case "phone":
			caller.RingBack = codes.ReceivePhone(a.Words)
		case "words":
			out = append(out, fact.Say(c.ID, ReasonStated{Words: a.Words}))
		}
	}
	if !caller.RingBack.Present() {
		return out
	}
	return append(out, fact.Say(c.ID, caller))
}
