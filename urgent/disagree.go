package urgent

import (
	"holdfast/codes"
	"holdfast/fact"
)

// The parts of a case in disagreement that are no value of one kind, as the
// table of joins names them.
const (
	PartServices = "two services"
	PartClaimed  = "claimed here"
)

// Disagreements lists what waits for a person on a case: values written apart
// of which none replaces another. h is the history that c was folded from.
func (c Case) Disagreements(h fact.History, r *Rules) []fact.Disagreement {
	if h.OneFeed() {
		return nil
	}
	matter := func(kind fact.Content) fact.Matter { return fact.Matter{Kind: kind.FactKind().Number} }
	var out []fact.Disagreement
	add := func(d []fact.Disagreement) { out = append(out, d...) }
	add(fact.Disputed(h, c.ID, matter(PatientDescribed{}), "The patient", c.Patient, PatientDescribed.words))
	add(fact.Disputed(h, c.ID, matter(CallerDescribed{}), "The caller", c.Caller, CallerDescribed.words))
	add(fact.Disputed(h, c.ID, matter(PlaceStated{}), "Where the patient is", c.Place, codes.Place.String))
	add(fact.Disputed(h, c.ID, matter(ReasonStated{}), "Why they rang", c.Reason, func(v string) string { return v }))
	add(fact.Disputed(h, c.ID, matter(ContactAgreed{}), "Safe contact", c.Contact, ContactAgreed.String))
	add(fact.Disputed(h, c.ID, matter(ServiceChosen{}), "The service", c.Service, func(v ServiceChosen) string { return v.Name }))
	add(fact.Disputed(h, c.ID, matter(OutcomeSet{}), "The outcome", c.Outcome, r.outcomeWords))
	add(fact.Disputed(h, c.ID, matter(DeathRecorded{}), "Whether the patient has died", c.Outward.Death, DeathRecorded.words))
	for i := range out {
		if out[i].Matter.Kind == (ReasonStated{}).FactKind().Number {
			out[i].Also = []fact.Choice{{Key: choiceBoth, Text: "Both stand"}}
		}
	}
	if d, ok := c.dispositions(h, r); ok {
		out = append(out, d)
	}
	if d, ok := c.claims(h); ok {
		out = append(out, d)
	}
	return append(out, c.sendings(h)...)
}

// choiceBoth keeps every value.
const choiceBoth = "both"

func (v PatientDescribed) words() string {
	id := v.Identity.Shown()
	out := id.Called()
	for _, more := range []string{id.Born.Display(), id.Sex.Letter(), id.NHS.Format(), id.CHI.Format(), id.HCN.Format(), id.Address.String()} {
		if more != "" {
			out += ", " + more
		}
	}
	if !v.Record.Zero() {
		out += ", record " + v.Record.String()[:8]
	}
	return out
}

func (v CallerDescribed) words() string {
	out := v.Name
	if out == "" {
		out = "Name not asked"
	}
	for _, more := range []string{string(v.Is), v.Relation, v.RingBack.Display(), v.Where, v.Language} {
		if more != "" {
			out += ", " + more
		}
	}
	return out
}

func (r *Rules) outcomeWords(o OutcomeSet) string {
	row, ok := r.Outcome(o.Outcome)
	if !ok {
		row.Name = o.Outcome
	}
	return joinSentences(row.Name, o.Detail, o.Action)
}

func (r *Rules) dispositionWords(d DispositionSet) string {
	row, _ := r.Code(d.Dx)
	out := string(d.Dx) + " " + row.Name
	if d.Due != 0 {
		out += ", by " + codes.Clock(d.Due.Time())
	}
	if d.Why != "" {
		out += ": " + d.Why
	}
	return out
}

// sameDispositions tells whether all that stand say the same.
func (c Case) sameDispositions() bool {
	for _, d := range c.Dispositions {
		if d.What.Dx != c.Dispositions[0].What.Dx || d.What.Due != c.Dispositions[0].What.Due {
			return false
		}
	}
	return true
}

func (c Case) dispositions(h fact.History, r *Rules) (fact.Disagreement, bool) {
	if len(c.Dispositions) < 2 || c.sameDispositions() {
		return fact.Disagreement{}, false
	}
	d := fact.Disagreement{Subject: c.ID, Matter: fact.Matter{Kind: DispositionSet{}.FactKind().Number}, What: "What is needed"}
	for _, one := range c.Dispositions {
		v := h.Said(one.Fact, r.dispositionWords(one.What))
		v.Choice = one.Fact.String()
		d.Values = append(d.Values, v)
	}
	return d, true
}

func (c Case) claims(h fact.History) (fact.Disagreement, bool) {
	if len(c.Claims) < 2 {
		return fact.Disagreement{}, false
	}
	d := fact.Disagreement{Subject: c.ID, Matter: fact.Matter{Kind: Claimed{}.FactKind().Number}, What: "Who has the case"}
	for _, one := range c.Claims {
		v := h.Said(one.Fact, one.By)
		v.Choice = one.Fact.String()
		d.Values = append(d.Values, v)
	}
	return d, true
}

func (c Case) sentTwice() bool {
	all := c.SentNow()
	for _, s := range all {
		if s.What.Envelope != all[0].What.Envelope {
			return true
		}
	}
	return false
}

func (c Case) sentAndClaimed() bool {
	for _, s := range c.SentNow() {
		if s.Apart {
			return true
		}
	}
	return false
}

// sendings gives the referrals that were made apart from each other or from a
// claim.
func (c Case) sendings(h fact.History) []fact.Disagreement {
	part := ""
	switch {
	case c.sentTwice():
		part = PartServices
	case c.sentAndClaimed():
		part = PartClaimed
	default:
		return nil
	}
	d := fact.Disagreement{
		Subject: c.ID, Matter: fact.Matter{Kind: ReferralSent{}.FactKind().Number, Part: part}, What: "Who takes the patient on",
		Also: []fact.Choice{{Key: choiceHere, Text: "We do, here"}},
	}
	for _, s := range c.SentNow() {
		v := h.Said(s.Fact, "Sent to "+s.What.To.Name+", "+string(c.Envelope(s.What.Envelope).Standing()))
		v.Choice = s.Fact.String()
		d.Values = append(d.Values, v)
	}
	for _, claim := range c.Claims {
		d.Values = append(d.Values, h.Said(claim.Fact, "Claimed here by "+claim.By))
	}
	return []fact.Disagreement{d}
}

// choiceHere keeps the case here.
const choiceHere = "here"
