package urgent

import (
	"slices"

	"holdfast/exchange"
	"holdfast/fact"
)

// HeldBack says which entries of a case a cut holds back.
type HeldBack struct {
	Since   fact.Millis `cbor:"1,keyasint"` // the moment that the cut states
	Facts   []fact.ID   `cbor:"2,keyasint"`
	Resting []fact.ID   `cbor:"3,keyasint"` // entries that count and were written by people who had seen held ones
	Alone   bool        `cbor:"4,keyasint"` // the case stands on held entries alone
}

// Fold turns the facts of one case into its state. The same facts and the same
// held ones give the same bytes in any order of arrival. A fact that cannot be
// read is listed as not shown and hinders no other. While a cut holds facts
// back, the case is the careful combination of what is verified and what is
// said: it never leaves a list by what nobody has verified.
func Fold(id fact.Subject, h fact.History) Case {
	verified := fold(id, h)
	if len(h.Held()) == 0 {
		return verified
	}
	c := Careful(verified, fold(id, h.Admit(func(f fact.Fact) bool { return !ends(f.Body.Kind) })))
	c.Envelopes, _ = exchange.FoldEnvelopes(h) // what it cannot read is listed as not shown
	all := fold(id, h.WithHeld())
	c.Line, c.Frontier, c.Gaps, c.NotShown = all.Line, all.Frontier, all.Gaps, all.NotShown
	c.HeldBack = &HeldBack{Since: h.HeldSince(), Resting: h.Resting(), Alone: !verified.Begun()}
	for _, f := range h.Held() {
		c.HeldBack.Facts = append(c.HeldBack.Facts, f.ID)
	}
	return c
}

// ends lists the kinds that end work or hand it on: they count only when they
// are verified.
func ends(kind uint32) bool {
	switch kind {
	case (ReferralSent{}).FactKind().Number, (Released{}).FactKind().Number, (OutcomeSet{}).FactKind().Number,
		(Closed{}).FactKind().Number, (FamilyTold{}).FactKind().Number, (ReportDone{}).FactKind().Number, (exchange.ReceiptReceived{}).FactKind().Number:
		return true
	case (ReportNullified{}).FactKind().Number, (DeathRecorded{}).FactKind().Number:
		return true
	}
	return endsInQueue(kind) || exchange.EndsEnvelope(kind)
}

// Careful combines the verified state of a case with the state as it would be
// if what is held back were true, endings left out. Open if open in either;
// the higher urgency and the earlier deadline; everybody's claims; values that
// differ stand side by side.
func Careful(verified, whole Case) Case {
	c := whole
	if verified.Number != "" {
		c.Number = verified.Number
	}
	if verified.Taken != nil {
		c.Taken, c.TakenBy = verified.Taken, verified.TakenBy
	}
	c.Caller, c.Patient = fact.Both(verified.Caller, whole.Caller), fact.Both(verified.Patient, whole.Patient)
	c.Place, c.Reason = fact.Both(verified.Place, whole.Place), fact.Both(verified.Reason, whole.Reason)
	c.Contact, c.Service = fact.Both(verified.Contact, whole.Contact), fact.Both(verified.Service, whole.Service)
	c.Threat = fact.Both(verified.Threat, whole.Threat)
	c.Known = carefulKnown(verified.Known, whole.Known)
	c.FlagsRead = verified.FlagsRead
	c.Dispositions = mostCareful(verified.Dispositions, whole.Dispositions)
	c.Claims = slices.Clone(verified.Claims)
	for _, claim := range whole.Claims {
		if !slices.ContainsFunc(c.Claims, func(o Holding) bool { return o.Fact == claim.Fact }) {
			c.Claims = append(c.Claims, claim)
		}
	}
	c.Sent = slices.Clone(whole.Sent)
	for i, s := range c.Sent {
		c.Sent[i].Current = s.Current && slices.ContainsFunc(verified.Sent, func(o Sent) bool { return o.Fact == s.Fact && o.Current })
	}
	c.Closings = slices.DeleteFunc(slices.Clone(verified.Closings), func(v Closing) bool {
		return !slices.ContainsFunc(whole.Closings, func(o Closing) bool { return o.Fact == v.Fact })
	})
	c.Holds = carefulHolds(verified.Holds, whole.Holds)
	c.Outcome, c.Decided = verified.Outcome, verified.Decided && whole.Decided
	return c
}

// mostCareful puts both sides' dispositions together; the one that counts is due
// at the earliest of their deadlines.
func mostCareful(verified, whole []Disposition) []Disposition {
	out := slices.Clone(verified)
	for _, d := range whole {
		if !slices.ContainsFunc(out, func(o Disposition) bool { return o.Fact == d.Fact }) {
			out = append(out, d)
		}
	}
	best, ok := Case{Dispositions: out}.Disposition()
	if !ok {
		return out
	}
	for i := range out {
		if out[i].Fact != best.Fact {
			continue
		}
		for _, d := range out {
			if earlier(d.What.Due, out[i].What.Due) {
				out[i].What.Due = d.What.Due
			}
		}
	}
	return out
}
