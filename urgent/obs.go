package urgent

import (
	"fmt"
	"time"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/triage"
)

// Obs is one set of observations; nil is "not measured", which is never
// normal.
type Obs struct {
	Breaths       *int   `cbor:"1,keyasint,omitempty"` // a minute
	SpO2          *int   `cbor:"2,keyasint,omitempty"` // per cent
	Scale2        bool   `cbor:"3,keyasint,omitempty"` // target 88–92%, chosen by a clinician
	Oxygen        YesNo  `cbor:"4,keyasint,omitempty"` // on oxygen
	Systolic      *int   `cbor:"5,keyasint,omitempty"` // mmHg
	Pulse         *int   `cbor:"6,keyasint,omitempty"` // a minute
	Consciousness string `cbor:"7,keyasint,omitempty"` // A, C, V, P, U
	Temperature   *int   `cbor:"8,keyasint,omitempty"` // tenths of a degree Celsius
	Pregnant      YesNo  `cbor:"9,keyasint,omitempty"` // or recently
}

// News is a NEWS2 score (Royal College of Physicians, 2017).
type News struct {
	Total    int    `cbor:"1,keyasint"`
	Complete bool   `cbor:"2,keyasint"` // otherwise the total is a minimum
	Risk     string `cbor:"3,keyasint"`
}

// Empty tells whether nothing was measured.
func (o Obs) Empty() bool {
	return o.Breaths == nil && o.SpO2 == nil && o.Oxygen == NotAsked && o.Systolic == nil && o.Pulse == nil && o.Consciousness == "" && o.Temperature == nil
}

// Score scores the observations of this patient with NEWS2, or says why it
// may not be.
func (r *Rules) Score(o Obs, who record.Identity, now time.Time) (News, []triage.NEWS2Part, error) {
	measured := func(v *int) triage.Measured {
		if v == nil {
			return triage.Measured{}
		}
		return triage.Is(*v)
	}
	in := triage.Observations{
		RespiratoryRate: measured(o.Breaths), SpO2: measured(o.SpO2), Scale2: o.Scale2, OnOxygen: triage.Answer(o.Oxygen),
		Systolic: measured(o.Systolic), Pulse: measured(o.Pulse), Consciousness: o.Consciousness, Temperature: measured(o.Temperature),
		Pregnant: triage.Answer(o.Pregnant), Sex: SexOf(who.Sex),
	}
	if least, _, ok := who.Born.YearsAt(now); ok {
		in.AgeYears = triage.Is(least)
	} else if who.Age.Years > 0 {
		in.AgeYears = triage.Is(who.Age.Years)
	}
	score, parts, err := r.Triage.NEWS2(in)
	return News{Total: score.Total, Complete: score.Complete, Risk: string(score.Risk)}, parts, err
}

// SexOf gives the sex as triage content reads it.
func SexOf(s codes.Sex) triage.Sex {
	switch s {
	case codes.Male:
		return triage.Male
	case codes.Female:
		return triage.Female
	}
	return ""
}

// findings words a set of observations for a report; what was not measured is
// left out.
func findings(o Obs, at fact.Millis) []exchange.Finding {
	var out []exchange.Finding
	add := func(name, value string) {
		out = append(out, exchange.Finding{Code: exchange.Code{Name: name}, Value: value, When: at})
	}
	number := func(name string, v *int, unit string) {
		if v != nil {
			add(name, fmt.Sprintf("%d%s", *v, unit))
		}
	}
	number("Respiratory rate", o.Breaths, " a minute")
	number("SpO₂", o.SpO2, "%")
	if o.Oxygen != NotAsked {
		add("On oxygen", string(o.Oxygen))
	}
	number("Systolic", o.Systolic, " mmHg")
	number("Pulse", o.Pulse, " a minute")
	if o.Consciousness != "" {
		add("Consciousness (ACVPU)", o.Consciousness)
	}
	if o.Temperature != nil {
		add("Temperature", fmt.Sprintf("%d.%d °C", *o.Temperature/10, *o.Temperature%10))
	}
	return out
}
