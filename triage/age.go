package triage

import (
	"strconv"
	"strings"
	"time"

	"holdfast/fact/refusal"
)

// Age is how old the patient is: completed days and completed calendar
// months. An age that is not known fits every scope of a rule, so that no red
// flag is lost, and no scope of a complaint, so that a clinician decides.
type Age struct {
	Known  bool  `cbor:"1,keyasint,omitempty"`
	Days   int32 `cbor:"2,keyasint,omitempty"`
	Months int32 `cbor:"3,keyasint,omitempty"`
}

// AgeAt gives the age at a moment, both dates read in Europe/London's
// calendar by the caller. A birth after now is a refusal.
func AgeAt(born, now time.Time) (Age, error) {
	b, n := midnight(born), midnight(now)
	if n.Before(b) {
		return Age{}, refusal.New(refusal.Invalid, "the date of birth is in the future")
	}
	months := (n.Year()-b.Year())*12 + int(n.Month()) - int(b.Month())
	if n.Day() < b.Day() {
		months--
	}
	return Age{Known: true, Days: int32(n.Sub(b) / (24 * time.Hour)), Months: int32(months)}, nil
}

// Years gives an age of whole years, when only that is known.
func Years(n int) Age { return Age{Known: true, Days: int32(n*1461/4 + 1), Months: int32(n * 12)} }

// Months gives an age of whole months.
func Months(n int) Age { return Age{Known: true, Days: int32(n*1461/48 + 1), Months: int32(n)} }

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// Sex as it bears on rules.
type Sex string

// The values of Sex. Not known fits every scope.
const (
	SexUnknown Sex = ""
	Female     Sex = "female"
	Male       Sex = "male"
)

// bound is one end of a scope, counted in completed days, months or years.
type bound struct {
	n    int32
	unit byte
}

func (b bound) of(a Age) int32 {
	switch b.unit {
	case 'd':
		return a.Days
	case 'm':
		return a.Months
	}
	return a.Months / 12
}

func (b bound) age() Age {
	switch b.unit {
	case 'd':
		return Age{Known: true, Days: b.n, Months: b.n * 48 / 1461}
	case 'm':
		return Months(int(b.n))
	}
	return Years(int(b.n))
}

// Scope limits who a complaint, rule or question is for. Ages run from one
// completed count to another, both included: 0d..2m is under three months.
type Scope struct {
	from, to bound
	aged     bool
	sex      Sex
}

func parseScope(age, sex string) (Scope, error) {
	var s Scope
	switch Sex(sex) {
	case Female, Male:
		s.sex = Sex(sex)
	case "", "any":
	default:
		return s, refusal.New(refusal.Invalid, "sex must be female, male or any")
	}
	if age == "" {
		return s, nil
	}
	low, high, ok := strings.Cut(age, "..")
	var err1, err2 error
	s.aged = true
	s.from, err1 = parseBound(low)
	s.to, err2 = parseBound(high)
	if !ok || err1 != nil || err2 != nil || s.to.age().Days < s.from.age().Days {
		return s, refusal.New(refusal.Invalid, "age must read like 0d..2m or 16y..130y, the lower first")
	}
	return s, nil
}

func parseBound(text string) (bound, error) {
	if len(text) < 2 || !strings.ContainsRune("dmy", rune(text[len(text)-1])) {
		return bound{}, refusal.New(refusal.Invalid, "an age ends in d, m or y")
	}
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 16)
	return bound{n: int32(n), unit: text[len(text)-1]}, err
}

// holds tells whether somebody is inside; what is not known does not exclude.
func (s Scope) holds(age Age, sex Sex) bool {
	if s.sex != "" && sex != SexUnknown && sex != s.sex {
		return false
	}
	return !s.aged || !age.Known || s.from.of(age) >= s.from.n && s.to.of(age) <= s.to.n
}

// surely is holds, but an age that is not known is outside an aged scope.
func (s Scope) surely(age Age, sex Sex) bool {
	return s.holds(age, sex) && (!s.aged || age.Known || s.from.n == 0 && s.to.age().Months >= 120*12)
}
