package urgent

import (
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Close ends a case that needs nothing more here: its outcome is set, or it
// was handed on, or the reason says why it ends all the same. An ambulance
// that was requested and not yet answered keeps the case open.
func Close(c Case, by access.Caller, why string) ([]fact.Draft, error) {
	if !c.Begun() {
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	}
	if c.Closed() {
		return nil, nil
	}
	if c.Outcome.Disputed() {
		return nil, refusal.New(refusal.Taken, "Two outcomes are set. A clinician who has seen both says which stands; then it can be closed.")
	}
	why = strings.TrimSpace(why)
	if stage := c.Stage(); stage != Finishing && stage != HandedOn && why == "" {
		return nil, refusal.Field("why", "No outcome is set. Say why the case ends here.")
	}
	if len(c.Claims) > 0 && !c.HeldBy(by.Person) {
		return nil, takenBy(c.Claims[0])
	}
	if why == "" && len(c.Paper.ToCheck()) > 0 {
		return nil, refusal.Field("why", "It came from paper and no second clinician has checked it. Check it first, or say why not.")
	}
	if _, untold := c.ToTell(); untold && why == "" {
		return nil, refusal.Field("why", "The patient does not know yet that they may go. Ring them, or say why the case ends all the same.")
	}
	out := []fact.Draft{fact.Say(c.ID, Closed{Why: why, By: by.Says()})}
	for _, claim := range c.Claims {
		if claim.Person == by.Person {
			out = append(out, fact.Say(c.ID, Released{Claim: claim.Fact, Why: "closed"}))
		}
	}
	return out, nil
}
