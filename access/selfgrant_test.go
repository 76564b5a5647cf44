package access

import (
	"testing"

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
