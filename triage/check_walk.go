package triage

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// Limits that the specification sets (P6), and how far walks go.
const (
	mostQuestions = 25
	mostForL0     = 3
	mostForL1     = 8
	mostStates    = 400_000
	mostExhausted = 1 << 15
	samples       = 1_000
)

// patient is an age and sex to walk with.
type patient struct {
	age Age
	sex Sex
}

// patients gives ages on both sides of every bound in the content, with both
// sexes, and somebody of whom nothing is known.
func (c *Content) patients() []patient {
	var ages []Age
	add := func(s Scope) {
		if s.aged {
			ages = append(ages, s.from.age(), s.to.age(), Months(int(s.from.age().Months)-1), Months(int(s.to.age().Months)+1))
		}
	}
	for _, id := range c.names {
		m := c.modules[id]
		add(m.Scope)
		for _, f := range m.Facts {
			add(f.Scope)
		}
		for _, r := range m.Rules {
			add(r.Scope)
		}
	}
	out := []patient{{}}
	for _, a := range ages {
		for _, s := range []Sex{Female, Male} {
			if p := (patient{a, s}); a.Months >= 0 && a.Months <= 120*12 && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// walks proves what needs rules to run, for every complaint and kind of
// patient; two patients who get the same program are walked once.
func (k *checker) walks() {
	alive, asked := map[string]bool{}, map[string]bool{}
	spare := map[string]bool{}
	for _, id := range k.c.Complaints() {
		seen := map[string]bool{}
		for _, who := range k.c.patients() {
			p, err := k.c.compile([]string{id}, who.age, who.sex)
			if err != nil {
				k.fail("P1", id, "%v", err)
				return
			}
			if print := p.print(); seen[print] {
				continue
			} else {
				seen[print] = true
			}
			k.reach(p, alive, asked)
			k.shadows(p, spare)
			k.graph(p)
			k.monotone(p)
			k.recordless(p, who)
		}
		k.guards(id)
	}
	k.unreached(alive, asked, spare)
}

// print tells programs apart.
func (p *program) print() string {
	var b strings.Builder
	for _, q := range p.questions {
		b.WriteString(q.key + " ")
	}
	for _, r := range p.rules {
		b.WriteString(r.ID + " ")
	}
	for _, e := range p.ends {
		b.WriteString(e.id + " ")
	}
	return b.String()
}

// reach notes which rules could drive an outcome and which facts matter (P2).
func (k *checker) reach(p *program, alive, asked map[string]bool) {
	none := state{held: nothingHeld()}
	st := p.stand(&none)
	for i := range p.clauses {
		c := &p.clauses[i]
		if c.rule < 0 || !p.open(&none, &st, c) {
			continue
		}
		alive[p.rules[c.rule].ID] = true
		c.need.each(func(b int) bool {
			asked[p.questions[p.owner[b]].key] = true
			return true
		})
	}
}

func (k *checker) unreached(alive, asked, spare map[string]bool) {
	for _, id := range k.c.names {
		m := k.c.modules[id]
		for _, r := range m.Rules {
			if !alive[r.ID] {
				k.fail("P2", r.ID, "can decide nothing for anybody, of any age or sex")
			}
			if spare[r.ID] && !r.Overlap {
				k.fail("P8", r.ID, "adds nothing: another rule is as urgent or more, and needs less. Mark it overlap: intended if that is meant")
			}
			if !spare[r.ID] && r.Overlap {
				k.fail("P8", r.ID, "is marked as an overlap but overlaps nothing")
			}
		}
		for _, f := range m.Facts {
			if !asked[id+"/"+f.Name] {
				k.fail("P2", id+"/"+f.Name, "is a question that decides nothing")
			}
		}
	}
}

// shadows notes rules of which every clause is covered by another rule (P8); a
// rule that matters to any patient is not spare.
func (k *checker) shadows(p *program, spare map[string]bool) {
	matters := map[int]bool{}
	for i := range p.clauses {
		if c := &p.clauses[i]; c.rule >= 0 && !p.covered(c) {
			matters[c.rule] = true
		}
	}
	for i := range p.clauses {
		if c := &p.clauses[i]; c.rule >= 0 {
			id := p.rules[c.rule].ID
			before, known := spare[id]
			spare[id] = !matters[c.rule] && (before || !known)
		}
	}
}

func (p *program) covered(a *clause) bool {
	for i := range p.clauses {
		b := &p.clauses[i]
		if b.rule < 0 || b.rule == a.rule || !a.need.holds(&b.need) || b.level > a.level {
			continue
		}
		adds := a.skills&^b.skills != 0 || a.transport && !b.transport
		if b.level < a.level || !adds {
			return true
		}
	}
	return false
}

// assignment is a step for every question.
type assignment []int

func (p *program) whole(a assignment) state {
	s := state{held: nothingHeld()}
	for i := range p.questions {
		p.put(&s, &p.questions[i], a[i])
	}
	return s
}

// assignments calls f with every assignment, or with samples when there are
// too many.
func (k *checker) assignments(p *program, f func(assignment)) {
	total := 1
	for _, q := range p.questions {
		if total *= q.n + 1; total > mostExhausted {
			k.r.Sampled = union(k.r.Sampled, []string{strings.Join(p.complaints, " + ") + ": monotone"})
			k.sampled(p, f)
			return
		}
	}
	a := make(assignment, len(p.questions))
	for range total {
		f(a)
		for i := range a {
			if a[i]++; a[i] <= p.questions[i].n {
				break
			}
			a[i] = 0
		}
	}
}

func (k *checker) sampled(p *program, f func(assignment)) {
	r := rand.New(rand.NewPCG(1, 2))
	a := make(assignment, len(p.questions))
	for range samples {
		density := r.IntN(8) + 1
		for i := range a {
			a[i] = 0
			if r.IntN(8) < density {
				a[i] = r.IntN(p.questions[i].n + 1)
			}
		}
		f(a)
	}
}

// monotone proves P3: no worse answer ever lowers the urgency.
func (k *checker) monotone(p *program) {
	k.assignments(p, func(a assignment) {
		s := p.whole(a)
		level := p.stand(&s).level
		for i := range a {
			q := &p.questions[i]
			for step := a[i] + 1; step <= q.n; step++ {
				worse := s
				p.put(&worse, q, step)
				if p.stand(&worse).level > level {
					k.fail("P3", q.key, "a worse answer lowers the urgency")
				}
			}
		}
	})
}

// recordless proves P10: what the record says, asked instead, gives the same
// level. Skill and transport are joins of their own: a record may know a need
// that nobody would have asked about once the level was reached, so there it
// may add, never lack.
func (k *checker) recordless(p *program, who patient) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		var held []Held
		given := map[string]Answer{}
		for i := range p.questions {
			q := &p.questions[i]
			step := 0
			if q.fact.FromRecord {
				step = r.IntN(q.n + 1)
			}
			given[q.key] = q.answer(step)
			if step > 0 {
				held = append(held, Held{Fact: q.key, Answer: q.answer(step)})
			}
		}
		asked, err1 := k.play(p, Profile{Age: who.age, Sex: who.sex, CallerWithPatient: true}, given)
		known, err2 := k.play(p, Profile{Age: who.age, Sex: who.sex, CallerWithPatient: true, FromRecord: held}, given)
		if err1 != nil || err2 != nil || asked.Level != known.Level || !known.offers(asked) {
			k.fail("P10", strings.Join(p.complaints, " + "), "the outcome differs when %v is asked instead of read from the record (%v, %v)", held, err1, err2)
		}
	}
}

// offers tells whether o has every skill and the transport of other.
func (o Outcome) offers(other Outcome) bool {
	for _, s := range other.Skills {
		if !slices.Contains(o.Skills, s) {
			return false
		}
	}
	return o.Transport || !other.Transport
}

func (k *checker) play(p *program, who Profile, given map[string]Answer) (Outcome, error) {
	s, err := Start(Permit{content: k.c}, p.complaints, who)
	if err != nil {
		return Outcome{}, err
	}
	for g := s.Next(); g.Len() > 0; g = s.Next() {
		for i := range g.Len() {
			key := g.At(i).Key
			if err := s.Answer(Reply{Fact: key, Answer: given[key]}); err != nil {
				return Outcome{}, err
			}
		}
	}
	return s.Outcome(), nil
}
