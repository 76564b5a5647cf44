package urgent

import (
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// HandBack gives back to the list what somebody who has gone still holds. It
// takes the case from nobody else, and from no list.
func HandBack(c Case, by access.Caller, gone fact.Subject, why string) ([]fact.Draft, error) {
	if err := by.May(access.HandOver); err != nil {
		return nil, err
	}
	if why = strings.TrimSpace(why); why == "" {
		return nil, refusal.Field("why", "Say why it is given back for them.")
	}
	var out []fact.Draft
	for _, claim := range c.Claims {
		if claim.Person == gone {
			out = append(out, fact.Say(c.ID, Released{Claim: claim.Fact, Why: why}))
		}
	}
	return out, nil
}
