package urgent

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
	"holdfast/triage"
)

// Validation is a clinician's word on what is held.
type Validation struct {
	Upheld bool     // it stands, and goes now
	Dx     codes.Dx // what is needed instead
	Why    string
	Us     exchange.Party // to answer whoever asked
	Texts  Texts
}

// Validate says what is needed of an outcome that is held. What stands goes at
// once; what is less urgent needs a reason. Whoever asked us to validate is
// answered in the same act.
func Validate(c Case, by access.Caller, r *Rules, v Validation, now time.Time) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if err := by.May(access.Consult); err != nil {
		return nil, err
	}
	if len(c.Claims) > 0 && !c.HeldBy(by.Person) {
		return nil, takenBy(c.Claims[0])
	}
	h, ok := c.Held()
	if !ok {
		return nil, notHeld(c)
	}
	v.Why = strings.TrimSpace(v.Why)
	if len(v.Why) > MaxWords {
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	if v.Upheld || v.Dx == h.What.Original {
		v.Upheld, v.Dx = true, h.What.Original
	}
	answer := ValidationAnswered{Dx: v.Dx, Upheld: v.Upheld, Why: v.Why, By: by.Says()}
	for _, one := range c.Holds {
		if one.waits() {
			answer.Held = append(answer.Held, one.Fact)
		}
	}
	set, err := r.validated(c, by, h, v, now)
	if err != nil {
		return nil, err
	}
	out := []fact.Draft{fact.Say(c.ID, answer), fact.Say(c.ID, set)}
	if code, _ := r.Code(v.Dx); code.Mode == triage.ModeAmbulance {
		out = append(out, fact.Say(c.ID, r.request(c, v.Dx, joinSentences(v.Why, "Validated by "+by.Says()+"."), c.heldAmbulance())))
	}
	c.Dispositions = []Disposition{{What: set, Role: string(by.Role)}}
	more, err := c.AnswerSender(by, r, v, now)
	return append(out, more...), err
}

// validated gives what is needed as the clinician says it.
func (r *Rules) validated(c Case, by access.Caller, h Hold, v Validation, now time.Time) (DispositionSet, error) {
	if v.Upheld {
		return r.released(c, h, v.Why)
	}
	if v.Dx == "" {
		return DispositionSet{}, refusal.Field("dx", "Choose what is needed, or say that it stands")
	}
	drafts, err := SetDisposition(c, by, r, v.Dx, v.Why, now)
	if err != nil {
		return DispositionSet{}, err
	}
	set, _ := drafts[0].Content.(DispositionSet)
	if v.Why == "" {
		return DispositionSet{}, refusal.Field("why", "Say why: whoever asked, and the patient's next carer, will read it.")
	}
	return set, nil
}

// AnswerSender tells whoever asked us to validate what is needed, by an
// envelope; where they cannot be reached by one somebody rings them. It says
// nothing of a case that nobody asked about.
func (c Case) AnswerSender(by access.Caller, r *Rules, v Validation, now time.Time) ([]fact.Draft, error) {
	for i := len(c.Arrived) - 1; i >= 0; i-- {
		asked := c.Arrived[i].What.Referral
		if asked.Purpose != exchange.ForValidation {
			continue
		}
		if asked.From.ODS == "" && asked.From.Service == "" {
			timer := task.TimerID(c.ID, "validation answer", c.Arrived[i].Fact)
			return task.Raise(task.Task{Subject: task.SubjectOf(timer)}, by, task.Raised{
				Timer: timer, What: task.PhoneNoRoute, List: task.Dispatch, About: c.ID, Ring: asked.From.Phone, Due: fact.At(now), Urgent: true,
				Reason: "Ring " + asked.From.Name + ": case " + c.Number + " is validated, it is " + string(v.Dx) + ".",
			}, now)
		}
		ref := ReferralOf(c, by, v.Us, asked.From, v.Texts, now)
		ref.Purpose, ref.Cases = exchange.ForAnswer, append(ref.Cases, asked.Cases...)
		if v.Why != "" {
			ref.Notes = append(ref.Notes, "Validated: "+v.Why)
		}
		return exchange.Prepare(by, exchange.ToSend{
			About: c.ID, Referral: &ref, To: asked.From, Due: now.Add(r.Receipt), Routes: []exchange.Route{exchange.ByBars},
		}, now)
	}
	return nil, nil
}

// AnswerConsultation tells whoever asked us to validate how the consultation
// ended that took the place of a validation; nothing when nothing waits for one.
func AnswerConsultation(c Case, by access.Caller, r *Rules, f Finish, us exchange.Party, texts Texts, now time.Time) ([]fact.Draft, error) {
	h, ok := c.Held()
	if !ok {
		return nil, nil
	}
	row, _ := r.Outcome(f.Outcome)
	v := Validation{Dx: h.What.As, Why: joinSentences(row.Name, f.Detail), Us: us, Texts: texts}
	if row.Ambulance != "" && h.What.Goes == AmbulanceGoes {
		v.Upheld, v.Dx = true, h.What.Original
	}
	return c.AnswerSender(by, r, v, now)
}
