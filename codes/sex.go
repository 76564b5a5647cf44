package codes

import "strings"

// Sex is a person's sex as the sender or the caller gave it, in FHIR's
// administrative codes. The empty value means it was not asked: that is not
// "unknown", and neither is an answer.
type Sex string

// The FHIR R4 codes (AdministrativeGender).
const (
	SexNotAsked Sex = ""
	Male        Sex = "male"
	Female      Sex = "female"
	OtherSex    Sex = "other"
	UnknownSex  Sex = "unknown"
)

// ParseSex reads what a person typed or chose; empty gives "not asked".
func ParseSex(typed string) (Sex, error) {
	if strings.TrimSpace(typed) == "" {
		return SexNotAsked, nil
	}
	if s, ok := readSex(typed); ok {
		return s, nil
	}
	return SexNotAsked, invalid("Choose male, female, other or not known")
}

// ReceiveSex reads FHIR words, HL7 letters and the NHS data dictionary's
// digits (1 male, 2 female, 9 not specified, 0 not known). Anything else that
// is not empty is unknown.
func ReceiveSex(text string) Sex {
	if strings.TrimSpace(text) == "" {
		return SexNotAsked
	}
	if s, ok := readSex(text); ok {
		return s
	}
	return UnknownSex
}

func readSex(text string) (Sex, bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "male", "m", "1", "man", "boy":
		return Male, true
	case "female", "f", "2", "woman", "girl":
		return Female, true
	case "other", "x", "o", "9", "un", "indeterminate":
		return OtherSex, true
	case "unknown", "not known", "u", "0":
		return UnknownSex, true
	}
	return SexNotAsked, false
}

// Letter gives one letter for dense rows: M, F, X, "?" for unknown, and an
// empty string for not asked.
func (s Sex) Letter() string {
	switch s {
	case Male:
		return "M"
	case Female:
		return "F"
	case OtherSex:
		return "X"
	case UnknownSex:
		return "?"
	}
	return ""
}

// String gives the word for pages.
func (s Sex) String() string {
	switch s {
	case Male, Female, OtherSex:
		return string(s)
	case UnknownSex:
		return "not known"
	case SexNotAsked:
		return "not asked"
	}
	return "not known"
}
