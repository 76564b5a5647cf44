// Package passkey is a security key in software (WebAuthn Level 3, sections 6.1
// and 6.5), with the browser's part of the ceremony: for rehearsals and tests.
//
// Its law: it holds one passkey, for one relying party, and does what a real key
// does; what it gets wrong on purpose it is told to.
package passkey

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"

	"github.com/fxamacker/cbor/v2"
)

// Key is one security key and the browser in front of it.
type Key struct {
	Origin     string // of the page, as the browser tells it
	Unverified bool   // it does not verify who holds it
	party      string // relying party of its passkey
	handle     string
	id         []byte
	key        *ecdsa.PrivateKey
}

// flags of the authenticator's data.
const (
	flagPresent  = 0x01
	flagVerified = 0x04
	flagWithKey  = 0x40
)

// New makes a key that holds no passkey yet, in front of a page.
func New(origin string) (*Key, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	id := make([]byte, 16)
	_, err = rand.Read(id)
	return &Key{Origin: origin, id: id, key: key}, err
}

// ID is what its passkey is called by.
func (k *Key) ID() []byte { return k.id }

type options struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		Party     string `json:"rpId"`
		RP        struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

// Create answers the options of an enrolment, as JSON.
func (k *Key) Create(asked []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(asked, &o); err != nil {
		return nil, err
	}
	k.handle, k.party = o.PublicKey.User.ID, o.PublicKey.RP.ID
	point, err := k.key.PublicKey.Bytes() // 4 ‖ x ‖ y
	if err != nil {
		return nil, err
	}
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		return nil, err
	}
	more := binary.BigEndian.AppendUint16(make([]byte, 16), uint16(len(k.id)))
	more = append(append(more, k.id...), public...)
	attestation, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": k.data(flagWithKey, more)})
	if err != nil {
		return nil, err
	}
	client, err := k.client("webauthn.create", o.PublicKey.Challenge)
	if err != nil {
		return nil, err
	}
	return k.answer(map[string]any{"clientDataJSON": b64(client), "attestationObject": b64(attestation)})
}

// Get answers the options of a sign-in or a confirmation, as JSON.
func (k *Key) Get(asked []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(asked, &o); err != nil {
		return nil, err
	}
	client, err := k.client("webauthn.get", o.PublicKey.Challenge)
	if err != nil {
		return nil, err
	}
	data, sum := k.data(0, nil), sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(data), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		return nil, err
	}
	return k.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(sig), "userHandle": k.handle})
}

func (k *Key) data(flags byte, more []byte) []byte {
	if !k.Unverified {
		flags |= flagVerified
	}
	party := sha256.Sum256([]byte(k.party))
	return append(append(party[:], flags|flagPresent, 0, 0, 0, 0), more...)
}

func (k *Key) client(kind, challenge string) ([]byte, error) {
	return json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.Origin, "crossOrigin": false})
}

func (k *Key) answer(response map[string]any) ([]byte, error) {
	return json.Marshal(map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
