package content

import (
	"strconv"
	"time"

	"holdfast/fact/refusal"
)

// Desk says how much a desk keeps of what has left its live work.
type Desk struct {
	Keep time.Duration // whole days
	Most int           // subjects
}

// LoadDesk reads desk.csv and refuses numbers that keep much more than work
// needs. What is live work is kept whatever stands there.
func LoadDesk(s *Set) (Desk, error) {
	const name = "desk.csv"
	t, err := s.Table(name, "name", "value", "unit", "means")
	if err != nil {
		return Desk{}, err
	}
	rules := map[string]struct {
		unit       string
		least, top int
	}{"keep": {"days", 0, 90}, "most": {"subjects", 1, 20_000}}
	found := map[string]int{}
	for i := range t.Len() {
		what := t.Cell(i, "name")
		rule, known := rules[what]
		n, err := strconv.Atoi(t.Cell(i, "value"))
		_, twice := found[what]
		if !known || err != nil || twice || n < rule.least || n > rule.top || t.Cell(i, "unit") != rule.unit || t.Cell(i, "means") == "" {
			return Desk{}, refusal.Newf(refusal.Invalid, "content %s row %d: %q is not known, stands twice, has another unit or is out of reason", name, i+1, what)
		}
		found[what] = n
	}
	if len(found) != len(rules) {
		return Desk{}, refusal.Newf(refusal.Invalid, "content %s: it needs keep and most", name)
	}
	return Desk{Keep: time.Duration(found["keep"]) * 24 * time.Hour, Most: found["most"]}, nil
}
