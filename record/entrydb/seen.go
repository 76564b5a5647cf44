package entrydb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
)

// seenWait is how long the form of a desk waits for what stands at the site.
const seenWait = 2 * time.Second

// SeenAtSite gives what stands at the site of what is kept on a home, for the
// form of a desk: what is written there replaces this and nothing that came
// later. Empty when the site can't be asked.
func (s *Homes) SeenAtSite(ctx context.Context, by access.Caller, person fact.Subject) ([]fact.ID, error) {
	if err := s.Gate.Enter(ctx, by, access.KeepEntry, person); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, seenWait)
	defer stop()
	r, err := s.ask(ctx, question{Session: by.Session, Person: person, Do: askSeen})
	if err != nil {
		return []fact.ID{}, nil // the site says so itself when the form comes to it
	}
	return r.Seen, nil
}

func (s *Homes) frontier(ctx context.Context, by access.Caller, person fact.Subject) ([]fact.ID, error) {
	if err := s.Gate.Enter(ctx, by, access.KeepEntry, person); err != nil {
		return nil, err
	}
	c, err := journal.Fold(ctx, s.Journal, s.CodeOf(person), entry.Fold)
	return c.Frontier, err
}

// keepOf keeps for a desk what its page may replace: nothing that it had not
// seen, which would be gone from sight without anybody having looked at it.
func (s *Homes) keepOf(ctx context.Context, by access.Caller, q question, req entry.Keeping) error {
	seen := q.Seen
	if seen == nil {
		seen = []fact.ID{}
	}
	return s.do(ctx, by, access.KeepEntry, q.Person, seen, func(tx *journal.Tx, c entry.Code) ([]fact.Draft, error) {
		unseen, err := journal.FoldIn(tx, c.Subject, func(about fact.Subject, h fact.History) []entry.Value { return entry.Unseen(about, h, seen) })
		if err != nil {
			return nil, err
		}
		if len(unseen) > 0 {
			return nil, refusal.New(refusal.Taken, "How to get into this home was changed at the site after you opened this page, or the page was opened without the site. Nothing is written over. Open the page again and write what opens the home.")
		}
		p, err := journal.FoldIn(tx, q.Person, record.Fold)
		if err != nil {
			return nil, err
		}
		return entry.Keep(c, p, by, req, tx.Now())
	})
}
