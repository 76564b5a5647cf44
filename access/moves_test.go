package access

import (
	"errors"
	"slices"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var boss = Caller{Person: fact.Subject{9}, Role: Administrator, Name: "A. Boss"}

const dayLong = 24 * time.Hour

func TestMoverOnADay(t *testing.T) {
	h, monday := nurse(t), morning.Add(2*dayLong)
	h.add(ChangeRoles(h.staff(), boss, Change{Give: Manager, End: Clinician, From: monday, Why: "runs the night"}, morning))
	s := h.staff()
	for _, one := range []struct {
		at   time.Time
		role Role
		want bool
	}{
		{morning, Clinician, true}, {morning, Manager, false}, {monday.Add(-time.Millisecond), Clinician, true},
		{monday, Clinician, false}, {monday, Manager, true}, {monday.Add(400 * dayLong), Manager, true},
	} {
		if got := len(s.Holds(one.role, one.at)) == 1; got != one.want {
			t.Errorf("%s at %s: %v", one.role, one.at, got)
		}
	}
	// two roles in one person, one of them for a time
	h.add(ChangeRoles(s, boss, Change{Give: Dispatcher, Until: morning.Add(time.Hour), Why: "covers"}, morning))
	if s = h.staff(); len(s.Holds(Dispatcher, morning)) != 1 || len(s.Holds(Clinician, morning)) != 1 || len(s.Holds(Dispatcher, morning.Add(time.Hour))) != 0 {
		t.Errorf("%+v", s.Grants)
	}
}

func TestChangesThatAreRefused(t *testing.T) {
	h := nurse(t)
	s := h.staff()
	own := Caller{Person: s.Person, Role: Administrator}
	for name, one := range map[string]struct {
		by   Caller
		c    Change
		want refusal.Kind
	}{
		"to oneself":             {own, Change{Give: Manager, Why: "x"}, refusal.Forbidden},
		"no reason":              {boss, Change{Give: Manager, Why: "  "}, refusal.Invalid},
		"nothing":                {boss, Change{Why: "x"}, refusal.Invalid},
		"the same":               {boss, Change{Give: Clinician, End: Clinician, Why: "x"}, refusal.Invalid},
		"no such role":           {boss, Change{Give: Device, Why: "x"}, refusal.Invalid},
		"held already":           {boss, Change{Give: Clinician, Why: "x"}, refusal.Invalid},
		"held already, later":    {boss, Change{Give: Clinician, From: morning.Add(dayLong), Until: morning.Add(2 * dayLong), Why: "x"}, refusal.Invalid},
		"not held":               {boss, Change{End: Manager, Why: "x"}, refusal.Invalid},
		"over before it begins":  {boss, Change{Give: Manager, From: morning.Add(dayLong), Until: morning.Add(time.Hour), Why: "x"}, refusal.Invalid},
		"over before now":        {boss, Change{Give: Manager, Until: morning.Add(-time.Hour), Why: "x"}, refusal.Invalid},
		"half of it can't be so": {boss, Change{Give: Manager, End: Dispatcher, Why: "x"}, refusal.Invalid},
	} {
		if out, err := ChangeRoles(s, one.by, one.c, morning); !refusal.Is(err, one.want) || len(out) > 0 && err == nil {
			t.Errorf("%s: %v %v", name, out, err)
		}
	}
}

func TestLeaver(t *testing.T) {
	h, friday := nurse(t), morning.Add(5*dayLong)
	h.add(ChangeRoles(h.staff(), boss, Change{Give: Manager, From: morning.Add(10 * dayLong), Why: "later"}, morning))
	h.add(Leave(h.staff(), friday, "left", morning))
	s := h.staff()
	if s.Gone(morning) || len(s.Holds(Clinician, friday.Add(-1))) != 1 || len(s.Holds(Clinician, friday)) != 0 || !s.Gone(friday) {
		t.Fatalf("%+v", s.Grants)
	}
	if len(s.Holds(Manager, morning.Add(11*dayLong))) != 0 {
		t.Error("a role planned for later outlives the leaving")
	}
	if _, err := Leave(s, friday.Add(time.Hour), "left", morning); !refusal.Is(err, refusal.Missing) {
		t.Errorf("nothing goes on after that: %v", err)
	}
	h.add(Leave(s, time.Time{}, "at once", morning))
	if s = h.staff(); !s.Gone(morning) {
		t.Errorf("%+v", s.Grants)
	}
	h.add(ChangeRoles(s, boss, Change{Give: Clinician, Why: "came back"}, morning))
	if s = h.staff(); len(s.Holds(Clinician, morning)) != 1 {
		t.Error("who comes back is given nothing")
	}
}

// A role that somebody gave to themselves gives nothing, whatever program wrote
// it.
func TestSelfGrantedGivesNothing(t *testing.T) {
	for _, c := range []fact.Content{RoleGranted{Role: Administrator}, RolePlanned{Role: Administrator, From: fact.At(morning.Add(-time.Hour)), Why: "me"}} {
		h := nurse(t)
		me := fact.Author{Person: fact.Subject{7}, Role: string(Clinician)}
		h.facts = append(h.facts, h.desk.State(t, me, fact.NewHistory(h.facts).Frontier(), fact.Say(fact.Subject{7}, c))...)
		s := h.staff()
		if len(s.Holds(Administrator, morning)) != 0 || len(s.NotShown) != 1 {
			t.Errorf("%T: %+v", c, s)
		}
	}
}

// What only those may say who keep the staff list counts nowhere when somebody
// else says it: a role from a day on, and the end of one, now or to come.
func TestOnlyWhoKeepsTheListMovesPeople(t *testing.T) {
	h := nurse(t)
	grant := h.staff().Grants[0]
	other := fact.Author{Person: fact.Subject{9}, Role: string(CallHandler)}
	for _, c := range []fact.Content{
		RolePlanned{Role: Administrator, From: fact.At(morning.Add(-time.Hour)), Why: "x"}, RoleGranted{Role: Administrator},
		RoleEnded{Grant: grant.Fact, Why: "x"}, RoleEnding{Grant: grant.Fact, At: fact.At(morning.Add(-time.Hour)), Why: "x"},
	} {
		facts := append(slices.Clone(h.facts), h.desk.State(t, other, fact.NewHistory(h.facts).Frontier(), fact.Say(fact.Subject{7}, c))...)
		s := FoldStaff(fact.Subject{7}, fact.NewHistory(facts))
		if len(s.Holds(Administrator, morning)) != 0 || len(s.Holds(grant.Role, morning)) == 0 || len(s.NotShown) != 1 {
			t.Errorf("%T by a call handler counts: %+v", c, s)
		}
	}
}

func TestLapseDuringAShift(t *testing.T) {
	h := newHistory(t)
	h.add(AddPerson(Staff{Person: fact.Subject{7}}, PersonAdded{Name: "Dr Agency"}, nil))
	until := morning.Add(8 * time.Hour)
	h.add(ChangeRoles(h.staff(), boss, Change{Give: Clinician, Until: until, Why: "one shift"}, morning))
	s := h.staff()
	opened := SessionOpened{Person: s.Person, Role: Clinician, Until: fact.At(morning.Add(shifts().SessionLasts))}
	session := Session{ID: fact.Subject{8}, Opened: []SessionOpened{opened}, Proved: []Proof{{At: fact.At(morning)}}}
	if by, err := CallerOf(session, s, fact.Genesis{}, shifts(), morning); err != nil || !by.Lapsed.IsZero() {
		t.Fatal(by, err)
	}
	by, err := CallerOf(session, s, fact.Genesis{}, shifts(), until)
	if !errors.Is(err, ErrLapsed) || !refusal.Is(err, refusal.Forbidden) || !by.Lapsed.Equal(until) || len(by.Grants) != 1 {
		t.Fatal(by, err)
	}
	for act, may := range map[Act]bool{SetOutcome: true, SeeCase: true, WriteNote: true, SeeOwnSessions: true, CallEmergency: true, Claim: false, TakeCall: false} {
		who := by
		if act == TakeCall {
			who.Role = CallHandler
		}
		if got := who.May(act) == nil; got != may {
			t.Errorf("%s after the role ran out: %v", act, got)
		}
	}
	if err := (Caller{Role: Administrator, Lapsed: until}).May(ManageStaff); err == nil {
		t.Error("an administrator whose role ran out manages people")
	}
	if _, err := CallerOf(session, s, fact.Genesis{}, shifts(), morning.Add(shifts().SessionLasts)); !errors.Is(err, ErrLapsed) {
		t.Error("past the session's own end nothing can be finished:", err)
	}
	if _, err := CallerOf(session, s, fact.Genesis{}, shifts(), morning.Add(shifts().TokenLasts())); errors.Is(err, ErrLapsed) || err == nil {
		t.Error("past all time to finish:", err)
	}
	by.Finishing = []fact.Subject{{30}}
	if by.InHand(SeeCase, fact.Subject{30}) != nil || by.InHand(SeeCase, fact.Subject{31}) == nil || by.InHand(CallEmergency, fact.Subject{31}) != nil || by.InHand(Claim, fact.Subject{30}) == nil {
		t.Error("only the case in hand may be finished, and an ambulance called for anybody")
	}
	for _, a := range []Act{SeePerson, WritePerson, SeeEntry, OpenEntry} {
		if by.InHand(a, fact.Subject{30}) != nil || by.InHand(a, fact.Subject{32}) == nil {
			t.Errorf("%s: only of the people in hand", a)
		}
	}
	by.OnLine = true // who is on the line may be anybody
	if by.InHand(SeePerson, fact.Subject{32}) != nil || by.InHand(WritePerson, fact.Subject{32}) == nil || by.InHand(SeeCase, fact.Subject{31}) == nil {
		t.Error("a call in hand opens the record that is looked at for it, and no more")
	}
	by.Finishing = nil
	if by.InHand(SeePerson, fact.Subject{32}) != nil {
		t.Error("what can't be told takes a record away")
	}
	// what a person ended is not run out
	h.add(Leave(s, time.Time{}, "sent home", morning.Add(time.Hour)))
	if _, err := CallerOf(session, h.staff(), fact.Genesis{}, shifts(), until); errors.Is(err, ErrLapsed) || err == nil {
		t.Error("an ended role goes on:", err)
	}
}

func TestOfTwoEndingsTheEarlierCounts(t *testing.T) {
	h := nurse(t)
	grant := h.staff().Grants[0].Fact
	h.apart([]fact.Draft{fact.Say(fact.Subject{7}, RoleEnding{Grant: grant, At: fact.At(morning.Add(2 * time.Hour))})},
		[]fact.Draft{fact.Say(fact.Subject{7}, RoleEnding{Grant: grant, At: fact.At(morning.Add(time.Hour))})})
	facttest.SameInAnyOrder(t, h.facts, func(x fact.History) Staff { return FoldStaff(fact.Subject{7}, x) })
	if s := h.staff(); len(s.Holds(Clinician, morning.Add(time.Hour))) != 0 || len(s.Holds(Clinician, morning)) != 1 {
		t.Errorf("%+v", s.Grants)
	}
}
