package journal

import "holdfast/fact"

// Kinds lists the kinds of fact that the journal itself writes: 1 to 19.
func Kinds() []fact.Kind {
	return []fact.Kind{
		Founded{}.FactKind(), DeviceEnrolled{}.FactKind(), IncarnationBegan{}.FactKind(),
		FrontierJoined{}.FactKind(), SetAside{}.FactKind(), EpochBegan{}.FactKind(),
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
}

// FactKind is kind 2.
func (DeviceEnrolled) FactKind() fact.Kind {
	return fact.Kind{Number: 2, Version: 1, Lane: fact.Control, Name: "device-enrolled", Join: fact.Grow}
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

// EpochBegan makes an organisation's HPKE public key known.
type EpochBegan struct {
	Number uint32 `cbor:"1,keyasint"`
	Public []byte `cbor:"2,keyasint"` // ML-KEM-768 + X25519
}

// FactKind is kind 6.
func (EpochBegan) FactKind() fact.Kind {
	return fact.Kind{Number: 6, Version: 1, Lane: fact.Control, Name: "epoch-began", Join: fact.Grow}
}
