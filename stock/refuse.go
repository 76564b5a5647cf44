package stock

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
)

// settleWithin is how long a use may wait for a decision before its work item
// is late.
const settleWithin = 12 * time.Hour

// Refuse says that a provisional use gets no number. The use stays on record;
// its work item t becomes the caller's, who sorts out what follows: somebody
// may hold a form that is not valid.
func Refuse(r Range, t task.Task, by access.Caller, here Device, use fact.ID, why string, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.DecideForm); err != nil {
		return nil, err
	}
	u, err := r.openUse(use)
	if err != nil {
		return nil, err
	}
	if _, refuse := r.Rights.MayDecide(here.ID, u.Right); !refuse {
		return nil, refusal.Newf(refusal.Forbidden, "Only who holds %s or owns the range can refuse it: %s.", Numbers(u.Right.Units), r.whoHolds(u))
	}
	if why = strings.TrimSpace(why); why == "" || len(why) > MaxText {
		return nil, refusal.Field("why", "Say why, in a line")
	}
	out := []fact.Draft{fact.Say(r.Subject, UseRefused{Use: use, Why: why, Owner: by.Person, Says: by.Says()})}
	if !t.Exists() {
		raised, err := task.Raise(t, by, r.workItem(u, now), now)
		if err != nil {
			return nil, err
		}
		out = append(out, raised...)
	}
	return append(out, fact.Say(t.Subject, task.Taken{Says: by.Says(), Why: "refused the form, so sorts it out"})), nil
}

// workItem is what a person has to do about a use that is not firm.
func (r Range) workItem(u Use, now time.Time) task.Raised {
	return task.Raised{
		Timer: r.WorkOf(u.Right.Fact), What: task.NumberedForm, List: task.Managers, About: r.Subject, Due: fact.At(now.Add(settleWithin)),
		Reason: "Form " + Numbers(u.Right.Units) + " (" + r.What() + ") was used at " + r.Called(u.Right.Device) + " without a firm right: decide under Forms",
	}
}
