package content

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// joinsPath is the table of joins.
const joinsPath = "joins.csv"

// Join is one line of the table of joins: how values of one kind of fact
// combine that were written by people who could not see each other's.
type Join struct {
	Matter  fact.Matter
	Name    string
	Says    string // what it is, in plain words
	Join    fact.Join
	Shown   string   // what is shown while it is not settled
	Stops   string   // what automatic thing stops until then
	Settles []string // the roles that may settle it
	List    string   // on whose list it stands
	Hazard  string   // its line in the hazard log
	Source  string
	Signed  string // "no", or who has signed the line and when
}

// Joins is the table of joins. It is read once and never changed.
type Joins struct{ rows []Join }

// LoadJoins reads and lints the table of joins.
func LoadJoins(set *Set) (*Joins, error) {
	t, err := set.Table(joinsPath, "kind", "part", "name", "says", "join", "shown", "stops", "settles", "list", "hazard", "source", "signed")
	if err != nil {
		return nil, err
	}
	j := &Joins{}
	for i := range t.Len() {
		kind, err := strconv.ParseUint(t.Cell(i, "kind"), 10, 32)
		if err != nil {
			return nil, refusal.Newf(refusal.Invalid, "content %s, line %d: %q is no kind of fact", joinsPath, i+1, t.Cell(i, "kind"))
		}
		row := Join{
			Matter: fact.Matter{Kind: uint32(kind), Part: t.Cell(i, "part")}, Name: t.Cell(i, "name"), Says: t.Cell(i, "says"),
			Join: fact.Join(t.Cell(i, "join")), Shown: t.Cell(i, "shown"), Stops: t.Cell(i, "stops"),
			Settles: strings.Fields(t.Cell(i, "settles")), List: t.Cell(i, "list"), Hazard: t.Cell(i, "hazard"),
			Source: t.Cell(i, "source"), Signed: t.Cell(i, "signed"),
		}
		if err := j.add(row); err != nil {
			return nil, err
		}
	}
	return j, j.whole()
}

func (j *Joins) add(row Join) error {
	if what := row.wrong(); what != "" {
		return refusal.Newf(refusal.Invalid, "content %s, kind %d %s: %s", joinsPath, row.Matter.Kind, row.Matter.Part, what)
	}
	if _, twice := j.exactly(row.Matter); twice {
		return refusal.Newf(refusal.Invalid, "content %s: kind %d %s stands twice", joinsPath, row.Matter.Kind, row.Matter.Part)
	}
	j.rows = append(j.rows, row)
	return nil
}

// wrong says what a line lacks. Whatever can disagree says what is shown
// meanwhile, what stops, who settles it and on whose list it stands.
func (row Join) wrong() string {
	known := []fact.Join{fact.Grow, fact.Once, fact.Highest, fact.Undetermined}
	lists := []string{"clinicians", "call handlers", "dispatch", "shift managers", "administrators"}
	roles := []string{"clinician", "call-handler", "dispatcher", "manager", "administrator"}
	switch {
	case row.Name == "" || row.Says == "" || row.Source == "":
		return "name, what it says and source are needed"
	case row.Signed == "":
		return "it must say who signed it, or no"
	case !slices.Contains(known, row.Join):
		return fmt.Sprintf("%q is no join", row.Join)
	case row.Join == fact.Undetermined && !row.Settleable():
		return "what is undetermined says what is shown, what stops and who settles it"
	case row.Settleable() && (row.Shown == "" || row.Stops == "" || row.List == "" || row.Hazard == ""):
		return "what can disagree says what is shown, what stops, on whose list it stands, and its hazard"
	case row.List != "" && !slices.Contains(lists, row.List):
		return fmt.Sprintf("%q is nobody's list", row.List)
	}
	for _, r := range row.Settles {
		if !slices.Contains(roles, r) {
			return fmt.Sprintf("%q is no role", r)
		}
	}
	return ""
}

// Settleable tells whether values of this kind can disagree.
func (row Join) Settleable() bool { return len(row.Settles) > 0 }

// MaySettle tells whether a role may say which value stands.
func (row Join) MaySettle(role string) bool { return slices.Contains(row.Settles, role) }

// whole tells whether every part belongs to a kind that stands there too.
func (j *Joins) whole() error {
	for _, row := range j.rows {
		if _, ok := j.exactly(fact.Matter{Kind: row.Matter.Kind}); !ok {
			return refusal.Newf(refusal.Invalid, "content %s: kind %d has parts and no line of its own", joinsPath, row.Matter.Kind)
		}
	}
	return nil
}

func (j *Joins) exactly(m fact.Matter) (Join, bool) {
	for _, row := range j.rows {
		if row.Matter == m {
			return row, true
		}
	}
	return Join{}, false
}

// Of finds the line for a disagreement: of its part, else of its kind.
func (j *Joins) Of(m fact.Matter) (Join, bool) {
	if row, ok := j.exactly(m); ok {
		return row, true
	}
	return j.exactly(fact.Matter{Kind: m.Kind})
}

// All lists the lines; the slice is not to be changed.
func (j *Joins) All() []Join { return j.rows }

// Unsigned counts the lines that nobody has signed.
func (j *Joins) Unsigned() int {
	n := 0
	for _, row := range j.rows {
		if row.Signed == "no" {
			n++
		}
	}
	return n
}
