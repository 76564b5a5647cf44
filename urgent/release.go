package urgent

import (
	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Release gives the caller's own claim back to the list.
func Release(c Case, by access.Caller, why string) ([]fact.Draft, error) {
	for _, claim := range c.Claims {
		if claim.Person == by.Person {
			return []fact.Draft{fact.Say(c.ID, Released{Claim: claim.Fact, Why: why})}, nil
		}
	}
	return nil, refusal.New(refusal.Missing, "You do not have this case.")
}
