package urgentdb

import (
	"context"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// Refuses gives the refusal of somebody whose role does not allow the act, which
// is written down; nil for everybody else. A handler asks it before it reads the
// request; who is let in is settled by the gate.
func (s *Cases) Refuses(ctx context.Context, by access.Caller, act access.Act) error {
	if by.May(act) == nil {
		return nil
	}
	return s.Gate.Enter(ctx, by, act, fact.Subject{})
}

// Case lets the caller in by what links them to the case, records the look, and
// gives the folded case. What is read before the door is used for nothing else.
func (s *Cases) Case(ctx context.Context, by access.Caller, id fact.Subject) (urgent.Case, error) {
	if err := by.May(access.SeeCase); err != nil {
		return urgent.Case{}, s.Gate.Enter(ctx, by, access.SeeCase, id) // refused, and written down
	}
	c, err := journal.Fold(ctx, s.Journal, id, urgent.Fold)
	if err != nil {
		return urgent.Case{}, err
	}
	q := access.Ask{Act: access.SeeCase, Relation: s.relation(ctx, by, c)}
	if err := s.Gate.EnterAs(ctx, by, q, id); err != nil {
		return urgent.Case{}, err
	}
	if !c.Begun() {
		return urgent.Case{}, s.Journal.Gone(id, noCase())
	}
	return c, nil
}

// relation says how the caller is linked to a case. Where the lists can't tell
// whether the patient is here again, they count as being so: a list that fails
// keeps nobody out.
func (s *Cases) relation(ctx context.Context, by access.Caller, c urgent.Case) access.Relation {
	r := urgent.RelationTo(c, by.Person, false)
	if r == access.Unlinked && s.patientHere(ctx, c) {
		return urgent.RelationTo(c, by.Person, true)
	}
	return r
}

// RelationTo says how the caller is linked to a person's record: as closely as
// to the closest case about it. What the lists can't tell counts as live work
// of the service: a list that fails keeps nobody out.
func (s *Cases) RelationTo(ctx context.Context, by access.Caller, person fact.Subject) access.Relation {
	best := access.Unlinked
	ids, err := s.tied(ctx, person)
	if err != nil {
		best = access.OnShift
	}
	for _, id := range ids {
		c, err := journal.Fold(ctx, s.Journal, id, urgent.Fold)
		switch r := urgent.RelationTo(c, by.Person, false); {
		case err != nil:
			best = access.OnShift
		case r == access.OnCase:
			return r
		case r == access.OnShift:
			best = r
		}
	}
	return best
}

// patientHere tells whether another live case is about a person whom this one
// is about.
func (s *Cases) patientHere(ctx context.Context, c urgent.Case) bool {
	var live bool
	err := s.Journal.Views().QueryRowContext(ctx, `SELECT EXISTS (
		SELECT 1 FROM urgent_about a JOIN urgent_about b ON b.record = a.record JOIN urgent_case c ON c.id = b.id
		WHERE a.id = ? AND c.onlist = 1)`, c.ID[:]).Scan(&live)
	return err != nil || live
}
