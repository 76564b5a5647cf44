package node

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/recorddb"
	"holdfast/urgent/urgentdb"
	"holdfast/urgent/urgentweb"
)

// nation asks the national services that are connected here. What is not
// connected is said to be so on the case, and never reads as none.
func (n *Node) nation() *urgentdb.Nation {
	return &urgentdb.Nation{
		Journal: n.Journal, Clock: n.clock, Device: n.Device, Rules: n.config.Library.Rules, Askers: n.config.Askers, Turn: n.turn, Log: n.log,
	}
}

// mostOfHome is how many people of a household are read for one page.
const mostOfHome = 6

// household lists who lives with a person, as stated and by address, with when
// they were in contact lately. The look at them is recorded. Whoever can't be
// read is said to be so.
func (s people) household(ctx context.Context, by access.Caller, p record.Person, since time.Time) (urgentweb.Household, error) {
	var out urgentweb.Household
	found, err := recorddb.SameAddress(ctx, s.Journal.Views(), by, p)
	if err != nil {
		return out, err
	}
	out.More = found.More
	seen := map[fact.Subject]bool{}
	for _, m := range p.Household {
		seen[m.Person] = true
		out.People = append(out.People, urgentweb.HouseholdPerson{Person: m.Person, Relation: m.Relation, Stated: true})
	}
	for _, m := range found.Matches {
		if !seen[m.Person] {
			out.People = append(out.People, urgentweb.HouseholdPerson{Person: m.Person, Relation: "same address", Called: m.Called})
		}
	}
	if len(out.People) == 0 {
		return out, nil
	}
	if len(out.People) > mostOfHome {
		out.People, out.More = out.People[:mostOfHome], true
	}
	var shown []fact.Subject
	for i := range out.People {
		one := &out.People[i]
		shown = append(shown, one.Person)
		q, err := journal.Fold(ctx, s.Journal, one.Person, record.Fold)
		if err != nil || !q.Registered {
			one.Unread = true
			continue
		}
		one.Called, one.Age = q.Called(), q.Identity().AgeWords(s.clock())
		one.Contacts = s.config.Library.Rules.Repeat.EarlierContacts(q, fact.Subject{}, s.clock())
	}
	return out, s.Gate.Found(ctx, by, shown)
}
