package urgent

import (
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// An interpreter's time counts from when they were first asked for.
func TestAnInterpreterIsTimedFromTheFirstAsking(t *testing.T) {
	s := begin(t)
	d, err := TakeCall(s.at(), handler, CallTaken{}.Calling, evening)
	c := s.says(handler, d, err)
	if _, due := c.InterpreterDue(15 * time.Minute); due {
		t.Error("due, and nobody asked")
	}
	d, err = Interpreter(c, handler, InterpreterAsked, "Polish", "")
	c = s.says(handler, d, err)
	by, due := c.InterpreterDue(15 * time.Minute)
	if !due || !by.Equal(c.Sought.Time().Add(15*time.Minute)) || len(c.Language) != 1 {
		t.Errorf("%v %v %+v", by, due, c.Support)
	}
	if d, err = Interpreter(c, handler, InterpreterAsked, "Polish", ""); err != nil || len(d) != 0 {
		t.Error("asked for twice", err)
	}
	if _, err = Interpreter(c, handler, InterpreterNone, "", " "); !refusal.Is(err, refusal.Invalid) {
		t.Error("none could be had, and nobody says what was done:", err)
	}
	if _, err = Interpreter(c, handler, "soon", "", ""); !refusal.Is(err, refusal.Invalid) {
		t.Error(err)
	}
	d, err = Interpreter(c, handler, InterpreterNone, "", "Her neighbour speaks Polish")
	c = s.says(handler, d, err)
	if _, due := c.InterpreterDue(time.Minute); !due {
		t.Error("none could be had, and the clock stopped")
	}
	d, err = Interpreter(c, handler, InterpreterCame, "", "")
	if c = s.says(handler, d, err); c.Came == 0 {
		t.Error("came, and not noted")
	}
	if _, due := c.InterpreterDue(time.Minute); due {
		t.Error("came, and still due")
	}
}

// An objection keeps the record closed until somebody says what the danger is;
// of answers given apart the objection counts.
func TestAnObjectionIsOverriddenWithAReasonAlone(t *testing.T) {
	s := begin(t)
	d, err := TakeCall(s.at(), handler, CallTaken{}.Calling, evening)
	c := s.says(handler, d, err)
	if !c.MayView() {
		t.Error("nobody objects")
	}
	if _, err := OverrideViewing(c, nurse, "x"); !refusal.Is(err, refusal.Taken) {
		t.Error(err)
	}
	c = s.says(handler, []fact.Draft{fact.Say(c.ID, PatientDescribed{MayLook: No})}, nil)
	if c.MayView() {
		t.Fatal("an objection is passed over")
	}
	if _, err := LinkRecord(c, nurse, fact.Subject{4}); !refusal.Is(err, refusal.Forbidden) {
		t.Error("linked against an objection:", err)
	}
	if _, err := OverrideViewing(c, nurse, "  "); !refusal.Is(err, refusal.Invalid) {
		t.Error("overridden without a reason:", err)
	}
	d, err = OverrideViewing(c, nurse, "Unconscious, tablets beside her")
	c = s.says(nurse, d, err)
	if !c.MayView() || len(c.Overridden) != 1 || c.Patient.Or(PatientDescribed{}).MayLook != No {
		t.Errorf("%+v", c.Support)
	}
	two := Case{}
	two.Patient.Values = []fact.Stated[PatientDescribed]{{Value: PatientDescribed{MayLook: Yes}}, {Value: PatientDescribed{MayLook: No}}}
	if two.MayView() {
		t.Error("an objection written apart is passed over")
	}
}
