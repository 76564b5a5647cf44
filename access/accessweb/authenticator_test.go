package accessweb_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// authenticator is a security key in software (WebAuthn Level 3, sections 6.1
// and 6.5), for one passkey.
type authenticator struct {
	t      testing.TB
	key    *ecdsa.PrivateKey
	id     []byte
	handle string
	noUV   bool // it does not verify who holds it
}

const (
	relyingParty  = "111.localhost"
	theirOrigin   = "http://111.localhost:8111"
	flagPresent   = 0x01
	flagVerified  = 0x04
	flagWithKey   = 0x40
	makesPasskeys = "webauthn.create"
	usesPasskeys  = "webauthn.get"
)

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	rand.Read(id)
	return &authenticator{t: t, key: key, id: id}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *authenticator) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *authenticator) data(flags byte, more []byte) []byte {
	if !a.noUV {
		flags |= flagVerified
	}
	rp := sha256.Sum256([]byte(relyingParty))
	out := append(rp[:], flags|flagPresent, 0, 0, 0, 0)
	return append(out, more...)
}

func (a *authenticator) client(kind, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": theirOrigin, "crossOrigin": false})
	a.must(err)
	return b
}

type ceremonyOptions struct {
	PublicKey struct {
		Challenge string
		User      struct{ ID string }
	}
}

// create answers the options of an enrolment.
func (a *authenticator) create(options string) []byte {
	a.t.Helper()
	var o ceremonyOptions
	a.must(json.Unmarshal([]byte(options), &o))
	a.handle = o.PublicKey.User.ID
	point, err := a.key.PublicKey.Bytes() // 4 ‖ x ‖ y
	a.must(err)
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	a.must(err)
	more := make([]byte, 16)
	more = binary.BigEndian.AppendUint16(more, uint16(len(a.id)))
	more = append(append(more, a.id...), public...)
	attestation, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": a.data(flagWithKey, more)})
	a.must(err)
	return a.answer(map[string]any{"clientDataJSON": b64(a.client(makesPasskeys, o.PublicKey.Challenge)), "attestationObject": b64(attestation)})
}

// get answers the options of a sign-in or a confirmation.
func (a *authenticator) get(options string) []byte {
	a.t.Helper()
	var o ceremonyOptions
	a.must(json.Unmarshal([]byte(options), &o))
	data, client := a.data(0, nil), a.client(usesPasskeys, o.PublicKey.Challenge)
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(data), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	a.must(err)
	return a.answer(map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(sig), "userHandle": a.handle})
}

func (a *authenticator) answer(response map[string]any) []byte {
	b, err := json.Marshal(map[string]any{"id": b64(a.id), "rawId": b64(a.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	a.must(err)
	return b
}

func (b *browser) send(path string, body []byte) (int, string) {
	b.o.t.Helper()
	res, err := b.client.Post(b.o.server.URL+path, "application/json", bytes.NewReader(body))
	return b.read(res, err)
}

// enrol makes a passkey by a one-time link.
func (b *browser) enrol(token string) *authenticator {
	b.o.t.Helper()
	a := newAuthenticator(b.o.t)
	status, body := b.send("/enrol/"+token+"/begin", nil)
	want(b.o.t, status, body, http.StatusOK, "publicKey")
	status, body = b.send("/enrol/"+token+"/finish", a.create(body))
	want(b.o.t, status, body, http.StatusOK, "next")
	return a
}

// signIn signs in by passkey.
func (b *browser) signIn(a *authenticator) (int, string) {
	b.o.t.Helper()
	status, body := b.send("/sign-in/begin", nil)
	want(b.o.t, status, body, http.StatusOK, "publicKey")
	return b.send("/sign-in/finish", a.get(body))
}
