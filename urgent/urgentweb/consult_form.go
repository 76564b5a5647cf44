package urgentweb

import (
	"net/url"
	"strconv"
	"strings"

	"holdfast/codes"
	"holdfast/urgent"
	"holdfast/web"
)

// consultForm is a whole consultation as it is typed. No field may be called
// "action" or "method": in a browser it would hide the form's own.
type consultForm struct {
	Do          string `form:"do" of:"start score finish"`
	Seen        string `form:"seen" max:"4000"`
	Case        string `form:"case" max:"60"`
	Mode        string `form:"mode" of:"phone video base home" label:"How"`
	History     string `form:"history" max:"12000" lines:"yes" label:"History"`
	Examination string `form:"examination" max:"12000" lines:"yes" label:"Examination"`
	Breaths     string `form:"respiratory_rate" max:"6" label:"Breaths a minute"`
	SpO2        string `form:"spo2" max:"6" label:"SpO₂"`
	Scale       string `form:"scale" of:"1 2"`
	Oxygen      string `form:"oxygen" of:"yes no" label:"On oxygen"`
	Systolic    string `form:"systolic" max:"6" label:"Systolic"`
	Pulse       string `form:"pulse" max:"6" label:"Pulse"`
	Awake       string `form:"consciousness" of:"A C V P U" label:"Consciousness"`
	Temperature string `form:"temperature" max:"6" label:"Temperature"`
	Pregnant    string `form:"pregnant" of:"yes no unsure" label:"Pregnant"`
	Diagnosis   string `form:"diagnosis" max:"2000" label:"Working diagnosis"`
	Plan        string `form:"plan" max:"12000" lines:"yes" label:"Plan"`
	Outcome     string `form:"outcome" max:"40" label:"Outcome"`
	Detail      string `form:"detail" max:"2000" label:"Detail"`
	Expect      string `form:"expect" max:"2000" lines:"yes" label:"What should happen"`
	Worse       string `form:"worse" max:"2000" lines:"yes" label:"Ring for"`
	SaidBack    string `form:"saidback" max:"200" label:"Said back by"`
	Action      string `form:"gp_action" max:"2000" lines:"yes" label:"What the GP is asked to do"`
	ActionBy    string `form:"actionby" max:"10" label:"By"`
}

// consultFirst is the form before anything is typed.
func consultFirst(c urgent.Case, by web.Caller) url.Values {
	v := url.Values{"mode": {"phone"}, "scale": {"1"}}
	for _, s := range c.Started {
		if s.Person == by.Person && s.Mode != "" {
			v.Set("mode", s.Mode)
		}
	}
	return v
}

// obs reads the observations. What is no number is said at its field; what is
// empty was not measured.
func (f consultForm) obs(form *web.Form) urgent.Obs {
	whole := func(name, label, typed string) *int {
		if typed == "" {
			return nil
		}
		n, err := strconv.Atoi(strings.TrimSuffix(typed, "%"))
		if err != nil || n < 0 {
			form.Fail(name, label, "A whole number is needed")
			return nil
		}
		return &n
	}
	o := urgent.Obs{
		Breaths: whole("respiratory_rate", "Breaths a minute", f.Breaths), SpO2: whole("spo2", "SpO₂", f.SpO2), Scale2: f.Scale == "2",
		Oxygen: urgent.YesNo(f.Oxygen), Systolic: whole("systolic", "Systolic", f.Systolic), Pulse: whole("pulse", "Pulse", f.Pulse),
		Consciousness: f.Awake, Pregnant: urgent.YesNo(f.Pregnant),
	}
	if t, ok := tenths(f.Temperature); ok {
		o.Temperature = t
	} else {
		form.Fail("temperature", "Temperature", "Degrees with one digit after the point, as 38.4")
	}
	return o
}

// tenths reads "38.4", "38,4" or "38" as tenths; nil for nothing.
func tenths(typed string) (*int, bool) {
	if typed == "" {
		return nil, true
	}
	whole, part, _ := strings.Cut(strings.ReplaceAll(typed, ",", "."), ".")
	if part == "" {
		part = "0"
	}
	n, err := strconv.Atoi(whole)
	d, err2 := strconv.Atoi(part)
	if err != nil || err2 != nil || n < 0 || d < 0 || len(part) != 1 {
		return nil, false
	}
	t := n*10 + d
	return &t, true
}

// finish is the consultation as the verb takes it.
func (f consultForm) finish(obs urgent.Obs, news newsView) urgent.Finish {
	out := urgent.Finish{
		Consulted: urgent.Consulted{
			Mode: f.Mode, History: f.History, Examination: f.Examination, Diagnosis: f.Diagnosis, Plan: f.Plan,
			Net: urgent.SafetyNet{Expect: f.Expect, Worse: f.Worse, SaidBack: f.SaidBack},
		},
		Outcome: f.Outcome, Detail: f.Detail, Action: f.Action,
	}
	if !obs.Empty() {
		out.Consulted.Obs, out.Consulted.NEWS2 = &obs, news.Score
	}
	if d, ok := codes.ReceiveDate(f.ActionBy); ok && d.Full() {
		out.ActionBy = codes.LondonTime(d, 23*60+59, false)
	}
	return out
}
