package journal

import "holdfast/fact"

// Kinds lists the kinds of fact that the journal itself writes: 1 to 19, those
// about a device's authority, of what desks let go of 136 and 137, and of fresh
// keys 139.
func Kinds() []fact.Kind {
	return []fact.Kind{
		Founded{}.FactKind(), DeviceEnrolled{}.FactKind(), IncarnationBegan{}.FactKind(),
		FrontierJoined{}.FactKind(), SetAside{}.FactKind(), EpochBegan{}.FactKind(),
		CutMade{}.FactKind(), Readmitted{}.FactKind(), SubjectErased{}.FactKind(), RootHeld{}.FactKind(), KeysGiven{}.FactKind(),
		AuthorityLapsed{}.FactKind(), AuthorityRenewed{}.FactKind(),
		SealingKey{}.FactKind(), EpochGiven{}.FactKind(), DeskKey{}.FactKind(),
		SubjectsLetGo{}.FactKind(), KeysGivenAnew{}.FactKind(),
		KeysFresh{}.FactKind(),
	}
}

// Founded is the first fact of an organisation: its genesis, word for word.
type Founded struct {
	Genesis fact.Signed `cbor:"1,keyasint"`
}

// FactKind is kind 1.
func (Founded) FactKind() fact.Kind {
	return fact.Kind{Number: 1, Version: 1, Lane: fact.Control, Name: "founded", Join: fact.Once}
}

// DeviceEnrolled admits a device by a card that root keys signed.
type DeviceEnrolled struct {
	Card   fact.Signed `cbor:"1,keyasint"`
	Domain string      `cbor:"2,keyasint,omitempty"` // failure domain: a building, a host
	Wrap   []byte      `cbor:"3,keyasint,omitempty"` // of a desk: the key it wraps with, sealed to the organisation
}

// FactKind is kind 2.
func (DeviceEnrolled) FactKind() fact.Kind {
	return fact.Kind{Number: 2, Version: 2, Lane: fact.Control, Name: "device-enrolled", Join: fact.Grow}
}

// IncarnationBegan is the first fact of an incarnation: its certificate.
type IncarnationBegan struct {
	Certificate fact.Signed `cbor:"1,keyasint"`
}

// FactKind is kind 3.
func (IncarnationBegan) FactKind() fact.Kind {
	return fact.Kind{Number: 3, Version: 1, Lane: fact.Control, Name: "incarnation-began", Join: fact.Grow}
}

// FrontierJoined says nothing but "all of these had been seen": the ids stand
// in its body's seen, 32 at most.
type FrontierJoined struct {
	Count uint32 `cbor:"1,keyasint"`
}

// FactKind is kind 4.
func (FrontierJoined) FactKind() fact.Kind {
	return fact.Kind{Number: 4, Version: 1, Lane: fact.Care, Name: "frontier-joined", Join: fact.Grow}
}

// SetAside says that a fact about the same subject cannot be used. It is kept,
// and the subject shows that something is not shown.
type SetAside struct {
	Fact fact.ID `cbor:"1,keyasint"`
	Why  string  `cbor:"2,keyasint"`
}

// FactKind is kind 5.
func (SetAside) FactKind() fact.Kind {
	return fact.Kind{Number: 5, Version: 1, Lane: fact.Control, Name: "fact-set-aside", Join: fact.Grow}
}

// EpochBegan makes an organisation's HPKE public key known. The first was drawn
// at the founding; a later one says who drew it and from whom it is kept.
type EpochBegan struct {
	Number uint32 `cbor:"1,keyasint"`
	Public []byte `cbor:"2,keyasint"` // ML-KEM-768 + X25519

	Vault   []byte         `cbor:"3,keyasint,omitempty"` // public half of the vault's key that begins with it
	Without []fact.Subject `cbor:"4,keyasint,omitempty"` // site nodes that were cut off
	By      []byte         `cbor:"5,keyasint,omitempty"` // the device
	Sig     []byte         `cbor:"6,keyasint,omitempty"` // by the key on its card, over all before
}

// FactKind is kind 6.
func (EpochBegan) FactKind() fact.Kind {
	return fact.Kind{Number: 6, Version: 2, Lane: fact.Control, Name: "epoch-began", Join: fact.Grow}
}

// CutMade says up to where facts are trusted: of a device, or of one person on
// any device. What lies beyond is held: kept, listed for review, and never
// taken from a list of open work.
type CutMade struct {
	Device fact.Subject `cbor:"1,keyasint"` // zero when it is about a person
	Person fact.Subject `cbor:"2,keyasint"` // zero when it is about a device
	Up     []fact.After `cbor:"3,keyasint"` // a feed that is not named is trusted up to nothing
	Since  fact.Millis  `cbor:"4,keyasint"` // the moment that was meant, for people
	Why    string       `cbor:"5,keyasint"`
}

// FactKind is kind 7.
func (CutMade) FactKind() fact.Kind {
	return fact.Kind{Number: 7, Version: 1, Lane: fact.Control, Name: "cut-made", Join: fact.Grow}
}

// Readmitted says that facts held by a cut count after all: some, or all of
// them when none is named.
type Readmitted struct {
	Cut   fact.ID   `cbor:"1,keyasint"`
	Facts []fact.ID `cbor:"2,keyasint"`
	Why   string    `cbor:"3,keyasint"`
}

// FactKind is kind 8.
func (Readmitted) FactKind() fact.Kind {
	return fact.Kind{Number: 8, Version: 1, Lane: fact.Control, Name: "readmitted", Join: fact.Grow}
}

// SubjectErased is a tombstone: the keys of a subject are destroyed on every
// device, and none that comes later is kept.
type SubjectErased struct {
	Subject fact.Subject `cbor:"1,keyasint"`
	Asked   fact.ID      `cbor:"2,keyasint"` // the request that it carries out
	Why     string       `cbor:"3,keyasint"`
}

// FactKind is kind 9.
func (SubjectErased) FactKind() fact.Kind {
	return fact.Kind{Number: 9, Version: 1, Lane: fact.Control, Name: "subject-erased", Join: fact.Once}
}
