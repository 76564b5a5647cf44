package exchange

import (
	"holdfast/fact"
	"holdfast/fact/refusal"
)

var errTooLong = refusal.New(refusal.Invalid, "The message holds more warnings and findings than a case can show: ask the sender to ring")

// notHere stands where something was left out.
const notHere = "… (shortened here: open the sender's original)"

// Fit gives the referral in at most max bytes of CBOR, so that it can stand in
// a fact, and whether anything was left out. Answers go first, then the
// longest sections are shortened; what warns (allergies, medicines, flags,
// disposition, notes) is never touched. The whole stays in the original.
func (r Referral) Fit(max int) (out Referral, cut bool, err error) {
	size, err := r.size()
	if err != nil || size <= max {
		return r, false, err
	}
	r.Notes = append(append([]string(nil), r.Notes...), "This report is long: parts of it stand only in the sender's original.")
	for _, keep := range []int{8000, 4000, 2000, 1000, 500, 200, 0} {
		r.Answers = nil
		r.Sections = shortened(r.Sections, keep)
		if size, err = r.size(); err != nil || size <= max {
			return r, true, err
		}
	}
	return r, true, errTooLong
}

func (r Referral) size() (int, error) {
	b, err := fact.Encode(r)
	return len(b), err
}

func shortened(in []Section, keep int) []Section {
	out := append([]Section(nil), in...)
	for i := range out {
		if len(out[i].Text) > keep+len(notHere) {
			out[i].Text = clip(out[i].Text, keep) + notHere
		}
	}
	return out
}
