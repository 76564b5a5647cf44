package urgent

import (
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// ChooseService says where the patient is to go. Passing over the first one
// offered needs a reason.
func ChooseService(c Case, _ access.Caller, s ServiceChosen) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if _, ok := c.Disposition(); !ok {
		return nil, refusal.New(refusal.Invalid, "Set the outcome first: a service is chosen for it.")
	}
	s.PassedOver = strings.TrimSpace(s.PassedOver)
	if s.Rank > 1 && s.PassedOver == "" {
		return nil, refusal.Field("passed-over", "Say why the first service was passed over.")
	}
	if !differs(c.Service, s) {
		return nil, nil
	}
	return []fact.Draft{fact.Say(c.ID, s)}, nil
}
