package urgent

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/triage"
)

// Refer sends the case on: it states the referral on the case and prepares
// its envelope in the same act. A case that is on its way already is refused,
// unless that failed, and so is one that a colleague works on: they would go
// on with a patient who is on the way to somebody else.
func Refer(c Case, by access.Caller, r *Rules, ref exchange.Referral, routes []exchange.Route, now time.Time) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if _, ok := c.Disposition(); !ok {
		return nil, refusal.New(refusal.Invalid, "Set the outcome first: the referral says by when.")
	}
	if len(c.Claims) > 0 && !c.HeldBy(by.Person) {
		return nil, refusal.Newf(refusal.Taken, "Taken by %s at %s: they say where it goes. Ring them, or take the case over.", c.Claims[0].By, codes.Clock(c.Claims[0].At.Time()))
	}
	for _, s := range c.SentNow() {
		if !s.Apart && !c.Envelope(s.What.Envelope).NeedsPerson() {
			return nil, refusal.Newf(refusal.Taken, "This case has gone to %s already.", s.What.To.Name)
		}
	}
	out, err := exchange.Prepare(by, exchange.ToSend{
		About: c.ID, Referral: &ref, To: ref.To, Due: now.Add(r.Receipt), Routes: routes,
	}, now)
	if err != nil {
		return nil, err
	}
	for _, d := range out {
		if p, ok := d.Content.(exchange.EnvelopePrepared); ok {
			out = append(out, fact.Say(c.ID, ReferralSent{Envelope: p.Envelope, To: ref.To, Route: routes[0]}))
		}
	}
	return out, nil
}

// Texts words questions and rules for people; triage content has them.
type Texts interface {
	Answers(triage.Record) []exchange.Answer
	Reasons(triage.Record) []string
}

// ReferralOf writes the referral of a case: everything said and found, with
// what was not asked left out rather than turned into "no".
func ReferralOf(c Case, by access.Caller, from, to exchange.Party, texts Texts, now time.Time) exchange.Referral {
	d, _ := c.Disposition()
	from.Person = by.Says()
	r := exchange.Referral{
		ID: c.ID.String(), Purpose: exchange.ForReferral, From: from, To: to, Callback: c.RingBack(), Location: c.Place.Or(codes.Place{}),
		Reason: c.Reason.Or(""), Dx: codes.ReceivedDx{Code: d.What.Dx, Original: string(d.What.Dx)},
		SG: exchange.Code{Code: d.What.SG}, SD: exchange.Code{Code: d.What.SD},
		Assessed: d.What.From, Deadline: d.What.Due, Sent: fact.At(now),
		Cases: []exchange.CaseNumber{{System: "holdfast/" + by.ODS, Number: c.Number}},
	}
	r.Notes = c.Asks() // what waits for a decision here must not read as nothing there
	for _, v := range c.Patient.Values {
		if c.Patient.Disputed() {
			r.Notes = append(r.Notes, "May be about "+v.Value.Identity.Called()+": ask before relying on a record.")
		}
	}
	if p, ok := c.Patient.Get(); ok {
		r.Patient = p.Identity
		if p.MayLook == Yes || p.MayLook == NotAsked {
			r.Consents = []exchange.Consent{{Category: exchange.Code{System: "https://fhir.nhs.uk/CodeSystem/consent-categories-bars", Code: "DRC", Name: "direct care"}, Status: "active", When: c.Began}}
		}
	}
	if v, ok := c.Contact.Get(); ok {
		r.Reach = exchange.Reach{Ring: string(v.Ring), Text: string(v.Text), Voicemail: string(v.Voicemail), MayTell: v.MayTell}
	}
	if caller, ok := c.Caller.Get(); ok {
		r.Contacts = []exchange.Contact{contactOf(caller, r.Patient.Name.Spoken())}
	}
	r.Sections = sectionsOf(c, texts)
	for _, t := range c.NewestTriages() {
		r.Answers = append(r.Answers, texts.Answers(t.What.Record)...)
	}
	return r
}

func contactOf(v CallerDescribed, patient string) exchange.Contact {
	out := exchange.Contact{Rank: 1, Relation: v.Relation, Name: v.Name, Phones: []codes.Phone{v.RingBack}, Caller: true}
	if v.Is == CallerPatient {
		out.Relation, out.Self, out.Name = "self", true, patient
	}
	return out
}

func sectionsOf(c Case, texts Texts) []exchange.Section {
	var out []exchange.Section
	add := func(title, text string) {
		if text != "" {
			out = append(out, exchange.Section{Title: title, Text: text})
		}
	}
	add("Why they rang", c.Reason.Or(""))
	for _, t := range c.NewestTriages() {
		reasons := ""
		for _, why := range texts.Reasons(t.What.Record) {
			reasons += "- " + why + "\n"
		}
		add("Why this outcome", reasons)
		add("In the caller's words", t.What.Words)
	}
	for _, one := range c.Consultations {
		add("Consultation by "+one.What.By, joined(one.What.History, one.What.Examination, one.What.Diagnosis, one.What.Plan))
	}
	for _, n := range c.Notes {
		add("Note by "+n.What.By, n.What.Words)
	}
	if v, ok := c.Contact.Get(); ok {
		add("Safe to contact", v.String())
	}
	return out
}

func joined(parts ...string) string {
	out := ""
	for _, p := range parts {
		if p != "" {
			out += p + "\n"
		}
	}
	return out
}

// String says how the patient may be reached, with "not asked" as such.
func (v ContactAgreed) String() string {
	word := func(what string, a YesNo) string {
		if a == NotAsked {
			return what + ": not asked"
		}
		return what + ": " + string(a)
	}
	out := word("Ring", v.Ring) + ". " + word("Text", v.Text) + ". " + word("Voicemail", v.Voicemail) + "."
	if v.MayTell != "" {
		out += " May be told: " + v.MayTell
	}
	return out
}

// NewestTriages lists the runs of questions that nobody has overtaken, the
// most urgent first: one, or several that were asked apart.
func (c Case) NewestTriages() []TriageDone {
	var out []TriageDone
	for _, t := range c.Triages {
		if !t.Over {
			out = append(out, t)
		}
	}
	slices.SortStableFunc(out, func(a, b TriageDone) int {
		x, y := a.What.Outcome, b.What.Outcome
		return cmp.Or(cmp.Compare(x.Level, y.Level), cmp.Compare(x.Dx, y.Dx), cmp.Compare(a.At, b.At), strings.Compare(a.What.Words, b.What.Words))
	})
	return out
}

// LastTriage gives the newest run of questions, of several asked apart the
// most urgent; nil when there is none.
func (c Case) LastTriage() *TriageDone {
	if all := c.NewestTriages(); len(all) > 0 {
		return &all[0]
	}
	return nil
}
