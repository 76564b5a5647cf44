package urgent

import (
	"bytes"
	"slices"

	"holdfast/access"
	"holdfast/fact"
)

// RelationTo says how a person who is at work here is linked to the case:
// they have it or took part in it; or it is live work of the service, which
// anybody on shift may have to take up; or nothing links them to it. otherOpen
// says whether another case about the same patient is live. A case that is not
// readable as closed counts as live.
func RelationTo(c Case, person fact.Subject, otherOpen bool) access.Relation {
	if c.tookPart(person) {
		return access.OnCase
	}
	if !c.Closed() || c.reportWaits() || otherOpen || len(c.NotShown) > 0 || len(c.Gaps) > 0 || c.HeldBack != nil {
		return access.OnShift
	}
	return access.Unlinked
}

func (c Case) tookPart(person fact.Subject) bool {
	if person.Zero() {
		return false
	}
	for _, e := range c.Line {
		if e.Person == person {
			return true
		}
	}
	return c.TakenBy == person || c.HeldBy(person)
}

// reportWaits tells whether the GP is still to be told.
func (c Case) reportWaits() bool { return len(c.ReportsOut()) > 0 }

// InHand tells whether somebody has the open case in hand: they claimed it, or
// took its call and still have the caller. It is the one reckoning of that.
func (c Case) InHand(person fact.Subject) bool {
	if person.Zero() || !c.OnList() {
		return false
	}
	_, decided := c.Disposition()
	return c.HeldBy(person) || c.Taken != nil && c.TakenBy == person && (!decided || len(c.Claims) == 0 && c.onTheLine())
}

// Records lists the records that the case is about: several when different
// patients were stated apart; none when it is linked to none.
func (c Case) Records() []fact.Subject {
	var out []fact.Subject
	for _, p := range c.Patient.Values {
		if r := p.Value.Record; !r.Zero() && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b fact.Subject) int { return bytes.Compare(a[:], b[:]) })
	return out
}
