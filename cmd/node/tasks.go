package node

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/task"
	"holdfast/task/taskdb"
	"holdfast/urgent/urgentweb"
)

// tasks works the open tasks for the pages of urgent care.
type tasks struct{ *Node }

var _ urgentweb.Tasks = tasks{}

// Open lets the caller in, records the look, and lists what is open.
func (s tasks) Open(ctx context.Context, by access.Caller) ([]urgentweb.TaskLine, error) {
	if err := s.Gate.Enter(ctx, by, access.SeeTasks, fact.Subject{}); err != nil {
		return nil, err
	}
	all, err := taskdb.Open(ctx, s.Journal.Views(), by, "")
	if err != nil {
		return nil, err
	}
	var out []urgentweb.TaskLine
	for _, t := range all {
		if maySeeTask(by, t) {
			out = append(out, lineOf(t))
		}
	}
	return out, nil
}

func lineOf(t task.Task) urgentweb.TaskLine {
	w := t.What()
	line := urgentweb.TaskLine{ID: t.Subject, What: w.Reason, About: w.About, Due: t.Due(), First: w.Urgent, Held: t.HeldFrom}
	if w.What == task.NumberedForm || w.What == task.HomeOpened || ofLooking(w.What) {
		line.About = fact.Subject{} // a range of forms, a home or a session, not a case
	}
	if w.Ring.Present() {
		line.What += ", " + w.Ring.Display()
	}
	for i, h := range t.Holders() {
		if i > 0 {
			line.Who += " and "
		}
		line.Who += h.Says
	}
	return line
}

// Take takes a task for the caller, from somebody else only with a reason.
func (s tasks) Take(ctx context.Context, by access.Caller, id fact.Subject, why string) error {
	return s.do(ctx, by, id, func(t task.Task, now time.Time) ([]fact.Draft, error) { return task.Take(t, by, why, now) })
}

// Done ends a task with an outcome and what there is to say of it.
func (s tasks) Done(ctx context.Context, by access.Caller, id fact.Subject, outcome, note string) error {
	return s.do(ctx, by, id, func(t task.Task, now time.Time) ([]fact.Draft, error) {
		return task.Finish(t, by, task.Done{Outcome: task.Outcome(outcome), Note: note}, now)
	})
}

func (s tasks) do(ctx context.Context, by access.Caller, id fact.Subject, verb func(task.Task, time.Time) ([]fact.Draft, error)) error {
	if err := s.Gate.Enter(ctx, by, access.DoTask, id); err != nil {
		return err
	}
	saved, err := s.Journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		t, err := journal.FoldIn(tx, id, task.Fold)
		if err != nil {
			return nil, err
		}
		if !maySeeTask(by, t) {
			return nil, refusal.New(refusal.Missing, "There is no such task here.")
		}
		return verb(t, tx.Now())
	})
	if err == nil {
		s.Journal.WaitViews(ctx, saved, 50*time.Millisecond)
	}
	return err
}
