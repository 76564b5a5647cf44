package record

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/content"
	"holdfast/fact/refusal"
)

// IdentityRules are the numbers and words about who is calling about whom. They
// are read once and never changed.
type IdentityRules struct {
	Interpreter time.Duration // by then one is to be there, from when they were asked for

	TraceWait  time.Duration // for one question to the national index
	TraceFails int           // after so many failures it is left alone
	TraceRest  time.Duration // for so long
	TraceMost  int           // people asked for
	TraceKeep  time.Duration // how long an answer is shown
	TraceOffer uint32        // percent from which one match needs no warning

	Support   []Support
	Nicknames Nicknames
}

// Support is one thing that somebody needs to be reached and understood.
type Support struct {
	Code  string
	Words string
	Do    string // what whoever speaks to them does
}

// The tables.
const (
	identityPath = "identity.csv"
	supportPath  = "support.csv"
)

// LoadIdentityRules reads and lints identity.csv, support.csv and
// nicknames.csv.
func LoadIdentityRules(s *content.Set) (IdentityRules, error) {
	var r IdentityRules
	numbers, err := identityNumbers(s)
	if err != nil {
		return r, err
	}
	minutes := func(name string) time.Duration { return time.Duration(numbers[name]) * time.Minute }
	seconds := func(name string) time.Duration { return time.Duration(numbers[name]) * time.Second }
	r.Interpreter, r.TraceKeep = minutes("interpreter"), minutes("trace-keep")
	r.TraceWait, r.TraceRest = seconds("trace-wait"), seconds("trace-rest")
	r.TraceFails, r.TraceMost, r.TraceOffer = numbers["trace-fails"], numbers["trace-most"], uint32(numbers["trace-offer"])
	if r.Support, err = loadSupport(s); err != nil {
		return r, err
	}
	r.Nicknames, err = LoadNicknames(s)
	return r, err
}

func identityNumbers(s *content.Set) (map[string]int, error) {
	t, err := s.Table(identityPath, "name", "value", "unit", "means")
	if err != nil {
		return nil, err
	}
	rules := map[string]struct {
		unit       string
		least, top int
	}{
		"interpreter": {"minutes", 1, 240}, "trace-wait": {"seconds", 1, 20}, "trace-fails": {"times", 1, 20}, "trace-rest": {"seconds", 5, 600},
		"trace-most": {"people", 1, 50}, "trace-keep": {"minutes", 1, 120}, "trace-offer": {"percent", 50, 100},
	}
	found := map[string]int{}
	for i := range t.Len() {
		what := t.Cell(i, "name")
		rule, known := rules[what]
		n, err := strconv.Atoi(t.Cell(i, "value"))
		_, twice := found[what]
		if !known || err != nil || twice || n < rule.least || n > rule.top || t.Cell(i, "unit") != rule.unit || t.Cell(i, "means") == "" {
			return nil, refusal.Newf(refusal.Invalid, "content %s row %d: %q is not known, stands twice, has another unit or is out of reason", identityPath, i+1, what)
		}
		found[what] = n
	}
	if len(found) != len(rules) {
		return nil, refusal.Newf(refusal.Invalid, "content %s: it has %d of the %d numbers that are needed", identityPath, len(found), len(rules))
	}
	return found, nil
}

func loadSupport(s *content.Set) ([]Support, error) {
	t, err := s.Table(supportPath, "code", "words", "do")
	if err != nil {
		return nil, err
	}
	var out []Support
	for i := range t.Len() {
		one := Support{Code: t.Cell(i, "code"), Words: t.Cell(i, "words"), Do: t.Cell(i, "do")}
		twice := slices.ContainsFunc(out, func(o Support) bool { return o.Code == one.Code })
		if one.Code == "" || strings.ContainsAny(one.Code, " \t") || one.Words == "" || one.Do == "" || twice {
			return nil, refusal.Newf(refusal.Invalid, "content %s row %d: it needs a code of one word that stands once, words, and what to do", supportPath, i+1)
		}
		out = append(out, one)
	}
	if len(out) == 0 || len(out) > 60 {
		return nil, refusal.Newf(refusal.Invalid, "content %s: it has %d rows; it needs 1 to 60", supportPath, len(out))
	}
	return out, nil
}

// NeedsOf gives the needs of a list of codes; a code that the table does not
// know is given as it stands, never dropped.
func (r IdentityRules) NeedsOf(codes string) []Support {
	var out []Support
	for _, code := range strings.Fields(codes) {
		if i := slices.IndexFunc(r.Support, func(s Support) bool { return s.Code == code }); i >= 0 {
			out = append(out, r.Support[i])
		} else {
			out = append(out, Support{Code: code, Words: code, Do: "Ask what it means: the table of support does not know it."})
		}
	}
	return out
}

// NeedCodes gives needs as a record keeps them: known codes alone, sorted, each
// once.
func (r IdentityRules) NeedCodes(chosen []string) (string, error) {
	var out []string
	for _, c := range chosen {
		if !slices.ContainsFunc(r.Support, func(s Support) bool { return s.Code == c }) {
			return "", refusal.Field("need", "This need is not on the list: write it under communication.")
		}
		out = append(out, c)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " "), nil
}
