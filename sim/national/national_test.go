package national

import (
	"context"
	"errors"
	"testing"
	"time"

	"holdfast/exchange"
	"holdfast/exchange/exchangetest"
	"holdfast/exchange/itk"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

var now = time.Date(2026, 11, 21, 19, 44, 0, 0, time.UTC)

func peer(calls ...Call) *Peer {
	return &Peer{Calls: calls, Plans: []Plan{{NHS: "9994120735", Words: []string{"Child protection plan since March"}}}, Now: func() time.Time { return now }}
}

func call(nhs string, ago time.Duration) Call {
	return Call{
		Who:    exchange.Query{NHS: nhs, Given: "WILFRED", Family: "TANSLEY", Born: "1948-02-03", Sex: "male", Postcode: "QX4 7TD"},
		Report: exchange.PastReport{ID: ago.String(), When: fact.At(now.Add(-ago)), Dx: "Dx06", By: "Elsewhere 111"},
	}
}

// The contract: what an answer of the repeat caller service means (standard
// of 2020), and that trouble is an error and never "none".
func TestTheContract(t *testing.T) {
	two := []Call{call("9994120735", time.Hour), call("9994120735", 50*time.Hour)}
	four := exchange.Query{Service: exchange.RepeatCallers, Given: "WILFRED", Family: "TANSLEY", Born: "1948-02-03", Sex: "male"}
	three := four
	three.Given, three.Postcode = "WILF", "QX9 9ZZ"
	for name, one := range map[string]struct {
		p    *Peer
		q    exchange.Query
		told exchange.Told
		n    int
	}{
		"two calls under the number":     {peer(two...), exchange.Query{Service: exchange.RepeatCallers, NHS: "9994120735"}, exchange.ToldYes, 2},
		"one call":                       {peer(two[0]), exchange.Query{Service: exchange.RepeatCallers, NHS: "9994120735"}, exchange.ToldNone, 0},
		"one of them after 96 hours":     {peer(two[0], call("9994120735", 97*time.Hour)), exchange.Query{Service: exchange.RepeatCallers, NHS: "9994120735"}, exchange.ToldNone, 0},
		"four of five details":           {peer(two...), four, exchange.ToldYes, 2},
		"three of five details: perhaps": {peer(two...), three, exchange.ToldMaybe, 2},
		"a child with a plan":            {peer(), exchange.Query{Service: exchange.ChildProtection, NHS: "9994120735"}, exchange.ToldYes, 0},
		"a child without one":            {peer(), exchange.Query{Service: exchange.ChildProtection, NHS: "9990835519"}, exchange.ToldNone, 0},
	} {
		r, err := one.p.Ask(t.Context(), one.q)
		if err != nil || r.Told != one.told || len(r.Reports) != one.n {
			t.Errorf("%s: %v, %d reports, %v", name, r.Told, len(r.Reports), err)
		}
	}
	for name, q := range map[string]exchange.Query{
		"too little":         {Service: exchange.RepeatCallers, Given: "WILFRED", Family: "TANSLEY"},
		"a child not traced": {Service: exchange.ChildProtection, Given: "MAJA"},
		"no such service":    {Service: "horoscope"},
	} {
		if r, err := peer(two...).Ask(t.Context(), q); !refusal.Is(err, refusal.Invalid) || r.Told != exchange.ToldNothing {
			t.Errorf("%s: %v %v", name, r.Told, err)
		}
	}
	p := peer(two...)
	p.Before = Away
	if r, err := p.Ask(t.Context(), four); err == nil || r.Told != exchange.ToldNothing {
		t.Errorf("away: %v %v", r.Told, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	p.Before = Silent
	if r, err := p.Ask(ctx, four); !errors.Is(err, context.DeadlineExceeded) || r.Told != exchange.ToldNothing {
		t.Errorf("silent: %v %v", r.Told, err)
	}
}

// Real answers of the repeat caller service: every earlier report is read, the
// newest first, with its disposition and all its text.
func TestRealReportsAreAllRead(t *testing.T) {
	for _, name := range []string{"repeat-caller", "repeat-caller-exampleV1"} {
		raw := exchangetest.Payload(t, "itk-111/xml/"+name+"-itk-request.xml")
		ref, err := itk.Read(raw)
		if err != nil {
			t.Fatal(err)
		}
		all := exchange.PastReports(ref)
		if len(all) != len(ref.Documents) || len(all) < 2 {
			t.Fatalf("%s: %d reports of %d documents", name, len(all), len(ref.Documents))
		}
		length := 0
		for i, p := range all {
			if p.When == 0 || p.ID == "" || p.Text == "" || i > 0 && all[i-1].When < p.When {
				t.Errorf("%s, report %d: %+v", name, i, p)
			}
			length += len(p.Text)
		}
		sections := 0
		for _, s := range ref.Sections {
			sections += len(s.Text)
		}
		if length < sections {
			t.Errorf("%s: %d of %d characters of the reports are shown", name, length, sections)
		}
	}
}
