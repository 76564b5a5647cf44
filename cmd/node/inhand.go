package node

import (
	"context"
	"errors"
	"time"

	"holdfast/access"
	"holdfast/access/accessweb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/task"
	"holdfast/task/taskdb"
	"holdfast/urgent"
)

// inHand knows the open cases and tasks that people hold.
type inHand struct{ *Node }

var _ accessweb.HeldBy = inHand{}

// InHand knows the open work of people on a node.
func InHand(n *Node) accessweb.HeldBy { return inHand{n} }

// Of lists what a person holds, by number and sort: nothing says whom it is
// about.
func (s inHand) Of(ctx context.Context, person fact.Subject) ([]accessweb.InHand, error) {
	cases, err := s.Cases.InHand(ctx, person)
	if err != nil {
		return nil, err
	}
	var out []accessweb.InHand
	for _, c := range cases {
		one := accessweb.InHand{What: "Case " + c.Number + ", " + string(c.Stage()), Since: c.Began.Time()}
		for _, h := range c.Claims {
			if h.Person == person {
				one.Since = h.At.Time()
			}
		}
		if due := c.Due(); due != 0 {
			one.Due = due.Time()
		}
		out = append(out, one)
	}
	tasks, err := s.tasksOf(ctx, person)
	for _, t := range tasks {
		one := accessweb.InHand{What: "Task: " + string(t.What().What), Due: t.Due()}
		for _, h := range t.Holders() {
			if h.Person == person {
				one.Since = h.Since.Time()
			}
		}
		out = append(out, one)
	}
	return out, err
}

func (s inHand) tasksOf(ctx context.Context, person fact.Subject) (out []task.Task, err error) {
	all, err := taskdb.Open(ctx, s.Journal.Views(), s.Device, "")
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		for _, h := range t.Holders() {
			if h.Person == person {
				out = append(out, t)
				break
			}
		}
	}
	return out, nil
}

// GiveBack puts what a person holds back on its lists, one after the other:
// each is whole by itself, and what could not be given back stays listed.
func (s inHand) GiveBack(ctx context.Context, by access.Caller, person fact.Subject, why string) (int, error) {
	if err := s.Gate.Enter(ctx, by, access.HandOver, person); err != nil {
		return 0, err
	}
	staff, err := journal.Fold(ctx, s.Journal, person, access.FoldStaff)
	if err != nil {
		return 0, err
	}
	if !staff.Gone(s.clock()) { // nobody at work loses what they are at
		return 0, refusal.New(refusal.Taken, "They still hold a role. Ask them to release what they have, or end their roles first.")
	}
	cases, err := s.Cases.InHand(ctx, person)
	if err != nil {
		return 0, err
	}
	done := 0
	for _, c := range cases {
		if e := s.Cases.HandBack(ctx, by, c.ID, person, why); e != nil {
			err = errors.Join(err, e)
			continue
		}
		done++
	}
	tasks, e := s.tasksOf(ctx, person)
	err = errors.Join(err, e)
	for _, t := range tasks {
		if e := s.giveBack(ctx, by, t.Subject, person, why); e != nil {
			err = errors.Join(err, e)
			continue
		}
		done++
	}
	return done, err
}

func (s inHand) giveBack(ctx context.Context, by access.Caller, id, person fact.Subject, why string) error {
	saved, err := s.Journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		t, err := journal.FoldIn(tx, id, task.Fold)
		if err != nil {
			return nil, err
		}
		return task.GiveBack(t, by, person, why)
	})
	if err == nil {
		s.Journal.WaitViews(ctx, saved, 50*time.Millisecond)
	}
	return err
}

// openWork lists what a person has in hand: their cases, the calls they took
// whose caller they still have, and their tasks with the cases these are about,
// each with the records of the people it is about. onLine tells that one of
// them is a call whose patient is not known yet.
func (n *Node) openWork(ctx context.Context, person fact.Subject) (out []fact.Subject, onLine bool, err error) {
	cases, err := n.Cases.InHand(ctx, person)
	if err != nil {
		return nil, false, err
	}
	for _, c := range cases {
		records := c.Records()
		out = append(append(out, c.ID), records...)
		onLine = onLine || c.Stage() == urgent.OnCall && len(records) == 0
	}
	held, err := inHand{n}.tasksOf(ctx, person)
	for _, t := range held {
		out = append(out, t.Subject)
		about := t.What().About
		if about.Zero() {
			continue
		}
		records, bad := n.Cases.RecordsOf(ctx, about)
		if bad != nil {
			return nil, false, bad
		}
		out = append(append(out, about), records...)
	}
	return out, onLine, err
}

// dueInHand lists when the open cases of somebody are due, and nothing of whom
// they are about: 0 for one that has no deadline.
func (n *Node) dueInHand(ctx context.Context, person fact.Subject) (due []fact.Millis, err error) {
	cases, err := n.Cases.InHand(ctx, person)
	for _, c := range cases {
		due = append(due, c.Due())
	}
	return due, err
}
