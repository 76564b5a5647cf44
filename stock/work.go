package stock

import (
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/share"
	"holdfast/task"
)

// Work raises a work item for each use that waits, and ends those of uses that
// are firm after all. Any device may do it, any number of times. tasks gives
// the folded work item of a subject.
func Work(r Range, device access.Caller, tasks func(fact.Subject) (task.Task, error), now time.Time) (out []fact.Draft, err error) {
	done := map[fact.ID]bool{}
	for _, u := range r.Uses {
		waits := u.Right.Status == share.Provisional
		if done[u.Right.Fact] || u.Right.Status == share.RefusedUse || !waits && r.partWaits(u.Right.Fact) {
			continue
		}
		done[u.Right.Fact] = true
		t, err := tasks(task.SubjectOf(r.WorkOf(u.Right.Fact)))
		if err != nil {
			return nil, err
		}
		var more []fact.Draft
		switch {
		case waits && !t.Exists():
			more, err = task.Raise(t, device, r.workItem(u, now), now)
		case !waits && t.Open():
			more, err = task.Finish(t, device, task.Done{Outcome: task.NotNeeded, Note: "The use is " + string(u.Right.Status) + " now."}, now)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// partWaits tells whether any part of a use is not firm.
func (r Range) partWaits(id fact.ID) bool {
	for _, u := range r.Rights.UsesOf(id) {
		if !u.Status.Counts() {
			return true
		}
	}
	return false
}
