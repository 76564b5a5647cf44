package node

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/urgent/urgentdb"
	"holdfast/urgent/urgentweb"
)

// letGo lets go what no clinician has validated in time. Every device runs it
// for the cases that it holds, a desk as well as a site node.
func (n *Node) letGo(ctx context.Context) error {
	timers := urgentdb.Timers{Cases: n.Cases, Turn: n.turn, Log: n.log}
	timers.Run(ctx)
	return nil
}

// onNow is how long ago somebody may have signed in to count as at work.
const onNow = 14 * time.Hour

// colleagues lists those who have signed in and may take a case over, by name.
// It shows nobody's record.
func (n *Node) colleagues(ctx context.Context, by access.Caller) ([]urgentweb.Colleague, error) {
	if err := by.May(access.Claim); err != nil {
		return nil, err
	}
	now := n.clock()
	people, err := n.Gate.PeopleHere(ctx, now.Add(-onNow))
	if err != nil {
		return nil, err
	}
	var out []urgentweb.Colleague
	for _, person := range people {
		h, err := n.Journal.History(ctx, person)
		if err != nil {
			return nil, err
		}
		staff := access.FoldStaff(person, h)
		if role, ok := takesCases(staff, now); ok && person != by.Person {
			out = append(out, urgentweb.Colleague{Person: person, Name: staff.Name(), Role: role})
		}
	}
	sortBy(out, func(c urgentweb.Colleague) string { return c.Name })
	return out, nil
}

// takesCases gives the first role of somebody in which they may take a case.
func takesCases(s access.Staff, now time.Time) (access.Role, bool) {
	for _, role := range access.Roles() {
		if (access.Caller{Role: role}).May(access.Claim) != nil {
			continue
		}
		if len(s.Holds(role, now)) > 0 {
			return role, true
		}
	}
	return "", false
}
