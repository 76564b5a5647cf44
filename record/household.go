package record

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// MostHousehold is how many people are stated to live with one person; care
// homes are found by their address instead.
const MostHousehold = 20

// LinkHousehold says that two people live together or are cared for together,
// on the records of both. relation is what the other one is to this person.
func LinkHousehold(p, other Person, by access.Caller, relation string, from Source, _ time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	relation = strings.TrimSpace(relation)
	switch {
	case !p.Registered || !other.Registered:
		return nil, refusal.New(refusal.Missing, "Both need a record here. Register whoever has none first.")
	case p.Subject == other.Subject:
		return nil, refusal.Field("with", "Choose somebody else: this is the same record")
	case len(p.Household) >= MostHousehold || len(other.Household) >= MostHousehold:
		return nil, refusal.Field("with", "So many people are linked already. A care home is found by its address")
	}
	if err := tooLong("relation", relation, 100); err != nil {
		return nil, err
	}
	var out []fact.Draft
	if !p.livesWith(other.Subject, relation) {
		out = append(out, fact.Say(p.Subject, HouseholdLinked{With: other.Subject, Relation: relation, Source: from}))
	}
	if !other.livesWith(p.Subject, "") {
		out = append(out, fact.Say(other.Subject, HouseholdLinked{With: p.Subject, Source: from}))
	}
	return out, nil
}

// livesWith tells whether a link stands; an empty relation asks for any.
func (p Person) livesWith(other fact.Subject, relation string) bool {
	for _, m := range p.Household {
		if m.Person == other && (relation == "" || m.Relation == relation) {
			return true
		}
	}
	return false
}

// UnlinkHousehold says that they no longer live together, on both records.
func UnlinkHousehold(p, other Person, by access.Caller, why string, _ time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	why = strings.TrimSpace(why)
	if why == "" {
		return nil, refusal.Field("why", "Say why they are no longer linked. It stays readable in the history.")
	}
	if err := tooLong("why", why, MaxText); err != nil {
		return nil, err
	}
	var out []fact.Draft
	if p.livesWith(other.Subject, "") {
		out = append(out, fact.Say(p.Subject, HouseholdUnlinked{With: other.Subject, Why: why}))
	}
	if other.livesWith(p.Subject, "") {
		out = append(out, fact.Say(other.Subject, HouseholdUnlinked{With: p.Subject, Why: why}))
	}
	return out, nil
}
