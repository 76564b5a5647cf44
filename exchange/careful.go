package exchange

import (
	"errors"
	"slices"

	"holdfast/fact"
)

// FoldEnvelopes gives the envelopes of one subject in causal order. Facts of
// other kinds are passed over; a fact of ours that cannot be read is an error
// of errors.Join beside the envelopes, so that the page can say that
// something is not shown. While a cut holds facts back, an envelope awaits its
// receipt until a verified one is here.
func FoldEnvelopes(h fact.History) ([]Envelope, error) {
	verified, err := foldEnvelopes(h)
	if len(h.Held()) == 0 {
		return verified, err
	}
	whole, bad := foldEnvelopes(h.Admit(func(f fact.Fact) bool { return !EndsEnvelope(f.Body.Kind) }))
	if err == nil {
		err = bad
	} else if bad != nil {
		err = errors.Join(err, bad)
	}
	return Careful(verified, whole), err
}

// EndsEnvelope tells whether a fact of this kind may end the sending of an
// envelope: it counts only when it is verified.
func EndsEnvelope(kind uint32) bool {
	switch kind {
	case (ReceiptReceived{}).FactKind().Number, (EnvelopeWithdrawn{}).FactKind().Number, (EnvelopeGiven{}).FactKind().Number:
		return true
	}
	return false
}

// Careful combines the verified envelopes with those that held facts speak of:
// none that either knows is missing, and a person is asked to ring when either
// says so. An envelope that only held facts prepared is Unverified: no machine
// sends it, and its clock runs.
func Careful(verified, whole []Envelope) []Envelope {
	out := slices.Clone(whole)
	for i, e := range out {
		at := slices.IndexFunc(verified, func(v Envelope) bool { return v.ID == e.ID })
		if at < 0 || verified[at].Prepared == (fact.ID{}) {
			out[i].Unverified = true
			continue
		}
		if v := verified[at]; v.NeedsPerson() && !e.NeedsPerson() {
			out[i].Attempts, out[i].Turned = v.Attempts, v.Turned
		}
		if v := verified[at]; v.Due < e.Due {
			out[i].Due = v.Due
		}
	}
	return out
}
