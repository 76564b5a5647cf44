package directory

import (
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// ListOrganisation puts an organisation on the list, or states it anew. The
// same words twice make no second fact.
func ListOrganisation(e Entry, by access.Caller, req OrganisationListed, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.KeepServices); err != nil {
		return nil, err
	}
	req.Name = strings.TrimSpace(req.Name)
	if req.Name == "" {
		return nil, refusal.Field("name", "Write the organisation's name")
	}
	if !req.ODS.Sound() {
		return nil, refusal.Field("ods", "An organisation code is 3 to 12 letters and digits, such as Y00042")
	}
	if was, ok := e.Organisation.Get(); ok && was.same(req) {
		return nil, nil
	}
	return []fact.Draft{fact.Say(e.Subject, req)}, nil
}

// same tells whether two entries say the same of an organisation.
func (o OrganisationListed) same(p OrganisationListed) bool {
	o.Why, p.Why = "", ""
	return o == p
}
