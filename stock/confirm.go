package stock

import (
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Confirm gives this device's number to a use that was provisional.
func Confirm(r Range, by access.Caller, here Device, use fact.ID, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.DecideForm); err != nil {
		return nil, err
	}
	u, err := r.openUse(use)
	if err != nil {
		return nil, err
	}
	if confirm, _ := r.Rights.MayDecide(here.ID, u.Right); !confirm {
		return nil, refusal.Newf(refusal.Forbidden, "Only who holds %s can confirm it: %s.", Numbers(u.Right.Units), r.whoHolds(u))
	}
	return []fact.Draft{fact.Say(r.Subject, UseConfirmed{Use: use, Says: by.Says()})}, nil
}

func (r Range) whoHolds(u Use) string {
	if d, held := r.Rights.Holder(u.Right.Units.First); held {
		return r.Called(d)
	}
	return "nobody does now"
}
