package triage

import (
	"fmt"
	"slices"
)

// cases runs every worked case, proves P9, and breaks each rule in turn.
func (k *checker) cases() {
	for _, id := range k.c.names {
		m := k.c.modules[id]
		if len(m.Rules) > 0 && len(m.Cases) == 0 {
			k.fail("P9", id, "has rules and no tests")
		}
		covered := map[string]*covers{}
		for i := range m.Rules {
			covered[m.Rules[i].ID] = &covers{}
		}
		for _, t := range m.Cases {
			k.r.Cases++
			if err := k.c.runCase(m, t, covered); err != nil {
				k.fail("case", fmt.Sprintf("%s line %d", m.path, t.Line), "%v", err)
			}
		}
		for i := range m.Rules {
			r := &m.Rules[i]
			if got := covered[r.ID]; !got.met || !got.near {
				k.fail("P9", r.ID, "needs a test that it decides and a near miss: decided %v, near miss %v", got.met, got.near)
			}
			k.mutate(m, i)
		}
	}
}

// covers says what the cases show of a rule.
type covers struct{ met, near bool }

// caseProgram compiles a complaint, or a module by itself over care at home.
func (c *Content) caseProgram(m *Module, who patient) (*program, error) {
	if m.Complaint {
		return c.compile([]string{m.ID}, who.age, who.sex)
	}
	k := &compiler{program: &program{content: c, index: map[string]int{}, groups: []string{""}}, age: who.age, sex: who.sex, seen: map[string]bool{}}
	if err := k.module(m); err != nil {
		return nil, err
	}
	return k.finish(), k.always(fixed{id: m.ID + "/floor", then: &Then{Level: L10}})
}

func (c *Content) runCase(m *Module, t Case, covered map[string]*covers) error {
	who := patient{sex: t.Sex}
	if t.Age != "" {
		at, err := parseBound(t.Age)
		if err != nil {
			return err
		}
		who.age = at.age()
	}
	p, err := c.caseProgram(m, who)
	if err != nil {
		return err
	}
	steps := make(assignment, len(p.questions))
	named := map[int]bool{}
	for _, g := range t.Given {
		_, key, err := c.resolve(m, g[0])
		if err != nil {
			return err
		}
		i, ok := p.index[key]
		if !ok {
			continue // not asked of this patient; the case shows that it does not matter
		}
		if steps[i], ok = p.questions[i].step(Answer(g[1])); !ok {
			return fmt.Errorf("%q is not an answer to %s", g[1], key)
		}
		named[i] = true
	}
	s := p.whole(steps)
	if covered != nil {
		p.cover(&s, named, covered)
	}
	return p.judge(&s, steps, t)
}

// cover notes which rules a case shows: met and deciding, or missed by one
// question that the case names.
func (p *program) cover(s *state, named map[int]bool, covered map[string]*covers) {
	st := p.stand(s)
	met := map[int]bool{}
	for i := range p.clauses {
		c := &p.clauses[i]
		if c.rule >= 0 && s.value.holds(&c.need) {
			met[c.rule] = true
		}
	}
	for i := range p.clauses {
		c := &p.clauses[i]
		if c.rule < 0 || covered[p.rules[c.rule].ID] == nil {
			continue
		}
		show := covered[p.rules[c.rule].ID]
		show.met = show.met || met[c.rule] && c.level == st.level
		if met[c.rule] {
			continue
		}
		missing := map[int]bool{}
		c.need.each(func(b int) bool {
			if !s.value.has(b) {
				missing[int(p.owner[b])] = true
			}
			return true
		})
		for q := range missing {
			show.near = show.near || len(missing) == 1 && named[q]
		}
	}
}

// judge compares what is expected with all answers given, and then with the
// call as it would be asked: both must agree.
func (p *program) judge(s *state, steps assignment, t Case) error {
	st := p.stand(s)
	row := p.content.outcomes.rows[st.row]
	switch {
	case t.Level != nil && st.level != *t.Level:
		return fmt.Errorf("gives %s, expected %s", st.level, *t.Level)
	case t.Skill != "" && row.skill != t.Skill:
		return fmt.Errorf("gives the skill %s, expected %s", row.skill, t.Skill)
	case t.Dx != "" && row.dx != Dx(t.Dx):
		return fmt.Errorf("gives %s, expected %s", row.dx, t.Dx)
	case t.Rule != "" && !p.meets(s, t.Rule):
		return fmt.Errorf("does not meet the rule %s", t.Rule)
	}
	call := state{held: nothingHeld()}
	asked := 0
	for next := p.next(&call, false); next.n > 0; next = p.next(&call, false) {
		for _, q := range next.q[:next.n] {
			p.put(&call, &p.questions[q], steps[q])
			asked++
		}
	}
	end := p.stand(&call)
	if end.level != st.level || end.row != st.row {
		return fmt.Errorf("the call as asked ends at %s %s, all answers together at %s %s",
			end.level, p.content.outcomes.rows[end.row].dx, st.level, row.dx)
	}
	if t.MaxQuestions > 0 && asked > t.MaxQuestions {
		return fmt.Errorf("needs %d questions, expected at most %d", asked, t.MaxQuestions)
	}
	return nil
}

func (p *program) meets(s *state, rule string) bool {
	for i := range p.clauses {
		c := &p.clauses[i]
		if c.rule >= 0 && p.rules[c.rule].ID == rule && s.value.holds(&c.need) {
			return true
		}
	}
	return false
}

// mutate breaks a rule in every way that takes something from it: the whole
// rule, and each of its facts. A case of its file must fail each time.
func (k *checker) mutate(m *Module, at int) {
	r := m.Rules[at]
	try := func(what string, broken *Rule) {
		k.r.Mutations++
		copied := *m
		copied.Rules = slices.Clone(m.Rules)
		if broken == nil {
			copied.Rules = slices.Delete(copied.Rules, at, at+1)
		} else {
			copied.Rules[at] = *broken
		}
		if k.c.with(&copied).survives(&copied) {
			k.fail("mutation", r.ID, "no test notices when %s", what)
		}
	}
	try("the rule is gone", nil)
	for i, l := range r.Any {
		if len(r.Any) > 1 {
			broken := r
			broken.Any = slices.Delete(slices.Clone(r.Any), i, i+1)
			try(l.Fact+" no longer leads to it", &broken)
		}
	}
	for i, l := range r.When {
		if len(r.When)+len(r.Any) > 1 {
			broken := r
			broken.When = slices.Delete(slices.Clone(r.When), i, i+1)
			try("it no longer needs "+l.Fact, &broken)
		}
	}
}

// with is the same content with one module replaced.
func (c *Content) with(m *Module) *Content {
	copied := *c
	copied.modules = make(map[string]*Module, len(c.modules))
	for id, old := range c.modules {
		copied.modules[id] = old
	}
	copied.modules[m.ID] = m
	return &copied
}

func (c *Content) survives(m *Module) bool {
	for _, t := range m.Cases {
		if c.runCase(m, t, nil) != nil {
			return false
		}
	}
	return true
}
