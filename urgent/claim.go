package urgent

import (
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Claim takes the case, so that nobody else works on it unseen. The second
// person is told who has it.
func Claim(c Case, by access.Caller) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if c.HeldBy(by.Person) {
		return nil, nil
	}
	if len(c.Claims) > 0 {
		return nil, takenBy(c.Claims[0])
	}
	return []fact.Draft{fact.Say(c.ID, Claimed{By: by.Says()})}, nil
}

func takenBy(claim Holding) error {
	return refusal.Newf(refusal.Taken, "Taken by %s at %s.", claim.By, codes.Clock(claim.At.Time()))
}

// TakeOver takes a case from somebody else, with a reason: a clinician who
// went off shift, a machine that is gone. Nobody's work is lost by it.
func TakeOver(c Case, by access.Caller, why string, now time.Time) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if why == "" {
		return nil, refusal.Field("why", "Say why you take it over.")
	}
	var out []fact.Draft
	for _, claim := range c.Claims {
		if claim.Person != by.Person {
			out = append(out, fact.Say(c.ID, Released{Claim: claim.Fact, Why: why}))
		}
	}
	if c.HeldBy(by.Person) {
		return out, nil
	}
	return append(out, fact.Say(c.ID, Claimed{By: by.Says()})), nil
}
