package record

import (
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// ConfirmAlert says that an alert stands, by somebody who has seen what
// speaks against it. Between two resuscitation decisions a clinician
// confirms one by recording it anew: AddAlert then replaces both.
func ConfirmAlert(p Person, by access.Caller, req AlertConfirmed, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	a, ok := p.AlertOf(req.Alert)
	if !ok || !a.Stands {
		return nil, refusal.New(refusal.Missing, "This alert does not stand on the record shown here. Add it anew if it should.")
	}
	if _, disputed := p.Resuscitation(); a.Says.Kind == Resuscitation && disputed {
		return nil, refusal.New(refusal.Invalid, "Two decisions are on record. A clinician who has seen the form records it anew; that replaces both.")
	}
	if a.Ask == "" {
		return nil, nil
	}
	if err := tooLong("why", req.Why, MaxText); err != nil {
		return nil, err
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, nil
}
