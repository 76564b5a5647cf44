package journal

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
)

// lostSet is which facts were found damaged or missing, a bounded number.
type lostSet struct {
	mu  sync.Mutex
	all map[Lost]bool
}

// mostLost bounds what is remembered; the rest is found at the next look.
const mostLost = 10_000

func (l *lostSet) add(one Lost) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[Lost]bool{}
	}
	if len(l.all) < mostLost {
		l.all[one] = true
	}
}

func (l *lostSet) remove(one Lost) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.all, one)
}

// Lost lists facts that should be here and were found damaged or missing, in
// order. They can be mended from any device that has them.
func (j *Journal) Lost(context.Context) ([]Lost, error) {
	j.lost.mu.Lock()
	defer j.lost.mu.Unlock()
	out := make([]Lost, 0, len(j.lost.all))
	for one := range j.lost.all {
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Lost) int {
		if a.Feed != b.Feed {
			return slices.Compare(a.Feed[:], b.Feed[:])
		}
		return int(int64(a.Seq) - int64(b.Seq))
	})
	return out, nil
}

// Scrub reads every fact once and notes those that are damaged or missing. It
// tells how many there are.
func (j *Journal) Scrub(ctx context.Context) (int, error) {
	for _, b := range j.branches.list() {
		if b.part {
			continue
		}
		if err := j.scrub(ctx, b); err != nil {
			return 0, err
		}
	}
	all, err := j.Lost(ctx)
	return len(all), err
}

// scrubStep is how many facts are read with one lent connection.
const scrubStep = 2000

func (j *Journal) scrub(ctx context.Context, b *branch) error {
	for at := b.base; at < b.size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		end := min(at+scrubStep, b.size)
		have := at
		err := j.file.Load().read(func(c *sqlConn) error {
			return c.each("SELECT seq, id, header, body FROM facts WHERE feed=? AND seq>=? AND seq<? ORDER BY seq", func(v []driverValue) error {
				seq := uint64(v[0].(int64))
				for ; have < seq; have++ {
					j.lost.add(Lost{Feed: b.feed, Seq: have})
				}
				have = seq + 1
				if sound(v[2].([]byte), v[3].([]byte), v[1].([]byte)) != nil {
					j.lost.add(Lost{Feed: b.feed, Seq: seq})
				}
				return nil
			}, b.num, int64(at), int64(end))
		})
		if err != nil {
			return err
		}
		for ; have < end; have++ {
			j.lost.add(Lost{Feed: b.feed, Seq: have})
		}
		at = end
	}
	return nil
}

// ProvedAt gives facts by their place, each with its proof, as far as they are
// sound here.
func (j *Journal) ProvedAt(ctx context.Context, to fact.Subject, places []Lost) (Proved, error) {
	p := newProving(j)
	for _, at := range places {
		if err := ctx.Err(); err != nil {
			return Proved{}, err
		}
		for _, b := range j.branches.of(at.Feed) {
			if err := p.add(b, at.Seq); err != nil {
				return Proved{}, err
			}
		}
	}
	return p.finish(ctx, to)
}

// mend puts a proved fact in the place of one that is damaged or missing.
func (j *Journal) mend(ctx context.Context, b *branch, a arrived) error {
	seq := a.fact.Header.Seq
	err := j.control1(ctx, func(w *writer) error {
		_, err := w.transaction(func(c *sqlConn) error {
			if err := owe(c, a.fact.Header.Subject); err != nil {
				return err
			}
			return w.mend(c, b, a)
		})
		if err == nil { // before a checkpoint can find the lists level
			j.cache.forget(a.fact.Header.Subject)
			j.views.again([]fact.Subject{a.fact.Header.Subject})
		}
		return err
	})
	if err != nil {
		return err
	}
	j.lost.remove(Lost{Feed: b.feed, Seq: seq})
	j.o.Log.Warn("a damaged fact was mended from another device", "feed", b.feed.Short(), "seq", seq)
	return nil
}

func (w *writer) mend(c *sqlConn, b *branch, a arrived) error {
	subject, err := w.number(c, a.fact.Header.Subject)
	if err != nil {
		return err
	}
	seq := int64(a.fact.Header.Seq)
	have, err := c.oneInt("SELECT count(*) FROM facts WHERE feed=? AND seq=?", b.num, seq)
	if err != nil {
		return err
	}
	if have == 0 {
		w.pos++
		return c.exec("INSERT INTO facts(pos, feed, seq, id, subject, header, body) VALUES(?, ?, ?, ?, ?, ?, ?)", w.pos, b.num, seq, a.fact.ID[:], subject, a.header, a.body)
	}
	return c.exec("UPDATE facts SET id=?, subject=?, header=?, body=? WHERE feed=? AND seq=?", a.fact.ID[:], subject, a.header, a.body, b.num, seq)
}

// mendTrees works out anew the tree of every branch whose stored hashes do not
// hold, once all of its facts are sound.
func (j *Journal) mendTrees(ctx context.Context) error {
	for _, b := range j.branches.list() {
		if !b.broken || b.part {
			continue
		}
		if err := j.mendTree(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func (j *Journal) mendTree(ctx context.Context, b *branch) error {
	var at edge
	var stored []tlog.Hash
	err := j.file.Load().read(func(c *sqlConn) error {
		return j.eachRow(c, b, 0, b.size, "header", func(v []driverValue) error {
			stored = at.add(v[0].([]byte), stored)
			return nil
		})
	})
	if err != nil || at.size != b.size || at.root() != b.root {
		return err // its facts do not hold yet
	}
	whole := *b
	whole.broken, whole.before = false, at
	return j.control1(ctx, func(w *writer) error {
		_, err := w.transaction(func(c *sqlConn) error {
			if err := c.exec("DELETE FROM tree WHERE feed=?", b.num); err != nil {
				return err
			}
			return w.writeArrivedTree(c, &arriving{next: &whole, first: b.base, stored: stored[tlog.StoredHashCount(int64(b.base)):]})
		})
		if err != nil {
			return err
		}
		j.branches.put(&whole)
		if len(j.house.Load().Cuts) == 0 {
			return nil
		}
		return j.houseMoved(w, nil)
	})
}
