package journal

import (
	"context"
	"slices"
	"time"

	"holdfast/fact"
)

// A desk that is cut off knows the keys of what it was given. Fresh ones are
// begun by one small fact, from whose name and the secret of the epoch every
// device of the organisation makes the same new ring by itself. Only keys that
// were minted in the ring in use seal anything new, and who has not heard of the
// cut can't make the ring, so that nobody can hand a fresh key to the desk
// unawares (docs/decisions/0030).

// KeysFresh begins fresh keys within an epoch, because desks were cut off. Two
// devices that say the same apart have said it once: its name is the hash of
// what it says.
type KeysFresh struct {
	Epoch fact.Hash `cbor:"1,keyasint"` // of its public half
	After fact.Hash `cbor:"2,keyasint"` // name of the fresh keys before, whose cuts count here too; zero: none
	Cuts  []fact.ID `cbor:"3,keyasint"` // of desks, in the order of their bytes; 500 at most
}

// FactKind is kind 139.
func (KeysFresh) FactKind() fact.Kind {
	return fact.Kind{Number: 139, Version: 1, Lane: fact.Control, Name: "keys-fresh", Join: fact.Grow}
}

// mostCutsNamed keeps one fact well below the most that a body holds; more cuts
// than that are named by several, one after another.
const mostCutsNamed = 500

// name is what fresh keys are made from and called by.
func (k KeysFresh) name() (fact.Hash, error) {
	b, err := fact.Encode(k)
	return fact.Labelled("holdfast/keys-fresh/1", b), err
}

// fresh is a beginning of fresh keys that counts.
type fresh struct {
	name   fact.Hash
	epoch  fact.Hash
	before *fresh // nil: the epoch itself
	cuts   []fact.ID
}

// foldFresh keeps those beginnings all of whose cuts are known. Until they are,
// nobody makes keys from them: whoever did might give them to a desk that they
// are kept from.
func (o *House) foldFresh(said []KeysFresh) {
	cuts := map[fact.ID]bool{}
	for _, c := range o.Cuts {
		cuts[c.ID] = c.Lapse == nil
	}
	waiting := map[fact.Hash][]*fresh{} // by the name that they come after
	counts := map[fact.Hash]*fresh{}
	for _, k := range said {
		name, err := k.name()
		if err != nil || counts[name] != nil || slices.ContainsFunc(k.Cuts, func(id fact.ID) bool { return !cuts[id] }) {
			continue
		}
		f := &fresh{name: name, epoch: k.Epoch, cuts: k.Cuts}
		counts[name] = f
		waiting[k.After] = append(waiting[k.After], f)
		o.fresh = append(o.fresh, f)
	}
	whole := map[fact.Hash]bool{}
	next := waiting[fact.Hash{}]
	for len(next) > 0 { // each comes after one other, and none can come after itself: a name is a hash
		f := next[0]
		next = next[1:]
		whole[f.name] = true
		for _, later := range waiting[f.name] {
			if later.epoch == f.epoch {
				later.before = f
				next = append(next, later)
			}
		}
	}
	o.fresh = slices.DeleteFunc(o.fresh, func(f *fresh) bool { return !whole[f.name] })
}

// cutDesks lists the cuts that keep desks out now.
func (o House) cutDesks() map[fact.ID]bool {
	out := map[fact.ID]bool{}
	for _, c := range o.Cuts {
		if e, ok := o.Devices[c.Says.Device]; ok && e.Card.Kind == fact.Desk && !c.Over && c.Lapse == nil {
			out[c.ID] = true
		}
	}
	return out
}

// without lists which of these cuts a beginning does not know of.
func (f *fresh) without(cuts map[fact.ID]bool) (missing []fact.ID) {
	known := map[fact.ID]bool{}
	for ; f != nil; f = f.before {
		for _, id := range f.cuts {
			known[id] = true
		}
	}
	for id := range cuts {
		if !known[id] {
			missing = append(missing, id)
		}
	}
	slices.SortFunc(missing, func(a, b fact.ID) int { return slices.Compare(a[:], b[:]) })
	return missing
}

// freshIn gives the fresh keys to use within an epoch: the last that know of
// every desk that is cut off, else those that know of most; nil for the keys of
// the epoch itself. missing lists the cuts that they don't know of. Which of two
// that both serve comes last does not matter: both are good.
func (o House) freshIn(epoch fact.Hash) (best *fresh, missing []fact.ID) {
	cuts := o.cutDesks()
	missing = best.without(cuts)
	first := true
	for _, f := range slices.Backward(o.fresh) {
		if f.epoch != epoch {
			continue
		}
		if lacks := f.without(cuts); len(lacks) < len(missing) || first && len(lacks) == len(missing) {
			best, missing = f, lacks
		}
		if first = false; len(missing) == 0 {
			break
		}
	}
	return best, missing
}

// called is the name of fresh keys; zero for those of the epoch itself.
func (f *fresh) called() fact.Hash {
	if f == nil {
		return fact.Hash{}
	}
	return f.name
}

// beginFresh begins fresh keys where those in use may lie on a desk that is cut
// off: at once when the cut was made here, else when nobody else has for a while.
// It costs one fact for each epoch that is in use, however much the desk held.
func (j *Journal) beginFresh(ctx context.Context, left map[string]time.Time) error {
	n := 0
	err := j.stateIf(ctx, func(h House) (out []fact.Content) {
		for _, epoch := range j.epochsInUse(h) {
			last, missing := h.freshIn(epoch)
			mine := slices.ContainsFunc(h.Cuts, func(c Cut) bool { return slices.Contains(missing, c.ID) && j.own(c.Feed) })
			if len(missing) == 0 || j.left(left, "fresh "+epoch.String(), mine) {
				continue
			}
			out = append(out, KeysFresh{Epoch: epoch, After: last.called(), Cuts: missing[:min(len(missing), mostCutsNamed)]})
		}
		n = len(out)
		return out
	})
	if err == nil && n > 0 {
		j.o.Log.Warn("fresh keys are in use: those that a desk which is cut off was given close nothing more")
	}
	return err
}

// epochsInUse lists the epoch that this site node uses, and those that desks
// which are not cut off still use.
func (j *Journal) epochsInUse(h House) []fact.Hash {
	out := []fact.Hash{j.epochs.Load().now}
	for device, r := range j.house.Load().desks {
		if !h.CutOff(device) && !slices.Contains(out, r.of) {
			out = append(out, r.of)
		}
	}
	slices.SortFunc(out[1:], func(a, b fact.Hash) int { return slices.Compare(a[:], b[:]) })
	return out
}

// takeFresh makes the rings of the fresh keys that count, of all that is held
// here.
func (j *Journal) takeFresh(h House) {
	was := j.subjects.rings.Load()
	var more []ring
	for _, f := range h.fresh {
		base, held := was.named[ringName{of: f.epoch}]
		if _, have := was.named[ringName{f.epoch, f.name}]; have || !held {
			continue
		}
		r, err := base.afresh(j.papers.org, f.name)
		if err != nil {
			j.o.Log.Error("fresh keys can't be made", "err", err)
			continue
		}
		more = append(more, r)
	}
	if len(more) > 0 {
		j.subjects.rings.Store(was.with(more...))
	}
}

// useRing puts a ring in use, with the fresh keys to use within it.
func (j *Journal) useRing(h House, base ring) {
	f, _ := h.freshIn(base.of)
	r := base
	if f != nil {
		made, err := base.afresh(j.papers.org, f.name)
		if err != nil {
			j.o.Log.Error("fresh keys can't be made", "err", err)
			return
		}
		r = made
	}
	if now := j.subjects.rings.Load(); now.now.own.ID != r.own.ID {
		j.subjects.rings.Store(now.using(r))
	}
}

// freshName is a desk's ring and fresh keys within it.
type freshName struct {
	base  [16]byte
	fresh fact.Hash
}

// freshNames remembers by which wrapper each desk closes what it mints under
// fresh keys: made once, not at every judgement. The writer's.
type freshNames map[freshName][16]byte

func (n freshNames) of(base ring, org fact.OrgID, name fact.Hash) ([16]byte, error) {
	key := freshName{base.own.ID, name}
	if id, have := n[key]; have {
		return id, nil
	}
	r, err := base.afresh(org, name)
	if err == nil {
		n[key] = r.own.ID
	}
	return r.own.ID, err
}
