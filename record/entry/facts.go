package entry

import "holdfast/fact"

// Set says how to get into a person's home from now on, closed for the vault,
// or that nothing is kept any more. Its subject is SubjectOf the person.
type Set struct {
	Person fact.Subject `cbor:"1,keyasint"`
	Sealed []byte       `cbor:"2,keyasint,omitempty"` // a Plain; empty: nothing is kept any more
	Why    string       `cbor:"3,keyasint,omitempty"`
	Says   string       `cbor:"4,keyasint,omitempty"` // who, as colleagues read it
}

// FactKind is kind 121.
func (Set) FactKind() fact.Kind { return kind(121, "entry-code-set", fact.Undetermined) }

// Opened says that somebody was shown how to get in. It is saved before
// anything is shown.
type Opened struct {
	Values  []fact.ID    `cbor:"1,keyasint"`           // the facts whose way in was shown
	About   fact.Subject `cbor:"2,keyasint,omitempty"` // the case or visit
	Number  string       `cbor:"3,keyasint,omitempty"` // of the case, as people say it
	Ground  Ground       `cbor:"4,keyasint"`
	Reason  string       `cbor:"5,keyasint,omitempty"` // in an emergency, in their words
	Unusual []Unusual    `cbor:"6,keyasint,omitempty"`
	Device  fact.Subject `cbor:"7,keyasint,omitempty"`  // where it was shown
	Until   fact.Millis  `cbor:"8,keyasint"`            // then it is covered
	Says    string       `cbor:"9,keyasint,omitempty"`  // who, as colleagues read it
	Task    fact.Subject `cbor:"10,keyasint,omitempty"` // the task that tells of it, when it is alarming
}

// FactKind is kind 122.
func (Opened) FactKind() fact.Kind { return kind(122, "entry-code-opened", fact.Grow) }

// Ground is why somebody may open. The values are stable.
type Ground string

// The grounds.
const (
	ForVisit     Ground = "visit"     // they have the visit, and it is near
	ForEmergency Ground = "emergency" // somebody must get in at once
)

// Unusual is what makes an opening one to look into. The values are stable.
type Unusual string

// What is unusual.
const (
	NoEmergency   Unusual = "no emergency stands on the case"
	CaseNotRead   Unusual = "it could not be read whether there is a case"
	ManyInAnHour  Unusual = "more in an hour than is usual"
	AnotherIsOpen Unusual = "another home was open at the same time"
)

// Doubted says that how to get in may be known to others and must be changed.
type Doubted struct {
	Why  string `cbor:"1,keyasint"`
	Says string `cbor:"2,keyasint,omitempty"`
}

// FactKind is kind 123.
func (Doubted) FactKind() fact.Kind { return kind(123, "entry-code-doubted", fact.Grow) }

// Counted counts one opening against the person who opened. Its subject is
// OpenerOf that person and day; it stands in the same act as Opened.
type Counted struct {
	Code  fact.Subject `cbor:"1,keyasint"`
	Until fact.Millis  `cbor:"2,keyasint"` // then it is covered
}

// FactKind is kind 124.
func (Counted) FactKind() fact.Kind { return kind(124, "entry-opening-counted", fact.Grow) }

// MoreAsked says that somebody needs to open more in an hour than is usual.
type MoreAsked struct {
	Person fact.Subject `cbor:"1,keyasint"` // who asks
	Why    string       `cbor:"2,keyasint"`
	Says   string       `cbor:"3,keyasint,omitempty"`
}

// FactKind is kind 125.
func (MoreAsked) FactKind() fact.Kind { return kind(125, "more-openings-asked", fact.Grow) }

// MoreAgreed is a second person's word that somebody may open more.
type MoreAgreed struct {
	Asked fact.ID     `cbor:"1,keyasint"`
	More  uint32      `cbor:"2,keyasint"` // so many
	Until fact.Millis `cbor:"3,keyasint"`
	Says  string      `cbor:"4,keyasint,omitempty"`
}

// FactKind is kind 126.
func (MoreAgreed) FactKind() fact.Kind { return kind(126, "more-openings-agreed", fact.Grow) }

// Covered says that whoever had a home open has covered it before its time.
type Covered struct {
	Code fact.Subject `cbor:"1,keyasint"`
}

// FactKind is kind 127.
func (Covered) FactKind() fact.Kind { return kind(127, "entry-code-covered", fact.Grow) }

// Seen says that somebody else has taken note of an opening.
type Seen struct {
	Opening fact.ID `cbor:"1,keyasint"`
	Says    string  `cbor:"2,keyasint,omitempty"`
}

// FactKind is kind 128.
func (Seen) FactKind() fact.Kind { return kind(128, "entry-opening-seen", fact.Grow) }

// Chased says how far the changing of a code has come: the family is told, the
// locksmith is ordered.
type Chased struct {
	Note string `cbor:"1,keyasint"`
	Says string `cbor:"2,keyasint,omitempty"`
}

// FactKind is kind 129.
func (Chased) FactKind() fact.Kind { return kind(129, "entry-code-chased", fact.Grow) }
