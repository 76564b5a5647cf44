package triage

import (
	"slices"
	"time"

	"holdfast/content"
)

// Outcome is what triage asks for at this moment, with codes and reasons.
type Outcome struct {
	Level       Level
	Lowest      Level    // what the answers alone have reached; less urgent than Level only when Unfinished
	Unfinished  bool     // something more urgent is not excluded, so the upper bound stands
	Skill       string   // the pick, or "any"
	Skills      []string // everything that was joined
	Transport   bool     // an ambulance is needed to get there
	Dx          Dx
	SG, SD      int
	Disposition Disposition
	RedFlag     bool
	Advice      []string // ids for Words.Advice, most urgent first
	SafetyNet   []string // rule ids for Words.Worse: ring back if
	Trace       Trace
}

// Deadline gives when the outcome must have been met, counted from from.
func (o Outcome) Deadline(c *Content, from time.Time, nation content.Nation) (Deadline, error) {
	return c.dx.Deadline(o.Dx, from, nation)
}

// Trace is why: enough to check the outcome years later.
type Trace struct {
	Complaints []Version
	Content    content.Hash
	Wording    content.Hash
	Engine     uint32
	Fired      []Reason // most urgent first
	Excluded   []Reason // red flags that answers have ruled out, and which answers
	Open       []Reason // more urgent rules that are not excluded
	Held       bool     // an answer was changed; the urgency reached before stays
	Outside    []string // complaints whose scope the patient is outside of
	FindOut    []string // facts that somebody must find out
}

// Version names one complaint's content.
type Version struct {
	Complaint string
	Version   int
	Status    string
}

// Outcome gives the outcome now. While something more urgent is undecided the
// upper bound stands and the outcome is flagged unfinished: a caller who hangs
// up early is never left with a reassurance that was not earned.
func (s *Session) Outcome() Outcome {
	st := s.p.stand(&s.s)
	o := Outcome{Level: st.level, Lowest: st.level}
	row, skills, transport := st.row, st.skills, st.transport
	if st.open >= 0 {
		c := &s.p.clauses[st.open]
		o.Unfinished, o.Level = true, c.level
		skills, transport = skills|c.skills, transport || c.transport
		row = s.p.content.outcomes.pick(c.level, skills, transport)
	}
	s.codes(&o, st, row)
	o.Skills, o.Transport = s.p.content.outcomes.names(skills), transport
	o.RedFlag = s.p.content.levels[o.Level].RedFlag
	o.Advice, o.SafetyNet = s.advice(st), s.safetyNet()
	o.Trace = s.trace(st)
	return o
}

func (s *Session) codes(o *Outcome, st standing, row int) {
	r := &s.p.content.outcomes.rows[row]
	o.Skill, o.Dx, o.SG, o.SD = r.skill, r.dx, r.sg, r.sd
	if s.p.sg != 0 {
		o.SG = s.p.sg
	}
	if !o.Unfinished {
		if sd := s.ruleSD(st); sd != 0 {
			o.SD = sd
		}
	}
	if d, err := s.p.content.dx.Lookup(r.dx); err == nil {
		o.Disposition = d // Check refuses a table whose codes are missing
	}
}

// ruleSD is the discriminator of the first rule met at the level reached that
// names one.
func (s *Session) ruleSD(st standing) int {
	for i := range s.p.clauses {
		c := &s.p.clauses[i]
		if c.rule >= 0 && c.level == st.level && (s.s.value.holds(&c.need) || i == st.clause) && s.p.rules[c.rule].Then.SD != 0 {
			return s.p.rules[c.rule].Then.SD
		}
	}
	return 0
}

func (t *outcomeTable) names(skills uint32) []string {
	var out []string
	for i, s := range t.skills {
		if skills&(1<<i) != 0 {
			out = append(out, s)
		}
	}
	return out
}

func (s *Session) advice(st standing) []string {
	var out []string
	for i := range s.p.clauses {
		c := &s.p.clauses[i]
		switch {
		case !s.s.value.holds(&c.need) && i != st.clause:
		case c.rule >= 0:
			out = union(out, s.p.rules[c.rule].Then.Advice)
		case c.level == st.level:
			out = union(out, s.p.ends[c.end].then.Advice)
		}
	}
	return out
}

func (s *Session) safetyNet() []string {
	var out []string
	for _, id := range s.p.complaints {
		out = union(out, s.p.content.modules[id].SafetyNet)
	}
	return out
}

func (s *Session) trace(st standing) Trace {
	c := s.p.content
	t := Trace{Content: c.hash, Wording: c.wordsHash, Engine: EngineVersion, Fired: s.fired(st, L10), Held: s.heldBack(st)}
	for _, id := range s.p.complaints {
		m := c.modules[id]
		t.Complaints = append(t.Complaints, Version{Complaint: id, Version: m.Version, Status: m.Status})
		if !m.Scope.surely(s.now.Age, s.now.Sex) {
			t.Outside = append(t.Outside, id)
		}
	}
	for i := range s.p.clauses {
		cl := &s.p.clauses[i]
		switch {
		case cl.rule < 0:
		case s.p.open(&s.s, &st, cl):
			t.Open = s.addReason(t.Open, cl, s.undecided(cl))
		case c.levels[cl.level].RedFlag && excludes(&cl.need, &s.s.known, &s.s.value):
			t.Excluded = s.addReason(t.Excluded, cl, s.excluding(cl))
		}
	}
	t.Excluded = slices.DeleteFunc(t.Excluded, func(r Reason) bool {
		same := func(f Reason) bool { return f.Rule == r.Rule }
		return slices.ContainsFunc(t.Fired, same) || slices.ContainsFunc(t.Open, same)
	})
	for i := range s.p.questions {
		if s.s.aside.has(s.p.questions[i].first) {
			t.FindOut = append(t.FindOut, s.p.questions[i].key)
		}
	}
	return t
}
