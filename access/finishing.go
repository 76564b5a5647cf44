package access

import (
	"slices"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// inTime refuses new work, and all that is no care, to somebody whose role or
// session has run out while they had work in hand.
func (c Caller) inTime(r Row) error {
	if c.Lapsed.IsZero() || r.TimeOver != NotAnyMore {
		return nil
	}
	return ranOut()
}

// InHand refuses somebody who only finishes what they have what is not of that:
// an act that the table does not leave them, a case that they do not hold, a
// record of nobody whom their cases are about. No reason opens it. Who the
// person on the line is may not be known yet: a record that is looked at for a
// call in hand is of it.
func (c Caller) InHand(a Act, about fact.Subject) error {
	if c.Lapsed.IsZero() {
		return nil
	}
	r, err := c.row(a)
	if err != nil {
		if r.Act == "" {
			return nil // not theirs at all: the gate says so
		}
		return err
	}
	if r.TimeOver != OfInHand || len(c.Finishing) == 0 || about.Zero() || slices.Contains(c.Finishing, about) || c.OnLine && a == SeePerson {
		return nil
	}
	return ranOut()
}

func ranOut() error {
	return refusal.New(refusal.Forbidden, "Your role or your shift has run out. Finish what you have; a colleague takes what is new.")
}

// finishes tells whether a session that ended by the clock is young enough to
// finish something in.
func (o SessionOpened) finishes(p Policy, now time.Time) bool {
	return now.Before(o.Until.Time().Add(p.FinishLasts))
}
