package urgentdb

import (
	"context"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// HandBack gives a case that somebody who has gone still holds back to the
// list.
func (s *Cases) HandBack(ctx context.Context, by access.Caller, id, gone fact.Subject, why string) error {
	if err := s.Gate.Enter(ctx, by, access.HandOver, id); err != nil {
		return err
	}
	saved, err := s.Journal.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		c, err := fold(tx, id)
		if err != nil {
			return nil, err
		}
		return urgent.HandBack(c, by, gone, why)
	})
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return err
}
