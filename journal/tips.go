package journal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Tips lists every branch held whole that has facts, in a fixed order: by feed,
// then root.
func (j *Journal) Tips() []Tip {
	var out []Tip
	for _, b := range j.branches.list() {
		if !b.part && b.size > 0 {
			out = append(out, b.tip())
		}
	}
	return out
}

// HasRoot tells whether a branch is held here whose tree has this root at this
// size.
func (j *Journal) HasRoot(_ context.Context, p Place) (bool, error) {
	b, err := j.holding(p)
	return b != nil, err
}

// holding finds a branch that has a root at a size; nil when there is none.
func (j *Journal) holding(p Place) (*branch, error) {
	for _, b := range j.branches.of(p.Feed) {
		root, err := j.rootAt(b, p.Size)
		if err != nil && !b.broken {
			return nil, err
		}
		if err == nil && p.Size <= b.size && root == p.Root {
			return b, nil
		}
	}
	return nil, nil
}

// RootsAt gives the roots that the branch at p had at smaller sizes.
func (j *Journal) RootsAt(_ context.Context, p Place, sizes []uint64) ([]fact.Hash, error) {
	b, err := j.mustHold(p)
	if err != nil {
		return nil, err
	}
	out := make([]fact.Hash, len(sizes))
	for i, size := range sizes {
		if size > p.Size {
			return nil, refusal.Newf(refusal.Invalid, "The tree had %d facts and is asked for its root at %d.", p.Size, size)
		}
		if out[i], err = j.rootAt(b, size); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (j *Journal) mustHold(p Place) (*branch, error) {
	b, err := j.holding(p)
	if err == nil && b == nil {
		err = refusal.New(refusal.Missing, "No such branch is held here.")
	}
	return b, err
}

// ReadRange reads facts of the branch at p from first on: about most bytes, up
// to a size that a head covers. Key wraps are closed for the device named. What
// is damaged here is never read out: the range ends before it, or there is an
// error.
func (j *Journal) ReadRange(ctx context.Context, to fact.Subject, p Place, first uint64, most int) (Range, error) {
	b, err := j.mustHold(p)
	if err != nil {
		return Range{}, err
	}
	if first >= p.Size {
		return Range{}, refusal.New(refusal.Invalid, "The range begins behind the branch's end.")
	}
	r := Range{Feed: b.feed, First: first}
	err = j.file.Load().read(func(c *sqlConn) error {
		before, err := j.edgeOf(c, b, first)
		if err != nil {
			return err
		}
		for _, h := range before.hashes {
			r.Before = append(r.Before, fact.Hash(h))
		}
		end, err := j.endWithHead(c, b, &r, most)
		if err != nil {
			return err
		}
		if r.Headers, r.Bodies, err = j.readRaw(c, b, first, end); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return Range{}, fmt.Errorf("read a range of feed %s from %d: %w", b.feed.Short(), first, err)
	}
	r.Wraps, err = j.wrapsFor(ctx, r.Headers, to)
	return r, err
}

// endWithHead finds where a range ends: at a head that holds. Damaged ones are
// passed over.
func (j *Journal) endWithHead(c *sqlConn, b *branch, r *Range, most int) (uint64, error) {
	bad := map[uint64]bool{}
	for {
		end, err := j.rangeEnd(c, b, r.First, most, bad)
		if err != nil {
			return 0, err
		}
		if r.Head, err = j.headAt(c, b, end); err != nil {
			return 0, err
		}
		if head, err := fact.OpenHead(r.Head, b.key); err == nil && head.Feed == b.feed && head.Size == end {
			return end, nil
		}
		j.o.Log.Error("a head kept here does not hold", "feed", b.feed.Short(), "size", end)
		bad[end] = true
	}
}

// rangeEnd finds the last head within the bytes allowed, or the first one
// behind them, leaving out those that are bad.
func (j *Journal) rangeEnd(c *sqlConn, b *branch, first uint64, most int, bad map[uint64]bool) (uint64, error) {
	var size, fits, next uint64
	bytes := 0
	sizes, err := j.headSizes(c, b, first)
	if err != nil {
		return 0, err
	}
	sizes = slices.DeleteFunc(sizes, func(size uint64) bool { return bad[size] })
	if len(sizes) == 0 {
		return 0, refusal.New(refusal.Missing, "No head covers what is asked for.")
	}
	at := 0
	err = j.eachRow(c, b, first, sizes[len(sizes)-1], "seq, length(body)", func(v []driverValue) error {
		size = uint64(v[0].(int64)) + 1
		bytes += fact.HeaderSize + int(v[1].(int64))
		for at < len(sizes) && sizes[at] <= size {
			next = sizes[at]
			at++
			if bytes <= most || fits == 0 {
				fits = next
			}
		}
		if bytes > most && fits != 0 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil && fits == 0 {
		err = refusal.New(refusal.Missing, "No head covers what is asked for.")
	}
	return fits, err
}

// mostHeads bounds how many heads are looked at for one range.
const mostHeads = 8192

// headSizes lists sizes behind first that a head covers, in order; below a
// branch's base they are those of its parent.
func (j *Journal) headSizes(c *sqlConn, b *branch, first uint64) ([]uint64, error) {
	var out []uint64
	err := j.down(b, first, b.size, func(at *branch, from, to uint64) error {
		return c.each("SELECT size FROM heads WHERE feed=? AND size>? AND size<=? ORDER BY size LIMIT ?", func(v []driverValue) error {
			out = append(out, uint64(v[0].(int64)))
			return nil
		}, at.num, int64(from), int64(to), int64(mostHeads))
	})
	return out, err
}

func (j *Journal) headAt(c *sqlConn, b *branch, size uint64) ([]byte, error) {
	for at := b; at != nil; at = j.branches.get(at.parent) {
		if size <= at.base && at.parent != 0 {
			continue
		}
		return c.oneBytes("SELECT head FROM heads WHERE feed=? AND size=?", at.num, int64(size))
	}
	return nil, refusal.New(refusal.Missing, "No head covers what is asked for.")
}

// down walks from the trunk to a branch over the stretch from first to end:
// which branch holds which part of it.
func (j *Journal) down(b *branch, first, end uint64, part func(at *branch, from, to uint64) error) error {
	if b.parent != 0 && first < b.base {
		if parent := j.branches.get(b.parent); parent != nil {
			if err := j.down(parent, first, min(end, b.base), part); err != nil {
				return err
			}
		}
	}
	if from := max(first, b.base); from < end {
		return part(b, from, end)
	}
	return nil
}

// eachRow reads columns of the facts of a branch, in order.
func (j *Journal) eachRow(c *sqlConn, b *branch, first, end uint64, columns string, row func(v []driverValue) error) error {
	return j.down(b, first, end, func(at *branch, from, to uint64) error {
		return c.each("SELECT "+columns+" FROM facts WHERE feed=? AND seq>=? AND seq<? ORDER BY seq", row, at.num, int64(from), int64(min(to, math.MaxInt64)))
	})
}

// readRaw reads exact bytes and checks each against the other before they
// leave this device.
func (j *Journal) readRaw(c *sqlConn, b *branch, first, end uint64) (headers, bodies [][]byte, err error) {
	err = j.eachRow(c, b, first, end, "seq, id, header, body", func(v []driverValue) error {
		header, body := v[2].([]byte), v[3].([]byte)
		if err := sound(header, body, v[1].([]byte)); err != nil || uint64(v[0].(int64)) != first+uint64(len(headers)) {
			j.lost.add(Lost{Feed: b.feed, Seq: first + uint64(len(headers))})
			return fmt.Errorf("fact %d is damaged here", first+uint64(len(headers)))
		}
		headers, bodies = append(headers, header), append(bodies, body)
		return nil
	})
	if err == nil && uint64(len(headers)) != end-first {
		err = fmt.Errorf("fact %d is missing here", first+uint64(len(headers)))
		j.lost.add(Lost{Feed: b.feed, Seq: first + uint64(len(headers))})
	}
	return headers, bodies, err
}

// proofOf gives the proof of one fact below the newest head of its branch.
func (j *Journal) proofOf(c *sqlConn, b *branch, seq uint64) ([]fact.Hash, error) {
	hashes, err := tlog.ProveRecord(int64(b.size), int64(seq), j.branchTree(c, b))
	out := make([]fact.Hash, len(hashes))
	for i, h := range hashes {
		out[i] = fact.Hash(h)
	}
	return out, err
}

// errEnough ends a reading early.
var errEnough = errors.New("enough")
