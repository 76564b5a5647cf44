package triage

import (
	"testing"

	"holdfast/fact/refusal"
)

// wellAdult scores 0.
func wellAdult() Observations {
	return Observations{RespiratoryRate: Is(16), SpO2: Is(97), OnOxygen: No, Systolic: Is(125), Pulse: Is(70),
		Consciousness: "A", Temperature: Is(370), AgeYears: Is(50), Sex: Female, Pregnant: No}
}

// The chart of the Royal College of Physicians (2017), written out by hand: the
// last value of each band with its score.
var chart = map[string]struct {
	set   func(*Observations, int)
	top   int
	bands [][2]int
}{
	"respiratory_rate": {func(o *Observations, v int) { o.RespiratoryRate = Is(v) }, 80, [][2]int{{8, 3}, {11, 1}, {20, 0}, {24, 2}, {80, 3}}},
	"spo2_scale1":      {func(o *Observations, v int) { o.SpO2 = Is(v) }, 100, [][2]int{{91, 3}, {93, 2}, {95, 1}, {100, 0}}},
	"systolic":         {func(o *Observations, v int) { o.Systolic = Is(v) }, 300, [][2]int{{90, 3}, {100, 2}, {110, 1}, {219, 0}, {300, 3}}},
	"pulse":            {func(o *Observations, v int) { o.Pulse = Is(v) }, 250, [][2]int{{40, 3}, {50, 1}, {90, 0}, {110, 1}, {130, 2}, {250, 3}}},
	"temperature":      {func(o *Observations, v int) { o.Temperature = Is(v) }, 450, [][2]int{{350, 3}, {360, 1}, {380, 0}, {390, 1}, {450, 2}}},
}

func TestNEWS2EveryValueOfEveryParameter(t *testing.T) {
	c := shipped(t)
	for name, p := range chart {
		for v := 0; v <= p.top; v++ {
			o := wellAdult()
			p.set(&o, v)
			want := 0
			for _, b := range p.bands {
				if want = b[1]; v <= b[0] {
					break
				}
			}
			got, parts, err := c.NEWS2(o)
			if err != nil || got.Total != want || !got.Complete || len(parts) != 7 {
				t.Fatalf("%s %d: %+v %v, want %d", name, v, got, err, want)
			}
			if (got.Risk == RiskLowMedium) != (want == 3) {
				t.Fatalf("%s %d: a 3 alone is low-medium: %s", name, v, got.Risk)
			}
		}
	}
}

func TestNEWS2ScaleTwoOxygenAndConsciousness(t *testing.T) {
	c := shipped(t)
	for v := 0; v <= 100; v++ {
		for _, oxygen := range []Answer{No, Yes} {
			want := 0
			switch {
			case v <= 83:
				want = 3
			case v <= 85:
				want = 2
			case v <= 87:
				want = 1
			case v >= 97 && oxygen == Yes:
				want = 3
			case v >= 95 && oxygen == Yes:
				want = 2
			case v >= 93 && oxygen == Yes:
				want = 1
			}
			if oxygen == Yes {
				want += 2
			}
			o := wellAdult()
			o.SpO2, o.OnOxygen, o.Scale2 = Is(v), oxygen, true
			if got, _, err := c.NEWS2(o); err != nil || got.Total != want {
				t.Fatalf("scale 2, %d, oxygen %s: %+v %v, want %d", v, oxygen, got, err, want)
			}
		}
	}
	for level, want := range map[string]int{"A": 0, "C": 3, "V": 3, "P": 3, "U": 3} {
		o := wellAdult()
		o.Consciousness = level
		if got, _, err := c.NEWS2(o); err != nil || got.Total != want {
			t.Errorf("%s: %+v %v", level, got, err)
		}
	}
}

func TestNEWS2RiskBands(t *testing.T) {
	c := shipped(t)
	o := wellAdult()
	o.RespiratoryRate, o.Pulse = Is(22), Is(115)
	if got, _, _ := c.NEWS2(o); got.Total != 4 || got.Risk != RiskLow {
		t.Errorf("4 is low: %+v", got)
	}
	o.Temperature = Is(385)
	if got, _, _ := c.NEWS2(o); got.Total != 5 || got.Risk != RiskMedium {
		t.Errorf("5 is medium: %+v", got)
	}
	o.OnOxygen = Yes
	if got, _, _ := c.NEWS2(o); got.Total != 7 || got.Risk != RiskHigh {
		t.Errorf("7 is high: %+v", got)
	}
}

func TestNEWS2MissingIsNotNormal(t *testing.T) {
	c := shipped(t)
	for i, miss := range []func(*Observations){
		func(o *Observations) { o.RespiratoryRate = Measured{} }, func(o *Observations) { o.SpO2 = Measured{} },
		func(o *Observations) { o.OnOxygen = Unsure }, func(o *Observations) { o.Systolic = Measured{} },
		func(o *Observations) { o.Pulse = Measured{} }, func(o *Observations) { o.Consciousness = "" },
		func(o *Observations) { o.Temperature = Measured{} },
	} {
		o := wellAdult()
		miss(&o)
		got, parts, err := c.NEWS2(o)
		if err != nil || got.Complete || !parts[i].Missing {
			t.Errorf("parameter %d: %+v %+v %v", i, got, parts, err)
		}
	}
	o := wellAdult()
	o.SpO2, o.OnOxygen, o.Scale2 = Is(96), NotAsked, true
	if got, parts, _ := c.NEWS2(o); got.Complete || !parts[1].Missing {
		t.Errorf("above 92 on scale 2 the oxygen decides: %+v", parts)
	}
}

func TestNEWS2Refuses(t *testing.T) {
	c := shipped(t)
	for name, spoil := range map[string]func(*Observations){
		"fifteen":                   func(o *Observations) { o.AgeYears = Is(15) },
		"no age":                    func(o *Observations) { o.AgeYears = Measured{} },
		"pregnant":                  func(o *Observations) { o.Pregnant = Yes },
		"pregnancy not asked":       func(o *Observations) { o.Pregnant = NotAsked },
		"pregnancy not sure":        func(o *Observations) { o.Pregnant = Unsure },
		"sex not known":             func(o *Observations) { o.Sex, o.Pregnant = SexUnknown, NotAsked },
		"temperature in wrong unit": func(o *Observations) { o.Temperature = Is(986) },
		"impossible saturation":     func(o *Observations) { o.SpO2 = Is(101) },
		"no such consciousness":     func(o *Observations) { o.Consciousness = "X" },
	} {
		o := wellAdult()
		spoil(&o)
		if got, _, err := c.NEWS2(o); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	for name, fine := range map[string]func(*Observations){
		"sixteen": func(o *Observations) { o.AgeYears = Is(16) },
		"a man":   func(o *Observations) { o.Sex, o.Pregnant = Male, NotAsked },
		"aged 56": func(o *Observations) { o.AgeYears, o.Pregnant = Is(56), NotAsked },
	} {
		o := wellAdult()
		fine(&o)
		if _, _, err := c.NEWS2(o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
