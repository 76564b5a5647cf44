package triage

import "strings"

// guards proves P11 and the known failures of triage/guards.csv: once the
// named facts are so, no outcome is below the level. The table stands apart
// from the rules, so that a change of rules cannot move it along.
func (k *checker) guards(complaint string) {
	rows, err := k.c.set.Table("triage/guards.csv", "guard", "complaint", "facts", "age", "level")
	if err != nil {
		k.fail("P11", complaint, "%v", err)
		return
	}
	for i := range rows.Len() {
		if to := rows.Cell(i, "complaint"); to != "*" && to != complaint {
			continue
		}
		name := rows.Cell(i, "guard")
		level, err := ParseLevel(rows.Cell(i, "level"))
		scope, err2 := parseScope(rows.Cell(i, "age"), "")
		if err != nil || err2 != nil {
			k.fail("P11", name, "cannot be read: %v %v", err, err2)
			continue
		}
		held := 0
		for _, who := range k.c.patients() {
			if scope.aged && !scope.surely(who.age, who.sex) {
				continue
			}
			held += k.guard(complaint, name, who, strings.Fields(rows.Cell(i, "facts")), level)
		}
		if held == 0 && rows.Cell(i, "complaint") != "*" {
			k.fail("P11", name, "guards nobody in %s: its facts are not asked there", complaint)
		}
	}
}

// guard checks one patient and tells whether there was anything to check: 1 or
// 0.
func (k *checker) guard(complaint, name string, who patient, facts []string, level Level) int {
	p, err := k.c.compile([]string{complaint}, who.age, who.sex)
	if err != nil {
		k.fail("P11", name, "%v", err)
		return 0
	}
	s := p.whole(make(assignment, len(p.questions)))
	for _, f := range facts {
		key, answer, _ := strings.Cut(f, "=")
		i, ok := p.index[key]
		if !ok {
			if !k.c.hasFact(key) {
				k.fail("P11", name, "there is no fact %s", key)
			}
			return 0
		}
		step, ok := p.questions[i].step(Answer(answer))
		if !ok {
			k.fail("P11", name, "%q is not an answer to %s", answer, key)
		}
		p.put(&s, &p.questions[i], step)
	}
	if got := p.stand(&s).level; got > level {
		k.fail("P11", name, "%s at age %d months gives %s, below %s", complaint, who.age.Months, got, level)
	}
	return 1
}
