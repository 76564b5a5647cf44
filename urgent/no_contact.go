package urgent

import (
	"fmt"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
)

// TakeStep does what the policy says when nobody can be reached. Before every
// attempt was made it needs a reason. A step that ends the case sets its
// outcome; the report and closing follow as ever.
func TakeStep(c Case, by access.Caller, r *Rules, key, why string, now time.Time) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	row, ok := r.Step(key)
	if !ok {
		return nil, refusal.Field("step", "Choose what is done next.")
	}
	if len(c.Claims) > 0 && !c.HeldBy(by.Person) {
		return nil, takenBy(c.Claims[0])
	}
	if why = strings.TrimSpace(why); len(why) > MaxWords {
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	if err := r.unreachedYet(c, "why", why); err != nil {
		return nil, err
	}
	out := []fact.Draft{fact.Say(c.ID, NoContactStep{Step: key, Why: why, By: by.Says()})}
	if row.Outcome != "" {
		if err := by.May(access.SetOutcome); err != nil {
			return nil, err
		}
		if _, untold := c.ToTell(); untold && why == "" {
			return nil, refusal.Field("why", "The patient does not know yet that they may go. Say why it ends all the same.")
		}
		end, _ := r.Outcome(row.Outcome)
		return append(out, fact.Say(c.ID, OutcomeSet{Outcome: end.Key, Detail: why, Action: end.Action, By: r.actBy(end, now), Who: by.Says()})), nil
	}
	timer := task.TimerID(c.ID, "no contact "+key, last(c.Frontier))
	more, err := task.Raise(task.Task{Subject: task.SubjectOf(timer)}, by, task.Raised{
		Timer: timer, What: task.Other, List: row.List, About: c.ID, Due: fact.At(now), Urgent: true, Reason: row.Task + ", case " + c.Number + ".",
	}, now)
	return append(out, more...), err
}

// actBy gives by when the GP does what an outcome asks: on the working day on
// which they read the report.
func (r *Rules) actBy(o OutcomeRow, now time.Time) fact.Millis {
	if o.Action == "" {
		return 0
	}
	return fact.At(r.reportDue(now))
}

// unreachedYet refuses to end attempts before all were made, spread out and on
// every number, unless a reason is given.
func (r *Rules) unreachedYet(c Case, field, why string) error {
	t := c.Tries(r)
	if t.Spent() || why != "" {
		return nil
	}
	switch {
	case t.Made < t.Of && t.Next != 0:
		return refusal.Field(field, fmt.Sprintf("Tried %d of %d. Try again at %s, or say why not.", t.Made, t.Of, codes.Clock(t.Next.Time())))
	case t.Made < t.Of:
		return refusal.Field(field, fmt.Sprintf("Tried %d of %d. Ring them, or say why not.", t.Made, t.Of))
	}
	return refusal.Field(field, t.Untried[0].Display()+" has not been rung. Ring it, or say why not.")
}
