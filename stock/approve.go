package stock

import (
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Approve is the second person's word: from now on the numbers are the other
// device's. What the lost device used and nobody here has seen will wait for a
// decision when it arrives.
func Approve(r Range, by access.Caller, proposal fact.ID, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.ReassignForms); err != nil {
		return nil, err
	}
	for _, p := range r.Proposals {
		switch {
		case p.Right.Fact != proposal:
			continue
		case p.Right.Done():
			return nil, refusal.Newf(refusal.Taken, "%s has approved this already.", p.By[0])
		case p.Right.Person == by.Person:
			return nil, refusal.New(refusal.Forbidden, "You proposed this. Ask a second person, a shift manager or an administrator, to approve it.")
		case len(r.Gaps) > 0:
			return nil, refusal.New(refusal.Unavailable, "Some of what others wrote about these forms has not arrived here yet. Wait for it, or approve at another device.")
		}
		return []fact.Draft{fact.Say(r.Subject, ReassignmentApproved{Proposal: proposal, Says: by.Says()})}, nil
	}
	return nil, refusal.New(refusal.Missing, "There is no such proposal here.")
}
