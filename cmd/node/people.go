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
	"strings"
)

// people finds and reads records for the pages of urgent care.
type people struct{ *Node }

var _ urgentweb.People = people{}

// Find lets the caller in, records the look, and lists who matches.
func (s people) Find(ctx context.Context, by access.Caller, q record.Query) ([]record.Match, error) {
	if err := s.Gate.Enter(ctx, by, access.FindPerson, fact.Subject{}); err != nil {
		return nil, err
	}
	if q.Also == nil && strings.TrimSpace(q.Given) != "" {
		q.Also = s.config.Library.Who.Nicknames.Of(q.Given)
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
	if by.May(access.SeePerson) != nil { // refused, and written down, before anything is read
		return record.Person{}, s.Gate.Enter(ctx, by, access.SeePerson, id)
	}
	q := access.Ask{Act: access.SeePerson, Relation: s.relation(ctx, by, id)}
	if err := s.Gate.EnterAs(ctx, by, q, id); err != nil {
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
	linked, missed := s.linked(ctx, by, q, p)
	return record.Together(p, linked, missed...), nil
}

// relation says how the caller is linked to a person's record: by the cases
// about it; by a call in hand, whose patient may be anybody; or by a search of
// theirs a moment ago, for a call of which nothing is saved yet. A caseload is
// not known before home care is.
func (s people) relation(ctx context.Context, by access.Caller, id fact.Subject) access.Relation {
	r := s.Cases.RelationTo(ctx, by, id)
	if r != access.Unlinked {
		return r
	}
	if care := s.Cases.CareOf(ctx, by, id); care.Unknown || care.InCall || s.Gate.FoundLately(by, id) {
		return access.OnShift
	}
	return r
}
