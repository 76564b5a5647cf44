package access

import (
	"fmt"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// AdmittedForShift says that a shift manager admitted somebody for one shift. Its
// subject is the person; name, role and link stand in facts of the same act.
type AdmittedForShift struct {
	Body    string      `cbor:"1,keyasint"` // of registration: GMC, NMC, HCPC, GPhC
	Number  string      `cbor:"2,keyasint"`
	Checked string      `cbor:"3,keyasint"` // "manager": looked up by them; empty: not checked with the register
	Until   fact.Millis `cbor:"4,keyasint"`
}

// FactKind is kind 40.
func (AdmittedForShift) FactKind() fact.Kind {
	return kind(40, fact.Control, "admitted-for-shift", fact.Grow)
}

// Says is the registration as colleagues read it, with how far it was checked.
func (a AdmittedForShift) Says() string {
	if a.Checked == ByManager {
		return a.Body + " " + a.Number + ", looked up in the register by who admitted them"
	}
	return a.Body + " " + a.Number + ", not checked with the register"
}

// ByManager says that whoever admitted somebody looked them up in the public
// register.
const ByManager = "manager"

// Admission is what a shift manager fills in.
type Admission struct {
	Name, Title  string
	Body, Number string
	LookedUp     bool
	Role         Role
	Until        time.Time
}

// forShift lists the roles that somebody may be admitted to for a shift.
func forShift(r Role) bool { return r == Clinician || r == CallHandler || r == Dispatcher }

// AdmitForShift admits somebody for one shift, with a one-time link to enrol a
// passkey. It ends by itself; a case they hold then stays with them until it
// is finished.
func AdmitForShift(person fact.Subject, by Caller, a Admission, link fact.Hash, p Policy, now time.Time) ([]fact.Draft, error) {
	if err := by.May(AdmitShift); err != nil {
		return nil, err
	}
	reg, err := codes.ParseRegistration(a.Body, a.Number)
	if err != nil {
		return nil, refusal.Field("number", err.Error())
	}
	switch {
	case !forShift(a.Role):
		return nil, refusal.Field("role", "Choose what they are here to do. Managers and administrators are added on the Staff page.")
	case !a.Until.After(now):
		return nil, refusal.Field("hours", "Say how long the shift lasts.")
	case a.Until.After(now.Add(p.ShiftMost)):
		return nil, refusal.Field("hours", fmt.Sprintf("At most %d hours. Admit them anew for the next shift.", int(p.ShiftMost.Hours())))
	}
	added := PersonAdded{Name: a.Name, Title: strings.TrimSpace(a.Title), Registration: reg.String()}
	s := Staff{Person: person}
	out, err := AddPerson(s, added, nil)
	if err != nil {
		return nil, err
	}
	said := AdmittedForShift{Body: reg.Body, Number: reg.Number, Until: fact.At(a.Until)}
	if a.LookedUp {
		said.Checked = ByManager
	}
	return append(out,
		fact.Say(person, RoleGranted{Role: a.Role, Until: fact.At(a.Until)}),
		fact.Say(person, said),
		fact.Say(person, LinkMade{Token: link, Role: a.Role, For: ForPasskey, Until: fact.At(now.Add(p.ShiftLink))}),
	), nil
}
