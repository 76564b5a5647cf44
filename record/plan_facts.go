package record

import (
	"holdfast/codes"
	"holdfast/fact"
)

// PlanWritten is a special patient note or a plan: what a GP, a hospice or our
// clinicians want known and done. It stands among the alerts under its own
// fact, so that it is flagged, doubted, confirmed and ended as any of them.
type PlanWritten struct {
	Plan     string     `cbor:"1,keyasint"` // key of content/plans.csv
	Name     string     `cbor:"2,keyasint"` // as the table named it when this was written
	Alert    AlertAdded `cbor:"3,keyasint"` // what it says in a line or two, by whom, when to review it
	Parts    []PlanPart `cbor:"4,keyasint,omitempty"`
	From     string     `cbor:"5,keyasint,omitempty"` // the author's organisation
	As       string     `cbor:"6,keyasint,omitempty"` // the author's profession
	Replaces fact.ID    `cbor:"7,keyasint,omitempty"` // an earlier plan or alert that it takes the place of
	Withheld bool       `cbor:"8,keyasint,omitempty"` // not for the eyes of the patient or of those around them
}

// PlanPart is one part of a plan under a heading.
type PlanPart struct {
	Heading string `cbor:"1,keyasint,omitempty"`
	Text    string `cbor:"2,keyasint"`
}

// FactKind is kind 114.
func (PlanWritten) FactKind() fact.Kind { return kind(114, "plan-written", fact.Undetermined) }

// PlanReviewed says that a plan or an alert was looked at again and stands,
// and when it is to be looked at next.
type PlanReviewed struct {
	Plan   fact.ID    `cbor:"1,keyasint"` // the fact that wrote the plan or added the alert
	Next   codes.Date `cbor:"2,keyasint"`
	Words  string     `cbor:"3,keyasint,omitempty"`
	Author string     `cbor:"4,keyasint,omitempty"` // who reviewed it, when not the writer
}

// FactKind is kind 115.
func (PlanReviewed) FactKind() fact.Kind { return kind(115, "plan-reviewed", fact.Grow) }

// HouseholdLinked says that two people live together or are cared for
// together. It is stated on the records of both.
type HouseholdLinked struct {
	With     fact.Subject `cbor:"1,keyasint"`
	Relation string       `cbor:"2,keyasint,omitempty"` // "daughter": what the other one is to this person
	Source   Source       `cbor:"3,keyasint,omitempty"`
}

// FactKind is kind 116.
func (HouseholdLinked) FactKind() fact.Kind { return kind(116, "household-linked", fact.Grow) }

// HouseholdUnlinked says that a link no longer holds, and why.
type HouseholdUnlinked struct {
	With fact.Subject `cbor:"1,keyasint"`
	Why  string       `cbor:"2,keyasint"`
}

// FactKind is kind 117.
func (HouseholdUnlinked) FactKind() fact.Kind { return kind(117, "household-unlinked", fact.Grow) }

// ResponsibilityStated says who has parental responsibility for a child, or
// that somebody who comes with the child has it not.
type ResponsibilityStated struct {
	Name     string      `cbor:"1,keyasint"`
	Relation string      `cbor:"2,keyasint,omitempty"` // "mother", "foster carer", "local authority"
	Has      Answer      `cbor:"3,keyasint"`
	Phone    codes.Phone `cbor:"4,keyasint"`
	StatedBy string      `cbor:"5,keyasint"` // whose word it is
	Limits   string      `cbor:"6,keyasint,omitempty"`
}

// FactKind is kind 118.
func (ResponsibilityStated) FactKind() fact.Kind {
	return kind(118, "responsibility-stated", fact.Grow)
}

// ResponsibilityEnded says that such a statement no longer holds, and why.
type ResponsibilityEnded struct {
	Stated fact.ID `cbor:"1,keyasint"`
	Why    string  `cbor:"2,keyasint"`
}

// FactKind is kind 119.
func (ResponsibilityEnded) FactKind() fact.Kind {
	return kind(119, "responsibility-ended", fact.Grow)
}

// ConsentStated says who consents to care in one contact, and whether the
// patient was judged to be competent, by whom.
type ConsentStated struct {
	Case      fact.Subject `cbor:"1,keyasint"`
	Consents  string       `cbor:"2,keyasint"` // key of content/children.csv: "self", "responsible", …
	Who       string       `cbor:"3,keyasint,omitempty"`
	Competent Answer       `cbor:"4,keyasint"`
	JudgedBy  string       `cbor:"5,keyasint,omitempty"`
	For       string       `cbor:"6,keyasint,omitempty"` // what it is consent to
	Words     string       `cbor:"7,keyasint,omitempty"`
}

// FactKind is kind 140.
func (ConsentStated) FactKind() fact.Kind { return kind(140, "consent-stated", fact.Grow) }

// NotBrought says that somebody who depends on others was not brought to a
// contact that was agreed. It is no "did not attend": they could not come
// alone.
type NotBrought struct {
	Case   fact.Subject `cbor:"1,keyasint,omitempty"`
	What   string       `cbor:"2,keyasint"` // "Aldermoor base, 20:15"
	Times  int          `cbor:"3,keyasint"` // how often it is now, this one included
	Steps  []string     `cbor:"4,keyasint,omitempty"`
	Worry  string       `cbor:"5,keyasint,omitempty"` // what makes it worrying, in words
	Reason string       `cbor:"6,keyasint,omitempty"` // why, as those who should have brought them say
}

// FactKind is kind 141.
func (NotBrought) FactKind() fact.Kind { return kind(141, "not-brought", fact.Grow) }

// SafeguardingReferred says that a worry about a child or an adult is passed
// to those who protect them. It stands before anybody is rung.
type SafeguardingReferred struct {
	Case   fact.Subject `cbor:"1,keyasint,omitempty"`
	About  string       `cbor:"2,keyasint"` // "child" or "adult"
	To     string       `cbor:"3,keyasint"` // key of content/children.csv
	Worry  string       `cbor:"4,keyasint"`
	Now    Answer       `cbor:"5,keyasint"` // in danger now
	Knows  string       `cbor:"6,keyasint"` // whether they or a parent know, and what they said
	Others string       `cbor:"7,keyasint,omitempty"`
}

// FactKind is kind 142.
func (SafeguardingReferred) FactKind() fact.Kind {
	return kind(142, "safeguarding-referred", fact.Grow)
}

// knownKinds are the kinds of plans, households and children.
func knownKinds() []fact.Kind {
	return []fact.Kind{
		PlanWritten{}.FactKind(), PlanReviewed{}.FactKind(), HouseholdLinked{}.FactKind(), HouseholdUnlinked{}.FactKind(),
		ResponsibilityStated{}.FactKind(), ResponsibilityEnded{}.FactKind(), ConsentStated{}.FactKind(), NotBrought{}.FactKind(),
		SafeguardingReferred{}.FactKind(),
	}
}
