package record

import (
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// NoteContact notes on the person's record that they were in contact about a
// case, so that a second call is seen as one. The same words twice are one
// note. The draft happens when the caller of this verb says (Draft.When).
func NoteContact(p Person, by access.Caller, req ContactNoted, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	if req.Case.Zero() {
		return nil, refusal.New(refusal.Invalid, "A contact is about a case: say which.")
	}
	for _, text := range []string{req.Complaint, req.Outcome, req.Way} {
		if err := tooLong("complaint", text, MaxText); err != nil {
			return nil, err
		}
	}
	for _, c := range p.Contacts {
		if c.Says == req && c.Of == "" {
			return nil, nil
		}
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, nil
}
