package fact

import (
	"crypto/ed25519"
	"errors"
	"fmt"
)

// Genesis founds an organisation; its hash names it for ever.
type Genesis struct {
	Suite     byte     `cbor:"1,keyasint"`
	Name      string   `cbor:"2,keyasint"`
	ODS       string   `cbor:"3,keyasint"`
	Roots     [][]byte `cbor:"4,keyasint"` // Ed25519 public keys of people and paper
	Threshold uint32   `cbor:"5,keyasint"` // how many of them must agree
	Founded   Millis   `cbor:"6,keyasint"`
	Random    [32]byte `cbor:"7,keyasint"`
	About     Subject  `cbor:"8,keyasint"`           // the organisation as a subject of facts
	Recovery  []byte   `cbor:"9,keyasint,omitempty"` // HPKE public key of the holders; none: founded with a root held by one device
}

// DeviceKind says what a device holds and may do.
type DeviceKind string

// The kinds of device.
const (
	SiteNode DeviceKind = "site"
	Desk     DeviceKind = "desk"
)

// DeviceCard enrols a device: its own key, signed by k of the root keys.
type DeviceCard struct {
	Suite  byte       `cbor:"1,keyasint"`
	Org    OrgID      `cbor:"2,keyasint"`
	Device Subject    `cbor:"3,keyasint"`
	Kind   DeviceKind `cbor:"4,keyasint"`
	Name   string     `cbor:"5,keyasint"`
	Key    []byte     `cbor:"6,keyasint"` // Ed25519: signs this device's incarnations
	Issued Millis     `cbor:"7,keyasint"`
	Roots  []byte     `cbor:"8,keyasint,omitempty"` // names the roots that sign it; none: those of the genesis
}

// Incarnation begins the feeds of a device: a key of its own, signed by the
// device's key, so that a device that finds itself restored or cloned can
// begin anew without a person.
type Incarnation struct {
	Suite  byte    `cbor:"1,keyasint"`
	Org    OrgID   `cbor:"2,keyasint"`
	Card   Hash    `cbor:"3,keyasint"` // of the signed device card
	Number uint32  `cbor:"4,keyasint"`
	Key    []byte  `cbor:"5,keyasint"` // Ed25519: signs heads
	Start  Hash    `cbor:"6,keyasint"` // of the start token kept outside backups
	Began  Millis  `cbor:"7,keyasint"`
	Why    string  `cbor:"8,keyasint"` // first, restored, cloned, disk error
	After  []After `cbor:"9,keyasint"` // where the feeds before it stood, as far as known
}

// After says how far an earlier feed of the same device reached.
type After struct {
	_    struct{} `cbor:",toarray"`
	Feed FeedID
	Size uint64
	Root Hash
}

// Signed is a structure's exact bytes with signatures over them.
type Signed struct {
	Bytes []byte   `cbor:"1,keyasint"`
	Sigs  [][]byte `cbor:"2,keyasint"` // one for each key, empty where that key did not sign
}

// ErrSignature says that too few of the needed signatures hold.
var ErrSignature = errors.New("signatures do not hold")

// The labels under which each structure is signed.
const (
	labelGenesis     = "holdfast/genesis/1"
	labelCard        = "holdfast/device/1"
	labelIncarnation = "holdfast/incarnation/1"
)

// ID names the organisation.
func (g Genesis) ID() (OrgID, error) {
	b, err := Encode(g)
	return OrgID(Labelled(labelGenesis, b)), err
}

// SignGenesis signs with the given root keys.
func SignGenesis(g Genesis, keys ...ed25519.PrivateKey) (Signed, error) {
	return sign(labelGenesis, g, g.Roots, keys)
}

// SignCard signs a device card with root keys of the genesis.
func SignCard(c DeviceCard, g Genesis, keys ...ed25519.PrivateKey) (Signed, error) {
	return sign(labelCard, c, g.Roots, keys)
}

// SignIncarnation signs a certificate with the device's key.
func SignIncarnation(i Incarnation, device ed25519.PrivateKey) (Signed, error) {
	return sign(labelIncarnation, i, [][]byte{device.Public().(ed25519.PublicKey)}, []ed25519.PrivateKey{device})
}

func sign(label string, v any, slots [][]byte, keys []ed25519.PrivateKey) (Signed, error) {
	b, err := Encode(v)
	if err != nil {
		return Signed{}, err
	}
	s := Signed{Bytes: b, Sigs: make([][]byte, len(slots))}
	for _, key := range keys {
		at := -1
		for i, pub := range slots {
			if string(pub) == string(key.Public().(ed25519.PublicKey)) {
				at = i
			}
		}
		if at < 0 {
			return Signed{}, fmt.Errorf("%w: a key that has no place here", ErrSignature)
		}
		s.Sigs[at] = ed25519.Sign(key, signingInput(label, b))
	}
	return s, nil
}

func (s Signed) check(label string, keys [][]byte, threshold uint32) error {
	if len(s.Sigs) != len(keys) || threshold == 0 {
		return ErrSignature
	}
	var good uint32
	for i, sig := range s.Sigs {
		if len(sig) == 0 {
			continue
		}
		if len(keys[i]) != ed25519.PublicKeySize || !ed25519.Verify(keys[i], signingInput(label, s.Bytes), sig) {
			return ErrSignature
		}
		good++
	}
	if good < threshold {
		return fmt.Errorf("%w: %d of %d", ErrSignature, good, threshold)
	}
	return nil
}

// OpenGenesis checks a genesis against the keys it names.
func OpenGenesis(s Signed) (Genesis, error) {
	var g Genesis
	if err := Decode(s.Bytes, &g); err != nil {
		return Genesis{}, err
	}
	if g.Suite != Suite || int(g.Threshold) > len(g.Roots) {
		return Genesis{}, ErrSignature
	}
	return g, s.check(labelGenesis, g.Roots, g.Threshold)
}

// OpenCard checks a device card against the roots of the genesis alone: of an
// organisation whose roots were never exchanged. Chain judges any other.
func OpenCard(s Signed, g Genesis) (DeviceCard, error) {
	c, err := OfferedCard(s, g.Set())
	if err != nil {
		return DeviceCard{}, err
	}
	return c, s.check(labelCard, g.Roots, g.Threshold)
}

// OpenIncarnation checks a certificate against the device card.
func OpenIncarnation(s Signed, card Signed, c DeviceCard) (Incarnation, error) {
	var i Incarnation
	if err := Decode(s.Bytes, &i); err != nil {
		return Incarnation{}, err
	}
	hash, err := card.Hash()
	if err != nil || i.Card != hash || i.Org != c.Org || i.Suite != Suite {
		return Incarnation{}, fmt.Errorf("%w: certificate of another device", ErrSignature)
	}
	return i, s.check(labelIncarnation, [][]byte{c.Key}, 1)
}

// Hash names a signed structure.
func (s Signed) Hash() (Hash, error) {
	b, err := Encode(s)
	return Labelled("holdfast/signed/1", b), err
}

// FeedOf names a lane of an incarnation.
func FeedOf(certificate Signed, lane Lane) (FeedID, error) {
	b, err := Encode(certificate)
	return FeedID(Labelled("holdfast/feed/1", b, []byte{byte(lane)})), err
}

// OfferedCard reads a device card that is on its way to be signed by an
// organisation's roots. A genesis proves nothing of its own name, for anybody
// may found an organisation with other people's keys among its roots: that the
// card is one of this very organisation does.
func OfferedCard(card Signed, r RootSet) (DeviceCard, error) {
	var c DeviceCard
	if err := Decode(card.Bytes, &c); err != nil {
		return DeviceCard{}, err
	}
	if r.Org == (OrgID{}) || c.Org != r.Org || c.Suite != Suite || len(card.Sigs) != len(r.Keys) || string(c.Roots) != string(r.onCard()) {
		return DeviceCard{}, fmt.Errorf("%w: the card is not of the organisation that is shown with it, or for other roots", ErrSignature)
	}
	return c, nil
}

// Cosign adds one root's signature to a device card that is on its way.
func Cosign(card *Signed, r RootSet, key ed25519.PrivateKey) error {
	c, err := OfferedCard(*card, r)
	if err != nil {
		return err
	}
	one, err := SignCardFor(c, r, key)
	if err != nil {
		return err
	}
	if string(one.Bytes) != string(card.Bytes) {
		return fmt.Errorf("%w: not a card of this organisation", ErrSignature)
	}
	for i, sig := range one.Sigs {
		if len(sig) > 0 {
			card.Sigs[i] = sig
		}
	}
	return nil
}
