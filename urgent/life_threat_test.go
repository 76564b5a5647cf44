package urgent

import (
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

func TestJudge(t *testing.T) {
	r := rules(t)
	for _, one := range []struct {
		awake, breathing, bleeding, with YesNo
		want                             string
		findOut                          int
	}{
		{Yes, Yes, No, Yes, "", 0},
		{No, No, No, Yes, "arrest", 0},
		{No, Unsure, No, Yes, "arrest", 0},
		{Unsure, Unsure, No, Yes, "arrest", 0},
		{Yes, No, No, Yes, "breathing", 0}, // a talking asthmatic is never told to have chest compressions
		{Yes, Unsure, No, Yes, "breathing", 0},
		{No, Yes, No, Yes, "not-awake", 0},
		{Yes, Yes, Yes, Yes, "bleeding", 0},
		{Yes, Yes, Unsure, Yes, "bleeding", 0},
		{NotAsked, NotAsked, NotAsked, NotAsked, "", 0}, // not asked is neither yes nor no
		{Unsure, Unsure, Unsure, No, "", 3},             // the caller cannot see the patient
		{No, Unsure, Unsure, No, "not-awake", 2},        // what the caller does know counts
		{Unsure, Yes, No, NotAsked, "not-awake", 0},     // whether they are with the patient was not asked: the careful reading
	} {
		got := r.Judge(LifeThreatChecked{Awake: one.awake, Breathing: one.breathing, Bleeding: one.bleeding, WithPatient: one.with})
		if got.Found != (one.want != "") || got.Row.Key != one.want || len(got.FindOut) != one.findOut {
			t.Errorf("%+v: got %q, find out %v", one, got.Row.Key, got.FindOut)
		}
	}
}

func TestThreatRequestsAnAmbulanceAtOnce(t *testing.T) {
	s := begin(t)
	c := s.taken()
	drafts, err := CheckLifeThreat(c, handler, s.rules, LifeThreatChecked{Awake: No, Breathing: Unsure, WithPatient: Yes}, s.now)
	c = s.says(handler, drafts, err)
	d, ok := c.Disposition()
	if len(c.Ambulances) != 1 || c.Ambulances[0].What.Category != "C1" || c.Ambulances[0].What.Instruction != "cpr" || !ok || d.What.Dx != "Dx010" {
		t.Fatalf("%+v %+v", c.Ambulances, d)
	}
	if row := RowOf(c, s.rules, nil); len(row.Holders) != 1 || row.Holders[0].Person != handler.Person {
		t.Fatalf("whoever stays on the line has the case: %+v", row.Holders)
	}
	if _, err := Claim(c, nurse); err != nil {
		t.Fatalf("a clinician may take it all the same: %v", err)
	}
	_, err = CheckLifeThreat(c, handler, s.rules, LifeThreatChecked{}, s.now)
	wantRefusal(t, err, refusal.Invalid)
}

// From the first second, with a number and a place or with nothing at all.
func TestEmergencyKeyIsNeverRefused(t *testing.T) {
	r := rules(t)
	for _, e := range []Emergency{
		{Calling: codes.ReceivePhone("01632960418"), Place: codes.Place{Text: "Lay-by after the second bridge"}},
		{},
		{Threat: "no such row"},
	} {
		drafts, err := CallAmbulance(Case{ID: fact.Subject{9}}, handler, r, e, evening)
		if err != nil {
			t.Fatal(err)
		}
		s := begin(t)
		c := s.says(handler, drafts, nil)
		if len(c.Ambulances) != 1 || c.Ambulances[0].What.Place != e.Place || !c.OnList() {
			t.Fatalf("%+v", c.Ambulances)
		}
	}
}

func TestSecondRequestDoesNotRestartTheClock(t *testing.T) {
	s := begin(t)
	c := s.taken()
	drafts, err := CallAmbulance(c, handler, s.rules, Emergency{Threat: "arrest"}, s.now)
	c = s.says(handler, drafts, err)
	due := c.Due()
	drafts, err = CallAmbulance(c, handler, s.rules, Emergency{Threat: "bleeding"}, s.now)
	c = s.says(handler, drafts, err)
	if c.Due() != due || len(c.Ambulances) != 2 {
		t.Fatalf("due moved from %d to %d", due, c.Due())
	}
}
