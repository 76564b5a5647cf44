package record

import (
	"testing"

	"holdfast/codes"
)

func TestAGuessedAgeIsReadAsOne(t *testing.T) {
	for typed, years := range map[string]int{
		"about 40": 40, "40ish": 40, "Approx 40 years": 40, "~ 7": 7, "40 years old": 40, "around 103": 103, "c. 55": 55, "40 or so": 40,
	} {
		a, ok := ParseAge(typed, now)
		if !ok || a.Years != years || a.On != codes.DateOf(now) {
			t.Errorf("%q: %+v %v", typed, a, ok)
		}
	}
	for _, typed := range []string{"", "40", "1948", "about", "about 400", "0 years", "3 2 1948", "about 40 or 50"} {
		if a, ok := ParseAge(typed, now); ok {
			t.Errorf("%q is read as %d", typed, a.Years)
		}
	}
	for want, got := range map[string]string{
		"man about 40": Unknown(codes.Male, AboutAge{Years: 40}), "girl about 7": Unknown(codes.Female, AboutAge{Years: 7}), "person": Unknown("", AboutAge{}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
