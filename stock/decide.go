package stock

import (
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/share"
	"holdfast/task"
)

// openUse finds what waits of one use.
func (r Range) openUse(id fact.ID) (Use, error) {
	var found bool
	for _, u := range r.Uses {
		if u.Right.Fact != id {
			continue
		}
		found = true
		if u.Right.Status == share.Provisional {
			return u, nil
		}
	}
	if !found {
		return Use{}, refusal.New(refusal.Missing, "There is no such use here.")
	}
	return Use{}, refusal.New(refusal.Taken, "This use has been decided on already. Look at what was said.")
}

// WorkOf names the work item of a use that is not firm: one, whoever raises it.
func (r Range) WorkOf(use fact.ID) fact.Hash { return task.TimerID(r.Subject, "form use", use) }
