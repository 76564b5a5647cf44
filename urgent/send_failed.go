package urgent

import (
	"slices"

	"holdfast/exchange"
	"holdfast/fact"
)

// failure remembers where it was said that an envelope did not arrive.
func (c *folding) failure(i int, f fact.Fact) {
	switch f.Body.Kind {
	case (exchange.EnvelopeAttempted{}).FactKind().Number:
		if v, err := fact.Read[exchange.EnvelopeAttempted](f); err == nil && v.Outcome == exchange.Turned {
			c.failed = append(c.failed, failedAt{i, v.Envelope})
		}
	case (exchange.ReceiptOverdue{}).FactKind().Number:
		if v, err := fact.Read[exchange.ReceiptOverdue](f); err == nil {
			c.failed = append(c.failed, failedAt{i, v.Envelope})
		}
	}
}

// failedAt is one saying that an envelope did not arrive, by its place.
type failedAt struct {
	place    int
	envelope exchange.EnvelopeID
}

// unaware tells whether the writer of the fact at a place could not know that
// the referral had failed: who closed the case, or set its outcome, took the
// patient to be somewhere else.
func (c *folding) unaware(place int) bool {
	return slices.ContainsFunc(c.SentNow(), func(s Sent) bool {
		return c.Envelope(s.What.Envelope).NeedsPerson() && slices.ContainsFunc(c.failed, func(f failedAt) bool {
			return f.envelope == s.What.Envelope && !c.h.Before(f.place, place)
		})
	})
}
