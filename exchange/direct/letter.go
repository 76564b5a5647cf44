// Package direct carries envelopes straight between two Holdfast
// organisations over HTTPS, or over any carrier that hands bytes on.
//
// Its law: what travels is sealed to the receiving organisation and signed by
// a device of the sending one, so that no carrier can read, change, redirect
// or invent anything; it names sender and receiver inside the seal and is
// refused anywhere else. A receipt is signed by the receiving organisation and
// given only after everything is saved. The same envelope again gets a receipt
// again and files nothing. Keys come in as arguments: this package holds none.
//
// Wire, version 1, suite 1 (HPKE with ML-KEM-768 + X25519, HKDF-SHA256,
// AES-256-GCM; Ed25519; SHA-256), deterministic CBOR with integer keys:
//
//	sealed  {1 version, 2 suite, 3 receiving org, 4 its key's id, 5 enc ‖ ciphertext}
//	inside  u32 length ‖ signed ‖ zeros to a multiple of 1024
//	signed  {1 letter, 2 signature, 3 certificate of the signing device}
//	letter  {1 envelope, 2 from org, 3 to org, 4 carries, 5 written, 6 content}
//
// The signature is over "holdfast/letter/1" 00 letter; HPKE's info is
// "holdfast/envelope/1" 00 receiving org ‖ key id.
package direct

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

const (
	version = 1
	suite   = 1
	padStep = 1024
	// overhead is the most that sealing, signing and padding add, with a
	// certificate that names every device that stayed at exchanges of pages.
	overhead = 1 << 20
)

// KeyID names the public key of an organisation to which things are sealed.
type KeyID [16]byte

// KeyIDOf names a public key.
func KeyIDOf(public []byte) KeyID {
	h := fact.Labelled("holdfast/envelope-key/1", public)
	return KeyID(h[:16])
}

// Letter is what one organisation writes to another.
type Letter struct {
	Envelope exchange.EnvelopeID `cbor:"1,keyasint"`
	From     fact.OrgID          `cbor:"2,keyasint"`
	To       fact.OrgID          `cbor:"3,keyasint"`
	Carries  exchange.Carries    `cbor:"4,keyasint"`
	Written  fact.Millis         `cbor:"5,keyasint"`
	Content  []byte              `cbor:"6,keyasint"` // as it was prepared
}

type signed struct {
	Letter      []byte `cbor:"1,keyasint"`
	Signature   []byte `cbor:"2,keyasint"`
	Certificate []byte `cbor:"3,keyasint"`
}

type sealed struct {
	Version uint8      `cbor:"1,keyasint"`
	Suite   uint8      `cbor:"2,keyasint"`
	To      fact.OrgID `cbor:"3,keyasint"`
	Key     KeyID      `cbor:"4,keyasint"`
	Box     []byte     `cbor:"5,keyasint"`
}

// Signer signs with the key of this device.
type Signer interface {
	Sign(message []byte) ([]byte, error) // Ed25519
	Certificate() []byte                 // by which others know that the key is this organisation's
}

// Opener opens what is sealed to this organisation. It answers with a refusal
// of kind Missing for a key that it does not have.
type Opener interface {
	Open(key KeyID, info, box []byte) ([]byte, error)
}

// Sign puts a letter into its signed form. The same letter, key and
// certificate give the same bytes.
func Sign(l Letter, by Signer) ([]byte, error) {
	if len(l.Content) > exchange.MaxMessage {
		return nil, refusal.New(refusal.Invalid, "This is too long to send as one message: shorten the notes")
	}
	text, err := fact.Encode(l)
	if err != nil {
		return nil, err
	}
	sig, err := by.Sign(labelled("holdfast/letter/1", text))
	if err != nil {
		return nil, fmt.Errorf("signing a letter: %w", err)
	}
	return fact.Encode(signed{Letter: text, Signature: sig, Certificate: by.Certificate()})
}

// Seal seals a signed letter to an organisation's public key (ML-KEM-768 +
// X25519). Sealing twice gives different bytes of the same letter.
func Seal(letter []byte, to fact.OrgID, public []byte) ([]byte, error) {
	key, err := hpke.MLKEM768X25519().NewPublicKey(public)
	if err != nil {
		return nil, refusal.New(refusal.Invalid, "The partner's key cannot be used: ask them for a new partner file").Because(err)
	}
	id := KeyIDOf(public)
	box, err := hpke.Seal(key, hpke.HKDFSHA256(), hpke.AES256GCM(), Info(to, id), pad(letter))
	if err != nil {
		return nil, fmt.Errorf("sealing a letter: %w", err)
	}
	return fact.Encode(sealed{Version: version, Suite: suite, To: to, Key: id, Box: box})
}

// Info is what HPKE binds the seal to.
func Info(to fact.OrgID, key KeyID) []byte {
	return labelled("holdfast/envelope/1", to[:], key[:])
}

// Opened is a letter that was unsealed; nothing in it is proved before Verify.
type Opened struct {
	Letter      Letter
	Bytes       []byte // the signed form, kept as the original
	Certificate []byte
	text, sig   []byte
}

// Open unseals what was sealed to us. Errors are refusals: Invalid for what
// is broken, Forbidden for what is meant for somebody else.
func Open(wire []byte, us fact.OrgID, with Opener) (Opened, error) {
	if len(wire) > exchange.MaxMessage+overhead {
		return Opened{}, refusal.New(refusal.Invalid, "The envelope is larger than 5 MB")
	}
	var s sealed
	if err := fact.Decode(wire, &s); err != nil {
		return Opened{}, refusal.New(refusal.Invalid, "This is no envelope").Because(err)
	}
	if s.Version != version || s.Suite != suite {
		return Opened{}, refusal.New(refusal.Invalid, "The envelope is of a version that is not read here")
	}
	if s.To != us {
		return Opened{}, refusal.New(refusal.Forbidden, "The envelope is not addressed to this organisation")
	}
	plain, err := with.Open(s.Key, Info(us, s.Key), s.Box)
	if err != nil {
		if refusal.KindOf(err) != 0 {
			return Opened{}, err
		}
		return Opened{}, refusal.New(refusal.Invalid, "The envelope cannot be opened: it is damaged or sealed to another").Because(err)
	}
	return parse(plain, us)
}

func parse(plain []byte, us fact.OrgID) (Opened, error) {
	inner, ok := unpad(plain)
	if !ok {
		return Opened{}, refusal.New(refusal.Invalid, "The envelope's padding is wrong")
	}
	var s signed
	if err := fact.Decode(inner, &s); err != nil {
		return Opened{}, refusal.New(refusal.Invalid, "The envelope holds no signed letter").Because(err)
	}
	o := Opened{Bytes: inner, Certificate: s.Certificate, text: s.Letter, sig: s.Signature}
	if err := fact.Decode(s.Letter, &o.Letter); err != nil {
		return Opened{}, refusal.New(refusal.Invalid, "The envelope holds no letter").Because(err)
	}
	if o.Letter.To != us {
		return Opened{}, refusal.New(refusal.Forbidden, "The letter is not addressed to this organisation")
	}
	return o, nil
}

// Verify checks the signature with the key of the device that signed.
func (o Opened) Verify(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, labelled("holdfast/letter/1", o.text), o.sig) {
		return refusal.New(refusal.Forbidden, "The signature does not fit: the letter is not from the device that it names")
	}
	return nil
}

// ContentHash is the SHA-256 of the letter's content.
func (l Letter) ContentHash() fact.Hash { return sha256.Sum256(l.Content) }

func labelled(label string, parts ...[]byte) []byte {
	out := append([]byte(label), 0)
	return append(out, bytes.Join(parts, nil)...)
}

// pad hides the exact length of what was written.
func pad(b []byte) []byte {
	out := make([]byte, (4+len(b)+padStep-1)/padStep*padStep)
	binary.BigEndian.PutUint32(out, uint32(len(b)))
	copy(out[4:], b)
	return out
}

func unpad(b []byte) ([]byte, bool) {
	if len(b) < padStep || len(b)%padStep != 0 {
		return nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) || len(b)-4-int(n) >= padStep {
		return nil, false
	}
	for _, zero := range b[4+n:] {
		if zero != 0 {
			return nil, false
		}
	}
	return b[4 : 4+n], true
}

// OpenBox opens a box with a private key, for those who implement Opener. A
// box that does not open is damaged, forged, or sealed to another.
func OpenBox(private hpke.PrivateKey, info, box []byte) ([]byte, error) {
	plain, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), info, box)
	if err != nil {
		return nil, refusal.New(refusal.Invalid, "The envelope cannot be opened: it is damaged or sealed to another").Because(err)
	}
	return plain, nil
}
