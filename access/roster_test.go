package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/fact"
)

func plan(text string, known ...Staff) RosterPlan {
	return PlanRoster(ReadRoster(text, time.UTC), known, boss, morning)
}

func where(p []Problem) string {
	var out []string
	for _, one := range p {
		out = append(out, fmt.Sprintf("%d %s", one.Line, one.Column))
	}
	return strings.Join(out, ", ")
}

// Every mistake is found, by line and column, and nothing is done while there
// is one.
func TestRosterMistakes(t *testing.T) {
	for name, one := range map[string]struct{ text, want string }{
		"nothing":            {"", "1 "},
		"only a head":        {"name,role\n", "2 "},
		"no role column":     {"name,title\nA,b", "1 role"},
		"unknown column":     {"name,role,salary\nA,carer,1", "1 salary"},
		"column twice":       {"name,role,name\nA,carer,B", "1 name"},
		"no name":            {"name,role\n,carer", "2 name"},
		"no role":            {"name,role\nA,", "2 role"},
		"unknown role":       {"name,role\nA,doctor", "2 role"},
		"an administrator":   {"name,role\nA,administrator", "2 role"},
		"the device's role":  {"name,role\nA,device", "2 role"},
		"bad day":            {"name,role,from\nA,carer,soon", "2 from"},
		"31 February":        {"name,role,until\nA,carer,31/02/2027", "2 until"},
		"last before first":  {"name,role,from,until\nA,carer,2026-12-02,2026-12-01", "2 until"},
		"too long":           {"name,role\n" + strings.Repeat("a", 81) + ",carer", "2 name"},
		"not UTF-8":          {"name,role\n\xff\xfe,carer", "2 name"},
		"cells too few":      {"name,role\nA", "2 "},
		"a comma unquoted":   {"name,role\nA, B,carer", "2 "},
		"a quote left open":  {"name,role\n\"A,carer\nB,carer", "3 character 8"},
		"all of it at once":  {"name,role,from\n,carer,soon\nB,doctor,\nC,carer,2026-12-01", "2 name, 2 from, 3 role"},
		"too many":           {"name,role\n" + strings.Repeat("A,carer\n", MostRosterLines+1), "202 "},
		"two of one name":    {"name,role,registration\nA,carer,1\nA,carer,2\nA,dispatcher,", "4 name"},
		"number of another":  {"name,role,registration\nA,carer,NMC 1\nB,carer,nmc  1", "3 name"},
		"told apart by what": {"name,role,registration\nA,carer,\nA,clinician,NMC 1", "3 registration"},
	} {
		p := plan(one.text)
		if got := where(p.Problems); got != one.want {
			t.Errorf("%s: mistakes at %q, want %q: %+v", name, got, one.want, p.Problems)
		}
		for _, problem := range p.Problems {
			if problem.Say == "" {
				t.Errorf("%s: does not say what to mend", name)
			}
		}
		if d, err := p.Drafts(func() (fact.Subject, error) { return fact.Subject{1}, nil }); err != nil || len(d) > 0 {
			t.Errorf("%s: %d drafts in spite of mistakes, %v", name, len(d), err)
		}
	}
}

const goodRoster = "\ufeffName;Title;Registration;Role;From;Until\r\n" +
	"M. Osei;nurse;NMC 12A3456E;Clinician;;\r\n" +
	"M. Osei;nurse;NMC 12A3456E;shift manager;01/12/2026;31/12/2026\r\n" +
	"\"Lund, R.\";;;Receptionist;;2026-11-30\r\n" +
	"P. Varma;;;Dispatcher;;\r\n" +
	"P. Varma;;;Clinician;;2026-11-25\r\n"

// Done once it is done; planned again it comes to nothing.
func TestRosterTwiceIsOnce(t *testing.T) {
	h := nurse(t)
	p := plan(goodRoster, h.staff())
	if len(p.Problems) > 0 || p.Changes != 7 || len(p.Steps) != 5 {
		t.Fatalf("%d changes, %+v %+v", p.Changes, p.Problems, p.Steps)
	}
	next := byte(20)
	drafts, err := p.Drafts(func() (fact.Subject, error) { next++; return fact.Subject{next}, nil })
	if err != nil || len(drafts) != p.Changes {
		t.Fatalf("%d drafts for %d changes, %v", len(drafts), p.Changes, err)
	}
	h.add(drafts, nil)
	known := []Staff{}
	for _, id := range []fact.Subject{{7}, {21}, {22}} {
		of := slices.DeleteFunc(slices.Clone(h.facts), func(f fact.Fact) bool { return f.Header.Subject != id })
		known = append(known, FoldStaff(id, fact.NewHistory(of)))
	}
	osei, lund, varma := known[1], known[2], known[0]
	if osei.Name() != "M. Osei" || len(osei.Holds(Clinician, morning)) != 1 || len(osei.Holds(Manager, morning)) != 0 || len(osei.Holds(Manager, time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC))) != 1 || len(osei.Holds(Manager, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))) != 0 {
		t.Errorf("%+v", osei)
	}
	if lund.Name() != "Lund, R." || len(lund.Holds(Receptionist, morning)) != 1 {
		t.Errorf("%+v", lund)
	}
	if len(varma.Holds(Dispatcher, morning)) != 1 || len(varma.Holds(Clinician, time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC))) != 0 || len(varma.Holds(Clinician, morning)) != 1 {
		t.Errorf("%+v", varma)
	}
	again := plan(goodRoster, known...)
	if again.Changes != 0 || len(again.Problems) > 0 {
		t.Errorf("a second time: %d changes, %+v %+v", again.Changes, again.Steps, again.Problems)
	}
	if p.Digest() == again.Digest() {
		t.Error("two plans with one digest")
	}
}

func TestRosterGivesNobodyARoleBySelf(t *testing.T) {
	s := nurse(t).staff()
	p := PlanRoster(ReadRoster("name,role\nP. Varma,shift manager", time.UTC), []Staff{s}, Caller{Person: s.Person, Role: Administrator}, morning)
	if where(p.Problems) != "2 name" {
		t.Errorf("%+v", p)
	}
}

func TestRosterSaysWhereARoleHadEnded(t *testing.T) {
	h := nurse(t)
	h.add(Leave(h.staff(), time.Time{}, "left", morning))
	p := plan("name,role\nP. Varma,clinician", h.staff())
	if len(p.Steps) != 1 || !strings.Contains(p.Steps[0].Says[0], "held it before") {
		t.Errorf("%+v", p)
	}
}

func TestRosterIsSavedWholeOrNotAtAll(t *testing.T) {
	var b strings.Builder
	b.WriteString("name,role\n")
	for i := range 150 {
		fmt.Fprintf(&b, "Person %d,carer\n", i)
	}
	if p := plan(b.String()); len(p.Problems) != 1 || p.Problems[0].Say == "" {
		t.Errorf("300 entries in one act: %+v", p.Problems)
	}
}

func FuzzReadRoster(f *testing.F) {
	f.Add(goodRoster)
	f.Add("name,role\n\"A,carer\nB,carer")
	f.Fuzz(func(t *testing.T, text string) {
		r := ReadRoster(text, time.UTC)
		if len(r.Lines) == 0 && len(r.Problems) == 0 {
			t.Error("neither lines nor mistakes")
		}
		PlanRoster(r, nil, boss, morning)
	})
}

// What nobody sees in a file, and would turn the page round, is left out.
func TestARosterIsReadWithoutWhatTurnsTextRound(t *testing.T) {
	r := ReadRoster("na\u202eme,ti\u2066tle,role\nAnn\u202e Lee,nurse,clinician\n", time.UTC)
	for _, p := range r.Problems {
		if strings.ContainsAny(p.Say+p.Column, "\u202e\u2066") {
			t.Errorf("%q", p.Say)
		}
	}
	if len(r.Lines) != 1 || r.Lines[0].Name != "Ann Lee" {
		t.Fatalf("%+v", r)
	}
}
