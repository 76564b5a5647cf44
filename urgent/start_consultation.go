package urgent

import (
	"holdfast/access"
	"holdfast/fact"
)

// StartConsultation claims the case and says that a clinician has begun.
func StartConsultation(c Case, by access.Caller, mode string) ([]fact.Draft, error) {
	out, err := Claim(c, by)
	if err != nil {
		return nil, err
	}
	for _, s := range c.Started {
		if s.Person == by.Person && len(out) == 0 {
			return nil, nil
		}
	}
	return append(out, fact.Say(c.ID, ConsultationStarted{By: by.Says(), Mode: mode})), nil
}
