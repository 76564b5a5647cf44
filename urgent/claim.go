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

// ClaimWaiting takes a case as one that waits on the list. A list may be behind:
// what has been sent on since, or is nearly done, is not taken from it.
// What its call handler set a moment ago and still finds a service for is left
// to them, unless it is of the first priority.
func ClaimWaiting(c Case, by access.Caller, r *Rules, now time.Time) ([]fact.Draft, error) {
	if stage := c.Stage(); stage != Waiting {
		return nil, refusal.Newf(refusal.Taken, "It does not wait any more: it is %s.", stage)
	}
	if until := c.placing(r); now.Before(until.Time()) && c.TakenBy != by.Person {
		return nil, refusal.Newf(refusal.Taken, "%s is finding a service for it.", c.Taken.By)
	}
	return Claim(c, by)
}

// placing gives until when the call handler, who has just set what is needed,
// finds a service for it; 0 when they have chosen one, when somebody else set
// it, and for what is of the first priority.
func (c Case) placing(r *Rules) fact.Millis {
	d, ok := c.Disposition()
	if !ok || c.Taken == nil || d.By != c.TakenBy || len(c.Sent) > 0 || !c.Service.Empty() || r.Priority(d.What) == r.Urgent[0].Priority {
		return 0
	}
	return fact.At(d.What.From.Time().Add(r.Placing))
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
