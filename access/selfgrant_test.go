package access

import (
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/facttest"
)

// A device in wrong hands signs what it is told to. A role that somebody gave
// themselves, or that somebody gave who keeps no staff list, counts nowhere and is
// shown as not shown.
func TestNobodyGrantsThemselvesARole(t *testing.T) {
	for name, c := range map[string]struct {
		by     fact.Author
		counts bool
	}{
		"an administrator":               {fact.Author{Person: fact.Subject{9}, Role: string(Administrator)}, true},
		"the device":                     {fact.Author{Role: string(Device)}, true},
		"themselves":                     {fact.Author{Person: staffed, Role: string(Administrator)}, false},
		"a call handler":                 {fact.Author{Person: fact.Subject{9}, Role: string(CallHandler)}, false},
		"somebody with a made-up role":   {fact.Author{Person: fact.Subject{9}, Role: "root"}, false},
		"another organisation's machine": {fact.Author{Person: fact.Subject{9}, Role: string(Partner)}, false},
	} {
		facts := facttest.NewWriter("desk", fact.At(morning)).State(t, c.by, nil, fact.Say(staffed, PersonAdded{Name: "N"}), fact.Say(staffed, RoleGranted{Role: Administrator}))
		s := FoldStaff(staffed, fact.NewHistory(facts))
		if held := len(s.Holds(Administrator, morning)) > 0; held != c.counts {
			t.Errorf("granted by %s: held %v", name, held)
		}
		if len(s.NotShown) > 0 == c.counts {
			t.Errorf("granted by %s: not shown %v", name, s.NotShown)
		}
	}
}

// Who may admit for one shift gives work at cases and calls, to others, for a
// day at most.
func TestOnlyAShiftIsGivenByWhoAdmits(t *testing.T) {
	staffed, boss := fact.Subject{7}, fact.Author{Person: fact.Subject{9}, Role: string(Manager)}
	soon, late := fact.At(morning.Add(10*time.Hour)), fact.At(morning.Add(25*time.Hour))
	for name, c := range map[string]struct {
		by     fact.Author
		grant  RoleGranted
		counts bool
	}{
		"one shift":      {boss, RoleGranted{Role: Clinician, Until: soon}, true},
		"without end":    {boss, RoleGranted{Role: Clinician}, false},
		"too long":       {boss, RoleGranted{Role: Clinician, Until: late}, false},
		"administrator":  {boss, RoleGranted{Role: Administrator, Until: soon}, false},
		"to oneself":     {fact.Author{Person: staffed, Role: string(Manager)}, RoleGranted{Role: Clinician, Until: soon}, false},
		"by a clinician": {fact.Author{Person: fact.Subject{9}, Role: string(Clinician)}, RoleGranted{Role: Dispatcher, Until: soon}, false},
	} {
		facts := facttest.NewWriter("desk", fact.At(morning)).State(t, c.by, nil, fact.Say(staffed, PersonAdded{Name: "N"}), fact.Say(staffed, c.grant))
		if held := len(FoldStaff(staffed, fact.NewHistory(facts)).Holds(c.grant.Role, morning)) > 0; held != c.counts {
			t.Errorf("%s: held %v", name, held)
		}
	}
}
