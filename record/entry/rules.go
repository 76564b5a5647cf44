package entry

import (
	"strconv"
	"time"

	"holdfast/content"
	"holdfast/fact/refusal"
)

// Rules is the policy by which homes are opened: content/entry.csv.
type Rules struct {
	Before    time.Duration // how long before a visit is due its code opens
	After     time.Duration // and how long after
	Ambulance time.Duration // how long after an ambulance was asked for a home opens as an emergency
	Shown     time.Duration // how long a code is shown
	InAHour   int           // how many one person opens in an hour
	More      int           // how many more a second person agrees to
	Lasts     time.Duration // how long that agreement lasts
	Listed    time.Duration // how long an opening that was taken note of stays listed
	GoneAfter time.Duration // how long after the last role ran out somebody counts as having left
}

// rulesPath is the table of the policy.
const rulesPath = "entry.csv"

// LoadRules reads the policy and refuses one that would open homes at any time,
// or show a code all day.
func LoadRules(set *content.Set) (Rules, error) {
	t, err := set.Table(rulesPath, "setting", "value", "unit", "note")
	if err != nil {
		return Rules{}, err
	}
	var r Rules
	span := func(d *time.Duration, unit time.Duration) func(int) {
		return func(n int) { *d = time.Duration(n) * unit }
	}
	count := func(to *int) func(int) { return func(n int) { *to = n } }
	settings := []struct {
		name, unit  string
		least, most int
		take        func(int)
	}{
		{"before-visit", "minutes", 5, 12 * 60, span(&r.Before, time.Minute)},
		{"after-visit", "minutes", 5, 24 * 60, span(&r.After, time.Minute)},
		{"after-ambulance", "hours", 1, 48, span(&r.Ambulance, time.Hour)},
		{"shown", "seconds", 15, 600, span(&r.Shown, time.Second)},
		{"in-an-hour", "openings", 1, 30, count(&r.InAHour)},
		{"more", "openings", 1, 30, count(&r.More)},
		{"more-lasts", "minutes", 5, 12 * 60, span(&r.Lasts, time.Minute)},
		{"listed", "days", 7, 400, span(&r.Listed, 24*time.Hour)},
		{"gone-after", "days", 1, 90, span(&r.GoneAfter, 24*time.Hour)},
	}
	for _, s := range settings {
		found := 0
		for i := range t.Len() {
			if t.Cell(i, "setting") != s.name {
				continue
			}
			found++
			n, err := strconv.Atoi(t.Cell(i, "value"))
			if err != nil || n < s.least || n > s.most || t.Cell(i, "unit") != s.unit {
				return Rules{}, refusal.Newf(refusal.Invalid, "content %s: %s is a number of %s from %d to %d", rulesPath, s.name, s.unit, s.least, s.most)
			}
			s.take(n)
		}
		if found != 1 {
			return Rules{}, refusal.Newf(refusal.Invalid, "content %s: %s stands there %d times", rulesPath, s.name, found)
		}
	}
	if t.Len() != len(settings) {
		return Rules{}, refusal.Newf(refusal.Invalid, "content %s: %d settings, where %d are known", rulesPath, t.Len(), len(settings))
	}
	return r, nil
}
