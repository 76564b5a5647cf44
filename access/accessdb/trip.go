package accessdb

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/fact"
)

// mostTrips bounds the trips that are remembered as ended.
const mostTrips = 20_000

// trips are the ways of people to a provider and back. The state that goes with
// them proves itself, as a challenge does: chance, when it was made, and a MAC
// under a key of this process over them, the provider, the browser, the role
// that was chosen and, when an account is to be linked, the session. So asking keeps nothing here, and an
// answer is good for what it was begun with alone. Nonce and code verifier (RFC 7636) come from the state under the same
// key: whoever has the state has neither. Only trips that have ended are
// remembered, so that each ends once.
type trips struct {
	key   [32]byte
	mu    sync.Mutex
	ended map[[stateBytes]byte]time.Time
}

const stateBytes = 16 + 8 + 16

// trip is what one state is bound to.
type trip struct {
	provider string
	browser  fact.Hash
	session  fact.Subject // zero: it signs in
	role     access.Role  // to sign in as; empty: their first one
}

func newTrips() *trips {
	t := &trips{ended: map[[stateBytes]byte]time.Time{}}
	rand.Read(t.key[:]) // never fails: see its documentation
	return t
}

func (t *trips) sum(label string, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, t.key[:])
	m.Write([]byte(label + "\x00"))
	for _, p := range parts {
		m.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		m.Write(p)
	}
	return m.Sum(nil)
}

func (t *trips) mac(front []byte, of trip) []byte {
	return t.sum("holdfast/trip/2", front, []byte(of.provider), of.browser[:], of.session[:], []byte(of.role))[:16]
}

// begin draws the state of a trip.
func (t *trips) begin(random io.Reader, of trip, now time.Time) (string, error) {
	out := make([]byte, 24, stateBytes)
	if _, err := io.ReadFull(random, out[:16]); err != nil {
		return "", err
	}
	binary.BigEndian.PutUint64(out[16:], uint64(now.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(out, t.mac(out, of)...)), nil
}

// end checks a state as the browser brings it back, and ends its trip, which may
// have lasted so long. It gives when the trip began.
func (t *trips) end(state string, of trip, lasts time.Duration, now time.Time) (time.Time, Trouble) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(state)
	if err != nil || len(raw) != stateBytes || !hmac.Equal(raw[24:], t.mac(raw[:24], of)) {
		return time.Time{}, TroubleLate
	}
	began := time.UnixMilli(int64(binary.BigEndian.Uint64(raw[16:])))
	if age := now.Sub(began); age < -time.Minute || age > lasts {
		return time.Time{}, TroubleLate
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	one := [stateBytes]byte(raw)
	if _, twice := t.ended[one]; twice {
		return time.Time{}, TroubleUsed
	}
	for old, at := range t.ended {
		if now.Sub(at) > lasts+time.Minute {
			delete(t.ended, old)
		}
	}
	if len(t.ended) >= mostTrips {
		return time.Time{}, TroubleBusy
	}
	t.ended[one] = now
	return began, ""
}

// nonce and verifier are those of a state.
func (t *trips) nonce(state string) string {
	return base64.RawURLEncoding.EncodeToString(t.sum("holdfast/nonce/1", []byte(state)))
}

func (t *trips) verifier(state string) string {
	return base64.RawURLEncoding.EncodeToString(t.sum("holdfast/verifier/1", []byte(state)))
}
