package content

import (
	"strconv"
	"time"

	"holdfast/fact/refusal"
)

// Authority is how long a desk's authority lasts.
type Authority struct {
	Lasts time.Duration // after the last renewal: 1 to 72 hours
	Warn  time.Duration // so long before its end the frame says so; shorter than Lasts
	Codes int           // on one sealed paper
}

// LoadAuthority reads authority.csv. It refuses a lease below 1 hour or above
// 72 (security goal S12), a warning that is longer than the shortest lease, and
// names that are missing, twice or unknown.
func LoadAuthority(s *Set) (Authority, error) {
	const name = "authority.csv"
	limits := map[string][2]int{"lease-hours": {1, 72}, "warn-minutes": {5, 1440}, "paper-codes": {1, 20}}
	t, err := s.Table(name, "name", "value", "note")
	if err != nil {
		return Authority{}, err
	}
	have := map[string]int{}
	for i := range t.Len() {
		key := t.Cell(i, "name")
		n, err := strconv.Atoi(t.Cell(i, "value"))
		limit, known := limits[key]
		if _, twice := have[key]; !known || twice {
			return Authority{}, refusal.Newf(refusal.Invalid, "content %s row %d: %s is not known, or stands twice", name, i+1, key)
		}
		if err != nil || n < limit[0] || n > limit[1] {
			return Authority{}, refusal.Newf(refusal.Invalid, "content %s row %d: %s must be a number from %d to %d", name, i+1, key, limit[0], limit[1])
		}
		have[key] = n
	}
	if len(have) != len(limits) {
		return Authority{}, refusal.Newf(refusal.Invalid, "content %s has %d of %d numbers", name, len(have), len(limits))
	}
	out := Authority{
		Lasts: time.Duration(have["lease-hours"]) * time.Hour, Warn: time.Duration(have["warn-minutes"]) * time.Minute, Codes: have["paper-codes"],
	}
	if out.Warn > out.Lasts {
		return Authority{}, refusal.Newf(refusal.Invalid, "content %s: the warning comes before the lease begins", name)
	}
	return out, nil
}
