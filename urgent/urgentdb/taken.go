package urgentdb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// TakenBy lists the calls that this person took since a time, newest first,
// wherever they stand now.
func (s *Cases) TakenBy(ctx context.Context, by access.Caller, since time.Time) ([]urgent.Row, error) {
	if err := s.Gate.Enter(ctx, by, access.SeeWorklist, fact.Subject{}); err != nil {
		return nil, err
	}
	all, err := s.rows(ctx, `SELECT row FROM urgent_case WHERE began >= ? ORDER BY began DESC LIMIT ?`, since.UnixMilli(), mostRows)
	if err != nil {
		return nil, err
	}
	var out []urgent.Row
	for _, row := range all {
		c, err := journal.Fold(ctx, s.Journal, row.Case, urgent.Fold)
		if err != nil {
			return nil, err
		}
		if c.Taken != nil && c.TakenBy == by.Person {
			out = append(out, row)
		}
	}
	return out, nil
}
