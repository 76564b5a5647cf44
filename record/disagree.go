package record

import (
	"strings"

	"holdfast/fact"
)

// The parts of a record that can be in disagreement besides the fields of the
// identity, as the table of joins names them.
const (
	PartResuscitation = "resuscitation"
	PartAlert         = "alert"
)

// The choices that are no value: an alert's, and a resuscitation decision's.
const (
	choiceEnded   = "ended"
	choiceNeither = "neither"
)

// Disagreements lists what waits for a person on a record: fields of which
// different values stand, alerts that something speaks against, and
// resuscitation decisions that disagree. h is the history that p was folded
// from.
func (p Person) Disagreements(h fact.History) []fact.Disagreement {
	if h.OneFeed() {
		return nil
	}
	var out []fact.Disagreement
	for _, d := range p.Disputes() {
		one := fact.Disagreement{
			Subject: p.Subject, Matter: fact.Matter{Kind: IdentityAmended{}.FactKind().Number, Part: d.Field.String()},
			What: "The patient’s " + d.Field.String(),
		}
		for i, text := range d.Values {
			v := h.Said(d.Facts[i], text)
			v.Choice = d.Facts[i].String()
			one.Values = append(one.Values, v)
		}
		out = append(out, one)
	}
	if d, ok := p.decisions(h); ok {
		out = append(out, d)
	}
	for _, a := range p.ToAsk() {
		if !a.Disputed {
			out = append(out, p.doubted(a, h))
		}
	}
	return append(out, p.linksApart(h)...)
}

// Notes says what of the record is not settled, for whoever takes the patient
// on: a decision in dispute must not read as none, and none as a decision.
func (p Person) Notes() []string {
	var out []string
	if _, disputed := p.Resuscitation(); disputed {
		out = append(out, "Decisions about resuscitation on our record disagree: none of them counts as one. Ask to see the form.")
	}
	for _, a := range p.ToAsk() {
		if !a.Disputed {
			out = append(out, "To be asked about: "+a.Sentence()+". "+a.Ask+".")
		}
	}
	for _, l := range p.Links {
		if l.State != Same {
			out = append(out, "Another record here may be the same person’s: allergies and decisions of either are to be asked about.")
			break
		}
	}
	for _, d := range p.Disputes() {
		out = append(out, "Our record has different values for the "+d.Field.String()+": "+strings.Join(d.Values, " or ")+".")
	}
	return out
}

// decisions gives every resuscitation decision that stands and every
// withdrawal that speaks against one.
func (p Person) decisions(h fact.History) (fact.Disagreement, bool) {
	if _, disputed := p.Resuscitation(); !disputed {
		return fact.Disagreement{}, false
	}
	d := fact.Disagreement{
		Subject: p.Subject, Matter: fact.Matter{Kind: AlertAdded{}.FactKind().Number, Part: PartResuscitation},
		What: "Resuscitation", Also: []fact.Choice{{Key: choiceNeither, Text: "Neither stands: no decision is on record"}},
	}
	f := folding{h: h, p: p}
	for i, one := range h.Facts() {
		if e, err := fact.Read[AlertEnded](one); err == nil {
			f.endings = append(f.endings, placed[AlertEnded]{i, e})
		}
	}
	for _, a := range p.StandingOf(Resuscitation) {
		says := a
		says.Disputed = false
		v := h.Said(a.Fact, says.Sentence())
		v.Choice = a.Fact.String()
		d.Values = append(d.Values, v)
	}
	for _, id := range f.against() {
		e, err := fact.Read[AlertEnded](h.Facts()[id])
		if err == nil {
			d.Values = append(d.Values, h.Said(h.Facts()[id].ID, "The decision was withdrawn: "+e.Why))
		}
	}
	return d, true
}

// against lists the places of the endings that speak against a decision that
// stands.
func (f *folding) against() []int {
	var out []int
	for _, e := range f.endings {
		was, known := f.p.AlertOf(e.value.Alert)
		if !known || was.Says.Kind != Resuscitation {
			continue
		}
		apart := was.Stands
		for _, a := range f.p.StandingOf(Resuscitation) {
			apart = apart || f.h.Before(was.place, a.place) && f.h.Apart(e.at, a.place)
		}
		if apart {
			out = append(out, e.at)
		}
	}
	return out
}

// doubted gives an alert with what speaks against it.
func (p Person) doubted(a Alert, h fact.History) fact.Disagreement {
	d := fact.Disagreement{
		Subject: p.Subject, Matter: fact.Matter{Kind: AlertAdded{}.FactKind().Number, Part: PartAlert},
		What: strings.ToUpper(a.Says.Kind.String()[:1]) + a.Says.Kind.String()[1:],
		Also: []fact.Choice{{Key: choiceEnded + " " + a.Fact.String(), Text: "It does not stand"}},
	}
	v := h.Said(a.Fact, a.Sentence())
	v.Choice = a.Fact.String()
	d.Values = append(d.Values, v)
	for _, o := range p.Answers {
		if o.Kind == a.Says.Kind && o.Answer == NoneKnown {
			d.Values = append(d.Values, h.Said(o.Fact, "None known"))
		}
	}
	for _, one := range h.Facts() {
		if e, err := fact.Read[AlertEnded](one); err == nil && e.Alert == a.Fact {
			d.Values = append(d.Values, h.Said(one.ID, "It no longer stands: "+e.Why))
		}
	}
	return d
}
