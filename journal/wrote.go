package journal

import (
	"context"
	"time"

	"holdfast/fact"
)

// WroteUntil gives the latest moment, by the clock of then, at which this device
// wrote control or care behind a place of its feeds, as HowFar gave it; the zero
// time when nothing was written since. Nobody takes it back by setting the clock:
// it is read from what was flushed.
func (j *Journal) WroteUntil(_ context.Context, since []fact.After) (last time.Time, err error) {
	before := map[fact.FeedID]uint64{}
	for _, a := range since {
		before[a.Feed] = a.Size
	}
	err = j.file.Load().read(func(c *sqlConn) error {
		for _, b := range j.branches.list() {
			if b.device != j.papers.card.Device || b.lane == fact.Looks {
				continue
			}
			at, err := c.oneInt("SELECT coalesce(max(at), 0) FROM heads WHERE feed=? AND size>?", b.num, int64(before[b.feed]))
			if err != nil {
				return err
			}
			last = later(last, fact.Millis(at))
		}
		return nil
	})
	return last, err
}

// SeenUntil gives the latest moment that stands anywhere in what is held here:
// when something was written or taken in, by the clock of then, or signed by any
// device. It is what the time is at least, as far as those clocks went right; the
// zero time when nothing says.
func (j *Journal) SeenUntil(_ context.Context) (last time.Time, err error) {
	err = j.file.Load().read(func(c *sqlConn) error {
		at, err := c.oneInt("SELECT coalesce(max(at), 0) FROM heads")
		last = later(last, fact.Millis(at))
		return err
	})
	for _, b := range j.branches.list() {
		if h, bad := fact.OpenHead(b.signed, b.key); bad == nil {
			last = later(last, h.Time)
		}
	}
	return last, err
}

func later(t time.Time, at fact.Millis) time.Time {
	if at > 0 && at.Time().After(t) {
		return at.Time()
	}
	return t
}
