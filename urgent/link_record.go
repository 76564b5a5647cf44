package urgent

import (
	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// LinkRecord says which record the patient of this case has here, after a
// person has compared them. What was stated of the patient stays as stated;
// nothing in the record changes. A number that only a sender vouches for links
// nobody by itself.
func LinkRecord(c Case, _ access.Caller, person fact.Subject) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if person.Zero() {
		return nil, refusal.Field("record", "Choose which of these people it is.")
	}
	p, ok := c.Patient.Get()
	switch {
	case c.Patient.Disputed():
		return nil, refusal.New(refusal.Taken, "Two patients are stated on this case. Decide who it is about first.")
	case !ok:
		return nil, refusal.New(refusal.Invalid, "Nothing is known of the patient yet. Say who it is first.")
	case !c.MayView():
		return nil, refusal.New(refusal.Forbidden, "The patient objects to us looking at the record.")
	case p.Record == person:
		return nil, nil
	}
	p.Record = person
	return []fact.Draft{fact.Say(c.ID, p)}, nil
}
