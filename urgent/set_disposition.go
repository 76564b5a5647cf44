package urgent

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// SetDisposition sets what is needed by hand. Anybody who triages may raise
// urgency; only a clinician may lower it, and says why.
func SetDisposition(c Case, by access.Caller, r *Rules, dx codes.Dx, why string, now time.Time) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	d, err := r.disposition(dx, now)
	if err != nil {
		return nil, err
	}
	d.Why = strings.TrimSpace(why)
	old, had := c.Disposition()
	if !had {
		return r.withHold(c, by, d, now)
	}
	d.SG, d.SD = old.What.SG, old.What.SD
	later := d.Due == 0 && old.What.Due != 0 || d.Due != 0 && old.What.Due != 0 && d.Due > old.What.Due
	if d.Level > old.What.Level || (d.Level == old.What.Level && later) {
		if err := by.May(access.LowerUrgency); err != nil {
			return nil, err
		}
		if d.Why == "" {
			return nil, refusal.Field("why", "Say why it is less urgent: the report and the patient's next carer will read it.")
		}
		d.Lowered = true
		return []fact.Draft{fact.Say(c.ID, d)}, nil
	}
	d.Due = sooner(old.What, d)
	return r.withHold(c, by, d, now)
}
