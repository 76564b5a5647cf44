package journal

import "holdfast/fact"

// SealingKey says to which key others seal what one site node alone is to open:
// the private halves of later epochs.
type SealingKey struct {
	Device fact.Subject `cbor:"1,keyasint"`
	Public []byte       `cbor:"2,keyasint"` // HPKE, ML-KEM-768 + X25519
	Sig    []byte       `cbor:"3,keyasint"` // by the key on the device's card: nobody says it for another
}

// FactKind is kind 12.
func (SealingKey) FactKind() fact.Kind {
	return fact.Kind{Number: 12, Version: 1, Lane: fact.Control, Name: "sealing-key", Join: fact.Grow}
}

// EpochGiven brings the private half of an epoch to one site node.
type EpochGiven struct {
	Epoch  fact.Hash    `cbor:"1,keyasint"` // of its public half
	Device fact.Subject `cbor:"2,keyasint"`
	Sealed []byte       `cbor:"3,keyasint"` // to the device's sealing key
}

// FactKind is kind 13.
func (EpochGiven) FactKind() fact.Kind {
	return fact.Kind{Number: 13, Version: 1, Lane: fact.Control, Name: "epoch-given", Join: fact.Grow}
}

// DeskKey is another wrapping key of a desk, made because the epoch that the
// one before was sealed to is known to a device that is cut off.
type DeskKey struct {
	Device fact.Subject `cbor:"1,keyasint"`
	Epoch  fact.Hash    `cbor:"2,keyasint"`
	Wrap   []byte       `cbor:"3,keyasint"` // the key, sealed to that epoch
	Sig    []byte       `cbor:"4,keyasint"` // by the key on the desk's card
}

// FactKind is kind 14.
func (DeskKey) FactKind() fact.Kind {
	return fact.Kind{Number: 14, Version: 1, Lane: fact.Control, Name: "desk-key", Join: fact.Grow}
}

// ofKeys tells whether a fact brings keys themselves. It is sealed so that all
// can read it who have what they were enrolled with; what is secret in it is
// sealed once more, to one device.
func ofKeys(kind uint32) bool {
	switch kind {
	case (EpochBegan{}).FactKind().Number, (SealingKey{}).FactKind().Number, (EpochGiven{}).FactKind().Number, (DeskKey{}).FactKind().Number,
		(KeysFresh{}).FactKind().Number:
		return true
	}
	return false
}

// The labels under which a device signs what it says about keys.
const (
	labelEpochBegan = "holdfast/epoch-began/1"
	labelSealingKey = "holdfast/sealing-key/1"
	labelDeskKey    = "holdfast/desk-key/1"
)

// signed gives the bytes that the maker of an epoch signs.
func (e EpochBegan) signed(org fact.OrgID) ([]byte, error) {
	e.Sig = nil
	b, err := fact.Encode(e)
	return append(org[:], b...), err
}

func (k SealingKey) signed(org fact.OrgID) []byte {
	return append(append(org[:], k.Device[:]...), k.Public...)
}

func (k DeskKey) signed(org fact.OrgID) []byte {
	return append(append(append(org[:], k.Device[:]...), k.Epoch[:]...), k.Wrap...)
}

// givenInfo binds a sealed epoch to the organisation, the epoch and the device.
func givenInfo(org fact.OrgID, epoch fact.Hash, device fact.Subject) []byte {
	out := append([]byte("holdfast/epoch-given/1\x00"), org[:]...)
	return append(append(out, epoch[:]...), device[:]...)
}

// deskKeyInfo binds a desk's later wrapping key to the desk and the epoch.
func deskKeyInfo(device fact.Subject, epoch fact.Hash) []byte {
	return append(append([]byte("holdfast/desk-key/1\x00"), device[:]...), epoch[:]...)
}
