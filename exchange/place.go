package exchange

import (
	"strings"

	"holdfast/codes"
)

// GridOf reads an easting and a northing in whole metres; the zero Grid when
// either is anything else, or lies outside the national grid.
func GridOf(east, north string) codes.Grid {
	e, okE := metres(east)
	n, okN := metres(north)
	if !okE || !okN {
		return codes.Grid{}
	}
	return codes.Grid{East: e, North: n}
}

// metres reads whole metres; ".0" at the end is let pass.
func metres(s string) (int, bool) {
	s, frac, _ := strings.Cut(strings.TrimSpace(s), ".")
	if strings.Trim(frac, "0") != "" || s == "" || len(s) > 7 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n, n > 0 && n <= 1_300_000
}

// PhoneOf reads a phone number of a message; senders write zeros where there
// is none.
func PhoneOf(text string) codes.Phone {
	if strings.Trim(strings.ToLower(text), "tel:+0 ") == "" {
		return codes.Phone{}
	}
	return codes.ReceivePhone(text)
}
