package urgent

import (
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
)

// withHold sets what is needed. An outcome that a clinician validates first is
// held until then, and goes by itself when nobody has in time. Where the
// nation's table does not hold outcomes of phone calls, an ambulance is asked
// for at once. What a clinician sets is validated already.
func (r *Rules) withHold(c Case, by access.Caller, d DispositionSet, now time.Time) ([]fact.Draft, error) {
	out := []fact.Draft{fact.Say(c.ID, d)}
	original := d.Dx
	as, ok := r.valid[original]
	if first, coded := r.Queue.First[d.Dx]; coded { // the code of validation itself was set: what goes is the first of the table
		original, as, ok = first, d.Dx, true
	}
	if !ok || by.May(access.Consult) == nil || len(c.Ambulances) > 0 {
		return out, nil
	}
	row, ok := r.validationTime(as)
	switch {
	case !ok:
		return out, nil
	case as == d.Dx:
	case !row.Phone && row.Goes == AmbulanceGoes:
		return append(out, fact.Say(c.ID, r.request(c, d.Dx, d.Why, fact.Hash{}))), nil
	case !row.Phone:
		return out, nil
	}
	return append(out, r.keepsHeld(c, r.held(original, as, row, now))...), nil
}

func (r *Rules) held(original, as codes.Dx, row ValidationTime, from time.Time) ValidationHeld {
	code, _ := r.Code(original)
	return ValidationHeld{
		Original: original, As: as, Goes: row.Goes, Until: fact.At(from.Add(row.Within)), Never: r.Queue.Never[original], Category: code.Category,
	}
}

// keepsHeld states a hold, unless the same outcome is held already: its clock
// does not start again. A newer hold never lets go later than the one before.
func (r *Rules) keepsHeld(c Case, hold ValidationHeld) []fact.Draft {
	if old, held := c.Held(); held {
		if old.What.Original == hold.Original {
			return nil
		}
		hold.Until = min(hold.Until, old.What.Until)
	}
	return []fact.Draft{fact.Say(c.ID, hold)}
}

// holdOf gives what is held of a referral: an outcome that we are asked to
// validate. A sender who gives the code of validation alone does not say what
// goes; then it is the first of the table. The clock runs from the sender's
// assessment.
func (r *Rules) holdOf(ref exchange.Referral, set DispositionSet) (ValidationHeld, bool) {
	original := ref.Dx.Code
	as, ok := r.valid[original]
	if !ok || ref.Purpose != exchange.ForValidation {
		if original, ok = r.Queue.First[ref.Dx.Code]; !ok {
			return ValidationHeld{}, false
		}
		as = ref.Dx.Code
	}
	row, ok := r.validationTime(as)
	if !ok {
		return ValidationHeld{}, false
	}
	h := r.held(original, as, row, set.From.Time())
	if set.Due != 0 && set.Due < h.Until {
		h.Until = set.Due
	}
	return h, true
}

// request drafts an ambulance for an outcome of the table.
func (r *Rules) request(c Case, dx codes.Dx, why string, timer fact.Hash) AmbulanceRequested {
	code, _ := r.Code(dx)
	req := AmbulanceRequested{Category: code.Category, Why: why, Number: c.RingBack(), Place: c.Place.Or(codes.Place{}), Dx: dx, Timer: timer}
	if req.Category == "" {
		req.Category = r.Threats["unsaid"].Category
	}
	if c.Place.Disputed() {
		req.Why = joinSentences(req.Why, "Two places are stated, ask which: "+placesStated(c))
	}
	return req
}

// heldAmbulance gives the timer of the ambulance that waits for validation, so
// that it is one with whatever is asked for instead; zero when none waits.
func (c Case) heldAmbulance() fact.Hash {
	if h, ok := c.Held(); ok && h.What.Goes == AmbulanceGoes {
		return h.Timer
	}
	return fact.Hash{}
}
