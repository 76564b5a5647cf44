package access

import "holdfast/fact"

// lookingKinds lists the kinds of fact about how records are looked at.
func lookingKinds() []fact.Kind {
	return []fact.Kind{
		SessionProved{}.FactKind(), CapLifted{}.FactKind(), ReasonGiven{}.FactKind(), RecordMarked{}.FactKind(), SessionLocked{}.FactKind(),
	}
}

// SessionProved says that the person of a session has shown again who they
// are. It opens a locked screen, and lets a dangerous act go on. Its subject
// is the session. A colleague's word lets one more record go on and nothing else.
type SessionProved struct {
	Way string `cbor:"1,keyasint"` // passkey, or demo: a demo has no passkeys; or colleague
	For string `cbor:"2,keyasint"` // the act it was asked for; "screen" for a locked screen

	// Of a colleague: who, and their passkey's answer to LetOnChallenge.
	By        fact.Subject `cbor:"3,keyasint,omitempty"`
	Nonce     []byte       `cbor:"4,keyasint,omitempty"`
	Passkey   []byte       `cbor:"5,keyasint,omitempty"` // its id
	Assertion []byte       `cbor:"6,keyasint,omitempty"`
}

// FactKind is kind 42.
func (SessionProved) FactKind() fact.Kind { return kind(42, fact.Control, "session-proved", fact.Grow) }

// CapLifted says that a role may open more records an hour than usual, until a
// time. Its subject is the organisation.
type CapLifted struct {
	Role  Role        `cbor:"1,keyasint"`
	Until fact.Millis `cbor:"2,keyasint"`
	Why   string      `cbor:"3,keyasint"` // the surge, without anybody's data
}

// FactKind is kind 43.
func (CapLifted) FactKind() fact.Kind { return kind(43, fact.Control, "cap-lifted", fact.Grow) }

// ReasonGiven says why somebody opens a record that the permission table or a
// mark keeps from them. It holds for that record, that session, and a time.
// Its subject is the session.
type ReasonGiven struct {
	About fact.Subject `cbor:"1,keyasint"`
	Act   Act          `cbor:"2,keyasint"`
	Why   string       `cbor:"3,keyasint"` // in their own words
	Glass bool         `cbor:"4,keyasint"` // against the permission table, not only past a mark
	Until fact.Millis  `cbor:"5,keyasint"`
}

// FactKind is kind 44.
func (ReasonGiven) FactKind() fact.Kind { return kind(44, fact.Looks, "reason-given", fact.Grow) }

// Mark is why a record is watched.
type Mark string

// The marks. A canary is a made-up record that nobody has a reason to open.
const (
	MarkStaff        Mark = "staff"
	MarkPublic       Mark = "well known"
	MarkSafeguarding Mark = "safeguarding"
	MarkCanary       Mark = "canary"
)

// Marks lists the marks of real records, in order.
func Marks() []Mark { return []Mark{MarkStaff, MarkPublic, MarkSafeguarding} }

// RecordMarked puts a mark on a person's record or on a case, or takes it off.
// Its subject is the organisation, so that the record itself says nothing of
// it.
type RecordMarked struct {
	About fact.Subject `cbor:"1,keyasint"`
	Mark  Mark         `cbor:"2,keyasint"`
	Off   bool         `cbor:"3,keyasint,omitempty"`
	Staff fact.Subject `cbor:"4,keyasint,omitempty"` // whose record it is, when it is a member of staff's
	Why   string       `cbor:"5,keyasint"`           // without anybody's data
}

// FactKind is kind 45.
func (RecordMarked) FactKind() fact.Kind { return kind(45, fact.Control, "record-marked", fact.Grow) }

// SessionLocked says that the screen of a session is locked. The session
// stays, with all that it has open. Its subject is the session.
type SessionLocked struct {
	Why string `cbor:"1,keyasint"` // idle, by hand, somebody else came
}

// FactKind is kind 46.
func (SessionLocked) FactKind() fact.Kind { return kind(46, fact.Control, "session-locked", fact.Grow) }
