package stock

import (
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
		for _, was := range o.Received.Values {
			if strings.EqualFold(was.Value.What, req.What) && units.Touches(share.Some(was.Value.First, was.Value.Last)) {
				return nil, refusal.Field("first", "Some of these numbers are here already: "+Numbers(share.Some(was.Value.First, was.Value.Last)))
			}
		}
	}
	return []fact.Draft{fact.Say(r.Subject, FormsReceived{What: req.What, First: req.First, Last: req.Last, Owner: here.ID, Says: here.Name})}, nil
}
