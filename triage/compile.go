package triage

import (
	"slices"
	"sort"
	"strings"

	"holdfast/fact/refusal"
)

// question is a fact compiled to bits: first..first+n-1, each "at least this
// bad", from the mildest step to the worst.
type question struct {
	key    string // module/name, the same everywhere
	fact   *Fact
	module string
	first  int
	n      int
	gain   int // expected exclusions in a thousand for each rule, over seconds
	group  int // 0 for none, else equal for questions that may be asked together
}

// badStep is how many steps up the answer is bad: 1 for yes and no.
func (q *question) badStep() int {
	if q.fact.Kind == YesNo {
		return 1
	}
	return len(q.fact.Bands) - len(q.fact.Bad)
}

// step turns an answer into steps from the best (0) to the worst (n).
func (q *question) step(a Answer) (int, bool) {
	if a == Unsure {
		return q.n, true
	}
	if q.fact.Kind == Band {
		i := slices.Index(q.fact.Bands, string(a))
		return i, i >= 0
	}
	if a != Yes && a != No {
		return 0, false
	}
	if string(a) == q.fact.Bad[0] {
		return 1, true
	}
	return 0, true
}

// answer is step read backwards.
func (q *question) answer(step int) Answer {
	switch {
	case q.fact.Kind == Band:
		return Answer(q.fact.Bands[step])
	case step == 1:
		return Answer(q.fact.Bad[0])
	case q.fact.Bad[0] == string(Yes):
		return No
	}
	return Yes
}

// clause is one conjunction; a rule with "any" becomes several.
type clause struct {
	need      bitset
	level     Level
	transport bool
	skills    uint32
	rule      int // index into program.rules, or -1 for a floor or an outside
	end       int // index into program.ends when rule is -1
}

// fixed is a floor or an outside outcome: always met.
type fixed struct {
	id   string // complaint/floor or complaint/outside
	then *Then
}

// program is a set of complaints compiled for one patient. It never changes.
type program struct {
	content    *Content
	complaints []string
	questions  []question
	index      map[string]int
	owner      [maxBits]int16
	bits       int
	rules      []*Rule
	clauses    []clause // by urgency, then as written
	ends       []fixed
	sg         int
	groups     []string
}

// compiler gathers modules once each, in the order of first need.
type compiler struct {
	*program
	age   Age
	sex   Sex
	seen  map[string]bool
	stack []string
}

// compile makes the program of some complaints for a patient of this age and
// sex. More facts than fit are a refusal.
func (c *Content) compile(complaints []string, age Age, sex Sex) (*program, error) {
	k := &compiler{program: &program{content: c, index: map[string]int{}, groups: []string{""}}, age: age, sex: sex, seen: map[string]bool{}}
	for _, id := range complaints {
		m := c.modules[id]
		if m == nil || !m.Complaint {
			return nil, refusal.Newf(refusal.Missing, "there is no complaint %q in this content; use something-else", id)
		}
		if err := k.complaint(m); err != nil {
			return nil, err
		}
	}
	if len(complaints) == 0 {
		return nil, refusal.New(refusal.Invalid, "choose at least one complaint; something-else fits anything")
	}
	return k.finish(), nil
}

func (k *compiler) finish() *program {
	sort.SliceStable(k.clauses, func(i, j int) bool { return k.clauses[i].level < k.clauses[j].level })
	return k.program
}

func (k *compiler) complaint(m *Module) error {
	k.complaints = append(k.complaints, m.ID)
	if k.sg == 0 {
		k.sg = m.SG
	}
	end := fixed{id: m.ID + "/floor", then: &m.Floor}
	if m.Scope.surely(k.age, k.sex) {
		if err := k.module(m); err != nil {
			return err
		}
	} else {
		if err := k.imports(m); err != nil {
			return err
		}
		end = fixed{id: m.ID + "/outside", then: &m.Outside}
	}
	return k.always(end)
}

func (k *compiler) always(end fixed) error {
	k.ends = append(k.ends, end)
	cl := clause{level: end.then.Level, transport: end.then.Transport, rule: -1, end: len(k.ends) - 1}
	var err error
	if cl.skills, err = k.content.outcomes.mask(end.then.Skill); err != nil {
		return err
	}
	k.clauses = append(k.clauses, cl)
	return nil
}

func (k *compiler) imports(m *Module) error {
	for _, id := range m.Imports {
		from := k.content.modules[id]
		if from == nil || from.Complaint || slices.Contains(k.stack, id) {
			return refusal.Newf(refusal.Invalid, "%s imports %s, which is missing, a complaint, or imports it in turn", m.ID, id)
		}
		if err := k.module(from); err != nil {
			return err
		}
	}
	return nil
}

func (k *compiler) module(m *Module) error {
	if k.seen[m.ID] {
		return nil
	}
	k.seen[m.ID] = true
	k.stack = append(k.stack, m.ID)
	if err := k.imports(m); err != nil {
		return err
	}
	k.stack = k.stack[:len(k.stack)-1]
	for i := range m.Facts {
		if err := k.question(m, &m.Facts[i]); err != nil {
			return err
		}
	}
	for i := range m.Rules {
		if err := k.rule(m, &m.Rules[i]); err != nil {
			return err
		}
	}
	return nil
}

func (k *compiler) question(m *Module, f *Fact) error {
	if !f.Scope.holds(k.age, k.sex) {
		return nil
	}
	q := question{key: m.ID + "/" + f.Name, fact: f, module: m.ID, first: k.bits, n: f.bits()}
	if k.bits += q.n; k.bits > maxBits {
		return refusal.Newf(refusal.Invalid, "these complaints together ask more than %d facts: take fewer at once", maxBits)
	}
	q.gain = 100 * (1000 - f.Prior) / f.Seconds
	if f.Group != "" && f.Kind == YesNo {
		q.group = slices.Index(k.groups, f.Group)
		if q.group < 0 {
			q.group = len(k.groups)
			k.groups = append(k.groups, f.Group)
		}
	}
	for b := q.first; b < q.first+q.n; b++ {
		k.owner[b] = int16(len(k.questions))
	}
	k.index[q.key] = len(k.questions)
	k.questions = append(k.questions, q)
	return nil
}

func (k *compiler) rule(m *Module, r *Rule) error {
	if !r.Scope.holds(k.age, k.sex) {
		return nil
	}
	base := clause{level: r.Then.Level, transport: r.Then.Transport, rule: len(k.rules)}
	var err error
	if base.skills, err = k.content.outcomes.mask(r.Then.Skill); err != nil {
		return refusal.Newf(refusal.Invalid, "%s: %v", r.ID, err)
	}
	k.rules = append(k.rules, r)
	possible, err := k.add(&base.need, m, r.When)
	if err != nil || !possible {
		return err
	}
	if len(r.Any) == 0 {
		k.clauses = append(k.clauses, base)
		return nil
	}
	for _, l := range r.Any {
		one := base
		possible, err := k.add(&one.need, m, []Literal{l})
		if err != nil {
			return err
		}
		if possible {
			k.clauses = append(k.clauses, one)
		}
	}
	return nil
}

// add puts literals into a need. A fact that is not asked of this patient
// makes the clause impossible.
func (k *compiler) add(need *bitset, m *Module, literals []Literal) (possible bool, err error) {
	for _, l := range literals {
		f, key, err := k.content.resolve(m, l.Fact)
		if err != nil {
			return false, err
		}
		at, ok := k.index[key]
		if !ok {
			return false, checkLiteral(f, l)
		}
		q := &k.questions[at]
		steps := q.badStep()
		if l.At != "bad" {
			steps, ok = q.step(Answer(l.At))
			if !ok || steps == 0 || q.fact.Kind != Band {
				return false, checkLiteral(f, l)
			}
		}
		for i := range steps {
			need.set(q.first + i)
		}
	}
	return true, nil
}

func checkLiteral(f *Fact, l Literal) error {
	if l.At == "bad" || f.Kind == Band && slices.Index(f.Bands, l.At) > 0 {
		return nil
	}
	return refusal.Newf(refusal.Invalid, "%s.%s is neither .bad nor a band above the best", l.Fact, l.At)
}

// resolve finds a fact by the name that a module uses: its own, or that of a
// module it imports, directly or through another.
func (c *Content) resolve(m *Module, name string) (*Fact, string, error) {
	found := c.find(m, name, map[string]bool{})
	switch {
	case len(found) == 0:
		return nil, "", refusal.Newf(refusal.Invalid, "%s uses the fact %s, which neither it nor its imports have", m.ID, name)
	case len(found) > 1 && !strings.HasPrefix(found[0].key, m.ID+"/"):
		return nil, "", refusal.Newf(refusal.Invalid, "%s uses the fact %s, which is in two of its imports: write the module before it", m.ID, name)
	}
	return found[0].fact, found[0].key, nil
}

type foundFact struct {
	key  string
	fact *Fact
}

func (c *Content) find(m *Module, name string, seen map[string]bool) []foundFact {
	if m == nil || seen[m.ID] {
		return nil
	}
	seen[m.ID] = true
	var out []foundFact
	for i := range m.Facts {
		if key := m.ID + "/" + m.Facts[i].Name; m.Facts[i].Name == name || key == name {
			out = append(out, foundFact{key, &m.Facts[i]})
		}
	}
	for _, id := range m.Imports {
		out = append(out, c.find(c.modules[id], name, seen)...)
	}
	return out
}
