package journal

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"maps"
	"slices"

	"holdfast/fact"
)

// A desk holds single facts of a feed, not the feed. When a device was cloned,
// a cut trusts one of its two histories, and only who holds both whole can tell
// which of them a fact stands in. A desk's site node tells it, signed with what
// it states of each subject; the desk keeps that. It only ever marks facts.

// HeldBy says that a cut holds a fact back.
type HeldBy struct {
	_    struct{} `cbor:",toarray"`
	Fact fact.ID
	Cut  fact.ID
}

// asideOf is one site node's word on one subject. Site nodes know different
// things for a while, so each has a word of its own, and what any of them holds
// back is marked.
type asideOf struct{ site, subject fact.Subject }

// asides is what site nodes told a desk of facts that are held back.
type asides map[asideOf][]HeldBy

// by lists the facts that one cut holds back.
func (a asides) by(cut fact.ID) map[fact.ID]bool {
	out := map[fact.ID]bool{}
	for _, list := range a {
		for _, h := range list {
			if h.Cut == cut {
				out[h.Fact] = true
			}
		}
	}
	return out
}

// HeldOf lists which facts of a subject are held back here, and by what, in an
// order that is the same on every device.
func (j *Journal) HeldOf(_ context.Context, subject fact.Subject) ([]HeldBy, error) {
	cuts := j.house.Load().judge.cuts
	if len(cuts) == 0 {
		return nil, nil
	}
	all, err := j.readSubject(j.file.Load(), subject)
	if err != nil {
		return nil, err
	}
	var out []HeldBy
	for _, p := range all {
		for _, c := range cuts {
			if c.covers(p.num, p.fact) {
				out = append(out, HeldBy{Fact: p.fact.ID, Cut: c.id})
			}
		}
	}
	slices.SortFunc(out, func(a, b HeldBy) int {
		return cmp.Or(bytes.Compare(a.Cut[:], b.Cut[:]), bytes.Compare(a.Fact[:], b.Fact[:]))
	})
	return out, nil
}

// TakeHeld keeps what a site node tells a desk of subjects; of each it takes the
// place of what that site node told before, and nothing held is nothing kept. It
// is durable when it returns.
func (j *Journal) TakeHeld(ctx context.Context, site fact.Subject, told map[fact.Subject][]HeldBy) error {
	if j.epoch != nil || !(*j.asides.Load()).news(site, told) {
		return nil
	}
	return j.control1(ctx, func(w *writer) error {
		next, changed := maps.Clone(*j.asides.Load()), []fact.Subject(nil)
		_, err := w.transaction(func(c *sqlConn) error {
			for subject, held := range told {
				of := asideOf{site, subject}
				if j.erased(subject) {
					held = nil
				}
				if slices.Equal(next[of], held) {
					continue
				}
				if err := keepAside(c, of, held); err != nil {
					return err
				}
				changed = append(changed, subject)
				if next[of] = held; len(held) == 0 {
					delete(next, of)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		j.asides.Store(&next)
		for _, s := range changed {
			j.cache.forget(s)
		}
		j.views.again(changed)
		return j.houseMoved(w, nil)
	})
}

// news tells whether anything is told that is not kept yet.
func (a asides) news(site fact.Subject, told map[fact.Subject][]HeldBy) bool {
	for subject, held := range told {
		if !slices.Equal(a[asideOf{site, subject}], held) {
			return true
		}
	}
	return false
}

func keepAside(c *sqlConn, of asideOf, held []HeldBy) error {
	if len(held) == 0 {
		return c.exec("DELETE FROM meta WHERE name=?", of.name())
	}
	enc, err := fact.Encode(held)
	if err != nil {
		return err
	}
	return c.exec("INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)", of.name(), enc)
}

func (o asideOf) name() string {
	return "held " + hex.EncodeToString(o.site[:]) + hex.EncodeToString(o.subject[:])
}

// openAsides reads what was told before.
func (j *Journal) openAsides(f *dbFile) error {
	out := asides{}
	err := f.read(func(c *sqlConn) error {
		return c.each("SELECT substr(name, 6), value FROM meta WHERE name LIKE 'held %'", func(v []driverValue) error {
			raw, err := hex.DecodeString(v[0].(string))
			const n = len(fact.Subject{})
			var held []HeldBy
			if err != nil || len(raw) != 2*n || fact.Decode(v[1].([]byte), &held) != nil {
				return nil // it is told again at the next meeting
			}
			out[asideOf{fact.Subject(raw[:n]), fact.Subject(raw[n:])}] = held
			return nil
		})
	})
	j.asides.Store(&out)
	return err
}

// leave takes what was told of erased subjects away, in the transaction that
// destroys their keys.
func (a asides) leave(c *sqlConn, erased map[fact.Subject]Tombstone) (asides, error) {
	out := maps.Clone(a)
	for of := range a {
		if _, gone := erased[of.subject]; gone {
			delete(out, of)
			if err := keepAside(c, of, nil); err != nil {
				return a, err
			}
		}
	}
	return out, nil
}
