package node

import (
	"context"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/recorddb"
	"holdfast/urgent/urgentweb"
)

// people finds and reads records for the pages of urgent care.
type people struct{ *Node }

var _ urgentweb.People = people{}

// Find lets the caller in, records the look, and lists who matches.
func (s people) Find(ctx context.Context, by access.Caller, q record.Query) ([]record.Match, error) {
	if err := s.Gate.Enter(ctx, by, access.FindPerson, fact.Subject{}); err != nil {
		return nil, err
	}
	found, err := recorddb.Find(ctx, s.Journal.Views(), by, q)
	if err != nil {
		return nil, err
	}
	var shown []fact.Subject
	for _, m := range found.Matches {
		shown = append(shown, m.Person)
	}
	return found.Matches, s.Gate.Found(ctx, by, shown)
}

// Person lets the caller in, records the look, and gives the folded record.
func (s people) Person(ctx context.Context, by access.Caller, id fact.Subject) (record.Person, error) {
	if err := s.Gate.Enter(ctx, by, access.SeePerson, id); err != nil {
		return record.Person{}, err
	}
	p, err := journal.Fold(ctx, s.Journal, id, record.Fold)
	if err != nil {
		return record.Person{}, err
	}
	if !p.Registered {
		if err := s.Journal.Gone(id, nil); err != nil {
			return record.Person{}, err
		}
	}
	if !p.Registered && len(p.NotShown) == 0 {
		return record.Person{}, refusal.New(refusal.Missing, "There is no such record here.")
	}
	return p, nil
}
