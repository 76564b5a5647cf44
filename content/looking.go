package content

import (
	"slices"
	"strconv"
	"time"

	"holdfast/fact/refusal"
)

// Looking is what is laid down about looking at records: caps, locked screens,
// when the passkey is asked for again, what is unusual. Roles and acts are
// words here; access judges whether it knows them.
type Looking struct {
	Roles   []LookingRole
	Proof   map[string]time.Duration // by act
	Numbers map[string]int           // by name
	Unusual []UnusualRule
}

// LookingRole is what is laid down for one role.
type LookingRole struct {
	Role    string // "any other" for the rest
	Records int    // an hour
	Lock    time.Duration
	Glass   bool
}

// UnusualRule is one thing that makes a look unusual.
type UnusualRule struct {
	Rule, Name, Means string
	Weight            int // 1 to 3: the heaviest are shown first
}

// AnyOther is the row of roles that have none of their own.
const AnyOther = "any other"

// LoadLooking reads the four tables and refuses what can't be.
func LoadLooking(s *Set) (Looking, error) {
	out := Looking{Proof: map[string]time.Duration{}, Numbers: map[string]int{}}
	for _, read := range []func(*Set, *Looking) error{readLookingRoles, readProof, readLookingNumbers, readUnusual} {
		if err := read(s, &out); err != nil {
			return Looking{}, err
		}
	}
	return out, nil
}

func wrongRow(name string, i int, why string) error {
	return refusal.Newf(refusal.Invalid, "content %s row %d: %s", name, i+1, why)
}

func within(text string, least, most int) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= least && n <= most
}

func readLookingRoles(s *Set, out *Looking) error {
	const name = "looking.csv"
	t, err := s.Table(name, "role", "records_hour", "lock_minutes", "glass", "note")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		r := LookingRole{Role: t.Cell(i, "role"), Glass: t.Cell(i, "glass") == "yes"}
		minutes, ok := within(t.Cell(i, "lock_minutes"), 1, 60)
		r.Lock = time.Duration(minutes) * time.Minute
		records, fine := within(t.Cell(i, "records_hour"), 10, 1000)
		r.Records = records
		switch {
		case r.Role == "" || slices.ContainsFunc(out.Roles, func(o LookingRole) bool { return o.Role == r.Role }):
			return wrongRow(name, i, "the role is empty or stands twice")
		case !ok:
			return wrongRow(name, i, "lock_minutes is not 1 to 60")
		case !fine:
			return wrongRow(name, i, "records_hour is not 10 to 1000")
		case !r.Glass && t.Cell(i, "glass") != "no":
			return wrongRow(name, i, "glass is neither yes nor no")
		}
		out.Roles = append(out.Roles, r)
	}
	if !slices.ContainsFunc(out.Roles, func(r LookingRole) bool { return r.Role == AnyOther }) {
		return refusal.Newf(refusal.Invalid, "content %s: no row for %q", name, AnyOther)
	}
	return nil
}

func readProof(s *Set, out *Looking) error {
	const name = "step-up.csv"
	t, err := s.Table(name, "act", "minutes", "note")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		act := t.Cell(i, "act")
		minutes, ok := within(t.Cell(i, "minutes"), 1, 240)
		if _, twice := out.Proof[act]; act == "" || twice || !ok {
			return wrongRow(name, i, "the act is empty or stands twice, or minutes is not 1 to 240")
		}
		out.Proof[act] = time.Duration(minutes) * time.Minute
	}
	return nil
}

// lookingNumbers are the names that looking-numbers.csv must have, with the
// bounds of reason.
func lookingNumbers() map[string][2]int {
	return map[string][2]int{
		"glass-lasts": {5, 240}, "glass-hour": {1, 60}, "in-call-extra": {1, 100}, "lift-most": {1, 72},
		"unusual-hour": {5, 1000}, "unusual-shift": {6, 24}, "unusual-days": {1, 90}, "linked-days": {1, 90},
		"cap-over": {15, 240}, "alarms-back": {7, 365}, "looks-judged": {500, 50000},
	}
}

func readLookingNumbers(s *Set, out *Looking) error {
	const name = "looking-numbers.csv"
	t, err := s.Table(name, "name", "value", "unit", "means")
	if err != nil {
		return err
	}
	bounds := lookingNumbers()
	for i := range t.Len() {
		what := t.Cell(i, "name")
		b, known := bounds[what]
		n, ok := within(t.Cell(i, "value"), b[0], b[1])
		if _, twice := out.Numbers[what]; !known || !ok || twice {
			return wrongRow(name, i, "the name is not known, stands twice, or its value is out of reason")
		}
		out.Numbers[what] = n
	}
	for what := range bounds {
		if _, ok := out.Numbers[what]; !ok {
			return refusal.Newf(refusal.Invalid, "content %s: no row for %s", name, what)
		}
	}
	return nil
}

func unusualRules() []string {
	return []string{"own-record", "colleague", "same-surname", "same-address", "many", "out-of-shift", "no-relationship"}
}

func readUnusual(s *Set, out *Looking) error {
	const name = "unusual.csv"
	t, err := s.Table(name, "rule", "name", "weight", "means")
	if err != nil {
		return err
	}
	for i := range t.Len() {
		r := UnusualRule{Rule: t.Cell(i, "rule"), Name: t.Cell(i, "name"), Means: t.Cell(i, "means")}
		weight, ok := within(t.Cell(i, "weight"), 1, 3)
		r.Weight = weight
		switch {
		case !slices.Contains(unusualRules(), r.Rule):
			return wrongRow(name, i, "rule "+r.Rule+" is not known")
		case slices.ContainsFunc(out.Unusual, func(o UnusualRule) bool { return o.Rule == r.Rule }):
			return wrongRow(name, i, "rule "+r.Rule+" stands twice")
		case !ok || r.Name == "" || r.Means == "":
			return wrongRow(name, i, "a name, what it means and a weight of 1 to 3 are needed")
		}
		out.Unusual = append(out.Unusual, r)
	}
	return nil
}
