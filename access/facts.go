package access

import "holdfast/fact"

// The kinds of fact of this package, 20–49 and 134–135. Each has a page in docs/facts.
func kind(number uint32, lane fact.Lane, name string, join fact.Join) fact.Kind {
	return fact.Kind{Number: number, Version: 1, Lane: lane, Name: name, Join: join}
}

// Kinds lists the kinds of fact that this package writes and folds.
func Kinds() []fact.Kind {
	return append(lookingKinds(),
		PersonAdded{}.FactKind(), RoleGranted{}.FactKind(), RoleEnded{}.FactKind(), LinkMade{}.FactKind(),
		PasskeyEnrolled{}.FactKind(), SessionOpened{}.FactKind(), SessionEnded{}.FactKind(),
		Looked{}.FactKind(), Refused{}.FactKind(), LinkSpent{}.FactKind(),
		ErasureAsked{}.FactKind(), ErasureApproved{}.FactKind(), ErasureCancelled{}.FactKind(),
		LegalHoldPlaced{}.FactKind(), LegalHoldLifted{}.FactKind(), CopyBuried{}.FactKind(),
		RolePlanned{}.FactKind(), RoleEnding{}.FactKind(), PseudonymKeyDrawn{}.FactKind(),
		AuthenticatorEnrolled{}.FactKind(), CodeSpent{}.FactKind(), RecoveryCodesMade{}.FactKind(),
		EnrolmentWitnessed{}.FactKind(), AdmittedForShift{}.FactKind(), SignInSlowed{}.FactKind(),
		IdentityLinked{}.FactKind(), IdentityUnlinked{}.FactKind(), LeasePaperMade{}.FactKind(),
	)
}

// PersonAdded says that a member of staff is known here.
type PersonAdded struct {
	Name         string `cbor:"1,keyasint"`
	Title        string `cbor:"2,keyasint,omitempty"`
	Registration string `cbor:"3,keyasint,omitempty"` // "GMC 1234567"
	Why          string `cbor:"4,keyasint,omitempty"` // when it settles which of two entries stands
}

// FactKind is kind 20.
func (PersonAdded) FactKind() fact.Kind {
	return kind(20, fact.Control, "person-added", fact.Undetermined)
}

// RoleGranted gives a member of staff a role for a time.
type RoleGranted struct {
	Role  Role        `cbor:"1,keyasint"`
	Until fact.Millis `cbor:"2,keyasint,omitempty"` // 0: until it is ended
	Why   string      `cbor:"3,keyasint,omitempty"` // when it settles whether a role is held
}

// FactKind is kind 21.
func (RoleGranted) FactKind() fact.Kind { return kind(21, fact.Control, "role-granted", fact.Grow) }

// RoleEnded takes a role away; it beats a grant of the same role written apart.
type RoleEnded struct {
	Grant fact.ID `cbor:"1,keyasint"`
	Why   string  `cbor:"2,keyasint"`
}

// FactKind is kind 22.
func (RoleEnded) FactKind() fact.Kind { return kind(22, fact.Control, "role-ended", fact.Grow) }

// LinkMade offers a one-time way in: a demo sign-in, or the enrolment of a
// passkey. Only the token's hash is kept.
type LinkMade struct {
	Token fact.Hash   `cbor:"1,keyasint"`
	Role  Role        `cbor:"2,keyasint"`
	Until fact.Millis `cbor:"3,keyasint"`
	For   LinkFor     `cbor:"4,keyasint"`
}

// LinkFor says what a link is good for.
type LinkFor string

// What links are for. Sign-in links exist in demo and rehearsal folders only.
const (
	ForSignIn  LinkFor = "sign-in"
	ForPasskey LinkFor = "passkey"
)

// FactKind is kind 23.
func (LinkMade) FactKind() fact.Kind { return kind(23, fact.Control, "link-made", fact.Grow) }

// PasskeyEnrolled binds a passkey to a person (WebAuthn Level 3, section 4).
type PasskeyEnrolled struct {
	Credential []byte    `cbor:"1,keyasint"` // the library's JSON record of the credential; no secret in it
	ID         []byte    `cbor:"2,keyasint"`
	Link       fact.Hash `cbor:"3,keyasint"` // the link that was spent on it
}

// FactKind is kind 24.
func (PasskeyEnrolled) FactKind() fact.Kind {
	return kind(24, fact.Control, "passkey-enrolled", fact.Grow)
}

// SessionOpened says that a person is at work in one role on one browser. Its
// subject is the session.
type SessionOpened struct {
	Person  fact.Subject `cbor:"1,keyasint"`
	Role    Role         `cbor:"2,keyasint"`
	Token   fact.Hash    `cbor:"3,keyasint"`
	Until   fact.Millis  `cbor:"4,keyasint"`
	Way     string       `cbor:"5,keyasint"` // link, passkey, code, provider
	Link    fact.Hash    `cbor:"6,keyasint,omitempty"`
	Browser fact.Hash    `cbor:"7,keyasint,omitempty"`
	Desk    string       `cbor:"8,keyasint,omitempty"`

	Provider *Assurance `cbor:"9,keyasint,omitempty"` // of a session opened by an identity provider: how it checked the person
}

// FactKind is kind 25.
func (SessionOpened) FactKind() fact.Kind { return kind(25, fact.Control, "session-opened", fact.Grow) }

// SessionEnded closes a session; it beats everything written apart.
type SessionEnded struct {
	Why string `cbor:"1,keyasint"`
}

// FactKind is kind 26.
func (SessionEnded) FactKind() fact.Kind { return kind(26, fact.Control, "session-ended", fact.Once) }

// Looked says that a record or a list was opened. Its subject is the session.
type Looked struct {
	Act   Act          `cbor:"1,keyasint"`
	About fact.Subject `cbor:"2,keyasint,omitempty"` // zero for a list

	Relation Relation `cbor:"8,keyasint,omitempty"`  // what linked them to it
	Purpose  Purpose  `cbor:"9,keyasint,omitempty"`  // what they needed it for
	Why      string   `cbor:"10,keyasint,omitempty"` // what they said, where nothing linked them to it
}

// FactKind is kind 27.
func (Looked) FactKind() fact.Kind { return kind(27, fact.Looks, "looked", fact.Grow) }

// Refused says that somebody tried what the table does not allow them.
type Refused struct {
	Act   Act          `cbor:"1,keyasint"`
	About fact.Subject `cbor:"2,keyasint,omitempty"`
}

// FactKind is kind 28.
func (Refused) FactKind() fact.Kind { return kind(28, fact.Looks, "refused", fact.Grow) }

// LinkSpent says which browser a sign-in link has opened a session in: the
// same one may come again, no other. Its subject is the person.
type LinkSpent struct {
	Token   fact.Hash `cbor:"1,keyasint"`
	Browser fact.Hash `cbor:"2,keyasint"`
}

// FactKind is kind 29.
func (LinkSpent) FactKind() fact.Kind { return kind(29, fact.Control, "link-spent", fact.Grow) }
