package record

import (
	"holdfast/codes"
	"holdfast/fact"
)

// PersonRegistered begins a person's record with what is known.
type PersonRegistered struct {
	Identity Identity `cbor:"1,keyasint"`
	Source   Source   `cbor:"2,keyasint,omitempty"`
}

// FactKind is kind 100.
func (PersonRegistered) FactKind() fact.Kind {
	return kind(100, "person-registered", fact.Undetermined)
}

// IdentityAmended states some fields anew. A field that stands in Fields and
// is empty in Identity is cleared; Identity's lines and aliases are added.
type IdentityAmended struct {
	Identity   Identity      `cbor:"1,keyasint"`
	Fields     []Field       `cbor:"2,keyasint,omitempty"`
	LinesEnded []codes.Phone `cbor:"3,keyasint,omitempty"` // numbers that reach nobody for them any more
	Source     Source        `cbor:"4,keyasint,omitempty"`
	Why        string        `cbor:"5,keyasint,omitempty"`
}

// FactKind is kind 101.
func (IdentityAmended) FactKind() fact.Kind {
	return kind(101, "identity-amended", fact.Undetermined)
}

// ContactNoted says that the person, or somebody for them, was in contact
// about one case.
type ContactNoted struct {
	Case      fact.Subject `cbor:"1,keyasint"`
	Way       string       `cbor:"2,keyasint,omitempty"` // call, online, referral
	Complaint string       `cbor:"3,keyasint,omitempty"` // in their own words
	Dx        codes.Dx     `cbor:"4,keyasint,omitempty"`
	Outcome   string       `cbor:"5,keyasint,omitempty"` // in words: "own GP within 24 h"
}

// FactKind is kind 102.
func (ContactNoted) FactKind() fact.Kind { return kind(102, "contact-noted", fact.Grow) }

// AlertAdded says something to know before one acts.
type AlertAdded struct {
	Kind      AlertKind  `cbor:"1,keyasint"`
	Text      string     `cbor:"2,keyasint,omitempty"`
	Decision  Decision   `cbor:"3,keyasint,omitempty"` // resuscitation only
	Substance string     `cbor:"4,keyasint,omitempty"` // allergy only
	Code      string     `cbor:"5,keyasint,omitempty"` // allergy only: SNOMED CT or dm+d identifier
	Reaction  string     `cbor:"6,keyasint,omitempty"` // allergy only: "rash"
	Author    string     `cbor:"7,keyasint,omitempty"` // who decided or signed, when not the writer
	Signed    codes.Date `cbor:"8,keyasint,omitempty"`
	Review    codes.Date `cbor:"9,keyasint,omitempty"`
	Source    Source     `cbor:"10,keyasint,omitempty"`
	Kept      string     `cbor:"11,keyasint,omitempty"` // where the paper is: "on the fridge"
}

// FactKind is kind 110.
func (AlertAdded) FactKind() fact.Kind { return kind(110, "alert-added", fact.Undetermined) }

// AlertEnded says that an alert no longer stands, and why.
type AlertEnded struct {
	Alert fact.ID `cbor:"1,keyasint"`
	Why   string  `cbor:"2,keyasint"`
}

// FactKind is kind 111.
func (AlertEnded) FactKind() fact.Kind { return kind(111, "alert-ended", fact.Undetermined) }

// AlertAnswered is the answer to having asked about a kind of alert when
// there is nothing to list.
type AlertAnswered struct {
	Kind   AlertKind  `cbor:"1,keyasint"`
	Answer NoneAnswer `cbor:"2,keyasint"`
	Source Source     `cbor:"3,keyasint,omitempty"`
}

// FactKind is kind 112.
func (AlertAnswered) FactKind() fact.Kind { return kind(112, "alert-answered", fact.Undetermined) }

// AlertConfirmed says that an alert stands, by somebody who has seen what
// speaks against it.
type AlertConfirmed struct {
	Alert fact.ID `cbor:"1,keyasint"`
	Why   string  `cbor:"2,keyasint,omitempty"`
}

// FactKind is kind 113.
func (AlertConfirmed) FactKind() fact.Kind { return kind(113, "alert-confirmed", fact.Grow) }
