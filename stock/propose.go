package stock

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/share"
)

// Propose asks for a second person's word to move what a lost device holds. A
// zero lost device stands for what is in dispute.
func Propose(r Range, by access.Caller, lost, to Device, why string, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.ReassignForms); err != nil {
		return nil, err
	}
	if err := known(r); err != nil {
		return nil, err
	}
	why = strings.TrimSpace(why)
	switch {
	case to.ID.Zero():
		return nil, refusal.Field("to", "Choose the device that takes them over")
	case lost.ID == to.ID:
		return nil, refusal.Field("to", "Choose another device than the lost one")
	case why == "" || len(why) > MaxText:
		return nil, refusal.Field("why", "Say how it was lost, and how you know")
	case lost.ID.Zero() && !r.Rights.InDispute():
		return nil, refusal.Field("lost", "Nothing is in dispute here")
	case !lost.ID.Zero() && len(r.Rights.HeldBy(lost.ID)) == 0 && !r.owns(lost.ID):
		return nil, refusal.Field("lost", "This device holds none of these forms")
	}
	if slices.ContainsFunc(r.Waiting(), func(p Proposal) bool {
		return p.Right.Person == by.Person && p.Right.Lost == lost.ID && p.Right.To == to.ID
	}) {
		return nil, nil
	}
	return []fact.Draft{fact.Say(r.Subject, ReassignmentProposed{
		Lost: lost.ID, LostSays: lost.Name, To: to.ID, ToSays: to.Name, Why: why, Says: by.Says(),
	})}, nil
}

func (r Range) owns(device fact.Subject) bool {
	return r.Rights.Owner.Standing == share.Held && r.Rights.Owner.Holder == device
}
