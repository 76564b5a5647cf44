package triage

import "slices"

// Question is one thing to ask. Its wording is Words.Ask(Key).
type Question struct {
	Key       string
	Kind      AnswerKind
	Bands     []string // the answers of a Band, the best first; Unsure may always be given
	FirstHand bool     // only somebody with the patient can tell
	Record    Answer   // what the record says; say it aloud. NotAsked when it says nothing
	Group     string   // the group it may be asked with, or ""
}

// Group is what to ask next: one question, or up to three together. It is a
// value and holds no memory of its own.
type Group struct {
	s *Session
	c chosen
}

// Len counts the questions; 0 means that nothing is left to ask.
func (g Group) Len() int { return g.c.n }

// Tier is the level that these questions decide about.
func (g Group) Tier() Level { return g.c.tier }

// LifeThreat tells that the questions are asked one by one, in these words,
// before anything else.
func (g Group) LifeThreat() bool { return g.c.n > 0 && g.c.tier <= L1 }

// At gives a question of the group, from 0.
func (g Group) At(i int) Question { return g.s.question(int(g.c.q[i])) }

func (s *Session) question(i int) Question {
	q := &s.p.questions[i]
	return Question{Key: q.key, Kind: q.fact.Kind, Bands: q.fact.Bands, FirstHand: q.fact.FirstHand,
		Record: s.claims[q.key], Group: s.p.groups[q.group]}
}

// Next gives what to ask now: the most urgent undecided tier, and in it what
// excludes most per second. Life threats, and anything through an interpreter,
// come one at a time. It allocates nothing.
func (s *Session) Next() Group {
	if s.ended {
		return Group{s: s}
	}
	return Group{s: s, c: s.p.next(&s.s, s.now.Interpreter)}
}

// Find gives a question of this session by its key.
func (s *Session) Find(factKey string) (Question, bool) {
	i, ok := s.p.index[factKey]
	if !ok {
		return Question{}, false
	}
	return s.question(i), true
}

// Given is a fact with its latest answer.
type Given struct {
	Question
	Entry            // zero when only the record speaks
	Number   int     // 1 for the first question of the call
	FindOut  bool    // unsure, and nobody there can tell: to be found out
	Disputed bool    // the caller says less than the record; the record stands
	Before   []Entry // earlier answers to the same question, oldest first
}

// Answers lists what has been answered, in the order of first asking, then
// what the record says and nobody has been asked.
func (s *Session) Answers() []Given {
	var out []Given
	at := map[string]int{}
	for _, e := range s.rec.Entries {
		i, known := s.p.index[e.Fact]
		if e.Fact == "" || !known {
			continue
		}
		if j, again := at[e.Fact]; again {
			out[j].Before = append(out[j].Before, out[j].Entry)
			out[j].Entry = e
			continue
		}
		at[e.Fact] = len(out)
		out = append(out, Given{Question: s.question(i), Entry: e, Number: len(out) + 1})
	}
	for i := range out {
		q := &s.p.questions[s.p.index[out[i].Key]]
		out[i].FindOut = s.s.aside.has(q.first)
		out[i].Disputed = s.disputed(q, out[i].Entry.Answer)
	}
	for i := range s.p.questions {
		q := &s.p.questions[i]
		if _, asked := at[q.key]; !asked && s.claims[q.key] != NotAsked {
			out = append(out, Given{Question: s.question(i), Number: len(out) + 1})
		}
	}
	return out
}

func (s *Session) disputed(q *question, said Answer) bool {
	held, ok := q.step(s.claims[q.key])
	now, answered := q.step(said)
	return ok && answered && said != Unsure && now < held
}

// ToConfirm lists the facts taken from the record that nobody has said aloud
// yet.
func (s *Session) ToConfirm() []Question {
	var out []Question
	for _, g := range s.Answers() {
		if g.Record != NotAsked && g.Fact == "" {
			out = append(out, g.Question)
		}
	}
	return out
}

// Reason is a rule with the answers that bear on it.
type Reason struct {
	Rule    string // its id; wording is Words.Because
	Module  string
	Level   Level
	Cite    Cite
	Hazard  string
	Facts   []string // keys that made it true, or are still open, or exclude it
	FindOut []string // those of Facts that somebody must find out
}

// TierState is where one level stands.
type TierState struct {
	Level   Level
	Reached bool
	Open    int // rules that could still lead here
	Ruled   bool
}

// Urgency is how urgent it is so far. It only rises.
type Urgency struct {
	Lo      Level // what the answers have reached
	Hi      Level // what has not been excluded yet
	Held    bool  // an answer was changed since; the urgency reached stays
	Because []Reason
	Raise   []Reason // what could still raise it, most urgent first
	Tiers   []TierState
}

// Urgency gives both bounds, with reasons.
func (s *Session) Urgency() Urgency {
	st := s.p.stand(&s.s)
	u := Urgency{Lo: st.level, Hi: st.level, Held: s.heldBack(st)}
	if st.open >= 0 {
		u.Hi = s.p.clauses[st.open].level
	}
	u.Because = s.fired(st, st.level)
	tiers := [levelCount]TierState{}
	for i := range s.p.clauses {
		c := &s.p.clauses[i]
		if c.rule >= 0 && s.p.open(&s.s, &st, c) {
			tiers[c.level].Open++
			u.Raise = s.addReason(u.Raise, c, s.undecided(c))
		}
	}
	for l := L0; l < levelCount; l++ {
		tiers[l].Level = l
		tiers[l].Reached = l == st.level
		tiers[l].Ruled = l < st.level && tiers[l].Open == 0
	}
	u.Tiers = tiers[:]
	return u
}

func (s *Session) heldBack(st standing) bool {
	fresh := s.s
	fresh.held = nothingHeld()
	return s.p.stand(&fresh).level > st.level
}

// fired gives the rules that are met at a level or above, and the one that is
// held.
func (s *Session) fired(st standing, upTo Level) []Reason {
	var out []Reason
	for i := range s.p.clauses {
		c := &s.p.clauses[i]
		if c.rule >= 0 && c.level <= upTo && (s.s.value.holds(&c.need) || i == st.clause) {
			out = s.addReason(out, c, s.facts(&c.need))
		}
	}
	return out
}

// addReason merges clauses of one rule into one reason.
func (s *Session) addReason(to []Reason, c *clause, facts []string) []Reason {
	r := s.p.rules[c.rule]
	var away []string
	for _, f := range facts {
		if s.s.aside.has(s.p.questions[s.p.index[f]].first) {
			away = append(away, f)
		}
	}
	for i := range to {
		if to[i].Rule == r.ID {
			to[i].Facts = union(to[i].Facts, facts)
			to[i].FindOut = union(to[i].FindOut, away)
			return to
		}
	}
	return append(to, Reason{Rule: r.ID, Module: r.module, Level: c.level, Cite: r.Cite, Hazard: r.Hazard, Facts: facts, FindOut: away})
}

func union(to, more []string) []string {
	for _, m := range more {
		if !slices.Contains(to, m) {
			to = append(to, m)
		}
	}
	return to
}

// facts lists the questions of some bits, in content order.
func (s *Session) facts(need *bitset) []string {
	var out []string
	last := int16(-1)
	need.each(func(b int) bool {
		if q := s.p.owner[b]; q != last {
			out, last = append(out, s.p.questions[q].key), q
		}
		return true
	})
	return out
}

func (s *Session) undecided(c *clause) []string {
	need := c.need
	for w := range need {
		need[w] &^= s.s.known[w]
	}
	return s.facts(&need)
}

func (s *Session) excluding(c *clause) []string {
	need := c.need
	for w := range need {
		need[w] &= s.s.known[w] &^ s.s.value[w]
	}
	return s.facts(&need)
}
