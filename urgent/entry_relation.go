package urgent

import (
	"time"

	"holdfast/fact"
	"holdfast/record/entry"
	"holdfast/triage"
)

// EntryRelation says what ties somebody to the patient's home just now by this
// case, for the vault of entry codes. A home visit is a consultation begun at
// the home, or the outcome that one is to be made; it is due when the
// disposition says, or when it began. An ambulance asked for makes
// an emergency for as long as the case is open and for the given time after,
// because crews ring for the code when the call has long ended; so does an
// urgency of an ambulance. It answers false when nothing ties them.
func EntryRelation(c Case, by fact.Subject, after time.Duration, now time.Time) (entry.Relation, bool) {
	if !c.Begun() {
		return entry.Relation{}, false
	}
	r := entry.Relation{About: c.ID, Number: c.Number}
	for _, a := range c.Ambulances {
		if !c.Closed() || now.Sub(a.At.Time()) <= after {
			r.Emergency = true
		}
	}
	if c.Closed() {
		return r, r.Emergency
	}
	if level, ok := c.MostUrgent(); ok && level <= triage.L1 {
		r.Emergency = true
	}
	due := c.Due()
	for _, o := range c.Outcome.Values {
		if o.Value.Outcome == visitOutcome {
			r.Visit = true
		}
	}
	if r.Mine = c.HeldBy(by); r.Mine {
		for _, s := range c.Started {
			if s.Person == by && s.Mode == "home" {
				r.Visit, due = true, s.At
			}
		}
	}
	if due != 0 {
		r.At = due.Time()
	}
	return r, true
}

// visitOutcome is the outcome under which somebody goes to the home
// (content/urgent/outcomes.csv).
const visitOutcome = "visit"
