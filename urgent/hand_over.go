package urgent

import (
	"slices"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// OfferCase offers the caller's case to a named colleague. It stays with the
// caller until the colleague has said yes.
func OfferCase(c Case, by access.Caller, to fact.Subject, name, note string) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(c.Claims, func(h Holding) bool { return h.Person == by.Person })
	if i < 0 {
		return nil, refusal.New(refusal.Missing, "You do not have this case, so you can't hand it over.")
	}
	if to.Zero() || to == by.Person || name == "" {
		return nil, refusal.Field("to", "Choose the colleague who is to have it.")
	}
	if note = strings.TrimSpace(note); len(note) > MaxWords {
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	return []fact.Draft{fact.Say(c.ID, HandoverOffered{Claim: c.Claims[i].Fact, To: to, Name: name, Note: note, By: by.Says()})}, nil
}

// AnswerOffer takes the case that was offered to the caller, or leaves it with
// whoever offered it. Whoever offered it may take the offer back.
func AnswerOffer(c Case, by access.Caller, offer fact.ID, accept bool, why string) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(c.Offers, func(o Offer) bool { return o.Fact == offer })
	if i < 0 {
		return nil, refusal.New(refusal.Taken, "This is not offered any more. Look who has the case now.")
	}
	o := c.Offers[i]
	if by.Person != o.What.To && (accept || by.Person != o.From) {
		return nil, refusal.Newf(refusal.Forbidden, "This is offered to %s.", o.What.Name)
	}
	if why = strings.TrimSpace(why); len(why) > MaxWords {
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	out := []fact.Draft{fact.Say(c.ID, HandoverAnswered{Offer: offer, Accepted: accept, Why: why, By: by.Says()})}
	if !accept {
		return out, nil
	}
	out = append(out, fact.Say(c.ID, Released{Claim: o.What.Claim, Why: "handed over to " + by.Says()}))
	if c.HeldBy(by.Person) {
		return out, nil
	}
	return append(out, fact.Say(c.ID, Claimed{By: by.Says()})), nil
}
