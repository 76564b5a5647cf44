package triage

import (
	"testing"
	"time"

	"holdfast/fact/refusal"
)

func day(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAgeCountsCompletedMonths(t *testing.T) {
	for _, c := range []struct {
		born, now    string
		days, months int32
	}{
		{"2026-08-22", "2026-11-21", 91, 2}, {"2026-08-21", "2026-11-21", 92, 3}, {"2026-11-21", "2026-11-21", 0, 0},
		{"2024-02-29", "2025-02-28", 365, 11}, {"2024-02-29", "2025-03-01", 366, 12}, {"1948-02-03", "2026-11-21", 28781, 945},
	} {
		a, err := AgeAt(day(t, c.born), day(t, c.now))
		if err != nil || !a.Known || a.Days != c.days || a.Months != c.months {
			t.Errorf("%s at %s: %+v %v", c.born, c.now, a, err)
		}
	}
	if _, err := AgeAt(day(t, "2026-11-22"), day(t, "2026-11-21")); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("born tomorrow: %v", err)
	}
}

func TestFeverUnderThreeMonthsTurnsOnTheDay(t *testing.T) {
	for born, want := range map[string]Level{"2026-08-22": L2, "2026-08-21": L10} {
		age, err := AgeAt(day(t, born), day(t, "2026-11-21"))
		if err != nil {
			t.Fatal(err)
		}
		s := start(t, age, Female, "fever-under-5")
		say(t, s, "fever-under-5/temperature", "38.0-38.9")
		finish(t, s)
		if o := s.Outcome(); o.Level != want {
			t.Errorf("born %s: %v, want %v", born, o.Level, want)
		}
	}
}

func TestScopes(t *testing.T) {
	for _, c := range []struct {
		age, sex string
		who      Age
		is       Sex
		holds    bool
		surely   bool
	}{
		{"0d..4y", "", Years(4), Male, true, true},
		{"0d..4y", "", Months(59), Male, true, true},
		{"0d..4y", "", Months(60), Male, false, false},
		{"16y..130y", "", Months(191), Male, false, false},
		{"16y..130y", "", Months(192), Male, true, true},
		{"16y..130y", "", Age{}, Male, true, false},
		{"0d..130y", "any", Age{}, SexUnknown, true, true},
		{"12y..55y", "female", Years(30), Male, false, false},
		{"12y..55y", "female", Years(30), SexUnknown, true, true},
		{"12y..55y", "female", Age{}, Female, true, false},
		{"", "", Age{}, SexUnknown, true, true},
	} {
		s, err := parseScope(c.age, c.sex)
		if err != nil || s.holds(c.who, c.is) != c.holds || s.surely(c.who, c.is) != c.surely {
			t.Errorf("%+v: holds %v surely %v %v", c, s.holds(c.who, c.is), s.surely(c.who, c.is), err)
		}
	}
	for _, bad := range [][2]string{{"4y", ""}, {"4y..2y", ""}, {"4..5", ""}, {"-1d..2d", ""}, {"0d..2m", "both"}, {"..", ""}} {
		if _, err := parseScope(bad[0], bad[1]); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

func TestLevelsParse(t *testing.T) {
	for l := L0; l < levelCount; l++ {
		if got, err := ParseLevel(l.String()); err != nil || got != l || l > L0 && !(l-1).MoreUrgent(l) {
			t.Errorf("%v: %v %v", l, got, err)
		}
	}
	for _, bad := range []string{"", "L", "L11", "1", "l1", "L-1", "LL1"} {
		if _, err := ParseLevel(bad); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
