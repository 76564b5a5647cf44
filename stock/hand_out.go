package stock

import (
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/share"
)

// HandOut gives numbers that this device holds to another, which then uses
// them without asking.
func HandOut(r Range, by access.Caller, here Device, units share.Units, to Device, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.KeepForms); err != nil {
		return nil, err
	}
	if err := known(r); err != nil {
		return nil, err
	}
	if to.ID.Zero() || to.ID == here.ID {
		return nil, refusal.Field("to", "Choose another device")
	}
	if !units.Sound() {
		return nil, refusal.Field("last", "The last number comes after the first")
	}
	if !r.Rights.Holds(here.ID, units) {
		return nil, refusal.Field("first", "This device does not hold all of these. "+r.leftHere(here))
	}
	return []fact.Draft{fact.Say(r.Subject, FormsHanded{First: units.First, Last: units.Last, To: to.ID, Says: to.Name})}, nil
}

func known(r Range) error {
	if !r.Exists() {
		return refusal.New(refusal.Missing, "There is no such range of forms here.")
	}
	return nil
}

// leftHere says what this device may still use.
func (r Range) leftHere(here Device) string {
	left := r.Rights.Left(here.ID)
	if len(left) == 0 {
		return "It has none left."
	}
	says := "It has " + Numbers(left[0])
	for i, u := range left[1:] {
		if i == 4 {
			return says + " and more."
		}
		says += ", " + Numbers(u)
	}
	return says + "."
}
