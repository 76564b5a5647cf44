package urgent

import (
	"testing"

	"holdfast/fact"
)

// A verified death stops everything that would still ring the patient by
// itself: what is held goes nowhere, nobody is told to travel, no comfort call
// falls due.
func TestDeathStopsTheTimersOfTheQueue(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx05")
	c.Holds = append(c.Holds, Hold{What: ValidationHeld{Until: 1, Goes: PatientGoes}})
	gone := c
	gone.Holds = []Hold{{What: ValidationHeld{Until: 1, Goes: PatientGoes}, Went: 2}}
	_, held := c.Held()
	_, tell := gone.ToTell()
	comfort := s.at().ComfortDue(s.rules)
	if !held || !tell || comfort == 0 {
		t.Fatalf("the test is blind: held %t, to tell %t, comfort %v", held, tell, comfort)
	}
	dead := fact.Register[DeathRecorded]{Values: []fact.Stated[DeathRecorded]{{Value: DeathRecorded{Verified: true}}}}
	c.Outward.Death, gone.Outward.Death = dead, dead
	plain := s.at()
	plain.Outward.Death = dead
	if _, held := c.Held(); held {
		t.Error("something is held for the dead")
	}
	if _, tell := gone.ToTell(); tell {
		t.Error("the dead are to be told")
	}
	if plain.ComfortDue(s.rules) != 0 {
		t.Error("the dead are to be comforted")
	}
}
