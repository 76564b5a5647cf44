package urgentdb

import (
	"context"
	"slices"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/urgent"
)

// InHand lists the open cases that somebody has in hand, what will be late
// first, as their facts say now: the list finds them, the journal decides. It
// shows nobody anything: whoever shows it lets the reader in. When the list
// can't be read, or does not catch up in time, the error says that it can't be
// told, beside those that were found: that is never "none".
func (s *Cases) InHand(ctx context.Context, person fact.Subject) (out []urgent.Case, err error) {
	late := s.current(ctx)
	all, err := s.listed.rows(ctx, s.Journal.Views())
	if err != nil {
		return nil, err
	}
	for _, row := range all {
		if !mayBeInHand(row, person) {
			continue
		}
		c, err := journal.Fold(ctx, s.Journal, row.Case, urgent.Fold)
		if err != nil {
			late = err // perhaps theirs; the others are
			continue
		}
		if c.InHand(person) {
			out = append(out, c)
		}
	}
	return out, late
}

// mayBeInHand leaves out rows of which it is certain without their facts that
// somebody else has the case. Who took a call that a colleague has claimed
// stands in the facts alone.
func mayBeInHand(row urgent.Row, person fact.Subject) bool {
	for _, h := range row.Holders {
		if h.Person == person {
			return true
		}
	}
	return row.Dx == "" && !slices.ContainsFunc(row.Holders, func(h urgent.Holder) bool { return h.Doing == urgent.DoingCall })
}

// current waits until the list has taken in what is on record now, as long as
// any answer waits for it.
func (s *Cases) current(ctx context.Context) error {
	if !s.Journal.WaitLevel(ctx, viewWait) {
		return refusal.New(refusal.Unavailable, "The list of open cases is being brought up to date.")
	}
	return nil
}

// CareOf tells how somebody stands to a case or a record by their open work.
// What can't be told is unknown, and never "not theirs".
func (s *Cases) CareOf(ctx context.Context, by access.Caller, about fact.Subject) access.Care {
	c, err := journal.Fold(ctx, s.Journal, about, urgent.Fold)
	if err != nil {
		return access.Care{Unknown: true}
	}
	out := access.Care{Mine: c.InHand(by.Person) || c.OnList() && c.TakenBy == by.Person && !by.Person.Zero()}
	held, err := s.InHand(ctx, by.Person)
	for _, one := range held {
		out.Mine = out.Mine || one.ID == about || slices.Contains(one.Records(), about)
		out.InCall = out.InCall || one.Stage() == urgent.OnCall
	}
	out.Unknown, out.Working = err != nil, len(held) > 0
	return out
}

// RecordsOf gives the records that a case is about, as its facts say; none for
// what is no case. It shows nobody anything.
func (s *Cases) RecordsOf(ctx context.Context, id fact.Subject) ([]fact.Subject, error) {
	c, err := journal.Fold(ctx, s.Journal, id, urgent.Fold)
	return c.Records(), err
}
