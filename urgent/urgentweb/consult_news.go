package urgentweb

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// newsView is NEWS2 as the page shows it: the score with its parts, or why
// there is none.
type newsView struct {
	Score   *urgent.News
	Parts   []newsPart
	Missing []string
	Why     string // why it is not worked out
}

// newsPart is one parameter's score.
type newsPart struct {
	Name  string
	Score int
}

// newsOf scores what was measured. A number that cannot be a measurement is
// said at its field; that the score is not for this patient is no mistake.
func (a *App) newsOf(o urgent.Obs, who record.Identity, form *web.Form, now time.Time) newsView {
	if o.Empty() {
		return newsView{}
	}
	score, parts, err := a.Cases.Rules.Score(o, who, now)
	if err != nil {
		return newsRefused(err, form)
	}
	v := newsView{Score: &score}
	for _, p := range parts {
		name := parameterWords(p.Parameter)
		if p.Missing {
			v.Missing = append(v.Missing, name)
			continue
		}
		v.Parts = append(v.Parts, newsPart{name, p.Score})
	}
	return v
}

func newsRefused(err error, form *web.Form) newsView {
	for _, e := range refusal.Fields(err) {
		switch name := strings.TrimSuffix(strings.TrimSuffix(e.Field, "_scale1"), "_scale2"); name {
		case "respiratory_rate", "spo2", "systolic", "pulse", "temperature", "consciousness":
			form.Fail(name, parameterWords(e.Field), e.Sentence)
			return newsView{Why: "A number above cannot be a measurement."}
		}
	}
	return newsView{Why: sayOf(err)}
}

func parameterWords(name string) string {
	switch name {
	case "respiratory_rate":
		return "breaths"
	case "spo2", "spo2_scale1":
		return "SpO₂"
	case "spo2_scale2":
		return "SpO₂, target 88–92%"
	case "oxygen":
		return "oxygen"
	case "systolic":
		return "systolic"
	case "pulse":
		return "pulse"
	case "consciousness":
		return "consciousness"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// newsWords says a score: "NEWS2 6, medium risk".
func newsWords(n urgent.News) string {
	if !n.Complete {
		return "NEWS2 at least " + strconv.Itoa(n.Total) + ", not complete, at least " + n.Risk + " risk"
	}
	return "NEWS2 " + strconv.Itoa(n.Total) + ", " + n.Risk + " risk"
}

// obsPairs are observations with units; what was not measured says so.
func obsPairs(o urgent.Obs) []web.Pair {
	number := func(name string, v *int, unit string) web.Pair {
		if v == nil {
			return web.Pair{Name: name, Value: "not measured"}
		}
		return web.Pair{Name: name, Value: strconv.Itoa(*v) + unit, Num: true}
	}
	temperature := web.Pair{Name: "Temperature", Value: "not measured"}
	if o.Temperature != nil {
		temperature.Value, temperature.Num = fmt.Sprintf("%d.%d °C", *o.Temperature/10, *o.Temperature%10), true
	}
	return []web.Pair{
		number("Breaths a minute", o.Breaths, ""), number("SpO₂", o.SpO2, "%"), {Name: "On oxygen", Value: yesNo(o.Oxygen)},
		number("Systolic", o.Systolic, " mmHg"), number("Pulse", o.Pulse, ""), {Name: "Consciousness", Value: awakeWords(o.Consciousness)}, temperature,
	}
}

func awakeWords(code string) string {
	switch code {
	case "A":
		return "alert"
	case "C":
		return "new confusion"
	case "V":
		return "responds to voice"
	case "P":
		return "responds to pain"
	case "U":
		return "unresponsive"
	}
	return "not measured"
}
