package access

import (
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// CutAsk is what an administrator wants: what a device, or a person anywhere,
// stated after a moment is not to count until somebody has looked at it.
type CutAsk struct {
	Device, Person fact.Subject // one of them
	Since          time.Time
	Why            string
}

// Check refuses a cut that is not thought through. Nobody cuts themselves: what
// they say of it would be held at once.
func (c CutAsk) Check(by Caller, now time.Time) error {
	if err := by.May(CutTrust); err != nil {
		return err
	}
	switch {
	case c.Device.Zero() == c.Person.Zero():
		return refusal.Field("whom", "Choose a machine or a person.")
	case c.Since.IsZero() || c.Since.After(now):
		return refusal.Field("since", "Give a moment that has passed: up to then they are trusted.")
	case strings.TrimSpace(c.Why) == "":
		return refusal.Field("why", "Say why; whoever reviews the entries reads it.")
	case c.Person == by.Person:
		return refusal.New(refusal.Forbidden, "Another administrator must do this: nobody holds their own entries back.")
	}
	return nil
}
