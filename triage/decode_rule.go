package triage

import (
	"slices"
	"strings"

	"holdfast/triage/sheet"
)

const (
	defaultSeconds = 6
	defaultPrior   = 100 // in a thousand
)

func (d *decoder) fact(name string, n *sheet.Node) Fact {
	d.keys(n, "facts/*")
	f := Fact{Name: name, Unit: d.text(n.Get("unit")), Bands: d.list(n.Get("bands")), Bad: d.list(n.Get("bad")),
		FirstHand: d.flag(n.Get("first_hand")), Group: d.text(n.Get("group")), Scope: d.scope(n.Get("scope")),
		Seconds: d.number(n.Get("seconds")), Prior: d.number(n.Get("prior"))}
	if f.Seconds == 0 {
		f.Seconds = defaultSeconds
	}
	if n.Get("prior") == nil {
		f.Prior = defaultPrior
	}
	from := d.list(n.Get("from"))
	f.FromRecord = slices.Contains(from, "record")
	if f.FromRecord && !slices.Contains(from, "ask") {
		d.fail(n, "%s comes from the record alone: absent from the record is never no, so it must also be asked", name)
	}
	switch d.text(n.Get("type")) {
	case "yes_no_unsure":
		d.yesNo(&f, n)
	case "band":
		d.bands(&f, n)
	default:
		d.fail(n, "%s needs a type: yes_no_unsure or band", name)
	}
	return f
}

func (d *decoder) yesNo(f *Fact, n *sheet.Node) {
	f.Kind = YesNo
	one := slices.Contains(f.Bad, string(Yes)) != slices.Contains(f.Bad, string(No))
	if len(f.Bad) != 2 || !one || f.Bad[1] != string(Unsure) {
		d.fail(n, "%s: bad must be [yes, unsure] or [no, unsure]", f.Name)
	}
	if len(f.Bands) > 0 || f.Unit != "" {
		d.fail(n, "%s: bands and unit belong to the type band", f.Name)
	}
}

func (d *decoder) bands(f *Fact, n *sheet.Node) {
	f.Kind = Band
	at := len(f.Bands) - len(f.Bad)
	if len(f.Bands) < 2 || len(f.Bands) > 8 || at < 1 || len(f.Bad) == 0 || !slices.Equal(f.Bands[at:], f.Bad) {
		d.fail(n, "%s: bands stand best first, 2 to 8 of them, and bad must be the last of them in the same order", f.Name)
	}
	for _, b := range f.Bands {
		if b == string(Yes) || b == string(No) || b == string(Unsure) || b == "bad" || strings.ContainsAny(b, " /") {
			d.fail(n, "%s: %q cannot be the name of a band", f.Name, b)
		}
	}
}

func (d *decoder) rule(n *sheet.Node) Rule {
	d.keys(n, "rules/*")
	r := Rule{ID: d.text(n.Get("id")), Scope: d.scope(n.Get("scope")), When: d.literals(n.Get("when")),
		Any: d.literals(n.Get("any")), Hazard: d.text(n.Get("hazard")), Overlap: n.Get("overlap") != nil}
	if r.Overlap && d.text(n.Get("overlap")) != "intended" {
		d.fail(n, "%s: overlap may only be intended, or left out", r.ID)
	}
	if n.Get("then") == nil || n.Get("then").Get("level") == nil {
		d.fail(n, "%s: a rule needs a level", r.ID)
	} else {
		r.Then = d.then(n.Get("then"))
	}
	if len(r.When)+len(r.Any) == 0 {
		d.fail(n, "%s: a rule needs at least one fact", r.ID)
	}
	if c := n.Get("cite"); c != nil {
		d.keys(c, "cite")
		r.Cite = Cite{Source: d.text(c.Get("src")), Rec: d.text(c.Get("rec")), Date: d.text(c.Get("date"))}
	}
	return r
}

func (d *decoder) literals(n *sheet.Node) []Literal {
	var out []Literal
	for _, text := range d.list(n) {
		name, at, ok := strings.Cut(text, ".")
		if !ok || name == "" || at == "" {
			d.fail(n, "%q must be a fact with .bad or .band; there is no negation", text)
		}
		out = append(out, Literal{Fact: name, At: at})
	}
	return out
}

func (d *decoder) then(n *sheet.Node) Then {
	d.keys(n, "then")
	t := Then{Skill: d.list(n.Get("skill")), SD: d.number(n.Get("sd")), Advice: d.list(n.Get("advice"))}
	var err error
	if t.Level, err = ParseLevel(d.text(n.Get("level"))); err != nil {
		d.fail(n, "%v", err)
	}
	if way := n.Get("transport"); way != nil {
		t.Transport = true
		if d.text(way) != ambulance {
			d.fail(way, "transport may only be ambulance, or left out")
		}
	}
	return t
}

func (d *decoder) testCase(n *sheet.Node) Case {
	d.keys(n, "tests/*")
	c := Case{Age: d.text(n.Get("age")), Sex: Sex(d.text(n.Get("sex"))), MaxQuestions: d.number(n.Get("max_questions")), Line: n.Line}
	if given := d.holds(n.Get("given"), sheet.Map); given != nil {
		for i, k := range given.Keys {
			c.Given = append(c.Given, [2]string{k, d.text(given.Items[i])})
		}
	}
	expect := n.Get("expect")
	d.keys(expect, "tests/expect")
	if expect == nil || len(expect.Keys) == 0 {
		d.fail(n, "a test that expects nothing cannot fail")
		return c
	}
	c.Skill, c.Dx, c.Rule = d.text(expect.Get("skill")), d.text(expect.Get("dx")), d.text(expect.Get("rule"))
	if at := expect.Get("level"); at != nil {
		l, err := ParseLevel(d.text(at))
		if err != nil {
			d.fail(at, "%v", err)
		}
		c.Level = &l
	}
	return c
}
