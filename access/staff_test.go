package access

import (
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var morning = time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)

type history struct {
	t     *testing.T
	desk  *facttest.Writer
	facts []fact.Fact
}

func newHistory(t *testing.T) *history {
	return &history{t: t, desk: facttest.NewWriter("desk", fact.At(morning))}
}

func (h *history) add(drafts []fact.Draft, err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	h.facts = append(h.facts, h.desk.State(h.t, fact.Author{}, fact.NewHistory(h.facts).Frontier(), drafts...)...)
}

func (h *history) staff() Staff {
	h.t.Helper()
	fold := func(x fact.History) Staff { return FoldStaff(fact.Subject{7}, x) }
	facttest.SameInAnyOrder(h.t, h.facts, fold)
	return fold(fact.NewHistory(h.facts))
}

func nurse(t *testing.T) *history {
	h := newHistory(t)
	h.add(AddPerson(Staff{Person: fact.Subject{7}}, PersonAdded{Name: " P. Varma ", Title: "nurse"}, []Role{Clinician}))
	return h
}

func TestAddPersonAndRoles(t *testing.T) {
	h := nurse(t)
	s := h.staff()
	if s.Name() != "P. Varma" || len(s.Holds(Clinician, morning)) != 1 || len(s.Holds(Manager, morning)) != 0 {
		t.Fatalf("%+v", s)
	}
	if _, err := AddPerson(s, PersonAdded{Name: "Other"}, nil); !refusal.Is(err, refusal.Taken) {
		t.Fatal(err)
	}
	if _, err := AddPerson(Staff{}, PersonAdded{}, nil); !refusal.Is(err, refusal.Invalid) {
		t.Fatal(err)
	}
	h.add(GrantRole(s, Manager, morning.Add(time.Hour)))
	if s = h.staff(); len(s.Holds(Manager, morning)) != 1 || len(s.Holds(Manager, morning.Add(time.Hour))) != 0 {
		t.Fatal("a role for a time ends with it")
	}
	h.add(EndRole(s, Clinician, "left", morning))
	if s = h.staff(); len(s.Holds(Clinician, morning)) != 0 {
		t.Fatal("an ended role is still held")
	}
	if _, err := EndRole(s, Clinician, "left", morning); !refusal.Is(err, refusal.Missing) {
		t.Fatal(err)
	}
	if _, err := GrantRole(s, Device, time.Time{}); !refusal.Is(err, refusal.Invalid) {
		t.Fatal("a person may not be a device", err)
	}
}

// Ending beats a grant's order of arrival, and a later grant stands by itself.
func TestRoleGrantedAgain(t *testing.T) {
	h := nurse(t)
	h.add(EndRole(h.staff(), Clinician, "leave", morning))
	h.add(GrantRole(h.staff(), Clinician, time.Time{}))
	if s := h.staff(); len(s.Holds(Clinician, morning)) != 1 {
		t.Fatalf("%+v", s.Grants)
	}
}

func TestLinks(t *testing.T) {
	h := nurse(t)
	token := fact.Hash{1}
	l := LinkMade{Token: token, Role: Clinician, Until: fact.At(morning.Add(time.Hour)), For: ForSignIn}
	h.add(MakeLink(h.staff(), l, morning))
	s := h.staff()
	here, other := SessionOpened{Browser: fact.Hash{5}}, SessionOpened{Browser: fact.Hash{6}}
	drafts, err := OpenByLink(s, shifts(), token, here, fact.Subject{8}, morning)
	if err != nil {
		t.Fatal(err)
	}
	h.add(drafts[1:], nil) // the session is a subject of its own
	s = h.staff()
	if _, err := OpenByLink(s, shifts(), token, other, fact.Subject{9}, morning); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("another browser came in by the same link", err)
	}
	again, err := OpenByLink(s, shifts(), token, here, fact.Subject{9}, morning)
	if err != nil || len(again) != 1 {
		t.Fatal("the same browser comes again:", again, err)
	}
	for name, err := range map[string]error{
		"out of date":         second(OpenByLink(s, shifts(), token, here, fact.Subject{9}, morning.Add(time.Hour))),
		"unknown":             second(OpenByLink(s, shifts(), fact.Hash{2}, here, fact.Subject{9}, morning)),
		"for another purpose": second(EnrolPasskey(s, PasskeyEnrolled{Link: token, ID: []byte("id")}, morning)),
		"role not held":       second(MakeLink(s, LinkMade{Role: Manager, Until: fact.At(morning.Add(time.Hour))}, morning)),
	} {
		if !refusal.Is(err, refusal.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ []fact.Draft, err error) error { return err }

func TestPasskeyLinkIsSpentOnce(t *testing.T) {
	h := nurse(t)
	token := fact.Hash{1}
	h.add(MakeLink(h.staff(), LinkMade{Token: token, Role: Clinician, Until: fact.At(morning.Add(time.Hour)), For: ForPasskey}, morning))
	h.add(EnrolPasskey(h.staff(), PasskeyEnrolled{Link: token, ID: []byte("one")}, morning))
	if err := second(EnrolPasskey(h.staff(), PasskeyEnrolled{Link: token, ID: []byte("two")}, morning)); !refusal.Is(err, refusal.Taken) {
		t.Fatal(err)
	}
}

func TestCallerOf(t *testing.T) {
	h := nurse(t)
	s := h.staff()
	desk := facttest.NewWriter("sessions", fact.At(morning))
	drafts, err := OpenByPasskey(s, shifts(), SessionOpened{Role: Clinician, Desk: "desk 6"}, fact.Subject{8}, morning)
	if err != nil {
		t.Fatal(err)
	}
	facts := desk.State(t, fact.Author{}, nil, drafts...)
	session := FoldSession(fact.Subject{8}, fact.NewHistory(facts))
	by, err := CallerOf(session, s, fact.Genesis{Name: "Fellside 111", ODS: "FEL01"}, shifts(), morning)
	if err != nil || by.Name != "P. Varma" || by.Role != Clinician || len(by.Grants) != 1 || by.Desk != "desk 6" || by.Org != "Fellside 111" {
		t.Fatalf("%+v %v", by, err)
	}
	if _, err := CallerOf(session, s, fact.Genesis{}, shifts(), morning.Add(shifts().SessionLasts)); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("a session outlives its time", err)
	}
	h.add(EndRole(s, Clinician, "left", morning))
	if _, err := CallerOf(session, h.staff(), fact.Genesis{}, shifts(), morning); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("a session outlives its role", err)
	}
	ended, err := EndSession(session, "signed out")
	if err != nil {
		t.Fatal(err)
	}
	facts = append(facts, desk.State(t, fact.Author{}, nil, ended...)...)
	fold := func(x fact.History) Session { return FoldSession(fact.Subject{8}, x) }
	facttest.SameInAnyOrder(t, facts, fold)
	if _, err := CallerOf(fold(fact.NewHistory(facts)), s, fact.Genesis{}, shifts(), morning); !refusal.Is(err, refusal.Forbidden) {
		t.Fatal("a session outlives signing out", err)
	}
	if second(OpenByPasskey(s, shifts(), SessionOpened{Role: Manager}, fact.Subject{8}, morning)) == nil {
		t.Fatal("a session in a role that is not held")
	}
}
