package share_test

import (
	"fmt"
	"slices"

	"holdfast/fact"
	"holdfast/fact/share"
)

// judgeAt checks what one node's rights say against what the world knows to be
// true. It reckons by itself, from who wrote what and what they had at hand.
func (w *world) judgeAt(at int) error {
	r, held := w.rights(at), w.at[at].held
	for _, check := range []func(share.Rights, set) error{
		w.everyUseIsThere, w.unitsAddUp, w.onceEach, w.onlyByRight, w.twoPeopleFirst, w.nothingWhileDisputed, w.staysFirm, w.plainBookkeeping,
	} {
		if err := check(r, held); err != nil {
			return fmt.Errorf("node %d: %w\n%s%+v", at, err, w.describe(), r)
		}
	}
	return nil
}

func (w *world) judgeAll() error {
	for at := range w.at {
		if err := w.judgeAt(at); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) exists(u uint64, held set) (yes bool) {
	held.each(func(i int) {
		s := w.facts[i].step
		yes = yes || s.Act == share.Received && s.Units.Covers(share.One(u))
	})
	return yes
}

// everyUseIsThere: nothing that was used is dropped.
func (w *world) everyUseIsThere(r share.Rights, held set) (err error) {
	held.each(func(i int) {
		if s := w.facts[i].step; s.Act == share.Used {
			var n uint64
			for _, u := range r.UsesOf(w.facts[i].fact.ID) {
				n += u.Units.Count()
			}
			if n != s.Units.Count() {
				err = fmt.Errorf("use %d shows %d units of %d", i, n, s.Units.Count())
			}
		}
	})
	return err
}

// unitsAddUp: what exists is held, used or in dispute, each unit once, and what
// is used is used by a use that counts.
func (w *world) unitsAddUp(r share.Rights, held set) error {
	var exist, used, gone, parts uint64
	for u := range uint64(20) {
		if w.exists(u, held) {
			exist++
		}
	}
	for _, u := range r.Uses {
		if u.Status.Counts() {
			used += u.Units.Count()
		}
	}
	for n, p := range r.Parts {
		parts += p.Units.Count()
		if p.Standing == share.Gone {
			gone += p.Units.Count()
		}
		if n > 0 && r.Parts[n-1].Units.Last >= p.Units.First {
			return fmt.Errorf("parts overlap")
		}
	}
	if parts != exist || used != gone || used > exist {
		return fmt.Errorf("%d exist, %d in parts, %d used, %d gone", exist, parts, used, gone)
	}
	return nil
}

// onceEach: no unit is firmly used twice, nor one that does not exist.
func (w *world) onceEach(r share.Rights, held set) error {
	taken := map[uint64]bool{}
	for _, use := range r.Uses {
		for u := use.Units.First; use.Status.Counts() && u <= use.Units.Last; u++ {
			if taken[u] || !w.exists(u, held) {
				return fmt.Errorf("unit %d is firm twice or does not exist", u)
			}
			taken[u] = true
		}
	}
	return nil
}

// apart tells whether neither of two facts stands before the other.
func (w *world) apart(i, j int) bool {
	return i != j && !w.facts[i].past.has(j) && !w.facts[j].past.has(i)
}

// moved tells whether fact i is an approval by a second person.
func (w *world) moved(i int) (proposal share.Step, yes bool) {
	s := w.facts[i].step
	if s.Act != share.Approved {
		return share.Step{}, false
	}
	p := w.place(s.About)
	proposal = w.facts[p].step
	return proposal, w.facts[i].past.has(p) && proposal.Person != s.Person && proposal.To != proposal.Lost
}

// onlyByRight: whoever used firmly had the unit given to it, by receiving, by
// hand, or by two people, and had seen that.
func (w *world) onlyByRight(r share.Rights, held set) error {
	for _, use := range r.Uses {
		if use.Status != share.Firm {
			continue
		}
		i := w.place(use.Fact)
		by, given := w.at[w.facts[i].device].device, false
		w.facts[i].past.each(func(j int) {
			s := w.facts[j].step
			p, two := w.moved(j)
			given = given || two && p.To == by && w.facts[j].covers[use.Units.First] || s.To == by && (s.Act == share.Received || s.Act == share.Handed) && s.Units.Touches(use.Units)
		})
		if !given || w.facts[i].step.Asks {
			return fmt.Errorf("use %d is firm by a device that was given nothing", i)
		}
	}
	return nil
}

func (w *world) twins(i, j int) bool {
	p, one := w.moved(i)
	q, two := w.moved(j)
	return one && two && w.apart(i, j) && p.Lost == q.Lost && p.To == q.To
}

// restsOnTwin tells whether b rests on a repetition of a that moved the unit too.
// Right: the same move made twice is one move, so who went on from either copy
// went on from it. A copy that did not move this unit excuses nothing.
func (w *world) restsOnTwin(a, b int, unit uint64) (yes bool) {
	w.facts[b].past.each(func(c int) { yes = yes || w.twins(a, c) && w.facts[c].covers[unit] })
	return yes
}

// movedIn is moved as far as somebody can know who holds only some facts.
// Right: what an approval moves is read from its past, and part of that is not
// here. The range says so (Gaps); with all of it here nothing is excused.
func (w *world) movedIn(i int, held set) (proposal share.Step, yes bool) {
	p, yes := w.moved(i)
	return p, yes && w.facts[i].past.within(held)
}

// agreed tells whether b is settled with a though nobody had seen both: b rests
// on a repetition of a, or people who went on from b moved the unit to where a
// had. Right: all words then name one device; its unseen uses stay provisional.
func (w *world) agreed(a, b int, unit uint64, held set) (yes bool) {
	p, _ := w.moved(a)
	yes = w.restsOnTwin(a, b, unit)
	held.each(func(c int) {
		q, two := w.movedIn(c, held)
		yes = yes || two && q.To == p.To && w.facts[c].covers[unit] && w.facts[c].past.has(b)
	})
	return yes
}

// twoPeopleFirst: what two people moved is not firm by who had not seen it.
func (w *world) twoPeopleFirst(r share.Rights, held set) (err error) {
	for _, use := range r.Uses {
		i := w.place(use.Fact)
		held.each(func(a int) {
			if _, two := w.movedIn(a, held); !two || use.Status != share.Firm || !w.apart(a, i) || !w.facts[a].covers[use.Units.First] {
				return
			}
			if !w.restsOnTwin(a, i, use.Units.First) {
				err = fmt.Errorf("use %d is firm though approval %d moved its unit unseen", i, a)
			}
		})
	}
	return err
}

// nothingWhileDisputed: units that two pairs of people moved apart to different
// devices are nobody's until another pair has seen both.
func (w *world) nothingWhileDisputed(r share.Rights, held set) (err error) {
	held.each(func(a int) {
		held.each(func(b int) {
			p, one := w.movedIn(a, held)
			q, two := w.movedIn(b, held)
			if !one || !two || !w.apart(a, b) || p.To == q.To {
				return
			}
			for _, use := range r.Uses {
				u := use.Units.First
				if use.Status.Counts() && w.facts[a].covers[u] && w.facts[b].covers[u] && !w.agreed(a, b, u, held) && !w.agreed(b, a, u, held) && !w.settled(a, b, u, held) {
					err = fmt.Errorf("unit %d is firm while approvals %d and %d disagree", u, a, b)
				}
			}
		})
	})
	return err
}

// settled tells whether two people who had seen both approvals, or repetitions
// of them, have moved the unit. Right: what a repetition says had been weighed;
// a use that rests on it and that they had not seen is provisional all the same.
func (w *world) settled(a, b int, unit uint64, held set) (yes bool) {
	held.each(func(c int) {
		_, two := w.movedIn(c, held)
		past := w.facts[c].past
		yes = yes || two && w.facts[c].covers[unit] && (past.has(a) || w.restsOnTwin(a, c, unit)) && (past.has(b) || w.restsOnTwin(b, c, unit))
	})
	return yes
}

// staysFirm: a use that was firm for anybody is firm for all who know it, and
// its unit is nobody else's anywhere, unless two people moved rights that
// neither side had seen, or a device was copied.
func (w *world) staysFirm(r share.Rights, held set) error {
	if w.cloned || !w.whole(held) {
		return nil
	}
	for _, use := range r.Uses {
		key := fmt.Sprintf("%d/%s", use.Units.First, use.Fact)
		i := w.place(use.Fact)
		if use.Status.Counts() {
			w.noteFirm(key, held)
			if err := w.firmElsewhere(i, use.Units.First); err != nil {
				return err
			}
		} else if w.wasFirm(key, held) && !w.excused(i, use.Units.First, held) {
			return fmt.Errorf("use %d was firm and is %s", i, use.Status)
		}
	}
	return nil
}

// plainBookkeeping: where nobody was lost, copied or rude, rights go from hand
// to hand as in a paper ledger.
func (w *world) plainBookkeeping(r share.Rights, held set) error {
	plain, last := !w.cloned && w.whole(held), map[uint64]fact.Subject{}
	held.each(func(i int) {
		f := w.facts[i]
		_, two := w.moved(i)
		plain = plain && !two && !f.raw
		units := f.step.Units
		if f.step.Act == share.Confirmed {
			units = w.facts[w.place(f.step.About)].step.Units
		}
		for u := units.First; u <= units.Last; u++ {
			switch {
			case f.step.Act == share.Received || f.step.Act == share.Handed:
				last[u] = f.step.To
			case f.step.Act == share.Used && !f.step.Asks || f.step.Act == share.Confirmed:
				last[u] = fact.Subject{}
			}
		}
	})
	for u, want := range last {
		if got, _ := r.Holder(u); plain && got != want {
			return fmt.Errorf("unit %d is held by %x, by the ledger by %x", u, got[:1], want[:1])
		}
	}
	return nil
}

func (w *world) wasFirm(key string, held set) bool {
	return slices.ContainsFunc(w.firm[key], func(known set) bool { return known.within(held) })
}

func (w *world) noteFirm(key string, held set) {
	if !w.wasFirm(key, held) {
		w.firm[key] = append(w.firm[key], held)
	}
}

func (w *world) firmElsewhere(i int, unit uint64) error {
	for j, f := range w.facts {
		if j != i && len(w.firm[fmt.Sprintf("%d/%s", unit, f.fact.ID)]) > 0 && !w.excused(i, unit, w.all()) && !w.excused(j, unit, w.all()) {
			return fmt.Errorf("unit %d is firm by use %d here and was by use %d elsewhere", unit, i, j)
		}
	}
	return nil
}

func (w *world) all() (s set) {
	for i := range w.facts {
		s = s.with(i)
	}
	return s
}

// excused: two people moved the unit, or somebody rude received it once more,
// unseen by use i (or by what confirmed it) and without having seen that. Right:
// it is what rule 2 is for. People who moved other units excuse nothing.
func (w *world) excused(i int, unit uint64, held set) (yes bool) {
	said := []int{i}
	for j, f := range w.facts {
		if f.step.Act == share.Confirmed && f.step.About == w.facts[i].fact.ID {
			said = append(said, j)
		}
	}
	held.each(func(a int) {
		f := w.facts[a]
		_, two := w.moved(a)
		takes := two && f.covers[unit] || f.raw && f.step.Act == share.Received && f.step.Units.Covers(share.One(unit))
		for _, j := range said {
			yes = yes || takes && !w.facts[j].held.has(a) && !f.past.has(j)
		}
	})
	return yes
}

// sameInEveryOrder: all orders of arrival give the same rights.
func sameInEveryOrder(w *world, held set, mix func([]fact.Fact)) error {
	facts := w.of(held)
	want, err := fact.StateHash(share.Fold(fact.NewHistory(facts), read, w.devices))
	if err != nil {
		return err
	}
	for range 3 {
		mixed := append([]fact.Fact(nil), facts...)
		mix(mixed)
		got, err := fact.StateHash(share.Fold(fact.NewHistory(append(mixed, mixed[0])), read, w.devices))
		if err != nil || got != want {
			return fmt.Errorf("another order of arrival gave other rights (%v)", err)
		}
	}
	return nil
}
