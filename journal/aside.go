package journal

import (
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

// asides is what site nodes told a desk of facts that are held back, by
// subject.
type asides map[fact.Subject][]HeldBy

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

// HeldOf lists which facts of a subject are held back here, and by what.
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
	return out, nil
}

// TakeHeld keeps what a site node tells a desk of a subject; it takes the place
// of what was told before. It is durable when it returns.
func (j *Journal) TakeHeld(ctx context.Context, subject fact.Subject, held []HeldBy) error {
	if j.epoch != nil || slices.Equal((*j.asides.Load())[subject], held) {
		return nil
	}
	return j.control1(ctx, func(w *writer) error {
		enc, err := fact.Encode(held)
		if err != nil {
			return err
		}
		name := asideName(subject)
		if len(held) == 0 {
			err = w.file.write.exec("DELETE FROM meta WHERE name=?", name)
		} else {
			err = w.file.write.exec("INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)", name, enc)
		}
		if err != nil {
			return err
		}
		next := maps.Clone(*j.asides.Load())
		if next[subject] = held; len(held) == 0 {
			delete(next, subject)
		}
		j.asides.Store(&next)
		if err := j.houseMoved(w, nil); err != nil {
			return err
		}
		j.cache.forget(subject)
		j.views.again([]fact.Subject{subject})
		return nil
	})
}

func asideName(s fact.Subject) string { return "held " + hex.EncodeToString(s[:]) }

// openAsides reads what was told before.
func (j *Journal) openAsides(f *dbFile) error {
	out := asides{}
	err := f.read(func(c *sqlConn) error {
		return c.each("SELECT substr(name, 6), value FROM meta WHERE name LIKE 'held %'", func(v []driverValue) error {
			raw, err := hex.DecodeString(v[0].(string))
			var held []HeldBy
			if err != nil || len(raw) != len(fact.Subject{}) || fact.Decode(v[1].([]byte), &held) != nil {
				return nil // it is told again at the next meeting
			}
			out[fact.Subject(raw)] = held
			return nil
		})
	})
	j.asides.Store(&out)
	return err
}
