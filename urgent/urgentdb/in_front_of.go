package urgentdb

import (
	"context"
	"slices"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// InFrontOf lists the open cases in front of a person: those they claimed, and the
// calls they took that have come to no disposition. It is for the door, which
// takes none of them away; it shows nobody's record.
func (s *Cases) InFrontOf(ctx context.Context, person fact.Subject) ([]fact.Subject, error) {
	all, err := s.listed.rows(ctx, s.Journal.Views())
	if err != nil {
		return nil, err
	}
	var out []fact.Subject
	for _, row := range all {
		mine := slices.ContainsFunc(row.Holders, func(h urgent.Holder) bool { return h.Person == person })
		if !mine && row.Dx == "" {
			c, err := journal.Fold(ctx, s.Journal, row.Case, urgent.Fold)
			if err != nil {
				return nil, err
			}
			mine = c.Taken != nil && c.TakenBy == person
		}
		if mine {
			out = append(out, row.Case)
		}
	}
	return out, nil
}
