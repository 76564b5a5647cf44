// Package fact is a signed fact, byte for byte.
//
// Its law: what is written here is meant to be read for decades. Layouts are
// fixed, integers big-endian, every hashed or signed input begins with a
// label, and nothing in this package touches a disk, a network or a clock.
// docs/format.md is the prose twin of this package; golden files in testdata
// pin both.
package fact

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// Version and Suite stand in every structure. Suite 1 is SHA-256, Ed25519,
// XAES-256-GCM and HPKE with ML-KEM-768 + X25519.
const (
	Version byte = 1
	Suite   byte = 1
)

// ID names a fact: the SHA-256 of its header.
type ID [32]byte

// OrgID names an organisation: the hash of its genesis.
type OrgID [32]byte

// FeedID names one lane of one incarnation of a device.
type FeedID [32]byte

// Hash is a SHA-256 of anything else.
type Hash [32]byte

// Subject is what facts are about: a person's record, a case, a shift. It is
// random and tells nothing.
type Subject [16]byte

// KeyID names a subject key without giving it away.
type KeyID [16]byte

// Lane is one of the three feeds of a device.
type Lane uint8

// The lanes, in the order in which they catch up.
const (
	Control Lane = 1 // enrolment, roles, cuts, content versions
	Care    Lane = 2 // everything clinical and operational
	Looks   Lane = 3 // who opened what
)

// Lanes lists all lanes in order.
func Lanes() []Lane { return []Lane{Control, Care, Looks} }

// String gives the lane's name.
func (l Lane) String() string {
	switch l {
	case Control:
		return "control"
	case Care:
		return "care"
	case Looks:
		return "looks"
	}
	return fmt.Sprintf("lane %d", uint8(l))
}

// String gives the whole id in hex.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Short gives the first eight hex digits, for people to compare.
func (id ID) Short() string { return hex.EncodeToString(id[:4]) }

// String gives the subject in hex, as it stands in URLs.
func (s Subject) String() string { return hex.EncodeToString(s[:]) }

// Zero tells whether the subject is unset.
func (s Subject) Zero() bool { return s == Subject{} }

// MarshalText gives the hex form.
func (s Subject) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the hex form.
func (s *Subject) UnmarshalText(b []byte) (err error) {
	*s, err = ParseSubject(string(b))
	return err
}

// String gives the organisation id in hex.
func (o OrgID) String() string { return hex.EncodeToString(o[:]) }

// String gives the feed id in hex.
func (f FeedID) String() string { return hex.EncodeToString(f[:]) }

// Short gives the first eight hex digits of the feed.
func (f FeedID) Short() string { return hex.EncodeToString(f[:4]) }

// String gives the hash in hex.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseSubject reads the hex form of a subject.
func ParseSubject(s string) (Subject, error) {
	var out Subject
	if err := parseHex(out[:], s); err != nil {
		return Subject{}, fmt.Errorf("subject: %w", err)
	}
	return out, nil
}

// ParseID reads the hex form of a fact id.
func ParseID(s string) (ID, error) {
	var out ID
	if err := parseHex(out[:], s); err != nil {
		return ID{}, fmt.Errorf("fact id: %w", err)
	}
	return out, nil
}

func parseHex(into []byte, s string) error {
	if len(s) != 2*len(into) {
		return fmt.Errorf("want %d hex digits, have %d", 2*len(into), len(s))
	}
	_, err := hex.Decode(into, []byte(s))
	return err
}

// NewSubject draws a random subject; it fails only when randomness does.
func NewSubject(random io.Reader) (Subject, error) {
	var s Subject
	_, err := io.ReadFull(random, s[:])
	return s, err
}

// Labelled hashes label, a zero byte and the parts.
func Labelled(label string, parts ...[]byte) Hash {
	h := sha256.New()
	h.Write([]byte(label))
	h.Write([]byte{0})
	for _, p := range parts {
		h.Write(p)
	}
	return Hash(h.Sum(nil))
}

// Millis is a moment in milliseconds since 1970 UTC.
type Millis int64

// At turns a time into Millis.
func At(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time gives the moment in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Add moves the moment.
func (m Millis) Add(d time.Duration) Millis { return m + Millis(d.Milliseconds()) }
