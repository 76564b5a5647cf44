package urgentweb

import (
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/web"
)

// Keeping tells how safe facts are. The zero value knows of one device only.
type Keeping struct {
	Others func() bool          // another place keeps copies
	Safe   func(fact.Fact) bool // held in another place as well
	Silent time.Duration        // how long a copy may take before anything is said
}

// kept says beside a case's entries whether another place has them all.
func (k Keeping) kept(h fact.History, now time.Time) string {
	entries := web.Plural(h.Len(), "entry", "entries")
	if k.Others == nil || k.Safe == nil || !k.Others() {
		return entries + ", saved here"
	}
	waiting := 0
	var since fact.Millis
	for _, f := range h.Facts() {
		if k.Safe(f) {
			continue
		}
		waiting++
		if since == 0 || f.Header.Recorded < since {
			since = f.Header.Recorded
		}
	}
	switch {
	case waiting == 0:
		return entries + ", safe in another place too"
	case now.Sub(since.Time()) < k.Silent:
		return entries + ", saved" // nothing is called safe before it is
	}
	return entries + ", " + web.Plural(waiting, "is", "are") + " on this device only since " + codes.ClockDay(since.Time(), now)
}
