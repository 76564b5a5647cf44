package urgent

import (
	"reflect"
	"strings"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// MaxWords is the longest free text of one entry, in bytes.
const MaxWords = 16_000

// Description is what the call-taking page holds. A nil part was not on the
// page and says nothing.
type Description struct {
	Caller  *CallerDescribed
	Patient *PatientDescribed
	Place   *codes.Place
	Reason  *string
	Contact *ContactAgreed
}

// Describe states what is new or changed about caller, patient, place, reason
// and safe contact. What did not change is not said again. Where values stand
// side by side the page shows empty fields: what is left empty there says
// nothing and takes nothing back.
func Describe(c Case, _ access.Caller, d Description) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if d.Reason != nil && len(*d.Reason) > MaxWords {
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	var out []fact.Draft
	if d.Caller != nil && differs(c.Caller, *d.Caller) && !(c.Caller.Disputed() && d.Caller.blank()) {
		out = append(out, fact.Say(c.ID, *d.Caller))
	}
	if d.Patient != nil && differs(c.Patient, *d.Patient) && !(c.Patient.Disputed() && d.Patient.blank()) {
		out = append(out, fact.Say(c.ID, *d.Patient))
	}
	if d.Place != nil && !d.Place.IsZero() && differs(c.Place, *d.Place) {
		out = append(out, fact.Say(c.ID, PlaceStated{Place: *d.Place}))
	}
	if d.Reason != nil && differs(c.Reason, strings.TrimSpace(*d.Reason)) && !(c.Reason.Disputed() && strings.TrimSpace(*d.Reason) == "") {
		out = append(out, fact.Say(c.ID, ReasonStated{Words: strings.TrimSpace(*d.Reason)}))
	}
	if d.Contact != nil && *d.Contact != (ContactAgreed{}) && differs(c.Contact, *d.Contact) {
		out = append(out, fact.Say(c.ID, *d.Contact))
	}
	return out, nil
}

// blank tells whether nothing is said that tells one caller from another.
func (v CallerDescribed) blank() bool { return v.Is == "" && v.Name == "" && !v.RingBack.Present() }

// blank tells whether nothing is said that tells one patient from another.
func (v PatientDescribed) blank() bool {
	id := v.Identity
	return v.Record.Zero() && id.Name.IsZero() && id.Born.IsZero() && !id.NHS.Present() && !id.CHI.Present() && !id.HCN.Present() && id.Description == ""
}

// differs tells whether v says anything beyond the one value that stands. An
// empty thing never differs from nothing.
func differs[T any](r fact.Register[T], v T) bool {
	old, one := r.Get()
	if r.Empty() {
		var nothing T
		return !reflect.DeepEqual(v, nothing)
	}
	return !one || !reflect.DeepEqual(old, v)
}

func mustBeOpen(c Case) error {
	if !c.Begun() {
		return refusal.New(refusal.Missing, "There is no such case here.")
	}
	if c.Closed() {
		return refusal.New(refusal.Taken, "This case is closed. Ask again about the patient's state to open it, or write a note.")
	}
	return nil
}
