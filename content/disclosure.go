package content

import (
	"strconv"

	"holdfast/fact/refusal"
)

// Disclosure says how much may be told of people without naming them.
type Disclosure struct {
	Threshold int // counts from 1 to below it are not shown
	Round     int // others are rounded to the nearest of it
	Weeks     int // whole weeks shown
	Band      int // years in one age band
}

// LoadDisclosure reads disclosure.csv and refuses values that would tell who is
// meant.
func LoadDisclosure(s *Set) (Disclosure, error) {
	const name = "disclosure.csv"
	t, err := s.Table(name, "rule", "value", "note")
	if err != nil {
		return Disclosure{}, err
	}
	var d Disclosure
	rules := map[string]struct {
		to         *int
		least, top int
	}{"threshold": {&d.Threshold, 3, 100}, "round": {&d.Round, 3, 100}, "weeks": {&d.Weeks, 1, 104}, "band": {&d.Band, 5, 50}}
	for i := range t.Len() {
		rule, ok := rules[t.Cell(i, "rule")]
		n, err := strconv.Atoi(t.Cell(i, "value"))
		if !ok || err != nil || n < rule.least || n > rule.top || *rule.to != 0 {
			return Disclosure{}, refusal.Newf(refusal.Invalid, "content %s row %d: %s is not known, stands twice or is out of reason", name, i+1, t.Cell(i, "rule"))
		}
		*rule.to = n
	}
	for rule, one := range rules {
		if *one.to == 0 {
			return Disclosure{}, refusal.Newf(refusal.Invalid, "content %s does not say %s", name, rule)
		}
	}
	return d, nil
}

// Shown gives a count as it may be told: nothing, too few to tell, or rounded.
func (d Disclosure) Shown(n int) string {
	switch {
	case n == 0:
		return "0"
	case n < d.Threshold:
		return "fewer than " + strconv.Itoa(d.Threshold)
	}
	return strconv.Itoa((n + d.Round/2) / d.Round * d.Round)
}
