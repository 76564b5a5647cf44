package triage

import (
	"slices"
	"strings"
)

// depths counts questions at worst from a state on.
type depths struct{ all, l0, l1 int }

type walker struct {
	k    *checker
	p    *program
	seen map[mark]depths
	full bool
}

// mark tells apart the states that can go on differently: what is known of the
// facts that still bear on anything, and what has been joined.
type mark struct {
	bears, known, value bitset
	level               Level
	skills              uint32
	transport           bool
}

func (w *walker) mark(s *state) mark {
	st := w.p.stand(s)
	bears := w.bearing(s, &st)
	m := mark{bears: bears, level: st.level, skills: st.skills, transport: st.transport}
	for i := range bears {
		m.known[i], m.value[i] = s.known[i]&bears[i], s.value[i]&bears[i]
	}
	return m
}

// bearing gathers the facts of open clauses, and of every clause that can still
// add a skill or transport through those facts alone.
func (w *walker) bearing(s *state, st *standing) bitset {
	var out bitset
	for grown := -1; grown != out.count(); {
		grown = out.count()
		for i := range w.p.clauses {
			c := &w.p.clauses[i]
			if w.p.open(s, st, c) || w.adds(s, st, c, &out) {
				out.or(&c.need)
			}
		}
	}
	return out
}

func (w *walker) adds(s *state, st *standing, c *clause, bears *bitset) bool {
	if c.skills&^st.skills == 0 && (st.transport || !c.transport) || excludes(&c.need, &s.known, &s.value) {
		return false
	}
	for i := range c.need {
		if c.need[i]&^s.known[i]&^bears[i] != 0 {
			return false
		}
	}
	return !s.value.holds(&c.need)
}

// graph walks every way a call can go, and proves P1, P5 and P6.
func (k *checker) graph(p *program) {
	w := &walker{k: k, p: p, seen: map[mark]depths{}}
	if !slices.ContainsFunc(p.clauses, func(c clause) bool { return c.need.empty() }) {
		k.fail("P1", strings.Join(p.complaints, " + "), "a call can end without an outcome: there is no floor")
		return
	}
	d := w.visit(&state{held: nothingHeld()})
	k.r.States += len(w.seen)
	name := strings.Join(p.complaints, " + ")
	if w.full {
		k.r.Sampled = union(k.r.Sampled, []string{name + ": question graph"})
	}
	if d.all > mostQuestions || d.l0 > mostForL0 || d.l1 > mostForL1 {
		k.fail("P6", name, "asks up to %d questions (at most %d), %d before L0 is decided (%d) and %d before L1 (%d)",
			d.all, mostQuestions, d.l0, mostForL0, d.l1, mostForL1)
	}
}

func (w *walker) visit(s *state) depths {
	key := w.mark(s)
	if d, ok := w.seen[key]; ok {
		return d
	}
	if len(w.seen) >= mostStates {
		w.full = true
		return depths{}
	}
	next := w.p.next(s, false)
	var d depths
	if next.n == 0 {
		w.leaf(s)
	} else {
		w.answers(s, next, 0, &d)
		d.all += next.n
		if next.tier > L1 {
			d.l0, d.l1 = 0, 0
		} else if d.l1 += next.n; next.tier == L1 {
			d.l0 = 0
		} else {
			d.l0 += next.n
		}
	}
	w.seen[key] = d
	return d
}

// answers tries every answer to each question of a group.
func (w *walker) answers(s *state, next chosen, at int, worst *depths) {
	if at == next.n {
		d := w.visit(s)
		worst.all, worst.l0, worst.l1 = max(worst.all, d.all), max(worst.l0, d.l0), max(worst.l1, d.l1)
		return
	}
	q := &w.p.questions[next.q[at]]
	for step := range q.n + 1 {
		after := *s
		w.p.put(&after, q, step)
		w.answers(&after, next, at+1, worst)
	}
}

func (w *walker) leaf(s *state) {
	st := w.p.stand(s)
	where := strings.Join(w.p.complaints, " + ")
	if st.open >= 0 {
		w.k.fail("P5", where, "stops asking while %s is undecided", w.p.clauses[st.open].level)
	}
	if _, err := w.p.content.dx.Lookup(w.p.content.outcomes.rows[st.row].dx); err != nil {
		w.k.fail("P1", where, "a call can end without a disposition: %v", err)
	}
}
