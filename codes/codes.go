// Package codes holds the identifiers, codes, dates, numbers and places that
// people type and messages carry.
//
// Its law: every value is a type of its own, never a bare string. What a
// person types is checked strictly and refused with a sentence that says what
// to mend (Parse…). What a message carries is kept as it came and marked
// (Receive…), because a wrong number is no reason to lose a patient. Nothing
// here reads a clock, a disk or a network.
package codes

import (
	"strings"

	"holdfast/fact/refusal"
)

// Status says how far a person's number can be trusted. Its numbers are
// stable and stand in facts.
type Status uint8

// The statuses of a person's number.
const (
	Absent     Status = 0 // there is no number
	Unverified Status = 1 // there is one; no national index has confirmed it
	Verified   Status = 2 // a national index has confirmed it for this person
)

// String gives the status in one word for pages.
func (s Status) String() string {
	switch s {
	case Absent:
		return "none"
	case Unverified:
		return "unverified"
	case Verified:
		return "verified"
	}
	return "unknown"
}

func invalid(sentence string) error { return refusal.New(refusal.Invalid, sentence) }

func invalidf(format string, args ...any) error {
	return refusal.Newf(refusal.Invalid, format, args...)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// squash drops the marks people put between groups of a number.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '-', '.', '/', '(', ')', '\u00a0', '\u2013', '\u2011', '\u2009':
			return -1
		}
		return r
	}, strings.TrimSpace(s))
}
