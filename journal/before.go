package journal

import (
	"context"
	"errors"
	"slices"
	"time"

	"holdfast/fact"
)

// Own tells whether this device wrote a fact, in any of its incarnations.
func (j *Journal) Own(f fact.Fact) bool {
	c, ok := j.branches.cert(f.Header.Feed)
	return ok && c.device == j.papers.card.Device
}

// TrustedUpTo turns a moment into sizes and roots. Of one device's feeds only
// what other devices dated counts, never the suspect's own clock. When it is
// about a person, no device is suspect unless it is cut off: then this device's
// record of when it took each head in counts as well.
func (j *Journal) TrustedUpTo(ctx context.Context, device fact.Subject, moment time.Time) ([]fact.After, error) {
	if !device.Zero() {
		return j.DatedBefore(device, moment)
	}
	var out []fact.After
	for id := range j.house.Load().Devices {
		dated, err := j.DatedBefore(id, moment)
		if err != nil {
			return nil, err
		}
		out = append(out, dated...)
	}
	more, err := j.takenInBefore(moment)
	if err != nil {
		return nil, err
	}
	for _, a := range more {
		at := slices.IndexFunc(out, func(o fact.After) bool { return o.Feed == a.Feed })
		if at < 0 {
			out = append(out, a)
		} else if a.Size > out[at].Size {
			out[at] = a
		}
	}
	slices.SortFunc(out, func(a, b fact.After) int { return slices.Compare(a.Feed[:], b.Feed[:]) })
	return out, ctx.Err()
}

// takenInBefore tells how far each feed had come here at a moment, by this
// device's own clock.
func (j *Journal) takenInBefore(moment time.Time) ([]fact.After, error) {
	sizes := map[int64]int64{}
	err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT feed, max(size) FROM heads WHERE at>0 AND at<=? GROUP BY feed", func(v []driverValue) error {
			sizes[v[0].(int64)] = v[1].(int64)
			return nil
		}, int64(fact.At(moment)))
	})
	if err != nil {
		return nil, err
	}
	var out []fact.After
	for _, b := range j.branches.list() {
		size := uint64(sizes[b.num])
		if size == 0 || b.part || b.base > 0 || j.house.Load().CutOff(b.device) {
			continue
		}
		root, err := j.rootAt(b, size)
		if err != nil {
			return nil, err
		}
		out = append(out, fact.After{Feed: b.feed, Size: size, Root: root})
	}
	return out, nil
}

// WouldHold gives each fact that a cut would hold and no other cut holds yet, at
// most so many; more tells that there are others.
func (j *Journal) WouldHold(ctx context.Context, cut CutMade, most int, see func(fact.Fact)) (more bool, err error) {
	g, err := j.newJudge(House{Cuts: []Cut{{Says: cut}}})
	if err != nil {
		return false, err
	}
	seen := 0
	for _, c := range g.cuts {
		for _, b := range j.branches.list() {
			from, ok := c.from[b.num]
			if !ok {
				continue
			}
			err := j.walkBranch(ctx, b, from, func(p placed) error {
				if !c.holds(b.num, p.fact) || p.fact.Held {
					return nil
				}
				if seen == most {
					return errEnough
				}
				seen++
				see(p.fact)
				return nil
			})
			if errors.Is(err, errEnough) {
				return true, nil
			}
			if err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// walkBranch reads a branch from a sequence on, a bounded number at a time.
func (j *Journal) walkBranch(ctx context.Context, b *branch, from uint64, see func(placed) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		batch, err := j.readFacts(j.file.Load(), "SELECT pos, feed, header, body FROM facts WHERE feed=? AND seq>=? ORDER BY seq LIMIT ?", b.num, int64(from), int64(viewBatch))
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, p := range batch {
			if err := see(p); err != nil {
				return err
			}
		}
		from = batch[len(batch)-1].fact.Header.Seq + 1
	}
}
