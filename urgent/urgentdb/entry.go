package urgentdb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record/entry"
	"holdfast/urgent"
)

// mostTied bounds how many cases of one person are looked through: the open
// ones first, then the newest.
const mostTied = 50

// levelWait is how long a question of which lists must hold everything waits for
// them.
const levelWait = 250 * time.Millisecond

// tied lists the cases about a person.
func (s *Cases) tied(ctx context.Context, person fact.Subject) ([]fact.Subject, error) {
	rows, err := s.Journal.Views().QueryContext(ctx, `SELECT c.id FROM urgent_about a JOIN urgent_case c ON c.id = a.id
		WHERE a.record = ? ORDER BY c.onlist DESC, c.began DESC, c.id LIMIT ?`, person[:], mostTied)
	if err != nil {
		return nil, err
	}
	return subjects(rows)
}

// Grounds lists what ties a caller to a person's home just now, for the vault of
// entry codes. What cannot be read is unknown, never none: so is a case that the
// lists may not have taken in yet.
func (s *Cases) Grounds(ctx context.Context, by access.Caller, person fact.Subject, r entry.Rules, now time.Time) (g entry.Grounds) {
	lag := !s.Journal.WaitLevel(ctx, levelWait)
	ids, err := s.tied(ctx, person)
	g.Unknown = lag || err != nil
	for _, id := range ids {
		c, err := journal.Fold(ctx, s.Journal, id, urgent.Fold)
		if err != nil {
			g.Unknown = true
			continue
		}
		if one, ties := urgent.EntryRelation(c, by.Person, r.Ambulance, now); ties {
			g.Relations = append(g.Relations, one)
		}
	}
	return g
}
