package access

import (
	"bytes"
	"encoding/base32"
	"io"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// RecoveryCodesMade says that a paper with one-time codes was printed for a
// person. A newer paper ends an older one. Only hashes are kept.
type RecoveryCodesMade struct {
	Set   []byte `cbor:"1,keyasint"` // number of the paper, the first half of every code on it
	Codes Hashed `cbor:"2,keyasint"`
}

// FactKind is kind 38.
func (RecoveryCodesMade) FactKind() fact.Kind {
	return kind(38, fact.Control, "recovery-codes-made", fact.Grow)
}

// A code is 8 characters that name the paper and 12 that are secret (60 bits),
// in Crockford's base 32, which has no letters that look like figures.
const (
	setChars, secretChars = 8, 12
	crockford             = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

func base() *base32.Encoding { return base32.NewEncoding(crockford).WithPadding(base32.NoPadding) }

func draw(random io.Reader, chars int) (string, error) {
	b := make([]byte, (chars*5+7)/8)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", err
	}
	return base().EncodeToString(b)[:chars], nil
}

// NewPaper draws a paper with n codes: the fact, and the codes as they are
// printed, which are kept nowhere.
func NewPaper(random io.Reader, h Hashing, n int) (RecoveryCodesMade, []string, error) {
	set, err := draw(random, setChars)
	if err != nil {
		return RecoveryCodesMade{}, nil, err
	}
	var secrets, printed []string
	for range n {
		s, err := draw(random, secretChars)
		if err != nil {
			return RecoveryCodesMade{}, nil, err
		}
		secrets, printed = append(secrets, s), append(printed, InFours(set+s, "-"))
	}
	codes, err := h.Hash(random, secrets...)
	return RecoveryCodesMade{Set: []byte(set), Codes: codes}, printed, err
}

// InFours parts a text in groups of four, so that it can be read out and typed.
func InFours(s, between string) string {
	var parts []string
	for len(s) > 4 {
		parts, s = append(parts, s[:4]), s[4:]
	}
	return strings.Join(append(parts, s), between)
}

// ReadRecovery reads a code as a person types it: hyphens and blanks do not
// matter, nor do capitals, and O, I and L are read as figures.
func ReadRecovery(typed string) (set, secret string, ok bool) {
	s := strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == ' ':
			return -1
		case r == 'O':
			return '0'
		case r == 'I' || r == 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(typed))
	if len(s) != setChars+secretChars || strings.Trim(s, crockford) != "" {
		return "", "", false
	}
	return s[:setChars], s[setChars:], true
}

// PrintRecovery puts a new paper on record; it ends the one before.
func PrintRecovery(s Staff, session Session, made RecoveryCodesMade) ([]fact.Draft, error) {
	if len(session.Opened) != 1 || session.Opened[0].Person != s.Person || !ByOwnDevice(session.Opened[0].Way) {
		return nil, refusal.New(refusal.Forbidden, "Sign in by your passkey to do this.")
	}
	if len(made.Set) != setChars || len(made.Codes.Sums) == 0 || !made.Codes.sound() {
		return nil, refusal.New(refusal.Invalid, "There are no codes on this paper. Print another.")
	}
	return []fact.Draft{fact.Say(s.Person, made)}, nil
}

// Paper gives the paper by its number, if it is one of those in force.
func (s Staff) Paper(set string) (RecoveryCodesMade, bool) {
	for _, p := range s.Papers {
		if string(p.Set) == set {
			return p, true
		}
	}
	return RecoveryCodesMade{}, false
}

// CodesLeft counts the codes of the papers in force that were not used.
func (s Staff) CodesLeft() int {
	n := 0
	for _, p := range s.Papers {
		for _, sum := range p.Codes.Sums {
			if !s.spentCode(p.Set, sum) {
				n++
			}
		}
	}
	return n
}

func (s Staff) spentCode(set, sum []byte) bool {
	for _, c := range s.Codes {
		if bytes.Equal(c.Set, set) && bytes.Equal(c.Sum, sum) {
			return true
		}
	}
	return false
}

// Recover spends a code of the recovery paper on a link that enrols a passkey,
// and on nothing else. which is the code's place on the paper, already checked.
func Recover(s Staff, set string, which int, link fact.Hash, p Policy, now time.Time) ([]fact.Draft, error) {
	paper, ok := s.Paper(set)
	if !ok || which < 0 || which >= len(paper.Codes.Sums) {
		return nil, refusal.New(refusal.Forbidden, "This code is not one of those in force.")
	}
	sum := paper.Codes.Sums[which]
	if s.spentCode(paper.Set, sum) {
		return nil, refusal.New(refusal.Forbidden, "This code has been used. Cross it out and take the next one.")
	}
	role, ok := s.FirstRole(now)
	if !ok {
		return nil, refusal.New(refusal.Forbidden, "You hold no role here now. Ask an administrator.")
	}
	out, err := MakeLink(s, LinkMade{Token: link, Role: role, For: ForPasskey, Until: fact.At(now.Add(p.RecoveryLink))}, now)
	if err != nil {
		return nil, err
	}
	return append(out, fact.Say(s.Person, CodeSpent{Set: paper.Set, Sum: sum, Link: link, At: fact.At(now)})), nil
}
