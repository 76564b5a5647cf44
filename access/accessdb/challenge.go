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

	"holdfast/fact/refusal"
)

// challengeLasts is how long a person may take over one sign-in.
const challengeLasts = 5 * time.Minute

// challenges are what passkeys sign when somebody signs in. A challenge proves
// itself: chance, when it was made, and a MAC under a key of this process. So
// asking for one keeps nothing here, and nobody can crowd colleagues out of
// signing in by asking for many. Only one that a passkey has answered rightly is
// remembered, until it would have ended, so that it serves once.
type challenges struct {
	key   [32]byte
	mu    sync.Mutex
	spent map[[challengeBytes]byte]time.Time
}

const challengeBytes = 16 + 8 + 16

func newChallenges() *challenges {
	c := &challenges{spent: map[[challengeBytes]byte]time.Time{}}
	rand.Read(c.key[:]) // never fails: see its documentation
	return c
}

func (c *challenges) mac(front []byte) []byte {
	m := hmac.New(sha256.New, c.key[:])
	m.Write([]byte("holdfast/sign-in/1\x00"))
	m.Write(front)
	return m.Sum(nil)[:16]
}

func (c *challenges) make(random io.Reader, now time.Time) ([]byte, error) {
	out := make([]byte, 24, challengeBytes)
	if _, err := io.ReadFull(random, out[:16]); err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint64(out[16:], uint64(now.UnixMilli()))
	return append(out, c.mac(out)...), nil
}

// read checks a challenge as the browser gives it back.
func (c *challenges) read(s string, now time.Time) (out [challengeBytes]byte, err error) {
	late := refusal.New(refusal.Forbidden, "That took too long. Begin again.")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != challengeBytes || !hmac.Equal(raw[24:], c.mac(raw[:24])) {
		return out, late
	}
	age := now.Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(raw[16:]))))
	if age < -time.Minute || age > challengeLasts {
		return out, late
	}
	return [challengeBytes]byte(raw), nil
}

// spend takes a challenge that was answered rightly; false when it was before.
func (c *challenges) spend(one [challengeBytes]byte, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for old, at := range c.spent {
		if now.Sub(at) > challengeLasts+time.Minute {
			delete(c.spent, old)
		}
	}
	if _, twice := c.spent[one]; twice {
		return false
	}
	c.spent[one] = now
	return true
}
