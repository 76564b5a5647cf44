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

// Using is the request to say what became of forms.
type Using struct {
	Units share.Units
	How   How
	For   fact.Subject
	Note  string
	Asks  string // why it is used though this device does not hold it
}

// UseForm says what became of forms. This device uses its own share without
// asking; with an empty share and a holder who can't be asked it uses one
// provisionally, and says why.
func UseForm(r Range, by access.Caller, here Device, req Using, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.UseForm); err != nil {
		return nil, err
	}
	req.Note, req.Asks = strings.TrimSpace(req.Note), strings.TrimSpace(req.Asks)
	if err := checkUse(r, by, req); err != nil {
		return nil, err
	}
	if r.Rights.Holds(here.ID, req.Units) {
		req.Asks = "" // nobody need be asked
	} else if err := mayAsk(r, here, req); err != nil {
		return nil, err
	}
	return []fact.Draft{fact.Say(r.Subject, FormUsed{
		First: req.Units.First, Last: req.Units.Last, How: req.How, For: req.For, Note: req.Note, Asks: req.Asks, Says: by.Says(),
	})}, nil
}

func checkUse(r Range, by access.Caller, req Using) error {
	switch {
	case !r.Exists():
		return known(r)
	case !req.Units.Sound():
		return refusal.Field("last", "The last number comes after the first")
	case !slices.Contains(Hows(), req.How):
		return refusal.Field("how", "Choose what became of it")
	case req.How == Issued && by.Role != access.Clinician:
		return refusal.Field("how", "Only a clinician issues a form")
	case req.How == Issued && req.Units.Count() != 1:
		return refusal.Field("last", "Forms are issued one at a time")
	case req.How != Issued && req.Note == "":
		return refusal.Field("note", "Say in a line what happened")
	case len(req.Note) > MaxText || len(req.Asks) > MaxText:
		return refusal.Field("note", "This is too long to be kept: shorten it")
	}
	return nil
}

// mayAsk tells whether a number that this device does not hold may be used
// provisionally.
func mayAsk(r Range, here Device, req Using) error {
	if used, ok := r.usedBefore(req.Units); ok {
		return refusal.Field("first", Numbers(used.Right.Units)+" was "+string(used.Says.How)+" by "+used.Says.Says+". Look at the number again")
	}
	if r.LeftAt(here.ID) > 0 {
		return refusal.Field("first", "This device does not hold that number. "+r.leftHere(here))
	}
	if req.Asks == "" {
		return refusal.Field("asks", "This device holds none of these. Ask who does; if they cannot be reached, say why, and it is used provisionally")
	}
	return nil
}

// usedBefore finds a use that stands or waits on any of the numbers.
func (r Range) usedBefore(u share.Units) (Use, bool) {
	for _, one := range r.Uses {
		if one.Right.Status != share.RefusedUse && one.Right.Units.Touches(u) {
			return one, true
		}
	}
	return Use{}, false
}
