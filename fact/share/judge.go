package share

import (
	"slices"

	"holdfast/fact"
)

// event is a step that the past of its fact entitles: at that moment, as far
// as its writer had seen, the right was there to be moved.
type event struct {
	place int
	two   bool         // stated by two people
	to    fact.Subject // who holds after it; zero when it used the unit up
	lost  fact.Subject // from whom two people took it
	use   int          // place of the use that took the unit, or -1
}

// state is how one unit stands after some events.
type state struct {
	standing Standing // empty: it does not exist
	holder   fact.Subject
	between  []fact.Subject
	use      int
}

func (s state) heldBy(d fact.Subject) bool { return s.standing == Held && !d.Zero() && s.holder == d }

// judge resolves events that were written apart from each other.
type judge struct {
	before func(i, j int) bool
}

func (j judge) apart(a, b event) bool {
	return a.place != b.place && !j.before(a.place, b.place) && !j.before(b.place, a.place)
}

// twins tells whether two pairs of people did the same thing apart.
func (j judge) twins(a, b event) bool {
	return a.two && b.two && a.lost == b.lost && a.to == b.to && j.apart(a, b)
}

// overruled tells whether two people moved the right without having seen e.
// Rights that came to e's writer by the twin of what they did are the same.
func (j judge) overruled(e event, all []event) bool {
	if e.two {
		return false
	}
	return slices.ContainsFunc(all, func(o event) bool {
		return o.two && j.apart(e, o) && !slices.ContainsFunc(all, func(r event) bool {
			return j.twins(r, o) && j.before(r.place, e.place)
		})
	})
}

// settle gives the state after all events, and those that stand. One person's
// events give way to two people's; two of one person's written apart, which
// only a copied device can write, fall together; two pairs of people who moved
// the right apart to different devices leave it in dispute.
func (j judge) settle(all []event) (state, []event) {
	var valid, stands []event
	for _, e := range all {
		if !j.overruled(e, all) {
			valid = append(valid, e)
		}
	}
	var rivals []event
	for _, e := range valid {
		switch clash := j.clashes(e, valid); {
		case len(clash) == 0:
			stands = append(stands, e)
		case !j.resolved(e, clash, valid):
			rivals = append(rivals, e)
		}
	}
	if len(rivals) > 0 {
		return dispute(rivals), stands
	}
	return j.last(stands), stands
}

// sinceJoin drops the events before the newest that no other was written apart
// from. It was entitled with all of them in its past, so nothing among them is
// in dispute after it, and none of them bears on what came later: the state is
// the same without them. It keeps long chains of hand-outs quick.
func (j judge) sinceJoin(all []event) []event {
	for k := len(all) - 1; k > 0; k-- {
		if !slices.ContainsFunc(all, func(o event) bool { return j.apart(all[k], o) }) {
			return all[k:]
		}
	}
	return all
}

func (j judge) clashes(e event, valid []event) (out []event) {
	for _, o := range valid {
		if !e.two && !o.two && j.apart(e, o) {
			out = append(out, o)
		}
	}
	return out
}

// resolved tells whether two people, having seen a clash, have moved the right.
func (j judge) resolved(e event, clash, valid []event) bool {
	return slices.ContainsFunc(valid, func(r event) bool {
		return r.two && j.before(e.place, r.place) && !slices.ContainsFunc(clash, func(o event) bool { return !j.before(o.place, r.place) })
	})
}

// last gives the state that the newest of the standing events leave.
func (j judge) last(stands []event) state {
	var newest []event
	for _, e := range stands {
		if !slices.ContainsFunc(stands, func(o event) bool { return j.before(e.place, o.place) }) {
			newest = append(newest, e)
		}
	}
	kept := slices.DeleteFunc(slices.Clone(newest), func(e event) bool { return j.repeated(e, newest, stands) })
	if len(kept) == 0 { // each repeats another
		kept = newest
	}
	switch {
	case len(kept) == 0:
		return state{use: -1}
	case len(kept) == 1 && kept[0].use >= 0:
		return state{standing: Gone, use: kept[0].use}
	case !slices.ContainsFunc(kept, func(e event) bool { return e.use >= 0 || e.to != kept[0].to }):
		return state{standing: Held, holder: kept[0].to, use: -1}
	}
	return dispute(kept)
}

// repeated tells whether e only repeats its twin, and others of the newest rest
// on that.
func (j judge) repeated(e event, newest, stands []event) bool {
	return slices.ContainsFunc(stands, func(r event) bool {
		return j.twins(r, e) && slices.ContainsFunc(newest, func(o event) bool { return j.before(r.place, o.place) })
	})
}

func dispute(rivals []event) state {
	s := state{standing: Disputed, use: -1}
	for _, e := range rivals {
		if !e.to.Zero() && !slices.Contains(s.between, e.to) {
			s.between = append(s.between, e.to)
		}
	}
	slices.SortFunc(s.between, func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	return s
}
