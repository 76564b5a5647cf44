package urgentweb

import (
	"holdfast/access"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// entryLine points to the page on how to get into the patient's home; nothing of
// the way itself ever comes here.
type entryLine struct{ Says, Href string }

// entryOf gives the pointer for a case of which one record is linked.
func entryOf(c urgent.Case, person record.Person, by web.Caller) *entryLine {
	if by.May(access.SeeEntry) != nil || len(c.Patient.Values) != 1 || c.Patient.Values[0].Value.Record.Zero() {
		return nil
	}
	about := c.Patient.Values[0].Value.Record
	l := entryLine{Says: "Nothing is kept.", Href: "/homes/" + about.String()}
	switch {
	case person.Subject == fact.Subject{}:
		l.Says = "Not known here whether it is kept: look."
	case len(person.Entry) > 0:
		l.Says = "How to get in is on record. It opens near a visit, or in an emergency at once."
	}
	return &l
}
