package record

import (
	"time"

	"holdfast/access"
	"holdfast/fact"
)

// AllergyHeard is an allergy or intolerance as somebody told it.
type AllergyHeard struct {
	Substance string
	Code      string // SNOMED CT or dm+d identifier, when it is known
	Reaction  string
	Source    Source
}

// AddAllergy adds an allergy. A "none known" that the writer had seen is
// overtaken by it; one that was written apart stays and is asked about.
func AddAllergy(p Person, by access.Caller, req AllergyHeard, now time.Time) ([]fact.Draft, error) {
	return AddAlert(p, by, AlertAdded{
		Kind: Allergy, Substance: req.Substance, Code: req.Code, Reaction: req.Reaction, Source: req.Source,
	}, now)
}
