package triage

import (
	"strconv"

	"holdfast/content"
	"holdfast/fact/refusal"
)

// Measured is a measurement, or none.
type Measured struct {
	Value int
	Known bool
}

// Is makes a measurement.
func Is(v int) Measured { return Measured{Value: v, Known: true} }

// Observations are what NEWS2 scores.
type Observations struct {
	RespiratoryRate Measured // breaths a minute
	SpO2            Measured // per cent
	Scale2          bool     // target saturation 88–92%, chosen by a clinician; never assumed
	OnOxygen        Answer   // Yes or No; anything else is missing
	Systolic        Measured // mmHg
	Pulse           Measured // beats a minute
	Consciousness   string   // "A" alert, or "C" (new confusion), "V", "P", "U"; "" is missing
	Temperature     Measured // tenths of a degree Celsius

	AgeYears Measured
	Sex      Sex
	Pregnant Answer // or recently pregnant
}

// NEWS2Part is one parameter's score.
type NEWS2Part struct {
	Parameter string // as in content/news2.csv
	Score     int
	Missing   bool
}

// NEWS2Risk is the clinical risk band.
type NEWS2Risk string

// The bands of NEWS2. A score that is not complete has at least this band.
const (
	RiskLow       NEWS2Risk = "low"
	RiskLowMedium NEWS2Risk = "low-medium" // a 3 in one parameter
	RiskMedium    NEWS2Risk = "medium"
	RiskHigh      NEWS2Risk = "high"
)

// NEWS2Score is a National Early Warning Score 2.
type NEWS2Score struct {
	Total    int  // of what was measured
	Complete bool // nothing was missing; otherwise Total is a minimum
	Risk     NEWS2Risk
}

type newsBand struct {
	low, high int
	oxygen    string
	score     int
}

type news2Table struct {
	bands map[string][]newsBand
}

// NEWS2 scores observations after the Royal College of Physicians, National
// Early Warning Score 2 (2017), chart 1. It refuses anybody under 16 or
// pregnant, or whose age or possible pregnancy nobody has stated, and values
// that cannot be measurements.
func (c *Content) NEWS2(o Observations) (NEWS2Score, []NEWS2Part, error) {
	t := c.news2
	if err := t.suits(o); err != nil {
		return NEWS2Score{}, nil, err
	}
	saturation := "spo2_scale1"
	if o.Scale2 {
		saturation = "spo2_scale2"
	}
	oxygen := map[Answer]Measured{Yes: Is(1), No: Is(0)}[o.OnOxygen]
	awake := map[string]Measured{"A": Is(0), "C": Is(1), "V": Is(1), "P": Is(1), "U": Is(1)}[o.Consciousness]
	if o.Consciousness != "" && !awake.Known {
		return NEWS2Score{}, nil, refusal.Field("consciousness", "Choose A, C, V, P or U")
	}
	var parts []NEWS2Part
	for _, p := range []struct {
		name string
		m    Measured
	}{{"respiratory_rate", o.RespiratoryRate}, {saturation, o.SpO2}, {"oxygen", oxygen}, {"systolic", o.Systolic},
		{"pulse", o.Pulse}, {"consciousness", awake}, {"temperature", o.Temperature}} {
		part, err := t.part(p.name, p.m, o.OnOxygen)
		if err != nil {
			return NEWS2Score{}, nil, err
		}
		parts = append(parts, part)
	}
	return t.total(parts), parts, nil
}

func (t *news2Table) suits(o Observations) error {
	adult, asked := t.bands["adult_from"][0].low, t.bands["pregnancy_asked"][0]
	switch {
	case !o.AgeYears.Known:
		return refusal.Field("age", "NEWS2 needs the age: it is only for people aged 16 and over")
	case o.AgeYears.Value < adult:
		return refusal.Newf(refusal.Invalid, "NEWS2 is not for anybody under %d", adult)
	case o.Pregnant == Yes:
		return refusal.New(refusal.Invalid, "NEWS2 is not for anybody who is or has lately been pregnant")
	case o.Pregnant != No && o.Sex != Male && o.AgeYears.Value >= asked.low && o.AgeYears.Value <= asked.high:
		return refusal.Field("pregnant", "Ask whether she is, or has lately been, pregnant: NEWS2 would not be right then")
	}
	return nil
}

func (t *news2Table) part(name string, m Measured, onOxygen Answer) (NEWS2Part, error) {
	p := NEWS2Part{Parameter: name}
	if !m.Known {
		p.Missing = true
		return p, nil
	}
	inside := false
	for _, b := range t.bands[name] {
		if m.Value < b.low || m.Value > b.high {
			continue
		}
		inside = true
		if b.oxygen == "any" || b.oxygen == "air" && onOxygen == No || b.oxygen == "oxygen" && onOxygen == Yes {
			p.Score = b.score
			return p, nil
		}
	}
	if !inside {
		return p, refusal.Field(name, "This cannot be a measurement: check the number and its unit")
	}
	p.Missing = true // needs to know whether oxygen is given
	return p, nil
}

func (t *news2Table) total(parts []NEWS2Part) NEWS2Score {
	s := NEWS2Score{Complete: true, Risk: RiskLow}
	three := false
	for _, p := range parts {
		s.Total += p.Score
		s.Complete = s.Complete && !p.Missing
		three = three || p.Score == 3
	}
	switch {
	case s.Total >= t.bands["band_high"][0].low:
		s.Risk = RiskHigh
	case s.Total >= t.bands["band_medium"][0].low:
		s.Risk = RiskMedium
	case three:
		s.Risk = RiskLowMedium
	}
	return s
}

func loadNEWS2(set *content.Set) (*news2Table, error) {
	rows, err := set.Table("news2.csv", "parameter", "low", "high", "oxygen", "score")
	if err != nil {
		return nil, err
	}
	t := &news2Table{bands: map[string][]newsBand{}}
	for i := range rows.Len() {
		var n [3]int
		for j, c := range []string{"low", "high", "score"} {
			if n[j], err = strconv.Atoi(rows.Cell(i, c)); err != nil {
				return nil, refusal.Newf(refusal.Invalid, "news2.csv: %v", err)
			}
		}
		name := rows.Cell(i, "parameter")
		t.bands[name] = append(t.bands[name], newsBand{low: n[0], high: n[1], oxygen: rows.Cell(i, "oxygen"), score: n[2]})
	}
	for _, name := range []string{"respiratory_rate", "spo2_scale1", "spo2_scale2", "oxygen", "systolic", "pulse", "consciousness",
		"temperature", "band_medium", "band_high", "adult_from", "pregnancy_asked"} {
		if len(t.bands[name]) == 0 {
			return nil, refusal.Newf(refusal.Invalid, "news2.csv has no rows for %s", name)
		}
	}
	return t, nil
}
