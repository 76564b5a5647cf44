package access

import (
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"holdfast/fact/refusal"
)

// Hashing is the cost of Argon2id (RFC 9106).
type Hashing struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// What is kept of a secret, and the most that one may cost: a fact with more
// would stop the machine that checks it.
const (
	saltSize, sumSize = 16, 32
	mostMemoryKiB     = 1 << 18
	mostPasses        = 16
	mostPassword      = 128 // characters
)

// Hashed is a password or code as it is kept: with the cost it was hashed at, so
// that the cost may be raised without anybody losing their way in.
type Hashed struct {
	Salt      []byte   `cbor:"1,keyasint"`
	Sums      [][]byte `cbor:"2,keyasint"` // one password, or the codes of one paper
	MemoryKiB uint32   `cbor:"3,keyasint"`
	Passes    uint32   `cbor:"4,keyasint"`
	Lanes     uint8    `cbor:"5,keyasint"`
}

// Hash hashes secrets under one salt.
func (h Hashing) Hash(random io.Reader, secrets ...string) (Hashed, error) {
	out := Hashed{Salt: make([]byte, saltSize), MemoryKiB: h.MemoryKiB, Passes: h.Passes, Lanes: h.Lanes}
	if _, err := io.ReadFull(random, out.Salt); err != nil {
		return out, err
	}
	for _, s := range secrets {
		out.Sums = append(out.Sums, out.sum(s))
	}
	return out, nil
}

func (h Hashed) sum(secret string) []byte {
	return argon2.IDKey([]byte(secret), h.Salt, h.Passes, h.MemoryKiB, h.Lanes, sumSize)
}

// sound tells whether checking costs no more than it may.
func (h Hashed) sound() bool {
	return h.MemoryKiB > 0 && h.MemoryKiB <= mostMemoryKiB && h.Passes > 0 && h.Passes <= mostPasses && h.Lanes > 0 && len(h.Salt) == saltSize
}

// Find gives the place of the secret among what was hashed, or -1. It costs the
// same whether it is there or not.
func (h Hashed) Find(secret string) int {
	if !h.sound() {
		return -1
	}
	found, sum := -1, h.sum(secret)
	for i, s := range h.Sums {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(s, sum), i, found)
	}
	return found
}

// CheckPassword refuses a password that is short, or that is little more than a
// name. There are no rules of composition (NIST SP 800-63B, section 5.1.1.2).
func (p Policy) CheckPassword(password string, names ...string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < p.PasswordLeast:
		return refusal.Field("password", fmt.Sprintf("At least %d characters: four words that have nothing to do with each other are good.", p.PasswordLeast))
	case n > mostPassword:
		return refusal.Field("password", fmt.Sprintf("At most %d characters.", mostPassword))
	case strings.Count(password, password[:1]) == len(password):
		return refusal.Field("password", "This is one character over and over. Choose words instead.")
	}
	for _, name := range names {
		if name = strings.TrimSpace(name); len(name) > 3 && strings.Contains(strings.ToLower(password), strings.ToLower(name)) {
			return refusal.Field("password", "Your name and the organisation's are the first things that are tried. Choose other words.")
		}
	}
	return nil
}
