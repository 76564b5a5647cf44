package urgent

import (
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
func (c Case) reportWaits() bool {
	for _, r := range c.Reports {
		if r.What.Suppressed == "" && len(r.Done) == 0 {
			return true
		}
	}
	return false
}
