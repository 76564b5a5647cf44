package urgentdb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
)

// RecordVerb is a verb of package record with its request bound. fresh draws
// the subjects of tasks that follow.
type RecordVerb func(p record.Person, fresh record.New, now time.Time) ([]fact.Draft, error)

// Record lets the caller in to write in a person's record, runs the verb on
// the folded record and saves what it says. seen is the frontier that the page
// showed, nil when there was none.
func (s *Cases) Record(ctx context.Context, by access.Caller, person fact.Subject, seen []fact.ID, verb RecordVerb) ([]fact.Fact, error) {
	if err := s.Gate.Enter(ctx, by, access.WritePerson, person); err != nil {
		return nil, err
	}
	saved, err := s.Journal.Do(ctx, by.Author(), journal.Seen{person: seen}, func(tx *journal.Tx) ([]fact.Draft, error) {
		p, err := journal.FoldIn(tx, person, record.Fold)
		if err != nil {
			return nil, err
		}
		return verb(p, tx.NewSubject, tx.Now())
	})
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return saved, err
}

// Household runs a verb on the records of two people, and saves what it says
// of both in one act.
func (s *Cases) Household(ctx context.Context, by access.Caller, one, other fact.Subject, verb func(p, q record.Person, now time.Time) ([]fact.Draft, error)) error {
	for _, id := range []fact.Subject{one, other} {
		if err := s.Gate.Enter(ctx, by, access.WritePerson, id); err != nil {
			return err
		}
	}
	saved, err := s.Journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		p, err := journal.FoldIn(tx, one, record.Fold)
		if err != nil {
			return nil, err
		}
		q, err := journal.FoldIn(tx, other, record.Fold)
		if err != nil {
			return nil, err
		}
		return verb(p, q, tx.Now())
	})
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return err
}
