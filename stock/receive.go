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

// MaxText is the longest text, in bytes.
const MaxText = 300

// mostForms is how many numbers one range may have: a typing mistake in a long
// number is not a million forms.
const mostForms = 10_000

// Device is this device as verbs need it.
type Device struct {
	ID   fact.Subject
	Name string
}

// Receiving is the request to take a range in.
type Receiving struct {
	What        string
	First, Last uint64
}

// Receive takes a range of numbered forms in; this device holds it then. others
// are the ranges already here: the same numbers of the same forms come once.
func Receive(r Range, by access.Caller, here Device, req Receiving, others []Range, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.KeepForms); err != nil {
		return nil, err
	}
	if r.Exists() {
		return nil, refusal.New(refusal.Taken, "This range has been received already.")
	}
	req.What = strings.TrimSpace(req.What)
	if req.What == "" || len(req.What) > MaxText {
		return nil, refusal.Field("what", "Say what the forms are, such as FP10SS")
	}
	units := share.Some(req.First, req.Last)
	if !units.Sound() {
		return nil, refusal.Field("last", "The last number comes after the first")
	}
	if units.Count() > mostForms {
		return nil, refusal.Field("last", "That is more than 10,000 forms. Look at both numbers again")
	}
	for _, o := range others {
		if was, ok := o.names(req.What, units); ok {
			return nil, refusal.Field("first", "Some of these numbers are here already: "+Numbers(was))
		}
	}
	return []fact.Draft{fact.Say(r.Subject, FormsReceived{What: req.What, First: req.First, Last: req.Last, Owner: here.ID, Says: here.Name})}, nil
}

// SameNumbers tells whether two ranges name some of the same numbers of the
// same forms, as when one pad was received on two devices apart.
func (r Range) SameNumbers(o Range) bool {
	return slices.ContainsFunc(r.Received.Values, func(v fact.Stated[FormsReceived]) bool {
		_, ok := o.names(v.Value.What, share.Some(v.Value.First, v.Value.Last))
		return ok
	})
}

// names finds what the range received that touches these numbers of these forms.
func (r Range) names(what string, units share.Units) (share.Units, bool) {
	for _, v := range r.Received.Values {
		if was := share.Some(v.Value.First, v.Value.Last); strings.EqualFold(v.Value.What, what) && units.Touches(was) {
			return was, true
		}
	}
	return share.Units{}, false
}
