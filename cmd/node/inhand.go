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
)

// inHand knows the open cases and tasks that people hold.
type inHand struct{ *Node }

var _ accessweb.HeldBy = inHand{}

// InHand knows the open work of people on a node.
func InHand(n *Node) accessweb.HeldBy { return inHand{n} }

// Of lists what a person holds, by number and sort: nothing says whom it is
// about.
func (s inHand) Of(ctx context.Context, person fact.Subject) ([]accessweb.InHand, error) {
	cases, err := s.Cases.HeldBy(ctx, person)
	if err != nil {
		return nil, err
	}
	var out []accessweb.InHand
	for _, row := range cases {
		one := accessweb.InHand{What: "Case " + row.Number + ", " + string(row.Stage)}
		for _, h := range row.Holders {
			if h.Person == person {
				one.Since = h.At.Time()
			}
		}
		if row.Due != 0 {
			one.Due = row.Due.Time()
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
	cases, err := s.Cases.HeldBy(ctx, person)
	if err != nil {
		return 0, err
	}
	done := 0
	for _, row := range cases {
		if e := s.Cases.HandBack(ctx, by, row.Case, person, why); e != nil {
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
// that have come to no disposition, and their tasks with the cases these are
// about.
func (n *Node) openWork(ctx context.Context, person fact.Subject) ([]fact.Subject, error) {
	out, err := n.Cases.InFrontOf(ctx, person)
	if err != nil {
		return nil, err
	}
	held, err := inHand{n}.tasksOf(ctx, person)
	for _, t := range held {
		out = append(out, t.Subject)
		if about := t.What().About; !about.Zero() {
			out = append(out, about)
		}
	}
	return out, err
}
