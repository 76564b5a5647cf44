package recorddb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
)

// Gate is the door that every caller passes first.
type Gate interface {
	Enter(ctx context.Context, by access.Caller, act access.Act, about fact.Subject) error
}

// Records writes in records on one device.
type Records struct {
	Journal *journal.Journal
	Gate    Gate
}

// viewWait is how long an answer waits for the lists.
const viewWait = 50 * time.Millisecond

// Do lets the caller in, runs the verb on the folded record and saves what it
// says. seen is what the page showed, nil when there was none.
func (s *Records) Do(ctx context.Context, by access.Caller, id fact.Subject, seen []fact.ID, verb record.Verb) error {
	if err := s.Gate.Enter(ctx, by, access.WritePerson, id); err != nil {
		return err
	}
	return s.save(ctx, by, journal.Seen{id: seen}, func(tx *journal.Tx) ([]fact.Draft, error) {
		p, err := journal.FoldIn(tx, id, record.Fold)
		if err != nil {
			return nil, err
		}
		return verb(p, tx.Now())
	})
}

// DoTwo lets the caller into both records, runs the verb on both and saves what
// it says of them in one act. seen is what the page of the first showed.
func (s *Records) DoTwo(ctx context.Context, by access.Caller, a, b fact.Subject, seen []fact.ID, verb record.PairVerb) error {
	for _, id := range []fact.Subject{a, b} {
		if id.Zero() {
			return refusal.Field("other", "Choose the other record.")
		}
		if err := s.Gate.Enter(ctx, by, access.WritePerson, id); err != nil {
			return err
		}
	}
	return s.save(ctx, by, journal.Seen{a: seen}, func(tx *journal.Tx) ([]fact.Draft, error) {
		x, err := journal.FoldIn(tx, a, record.Fold)
		if err != nil {
			return nil, err
		}
		y, err := journal.FoldIn(tx, b, record.Fold)
		if err != nil {
			return nil, err
		}
		return verb(x, y)
	})
}

func (s *Records) save(ctx context.Context, by access.Caller, seen journal.Seen, decide func(tx *journal.Tx) ([]fact.Draft, error)) error {
	saved, err := s.Journal.Do(ctx, by.Author(), seen, decide)
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return err
}
