package codes

import "strings"

// Postcode is a UK postcode in its usual form, whole ("QX4 7TD") or as far as
// somebody knew it: the sector ("QX4 7") or the district ("QX4"). It is
// checked for its shape, not for whether Royal Mail delivers there.
type Postcode string

// ParsePostcode reads a whole or partial postcode typed by a person; empty
// gives none.
func ParsePostcode(typed string) (Postcode, error) {
	p, ok := readPostcode(typed)
	if !ok {
		return "", invalid("A postcode looks like QX4 7TD; its first half alone will do")
	}
	return p, nil
}

// ReceivePostcode keeps what a message carried: in its usual form when it can
// be read, else in capitals as it came.
func ReceivePostcode(text string) Postcode {
	if p, ok := readPostcode(text); ok {
		return p
	}
	return Postcode(strings.ToUpper(strings.Join(strings.Fields(text), " ")))
}

func readPostcode(text string) (Postcode, bool) {
	t := strings.ToUpper(strings.TrimSpace(text))
	if t == "" {
		return "", true
	}
	gap := strings.LastIndexAny(t, " -")
	s := squash(t)
	if n := len(s); n >= 5 && inward(s[n-3:]) && outward(s[:n-3]) {
		return Postcode(s[:n-3] + " " + s[n-3:]), true
	}
	if n := len(s); gap > 0 && n >= 3 && gap == len(t)-2 && isDigit(s[n-1]) && outward(s[:n-1]) {
		return Postcode(s[:n-1] + " " + s[n-1:]), true
	}
	if outward(s) {
		return Postcode(s), true
	}
	return "", false
}

// outward tells whether s is a postcode area (one or two letters) and a
// district (a digit, then perhaps a digit or a letter).
func outward(s string) bool {
	if s == "GIR" {
		return true
	}
	i := 0
	for i < len(s) && isLetter(s[i]) {
		i++
	}
	if i < 1 || i > 2 || i >= len(s) || !isDigit(s[i]) {
		return false
	}
	rest := s[i+1:]
	return rest == "" || len(rest) == 1 && (isDigit(rest[0]) || isLetter(rest[0]))
}

func inward(s string) bool {
	const never = "CIKMOV"
	return isDigit(s[0]) && isLetter(s[1]) && isLetter(s[2]) &&
		!strings.ContainsRune(never, rune(s[1])) && !strings.ContainsRune(never, rune(s[2]))
}

// Full tells whether it is a whole postcode.
func (p Postcode) Full() bool {
	i := strings.IndexByte(string(p), ' ')
	return i > 0 && len(p) == i+4 && outward(string(p[:i])) && inward(string(p[i+1:]))
}

// District gives the first half: "QX4".
func (p Postcode) District() string {
	if i := strings.IndexByte(string(p), ' '); i > 0 {
		return string(p[:i])
	}
	return string(p)
}

// Sector gives the first half and the next digit, "QX4 7", or "" when only
// the district is known.
func (p Postcode) Sector() string {
	if i := strings.IndexByte(string(p), ' '); i > 0 && len(p) > i+1 {
		return string(p[:i+2])
	}
	return ""
}
