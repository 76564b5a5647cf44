package access

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"holdfast/fact/refusal"
)

// permissions is the permission table, the only one, as people read it. It is
// part of the program: no folder, host or message can bring another.
//
//go:embed permissions.csv
var permissions []byte

// Relation is how closely somebody is linked to what they ask for. It is an
// argument: whoever knows passes it in.
type Relation string

// The relations, the closest last.
const (
	Unlinked   Relation = "none"            // nothing known links them to it
	OnShift    Relation = "on shift"        // at work here, and it is live work of the service
	InCaseload Relation = "in the caseload" // the person is one of theirs
	OnCase     Relation = "on the case"     // they have it, or took part in it
)

// Relations lists the relations, the closest last.
func Relations() []Relation { return []Relation{Unlinked, OnShift, InCaseload, OnCase} }

// enough tells whether r is at least as close as least.
func (r Relation) enough(least Relation) bool {
	all := Relations()
	return slices.Index(all, r) >= slices.Index(all, least)
}

// Purpose is what somebody asks for.
type Purpose string

// The purposes.
const (
	DirectCare     Purpose = "direct care"
	Administration Purpose = "administration"
	AuditWork      Purpose = "audit"
	Incident       Purpose = "incident"
	Complaint      Purpose = "complaint"
	Commissioning  Purpose = "commissioning"
)

// Purposes lists the purposes.
func Purposes() []Purpose {
	return []Purpose{DirectCare, Administration, AuditWork, Incident, Complaint, Commissioning}
}

// Audit says how an act is recorded. Acts that write are facts themselves.
type Audit string

// The ways of recording.
const (
	ByItsFact  Audit = "its own fact"
	Look       Audit = "look"            // at most one in 15 minutes for each record and session
	List       Audit = "list"            // one look for each list shown
	NotAPerson Audit = "nobody's record" // nothing to record
)

// Otherwise says what becomes of who is not linked closely enough.
type Otherwise string

// What becomes of them.
const (
	Refuse Otherwise = "refuse"
	SayWhy Otherwise = "say why" // they may, once they have said why; others are told
)

// Passkey says whether somebody may be asked to show again who they are before
// an act. Which acts ask, and how often, stands in content (step-up.csv).
type Passkey string

// Whether they may be asked.
const (
	NeverAsked Passkey = "never" // an act of care
	MayBeAsked Passkey = "may be asked"
)

// TimeOver says what somebody may still do whose role or session has run out
// while they have work in hand.
type TimeOver string

// What they may still do.
const (
	NotAnyMore TimeOver = "no"
	OfInHand   TimeOver = "in hand" // with the cases and people of their open work
	WithAny    TimeOver = "any"     // whatever it is about
)

// Row is one line of the permission table, and one sentence: these people may
// do this, linked at least so closely, for these purposes, and this is written
// down; a passkey may or may not be asked for first, and so much of it is left
// when their time is over.
type Row struct {
	Line      int // in the file
	Area      string
	Act       Act
	Who       []Role
	Relation  Relation
	Otherwise Otherwise // empty where no link is needed
	Purposes  []Purpose // the usual one first
	Audit     Audit
	Note      string
	Passkey   Passkey // the same in every row of an act
	TimeOver  TimeOver
}

// Permissions is the permission table. It never changes after it is read.
type Permissions struct {
	Version int
	Status  string
	Source  string
	Rows    []Row
	rules   map[Act]map[Role]int // row + 1
}

// ReadPermissions reads a permission table and refuses one that says anything
// twice, unclearly or against the law of the house (see lint), naming the line.
func ReadPermissions(raw []byte) (*Permissions, error) {
	t := &Permissions{rules: map[Act]map[Role]int{}}
	head := 0
	for bytes.HasPrefix(raw, []byte("# ")) {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		key, value, _ := strings.Cut(string(line[2:]), ": ")
		t.head(key, strings.TrimSpace(value))
		raw, head = rest, head+1
	}
	if t.Version < 1 || t.Source == "" || t.Status == "" {
		return nil, refusal.New(refusal.Invalid, "The permission table does not say its version, status and source.")
	}
	in := csv.NewReader(bytes.NewReader(raw))
	in.FieldsPerRecord = len(columns())
	rows, err := in.ReadAll()
	if err != nil || len(rows) < 2 || !slices.Equal(rows[0], columns()) {
		return nil, refusal.Newf(refusal.Invalid, "The permission table is not a table of %s: %v", strings.Join(columns(), ", "), err)
	}
	for i, cells := range rows[1:] {
		row, err := readRow(cells)
		row.Line = head + i + 2
		if err == nil {
			err = t.add(row)
		}
		if err != nil {
			return nil, refusal.Newf(refusal.Invalid, "The permission table, line %d: %v", row.Line, err)
		}
	}
	return t, t.lint()
}

func columns() []string {
	return []string{"area", "act", "roles", "relationship", "otherwise", "purposes", "written down", "note", "passkey", "time over"}
}

func (t *Permissions) head(key, value string) {
	switch key {
	case "version":
		t.Version, _ = strconv.Atoi(value)
	case "status":
		t.Status = value
	case "source":
		t.Source = value
	}
}

func readRow(c []string) (Row, error) {
	r := Row{Area: c[0], Act: Act(c[1]), Relation: Relation(c[3]), Otherwise: Otherwise(c[4]), Audit: Audit(c[6]), Note: c[7],
		Passkey: Passkey(c[8]), TimeOver: TimeOver(c[9])}
	for _, title := range strings.Split(c[2], "; ") {
		role, ok := roleTitled(title)
		if !ok {
			return r, fmt.Errorf("%q is no role", title)
		}
		r.Who = append(r.Who, role)
	}
	for _, p := range strings.Split(c[5], "; ") {
		r.Purposes = append(r.Purposes, Purpose(p))
	}
	return r, r.wrong()
}

func roleTitled(title string) (Role, bool) {
	for _, r := range append(Roles(), Device, Partner) {
		if r.Title() == title {
			return r, true
		}
	}
	return "", false
}

// RoleOf finds a role by its name or its title, in whatever case it is typed.
func RoleOf(text string) (Role, bool) {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, r := range Roles() {
		if text == string(r) || text == r.Title() {
			return r, true
		}
	}
	return "", false
}

func (r Row) wrong() error {
	switch {
	case r.Area == "" || r.Act == "":
		return fmt.Errorf("no area or no act")
	case !slices.Contains(Relations(), r.Relation):
		return fmt.Errorf("%q is no relationship", r.Relation)
	case !slices.Contains([]Audit{ByItsFact, Look, List, NotAPerson}, r.Audit):
		return fmt.Errorf("%q is no way of writing down", r.Audit)
	case r.Relation == Unlinked && r.Otherwise != "":
		return fmt.Errorf("no relationship is needed, so there is no otherwise")
	case r.Relation != Unlinked && r.Otherwise != Refuse && r.Otherwise != SayWhy:
		return fmt.Errorf("otherwise must be %q or %q", Refuse, SayWhy)
	case r.Otherwise == SayWhy && r.Audit != Look:
		return fmt.Errorf("only a look can be had by saying why")
	case r.Passkey != NeverAsked && r.Passkey != MayBeAsked:
		return fmt.Errorf("passkey must be %q or %q", NeverAsked, MayBeAsked)
	case r.Passkey != NeverAsked && slices.Contains(r.Purposes, DirectCare):
		return fmt.Errorf("it is care: nobody is asked for a passkey before it")
	case !slices.Contains([]TimeOver{NotAnyMore, OfInHand, WithAny}, r.TimeOver):
		return fmt.Errorf("time over must be %q, %q or %q", NotAnyMore, OfInHand, WithAny)
	case r.TimeOver != NotAnyMore && r.Audit != NotAPerson && !slices.Contains(r.Purposes, DirectCare):
		return fmt.Errorf("whose time is over finishes care and nothing else")
	}
	for _, p := range r.Purposes {
		if !slices.Contains(Purposes(), p) {
			return fmt.Errorf("%q is no purpose", p)
		}
	}
	return nil
}

func (t *Permissions) add(r Row) error {
	of := t.rules[r.Act]
	if of == nil {
		of = map[Role]int{}
		t.rules[r.Act] = of
	}
	for _, o := range t.Rows {
		if o.Act == r.Act && o.Passkey != r.Passkey {
			return fmt.Errorf("%q asks for a passkey in one row and not in another", r.Act)
		}
	}
	t.Rows = append(t.Rows, r)
	for _, role := range r.Who {
		if of[role] != 0 {
			return fmt.Errorf("%q is said twice for a %s", r.Act, role.Title())
		}
		of[role] = len(t.Rows)
	}
	return nil
}

// lint refuses what no table may say, whoever signs it: that a host operator
// or a commissioner sees a record (a commissioner sees figures without names);
// that care waits for a reason at an open case of the service; that the end of
// a shift takes a case from whoever has it in hand, or the ambulance; that
// somebody whose time is over writes about anybody; that nobody keeps the staff
// list.
func (t *Permissions) lint() error {
	for _, r := range t.Rows {
		for _, role := range []Role{HostOperator, Commissioner} {
			if slices.Contains(r.Who, role) && r.Audit != NotAPerson && (role != Commissioner || r.Act != SeeFigures || r.Audit != List) {
				return refusal.Newf(refusal.Invalid, "The permission table, line %d: a %s sees nobody's record and writes nothing.", r.Line, role.Title())
			}
		}
	}
	for _, role := range []Role{CallHandler, Clinician, Dispatcher, Manager} {
		if r, ok := t.of(SeeCase, role); !ok || !OnShift.enough(r.Relation) {
			return refusal.Newf(refusal.Invalid, "The permission table keeps a %s on shift from open cases.", role.Title())
		}
	}
	for a, least := range timeOverLaws() {
		for role, n := range t.rules[a] {
			if r := t.Rows[n-1]; slices.Contains(r.Purposes, DirectCare) && role != Device && r.TimeOver != least {
				return refusal.Newf(refusal.Invalid, "The permission table, line %d: when the time of a %s is over, %q must be %q.", r.Line, role.Title(), a, least)
			}
		}
	}
	for _, must := range []Act{ManageStaff, SendToUs, RunTimers} {
		if len(t.rules[must]) == 0 {
			return refusal.Newf(refusal.Invalid, "The permission table lets nobody %q.", must)
		}
	}
	return nil
}

// timeOverLaws lists what the end of a shift must leave, and how much of it.
func timeOverLaws() map[Act]TimeOver {
	out := map[Act]TimeOver{CallEmergency: WithAny, SeePerson: OfInHand, WritePerson: OfInHand}
	for _, a := range []Act{SeeCase, Triage, Dispose, Refer, Consult, SetOutcome, Close, WriteNote} {
		out[a] = OfInHand
	}
	return out
}

func (t *Permissions) of(a Act, role Role) (Row, bool) {
	n := t.rules[a][role]
	if n == 0 {
		return Row{}, false
	}
	return t.Rows[n-1], true
}

// inForce reads the table once. One that can't be read lets nobody do
// anything; a node refuses to start on it.
var inForce = sync.OnceValues(func() (*Permissions, error) {
	t, err := ReadPermissions(permissions)
	if err != nil {
		return &Permissions{}, err
	}
	return t, nil
})

// PurposesOf lists what a role may need records and lists for, the usual first:
// those of every act that leaves a look.
func PurposesOf(role Role) []Purpose {
	var out []Purpose
	for _, r := range Table() {
		if !slices.Contains(r.Who, role) || r.Audit != Look && r.Audit != List {
			continue
		}
		for _, p := range r.Purposes {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// InForce gives the permission table of this program. It is shared and must not
// be changed. Its error says what is wrong with it; then nobody may do anything.
func InForce() (*Permissions, error) { return inForce() }

// Table lists the rows of the permission table in force.
func Table() []Row {
	t, err := inForce()
	if err != nil {
		return nil
	}
	return slices.Clone(t.Rows)
}
