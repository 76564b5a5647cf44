package drill

import (
	"context"
	"errors"
	"fmt"

	"holdfast/fact"
	"holdfast/journal"
)

// child hands over what is stated about a case by the device that stands
// nearest, before anything that it stands on: it is there, with its gaps named.
// When the rest has come there are none.
func (c *carrying) child(ctx context.Context) error {
	s, err := fact.ParseSubject(c.about)
	if err != nil {
		return err
	}
	if err := c.papers(ctx); err != nil {
		return err
	}
	if err := c.only(ctx, func(r journal.Range) bool {
		device, _ := c.from.DeviceOf(r.Feed)
		return device == c.from.Device().Card().Device
	}); err != nil {
		return err
	}
	h, err := c.to.History(ctx, s)
	if err != nil {
		return err
	}
	c.result.Late = h.Len()
	if h.Len() == 0 {
		c.result.Believed = append(c.result.Believed, "what came before its case was dropped")
	}
	if len(h.Gaps()) == 0 {
		c.result.Believed = append(c.result.Believed, "what came before its case does not say that something is missing")
	}
	early := h.Len()
	if err := c.only(ctx, func(journal.Range) bool { return true }); err != nil {
		return err
	}
	if h, err = c.to.History(ctx, s); err != nil {
		return err
	}
	if h.Len() <= early || len(h.Gaps()) > 0 {
		return fmt.Errorf("when all has come, %d facts about the case and %d gaps", h.Len(), len(h.Gaps()))
	}
	return c.blobs(ctx, 1)
}

// only hands over the ranges that are chosen, in order.
func (c *carrying) only(ctx context.Context, chosen func(journal.Range) bool) error {
	all, err := c.pieces(ctx, 64<<10)
	if err != nil {
		return err
	}
	for _, r := range all {
		if !chosen(r) {
			continue
		}
		if err := c.take(ctx, r); err != nil && !errors.Is(err, journal.ErrOwn) {
			return err
		}
	}
	return nil
}
