package access

import "holdfast/fact"

// ErasureAsked asks that subjects be erased: a person's record together with
// the cases about them. It stands on the organisation's subject.
type ErasureAsked struct {
	Subjects []fact.Subject `cbor:"1,keyasint"` // the record first
	Rule     string         `cbor:"2,keyasint"` // "Adult health record, 8 years"
	Why      string         `cbor:"3,keyasint,omitempty"`
	Days     uint32         `cbor:"4,keyasint"` // between approval and erasure; the rule never takes fewer than LeastErasureDays
}

// FactKind is kind 30.
func (ErasureAsked) FactKind() fact.Kind { return kind(30, fact.Control, "erasure-asked", fact.Grow) }

// ErasureApproved is the second person's word.
type ErasureApproved struct {
	Asked fact.ID `cbor:"1,keyasint"`
}

// FactKind is kind 31.
func (ErasureApproved) FactKind() fact.Kind {
	return kind(31, fact.Control, "erasure-approved", fact.Grow)
}

// ErasureCancelled stops a request; either person, or any who may ask, can.
type ErasureCancelled struct {
	Asked fact.ID `cbor:"1,keyasint"`
	Why   string  `cbor:"2,keyasint"`
}

// FactKind is kind 32.
func (ErasureCancelled) FactKind() fact.Kind {
	return kind(32, fact.Control, "erasure-cancelled", fact.Grow)
}

// LegalHoldPlaced keeps subjects from being erased: an inquiry, a claim.
type LegalHoldPlaced struct {
	Subjects []fact.Subject `cbor:"1,keyasint"`
	Why      string         `cbor:"2,keyasint"`
}

// FactKind is kind 33.
func (LegalHoldPlaced) FactKind() fact.Kind {
	return kind(33, fact.Control, "legal-hold-placed", fact.Grow)
}

// LegalHoldLifted ends a hold; the longest of several holds decides.
type LegalHoldLifted struct {
	Hold fact.ID `cbor:"1,keyasint"`
	Why  string  `cbor:"2,keyasint"`
}

// FactKind is kind 34.
func (LegalHoldLifted) FactKind() fact.Kind {
	return kind(34, fact.Control, "legal-hold-lifted", fact.Grow)
}

// CopyBuried is a device's word that the keys, lists and half-typed forms of an
// erased subject are gone from it.
type CopyBuried struct {
	Tombstone fact.ID      `cbor:"1,keyasint"`
	Device    fact.Subject `cbor:"2,keyasint"`
}

// FactKind is kind 35.
func (CopyBuried) FactKind() fact.Kind { return kind(35, fact.Control, "copy-buried", fact.Once) }
