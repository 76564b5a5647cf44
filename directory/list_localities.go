package directory

import (
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// localitiesInOne bounds one fact; longer lists become several.
const localitiesInOne = 400

// ListLocalities says where places and postcodes lie. Those that are listed
// already are left out.
func ListLocalities(e Entry, by access.Caller, all []Locality, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.KeepServices); err != nil {
		return nil, err
	}
	var fresh []Locality
	for _, l := range all {
		if !l.Grid.Known() || l.Name == "" && l.Postcode == "" {
			return nil, refusal.Field("localities", "Each locality needs a name or a postcode, and its point")
		}
		if !slices.Contains(e.Localities, l) && !slices.Contains(fresh, l) {
			fresh = append(fresh, l)
		}
	}
	var out []fact.Draft
	for chunk := range slices.Chunk(fresh, localitiesInOne) {
		out = append(out, fact.Say(e.Subject, LocalitiesListed{Localities: chunk}))
	}
	return out, nil
}
