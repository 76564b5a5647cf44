package urgentdb

import (
	"context"

	"holdfast/fact"
	"holdfast/journal"
)

// Where names the device that wrote a feed, by the organisation's own facts
// about its devices; "" when they are not here.
func (s *Cases) Where(ctx context.Context) (func(fact.FeedID) string, error) {
	h, err := s.Journal.History(ctx, s.Journal.OrgSubject())
	if err != nil {
		return nil, err
	}
	names, feeds := map[fact.Hash]string{}, map[fact.FeedID]string{}
	for _, f := range h.Facts() {
		if v, err := fact.Read[journal.DeviceEnrolled](f); err == nil {
			var card fact.DeviceCard
			if hash, err := v.Card.Hash(); err == nil && fact.Decode(v.Card.Bytes, &card) == nil {
				names[hash] = card.Name
			}
		}
	}
	for _, f := range h.Facts() {
		v, err := fact.Read[journal.IncarnationBegan](f)
		var inc fact.Incarnation
		if err != nil || fact.Decode(v.Certificate.Bytes, &inc) != nil {
			continue
		}
		for _, lane := range []fact.Lane{fact.Control, fact.Care, fact.Looks} {
			if feed, err := fact.FeedOf(v.Certificate, lane); err == nil {
				feeds[feed] = names[inc.Card]
			}
		}
	}
	return func(f fact.FeedID) string { return feeds[f] }, nil
}
