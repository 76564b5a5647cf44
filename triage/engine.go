package triage

import "math/bits"

// state is what is known of the facts at one moment.
type state struct {
	known bitset
	value bitset // always inside known
	aside bitset // asked, but nobody there can tell: still unknown
	held  held
}

// held is the most urgent outcome that rules have reached. Changing an answer
// afterwards does not lower it.
type held struct {
	level     Level
	skills    uint32
	transport bool
	clause    int
}

func nothingHeld() held { return held{level: levelCount, clause: -1} }

// standing is what the rules say of a state.
type standing struct {
	level     Level // the lower bound
	clause    int   // the most urgent one met, or that held
	row       int   // of the outcome table
	skills    uint32
	transport bool
	open      int // the most urgent clause that could still change the outcome, or -1
}

// stand joins every clause that is met, and finds the upper bound.
func (p *program) stand(s *state) standing {
	st := standing{level: s.held.level, clause: s.held.clause, skills: s.held.skills, transport: s.held.transport, open: -1}
	for i := range p.clauses {
		c := &p.clauses[i]
		if !s.value.holds(&c.need) {
			continue
		}
		if c.level < st.level {
			st.level, st.clause = c.level, i
		}
		st.skills |= c.skills
		st.transport = st.transport || c.transport
	}
	st.row = p.content.outcomes.pick(st.level, st.skills, st.transport)
	for i := range p.clauses {
		if p.clauses[i].level > st.level {
			break
		}
		if p.open(s, &st, &p.clauses[i]) {
			st.open = i
			break
		}
	}
	return st
}

// open tells whether a clause is undecided and would change the outcome:
// another level, or another code at the same one.
func (p *program) open(s *state, st *standing, c *clause) bool {
	if c.level > st.level || excludes(&c.need, &s.known, &s.value) || s.value.holds(&c.need) {
		return false
	}
	if c.level < st.level {
		return true
	}
	if c.skills&^st.skills == 0 && (st.transport || !c.transport) {
		return false
	}
	return p.content.outcomes.pick(st.level, st.skills|c.skills, st.transport || c.transport) != st.row
}

// hold keeps the most urgent outcome that a rule has reached.
func (p *program) hold(s *state) {
	st := p.stand(s)
	if st.clause >= 0 && p.clauses[st.clause].rule >= 0 && st.level <= s.held.level {
		s.held = held{level: st.level, skills: st.skills, transport: st.transport, clause: st.clause}
	}
}

const groupSize = 3

// chosen is the next questions, as indexes.
type chosen struct {
	q    [groupSize]int16
	n    int
	tier Level
}

// next takes the most urgent open tier that can still be asked about and in it
// the question with the most expected exclusions per second; up to three of
// one group go together unless single. It does not allocate.
func (p *program) next(s *state, single bool) chosen {
	st := p.stand(s)
	if st.open < 0 {
		return chosen{}
	}
	var score [maxBits]int32
	for tier := p.clauses[st.open].level; tier <= st.level; tier++ {
		found := false
		if tier == st.level { // reached: what decides by itself comes before what needs more
			found = p.tier(s, &st, tier, true, &score)
		}
		if found || p.tier(s, &st, tier, false, &score) {
			return p.choose(&score, tier, single || tier <= L1)
		}
	}
	return chosen{}
}

// tier scores the questions of one level's open clauses; alone takes only
// clauses that wait for a single question.
func (p *program) tier(s *state, st *standing, tier Level, alone bool, score *[maxBits]int32) bool {
	found := false
	for i := st.open; i < len(p.clauses) && p.clauses[i].level <= tier; i++ {
		c := &p.clauses[i]
		if c.level == tier && p.open(s, st, c) && (!alone || p.waits(s, c) == 1) && p.weigh(s, c, score) {
			found = true
		}
	}
	return found
}

// waits counts the undecided questions of a clause.
func (p *program) waits(s *state, c *clause) int {
	n, last := 0, int16(-1)
	for w := range c.need {
		for word := c.need[w] &^ s.known[w]; word != 0; word &= word - 1 {
			if q := p.owner[w<<6+bits.TrailingZeros64(word)]; q != last {
				n, last = n+1, q
			}
		}
	}
	return n
}

// weigh adds a clause's undecided questions to the score.
func (p *program) weigh(s *state, c *clause, score *[maxBits]int32) bool {
	found, last := false, int16(-1)
	for w := range c.need {
		word := c.need[w] &^ s.known[w] &^ s.aside[w]
		for ; word != 0; word &= word - 1 {
			q := p.owner[w<<6+bits.TrailingZeros64(word)]
			if q != last {
				score[q] += int32(p.questions[q].gain) + 1
			}
			found, last = true, q
		}
	}
	return found
}

// choose takes the best question, and for a group the next best beside it.
// Equal scores go by the order of the content.
func (p *program) choose(score *[maxBits]int32, tier Level, single bool) chosen {
	out := chosen{tier: tier}
	group := -1
	for out.n < groupSize {
		best := -1
		for q := range p.questions {
			if score[q] > 0 && (best < 0 || score[q] > score[best]) && (group < 0 || p.questions[q].group == group) {
				best = q
			}
		}
		if best < 0 {
			return out
		}
		out.q[out.n] = int16(best)
		out.n++
		score[best] = 0
		if group = p.questions[best].group; single || group == 0 {
			return out
		}
	}
	return out
}

// put sets a question to a number of steps from the best answer.
func (p *program) put(s *state, q *question, step int) {
	for i := range q.n {
		s.known.set(q.first + i)
		s.aside.clear(q.first + i)
		if i < step {
			s.value.set(q.first + i)
		} else {
			s.value.clear(q.first + i)
		}
	}
}

// lift makes a question known as at least this bad, leaving what is worse
// open.
func (p *program) lift(s *state, q *question, step int) {
	for i := range step {
		s.known.set(q.first + i)
		s.value.set(q.first + i)
	}
}

// forget makes a question not asked again.
func (p *program) forget(s *state, q *question, aside bool) {
	for i := range q.n {
		s.known.clear(q.first + i)
		s.value.clear(q.first + i)
		s.aside.clear(q.first + i)
		if aside {
			s.aside.set(q.first + i)
		}
	}
}
