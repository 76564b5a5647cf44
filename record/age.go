package record

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdfast/codes"
)

// ageWords is how people say an age that nobody knows: "about 40", "40ish",
// "approx 40 years", "~40".
var ageWords = regexp.MustCompile(`^(?:about|around|approx\.?|roughly|circa|ca?\.?|maybe|~)?\s*(\d{1,3})\s*(?:ish|or so|years?|yrs?|y|years? old)?$`)

// ParseAge reads an age that somebody guesses, as it was on the day of now. It
// is only read as one when something says that it is an age: a bare number may
// be half of a date.
func ParseAge(typed string, now time.Time) (AboutAge, bool) {
	t := strings.ToLower(strings.Join(strings.Fields(typed), " "))
	m := ageWords.FindStringSubmatch(t)
	if m == nil || m[0] == m[1] {
		return AboutAge{}, false
	}
	years, err := strconv.Atoi(m[1])
	if err != nil || years < 1 || years > 120 {
		return AboutAge{}, false
	}
	return AboutAge{Years: years, On: codes.DateOf(now)}, true
}

// Unknown describes somebody whose name nobody knows by what can be seen: "man
// about 40".
func Unknown(sex codes.Sex, age AboutAge) string {
	who := "person"
	switch {
	case sex == codes.Male && age.Years > 0 && age.Years < 16:
		who = "boy"
	case sex == codes.Female && age.Years > 0 && age.Years < 16:
		who = "girl"
	case sex == codes.Male:
		who = "man"
	case sex == codes.Female:
		who = "woman"
	}
	if age.Years == 0 {
		return who
	}
	return who + " about " + strconv.Itoa(age.Years)
}
