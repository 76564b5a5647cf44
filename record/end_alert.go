package record

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// EndAlert says that an alert no longer stands. It needs a reason; of a
// resuscitation decision and of an allergy, a clinician too.
func EndAlert(p Person, by access.Caller, req AlertEnded, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	a, ok := p.AlertOf(req.Alert)
	if !ok {
		return nil, refusal.New(refusal.Missing, "This alert is not on the record shown here. Look at the record again.")
	}
	if !a.Stands {
		return nil, nil
	}
	if k := a.Says.Kind; k == Resuscitation || k == Allergy {
		if err := by.May(access.Consult); err != nil {
			return nil, refusal.Newf(refusal.Forbidden, "An entry of the kind %q is ended by a clinician. Get a clinician.", k.String())
		}
	}
	req.Why = strings.TrimSpace(req.Why)
	if req.Why == "" {
		return nil, refusal.Field("why", "Say why it no longer stands. It stays readable in the history.")
	}
	if err := tooLong("why", req.Why, MaxText); err != nil {
		return nil, err
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, nil
}
