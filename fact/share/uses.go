package share

import (
	"slices"
)

// uses gives a use's parts that stand alike; there is always one at least.
func (l *ledger) uses(s stated) []Use {
	var out []Use
	for _, n := range l.touched(s) {
		u := l.use(&l.strips[n], s)
		if k := len(out); k > 0 && out[k-1].Units.Last+1 == u.Units.First && alike(out[k-1], u) {
			out[k-1].Units.Last = u.Units.Last
			continue
		}
		out = append(out, u)
	}
	if len(out) == 0 {
		return []Use{{Fact: s.id, Units: s.Units, Device: s.device, Status: Provisional, Why: NotHeld}}
	}
	return out
}

func alike(a, b Use) bool {
	return a.Status == b.Status && a.Why == b.Why && slices.Equal(a.By, b.By)
}

// use judges one strip of a use.
func (l *ledger) use(t *strip, s stated) Use {
	u := Use{Fact: s.id, Units: t.units, Device: s.device, Status: Firm}
	for _, e := range t.stands {
		if e.place == s.place {
			return u
		}
	}
	u.Status, u.Why = Provisional, l.why(t, s)
	for _, e := range t.stands {
		if e.use == s.place {
			u.Status, u.By = ConfirmedUse, append(u.By, l.idAt(e.place))
			return u
		}
	}
	for _, r := range l.steps {
		if r.Act == Refused && r.About == s.id && l.mayRefuse(t, r, s) {
			u.Status, u.By = RefusedUse, append(u.By, r.id)
		}
	}
	return u
}

func (l *ledger) why(t *strip, s stated) Why {
	entitled := slices.IndexFunc(t.events, func(e event) bool { return e.place == s.place })
	switch {
	case s.device.Zero():
		return NoDevice
	case s.Asks:
		return Asked
	case entitled < 0:
		return NotHeld
	case l.overruled(t.events[entitled], t.events):
		return Reassigned
	}
	return Apart
}

// mayRefuse tells whether a refusal was its writer's to state: it had seen the
// use, and held the units or owned the whole.
func (l *ledger) mayRefuse(t *strip, r, used stated) bool {
	if !l.before(used.place, r.place) {
		return false
	}
	return l.at(t, r.place).heldBy(r.device) || l.at(&l.owner, r.place).heldBy(r.device)
}

// at gives the state of a strip as the writer of a fact had seen it.
func (l *ledger) at(t *strip, place int) state {
	var past []event
	for _, e := range t.events {
		if l.before(e.place, place) {
			past = append(past, e)
		}
	}
	now, _ := l.settle(l.sinceJoin(past))
	return now
}
