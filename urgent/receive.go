package urgent

import (
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// mostInFact is how large a referral may be inside its fact; a larger one
// stands whole in an attachment.
const mostInFact = 40_000

// ReceiveReferral begins a case from a referral that is for us and has not
// been filed, or adds a newer version of it to its case. The clock runs from
// the sender's assessment, not from its arrival. A code that is not in the
// table never makes a case less urgent: a clinician looks at it now.
func ReceiveReferral(c Case, _ access.Caller, r *Rules, ref exchange.Referral, from exchange.Arrival, now time.Time) ([]fact.Draft, error) {
	arrived := ReferralArrived{Number: NumberOf(c.ID, now), Referral: ref}
	if c.Begun() {
		arrived.Number = c.Number
	}
	if doc, ok := ref.Newest(); ok {
		arrived.Set, arrived.Version = doc.Set, uint32(max(doc.Version, 0))
	}
	whole, err := fact.Encode(ref)
	if err != nil {
		return nil, refusal.New(refusal.Invalid, "The referral cannot be kept as it was read.").Because(err)
	}
	d := fact.Say(c.ID, arrived)
	if len(whole) > mostInFact {
		arrived.Apart = true
		arrived.Referral.Sections, arrived.Referral.Answers, arrived.Referral.Documents = nil, nil, nil
		d = fact.Say(c.ID, arrived).With(fact.Blob{Media: exchange.ReferralMedia, Bytes: whole})
	}
	out := []fact.Draft{fact.Say(c.ID, from.Fact()).With(from.Blob()), d}
	if c.hasNewer(arrived) {
		return out, nil // an older version that came late is kept and changes nothing
	}
	set, err := r.dispositionOf(ref, now)
	if err != nil {
		return nil, err
	}
	hold, held := r.holdOf(ref, set)
	if old, had := c.Disposition(); had && old.What.Level < set.Level {
		set = old.still()
	}
	out = append(out, fact.Say(c.ID, set))
	if held {
		out = append(out, r.keepsHeld(c, hold)...)
	}
	return out, nil
}

func (c Case) hasNewer(v ReferralArrived) bool {
	for _, a := range c.Arrived {
		if v.Set != "" && a.What.Set == v.Set && a.What.Version > v.Version {
			return true
		}
	}
	return false
}

// FileUnder states that a message's number belongs to a case.
func FileUnder(key fact.Subject, c fact.Subject, number string) fact.Draft {
	return fact.Say(key, ArrivalFiled{Case: c, Number: number})
}

// dispositionOf reads the code and the clock of a referral.
func (r *Rules) dispositionOf(ref exchange.Referral, now time.Time) (DispositionSet, error) {
	from := now
	if ref.Assessed != 0 && ref.Assessed.Time().Before(now) {
		from = ref.Assessed.Time()
	}
	dx, why := ref.Dx.Code, ""
	if ref.Purpose == exchange.ForValidation {
		if v, ok := r.valid[dx]; ok {
			why, dx = "validation of "+string(dx), v
		}
	}
	if _, ok := r.Code(dx); !ok {
		why = "the sender's outcome " + ref.Dx.Original + " is not known here: a clinician looks now"
		dx = r.unknown
	}
	d, err := r.disposition(dx, from)
	if err != nil {
		return DispositionSet{}, err
	}
	d.SG, d.SD, d.Why = ref.SG.Code, ref.SD.Code, why
	if ref.Deadline != 0 && (d.Due == 0 || ref.Deadline < d.Due) {
		d.Due = ref.Deadline
	}
	return d, nil
}
