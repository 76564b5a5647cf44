package record

import (
	"testing"

	"holdfast/fact"
)

func (w *world) holdBack(kind uint32) {
	for i := range w.facts {
		if w.facts[i].Body.Kind == kind {
			w.facts[i].Held, w.facts[i].Since = true, fact.At(now)
		}
	}
}

func TestACutNeverTakesAnAlertAway(t *testing.T) {
	w := registered(t, wilfred())
	d, err := AddAlert(w.on("a"), doctor, AlertAdded{Kind: Allergy, Substance: "Penicillin", Reaction: "rash"}, now)
	w.say("a", doctor, d, err)
	d, err = EndAlert(w.on("a"), doctor, AlertEnded{Alert: w.on("a").Alerts[0].Fact, Why: "entered in error"}, now)
	w.say("a", doctor, d, err)
	if len(w.all().Standing()) != 0 {
		t.Fatal("the alert does not end at all")
	}
	w.holdBack(AlertEnded{}.FactKind().Number)
	if p := w.all(); len(p.Standing()) != 1 || p.Standing()[0].Ask == "" || p.HeldFrom != fact.At(now) {
		t.Errorf("an end that nobody verified took the allergy away: %+v", p.Alerts)
	}
	w.holdBack(AlertAdded{}.FactKind().Number)
	if p := w.all(); len(p.Standing()) != 1 || p.Standing()[0].Ask == "" {
		t.Errorf("an allergy disappeared with the cut: %+v", p.Alerts)
	}
}

func TestAHeldDetailStandsBesideTheVerifiedOne(t *testing.T) {
	w := registered(t, wilfred())
	id := wilfred()
	id.Name.Family = "SOMEBODY"
	d, err := Amend(w.on("a"), doctor, Amendment{Identity: id, Fields: []Field{FieldName}, Why: "heard"}, now)
	w.say("a", doctor, d, err)
	w.holdBack(IdentityAmended{}.FactKind().Number)
	p := w.all()
	if len(p.Name.Values) != 2 || p.Name.Values[0].Value != wilfred().Name || len(p.Disputes()) != 1 {
		t.Errorf("names %+v", p.Name.Values)
	}
	w.holdBack(PersonRegistered{}.FactKind().Number)
	if p := w.all(); !p.Registered || p.Called() == "" {
		t.Error("a person disappeared with the cut")
	}
}
