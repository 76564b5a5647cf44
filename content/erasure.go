package content

import (
	"strconv"

	"holdfast/fact/refusal"
)

// ErasureDays says how many days pass between approval and erasure, and how
// many more an immutable snapshot of keys may outlive it.
type ErasureDays struct{ Delay, Vault int }

// Erasure reads erasure.csv. The shortest delay that devices accept at all is
// least; a table that asks for less is refused.
func Erasure(s *Set, least int) (ErasureDays, error) {
	const name = "erasure.csv"
	t, err := s.Table(name, "what", "days", "note")
	if err != nil {
		return ErasureDays{}, err
	}
	out := map[string]int{}
	for i := range t.Len() {
		what := t.Cell(i, "what")
		days, err := strconv.Atoi(t.Cell(i, "days"))
		_, twice := out[what]
		if err != nil || days < least || days > 3650 || twice || (what != "delay" && what != "vault") {
			return ErasureDays{}, refusal.Newf(refusal.Invalid, "content %s row %d: it needs delay and vault once each, in days from %d to 3650", name, i+1, least)
		}
		out[what] = days
	}
	if len(out) != 2 {
		return ErasureDays{}, refusal.Newf(refusal.Invalid, "content %s: it needs delay and vault", name)
	}
	return ErasureDays{Delay: out["delay"], Vault: out["vault"]}, nil
}
