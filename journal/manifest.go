package journal

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// KeysGiven says that a site node gave a desk the keys of these subjects, for
// the first time: from then on they could be read there. Its subject is the
// desk.
type KeysGiven struct {
	Subjects []fact.Subject `cbor:"1,keyasint"`
}

// FactKind is kind 11.
func (KeysGiven) FactKind() fact.Kind {
	return fact.Kind{Number: 11, Version: 1, Lane: fact.Looks, Name: "keys-given", Join: fact.Grow}
}

// mostGiven keeps one fact well below the most that a body holds.
const mostGiven = 1000

// givenKeys remembers what each desk was given, so that each subject is said
// once.
type givenKeys struct {
	mu sync.Mutex
	by map[fact.Subject]map[fact.Subject]bool
}

// noteGiven says which subjects a desk is about to be given, before it is. One
// that can't be said is logged and given all the same: a desk is never kept
// from its work by the list of what it holds.
func (j *Journal) noteGiven(ctx context.Context, desk fact.Subject, subjects []fact.Subject) {
	j.gave.mu.Lock()
	defer j.gave.mu.Unlock()
	was, err := j.givenTo(ctx, desk)
	if err != nil {
		j.o.Log.Error("what a desk was given can't be read", "err", err)
		return
	}
	var fresh []fact.Subject
	for _, s := range subjects {
		if !was[s] && !slices.Contains(fresh, s) {
			fresh = append(fresh, s)
		}
	}
	if len(fresh) == 0 {
		return
	}
	var drafts []fact.Draft
	for part := range slices.Chunk(fresh, mostGiven) {
		drafts = append(drafts, fact.Say(desk, KeysGiven{Subjects: part}))
	}
	if _, err := j.Do(ctx, fact.Author{Role: "device"}, nil, func(*Tx) ([]fact.Draft, error) { return drafts, nil }); err != nil {
		j.o.Log.Error("what a desk is given can't be written down", "err", err)
		return
	}
	for _, s := range fresh {
		was[s] = true
	}
}

func (j *Journal) givenTo(ctx context.Context, desk fact.Subject) (map[fact.Subject]bool, error) {
	if was := j.gave.by[desk]; was != nil {
		return was, nil
	}
	h, err := j.History(ctx, desk)
	if err != nil {
		return nil, err
	}
	was := map[fact.Subject]bool{}
	for _, f := range h.Facts() {
		if g, err := fact.Read[KeysGiven](f); err == nil {
			for _, s := range g.Subjects {
				was[s] = true
			}
		}
	}
	if j.gave.by == nil {
		j.gave.by = map[fact.Subject]map[fact.Subject]bool{}
	}
	j.gave.by[desk] = was
	return was, nil
}

// ManifestLine is a subject that could be read on a desk.
type ManifestLine struct {
	Subject fact.Subject
	Since   fact.Millis // when its key was first given, by the giver's clock; or first written about there, by the desk's
	Written bool        // the desk itself wrote about it
}

// Manifest lists what could be read on a desk at a moment: all that any site
// node had given it by then, and all that it had written about itself as far as
// that has come here. A desk is taken to hold what it was ever given.
func (j *Journal) Manifest(ctx context.Context, desk fact.Subject, at fact.Millis) ([]ManifestLine, error) {
	if e, ok := j.House().Devices[desk]; !ok || e.Card.Kind != fact.Desk {
		return nil, refusal.New(refusal.Missing, "There is no such desk. A site node holds the whole record.")
	}
	if j.epoch == nil {
		return nil, refusal.New(refusal.Forbidden, "A desk does not know what others hold. Ask a site node.")
	}
	h, err := j.History(ctx, desk)
	if err != nil {
		return nil, err
	}
	lines := map[fact.Subject]ManifestLine{}
	add := func(l ManifestLine) {
		if l.Since > at {
			return
		}
		if old, ok := lines[l.Subject]; ok {
			l.Since, l.Written = min(l.Since, old.Since), l.Written || old.Written
		}
		lines[l.Subject] = l
	}
	for _, f := range h.Facts() {
		if g, err := fact.Read[KeysGiven](f); err == nil {
			for _, s := range g.Subjects {
				add(ManifestLine{Subject: s, Since: f.Header.Recorded})
			}
		}
	}
	if err := j.writtenBy(desk, add); err != nil {
		return nil, err
	}
	out := make([]ManifestLine, 0, len(lines))
	for _, l := range lines {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b ManifestLine) int { return bytes.Compare(a.Subject[:], b.Subject[:]) })
	return out, nil
}

// writtenBy goes through what a desk wrote itself.
func (j *Journal) writtenBy(desk fact.Subject, see func(ManifestLine)) error {
	return j.file.Load().read(func(c *sqlConn) error {
		for _, b := range j.branches.list() {
			if b.device != desk {
				continue
			}
			if err := c.each("SELECT header FROM facts WHERE feed=?", func(v []driverValue) error {
				h, err := fact.ParseHeader(v[0].([]byte))
				if err == nil {
					see(ManifestLine{Subject: h.Subject, Since: h.Recorded, Written: true})
				}
				return err
			}, b.num); err != nil {
				return err
			}
		}
		return nil
	})
}
