package access

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"holdfast/fact/refusal"
)

func inForceOrDie(t *testing.T) *Permissions {
	t.Helper()
	p, err := InForce()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every act that the program names stands in the table, and the table names no
// other.
func TestEveryActStandsInTheTable(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "permission.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	named := map[Act]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.BasicLit); ok && v.Kind == token.STRING {
			text, err := strconv.Unquote(v.Value)
			if err != nil {
				t.Fatal(err)
			}
			named[Act(text)] = true
		}
		return true
	})
	if len(named) < 30 {
		t.Fatalf("only %d acts found in permission.go", len(named))
	}
	in := map[Act]bool{}
	for _, r := range inForceOrDie(t).Rows {
		in[r.Act] = true
		if !named[r.Act] {
			t.Errorf("line %d: no page or verb knows the act %q", r.Line, r.Act)
		}
	}
	for a := range named {
		if !in[a] {
			t.Errorf("%q is not in permissions.csv: nobody may do it", a)
		}
	}
}

func TestTableIsTheOnlyDoor(t *testing.T) {
	for _, one := range []struct {
		role Role
		act  Act
		may  bool
	}{
		{CallHandler, TakeCall, true}, {CallHandler, Consult, false}, {CallHandler, LowerUrgency, false},
		{Clinician, LowerUrgency, true}, {Administrator, SeeCase, false}, {Administrator, FindPerson, false},
		{Partner, SendToUs, true}, {Partner, SeeCase, false}, {Manager, SetOutcome, false},
		{Receptionist, FindPerson, true}, {Receptionist, Triage, false}, {Receptionist, Close, false},
		{ClinicalGovernance, SeeCase, true}, {ClinicalGovernance, WriteNote, false}, {ClinicalGovernance, ManageStaff, false},
		{InformationGovernance, SeeErasures, true}, {InformationGovernance, SeeCase, false},
		{Commissioner, SeeCase, false}, {Commissioner, SeeWorklist, false}, {Commissioner, SeeOwnSessions, true},
		{Carer, SeeCase, false}, {Carer, SeeServices, true}, {Carer, FindPerson, false},
		{HostOperator, SeeDevices, true}, {HostOperator, SeeCase, false}, {HostOperator, ManageStaff, false},
		{"", SeeWorklist, false}, {"inventor", SeeWorklist, false}, {Clinician, "something new", false},
	} {
		err := Caller{Role: one.role}.May(one.act)
		if (err == nil) != one.may {
			t.Errorf("%s, %s: %v", one.role, one.act, err)
		}
		if err != nil && refusal.KindOf(err) != refusal.Forbidden {
			t.Errorf("%s, %s: refusal of kind %s", one.role, one.act, refusal.KindOf(err))
		}
	}
}

// A host operator and a commissioner see nobody's record, whatever they ask.
func TestWhoKeepsMachinesSeesNoRecord(t *testing.T) {
	for _, role := range []Role{HostOperator, Commissioner} {
		for _, r := range inForceOrDie(t).Rows {
			if slices.Contains(r.Who, role) && r.Audit != NotAPerson && (role != Commissioner || r.Act != SeeFigures) {
				t.Errorf("%s may %s", role, r.Act)
			}
		}
	}
}

func TestRefusalSaysWhoMay(t *testing.T) {
	for _, one := range []struct {
		role Role
		act  Act
		want string
	}{
		{CallHandler, Consult, "a clinician"}, {Clinician, ManageStaff, "an administrator"},
		{Clinician, SeeErasures, "an administrator or somebody in information governance"}, {Clinician, RunTimers, "the device itself"},
	} {
		if err := (Caller{Role: one.role}).May(one.act); err == nil || !strings.Contains(err.Error(), one.want) {
			t.Errorf("%s, %s: %v does not say who may", one.role, one.act, err)
		}
	}
}

func TestRelationAndPurpose(t *testing.T) {
	for _, one := range []struct {
		name string
		role Role
		ask  Ask
		want Answer
		say  bool // refused, and may say why
		no   bool // refused
	}{
		{name: "on shift, an open case", role: Clinician, ask: Ask{Act: SeeCase}, want: Answer{Look, OnShift, DirectCare, false}},
		{name: "on the case", role: Clinician, ask: Ask{Act: SeeCase, Relation: OnCase}, want: Answer{Look, OnCase, DirectCare, false}},
		{name: "not linked", role: Clinician, ask: Ask{Act: SeeCase, Relation: Unlinked}, say: true, want: Answer{Look, Unlinked, DirectCare, true}},
		{name: "blank is no reason", role: Clinician, ask: Ask{Act: SeeCase, Relation: Unlinked, Why: " \t"}, say: true, want: Answer{Look, Unlinked, DirectCare, true}},
		{name: "said why", role: Clinician, ask: Ask{Act: SeeCase, Relation: Unlinked, Why: "She rang the desk"}, want: Answer{Look, Unlinked, DirectCare, true}},
		{name: "why helps nobody without the role", role: Administrator, ask: Ask{Act: SeeCase, Relation: OnCase, Why: "I must"}, no: true},
		{name: "why does not open what is not a look", role: Clinician, ask: Ask{Act: Claim, Relation: Unlinked, Why: "I must"}, no: true},
		{name: "a clinician does not audit", role: Clinician, ask: Ask{Act: SeeCase, Purpose: AuditWork}, no: true},
		{name: "an unknown purpose", role: Clinician, ask: Ask{Act: SeeCase, Purpose: "curiosity"}, no: true},
		{name: "an unknown relation is none", role: Clinician, ask: Ask{Act: SeeCase, Relation: "cousin"}, say: true, want: Answer{Look, "cousin", DirectCare, true}},
		{name: "governance needs no link", role: ClinicalGovernance, ask: Ask{Act: SeeCase, Relation: Unlinked}, want: Answer{Look, Unlinked, AuditWork, false}},
		{name: "governance, an incident", role: ClinicalGovernance, ask: Ask{Act: SeeCase, Purpose: Incident}, want: Answer{Look, OnShift, Incident, false}},
		{name: "governance gives no care", role: ClinicalGovernance, ask: Ask{Act: SeeCase, Purpose: DirectCare}, no: true},
		{name: "a carer's own person", role: Carer, ask: Ask{Act: SeePerson, Relation: InCaseload}, want: Answer{Look, InCaseload, DirectCare, false}},
		{name: "a carer's other person", role: Carer, ask: Ask{Act: SeePerson}, say: true, want: Answer{Look, OnShift, DirectCare, true}},
	} {
		got, err := Caller{Role: one.role}.Judge(one.ask)
		if got != one.want || errors.Is(err, ErrSayWhy) != one.say || (err != nil) != (one.say || one.no) {
			t.Errorf("%s: %+v, %v", one.name, got, err)
		}
		if err != nil && refusal.KindOf(err) != refusal.Forbidden {
			t.Errorf("%s: refusal of kind %s", one.name, refusal.KindOf(err))
		}
	}
}

// Whoever works on shift opens every live case of the service, whatever else
// the table says: no signature may take that away.
func TestNoTableKeepsOpenCasesFromThoseOnShift(t *testing.T) {
	raw := string(permissions)
	for name, change := range map[string][2]string{
		"an open case only for who has it": {"clinician; dispatcher; receptionist; shift manager,on shift,say why,direct care,look,Every", "clinician; dispatcher; receptionist; shift manager,on the case,say why,direct care,look,Every"},
		"an open case not for dispatchers": {"open a case,call handler; clinician; dispatcher", "open a case,call handler; clinician"},
		"a host operator sees cases":       {"open a case,device itself", "open a case,host operator; device itself"},
		"a commissioner manages staff":     {"manage people and roles,administrator", "manage people and roles,commissioner; administrator"},
		"nobody keeps the staff list":      {"manage people and roles,administrator; device itself", "keep people and roles,administrator; device itself"},
		"a role that nobody has":           {"consult,clinician,", "consult,wizard,"},
		"a relationship that is none":      {"consult,clinician,on shift", "consult,clinician,nearby"},
		"no way of refusing":               {"consult,clinician,on shift,refuse", "consult,clinician,on shift,"},
		"a reason for nothing":             {"find a service,administrator,none,", "find a service,administrator,none,say why"},
		"a purpose that is none":           {"consult,clinician,on shift,refuse,direct care", "consult,clinician,on shift,refuse,curiosity"},
		"not written down":                 {"consult,clinician,on shift,refuse,direct care,its own fact", "consult,clinician,on shift,refuse,direct care,nowhere"},
		"writing by saying why":            {"consult,clinician,on shift,refuse", "consult,clinician,on shift,say why"},
		"said twice":                       {"Calls and cases,consult,", "Calls and cases,triage,"},
		"no version":                       {"# version: 1\n", ""},
		"no source":                        {"# source: ", "# sauce: "},
		"a passkey before care":            {"consult,clinician,on shift,refuse,direct care,its own fact,,never", "consult,clinician,on shift,refuse,direct care,its own fact,,may be asked"},
		"a passkey in one row alone":       {"find a service,administrator,none,,administration,nobody's record,,never", "find a service,administrator,none,,administration,nobody's record,,may be asked"},
		"a passkey perhaps":                {"consult,clinician,on shift,refuse,direct care,its own fact,,never", "consult,clinician,on shift,refuse,direct care,its own fact,,perhaps"},
		"the end of a shift takes a case":  {"consult,clinician,on shift,refuse,direct care,its own fact,,never,in hand", "consult,clinician,on shift,refuse,direct care,its own fact,,never,no"},
		"who has gone writes in any record": {"write in a person's record,call handler; clinician; dispatcher; receptionist; shift manager,on shift,refuse,direct care,its own fact,,never,in hand",
			"write in a person's record,call handler; clinician; dispatcher; receptionist; shift manager,on shift,refuse,direct care,its own fact,,never,any"},
		"who has gone manages people": {"manage people and roles,administrator; device itself,none,,administration,its own fact,,may be asked,no", "manage people and roles,administrator; device itself,none,,administration,its own fact,,may be asked,any"},
		"a column too many":           {"area,act,", "area,extra,act,"},
		"a row cut short":             {"Calls and cases,consult,clinician,on shift,refuse,direct care,its own fact,", "Calls and cases,consult,clinician"},
	} {
		if !strings.Contains(raw, change[0]) {
			t.Errorf("%s: the table no longer says %q", name, change[0])
			continue
		}
		if _, err := ReadPermissions([]byte(strings.Replace(raw, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := ReadPermissions(bytes.Clone(permissions)); err != nil {
		t.Error(err)
	}
}

// What somebody said they need records for stands with their looks, where it is
// one of the purposes of the act; elsewhere the usual one does.
func TestASaidPurposeCounts(t *testing.T) {
	for _, one := range []struct {
		role Role
		said Purpose
		want Purpose
	}{
		{ClinicalGovernance, Complaint, Complaint}, {ClinicalGovernance, "", AuditWork}, {ClinicalGovernance, DirectCare, AuditWork}, {Clinician, Complaint, DirectCare},
	} {
		got, err := Caller{Role: one.role, Purpose: one.said}.Judge(Ask{Act: SeeCase})
		if err != nil || got.Purpose != one.want {
			t.Errorf("%s for %q: %q, %v", one.role, one.said, got.Purpose, err)
		}
	}
	if got := PurposesOf(ClinicalGovernance); !slices.Equal(got, []Purpose{AuditWork, Incident, Complaint, Commissioning}) {
		t.Error(got)
	}
	if got := PurposesOf(Clinician); !slices.Equal(got, []Purpose{DirectCare}) {
		t.Error(got)
	}
	if got := PurposesOf(HostOperator); len(got) != 0 {
		t.Error(got)
	}
}

func TestEveryRoleHasATitleAndIsFoundByIt(t *testing.T) {
	for _, r := range Roles() {
		if got, ok := RoleOf("  " + strings.ToUpper(r.Title()) + " "); !ok || got != r {
			t.Errorf("%s is not found by its title %q", r, r.Title())
		}
		if got, ok := RoleOf(string(r)); !ok || got != r {
			t.Errorf("%s is not found by its name", r)
		}
	}
	for _, no := range []string{"", "device", "device itself", "partner", "doctor"} {
		if _, ok := RoleOf(no); ok {
			t.Errorf("%q was taken for a role that people can be given", no)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	by := Caller{Role: Clinician}
	for b.Loop() {
		if _, err := by.Judge(Ask{Act: SeeCase, Relation: OnShift}); err != nil {
			b.Fatal(err)
		}
	}
}
