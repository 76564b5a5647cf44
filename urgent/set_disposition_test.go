package urgent

import (
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

func TestUrgencyIsLoweredOnlyByAClinicianWithAReason(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	if want := evening.Add(31 * time.Minute); c.Due().Time() != want {
		t.Fatalf("due %v, want %v", c.Due().Time(), want)
	}
	_, err := SetDisposition(c, handler, s.rules, "Dx08", "sounds fine", s.now)
	wantRefusal(t, err, refusal.Forbidden)
	_, err = SetDisposition(c, nurse, s.rules, "Dx08", " ", s.now)
	wantRefusal(t, err, refusal.Invalid)
	drafts, err := SetDisposition(c, nurse, s.rules, "Dx08", "Spoken to: alert, full sentences", s.now)
	c = s.says(nurse, drafts, err)
	if d, _ := c.Disposition(); d.What.Dx != "Dx08" || !d.What.Lowered {
		t.Fatalf("%+v", d)
	}
	drafts, err = SetDisposition(c, handler, s.rules, "Dx011", "", s.now)
	c = s.says(handler, drafts, err)
	if d, _ := c.Disposition(); d.What.Dx != "Dx011" || d.What.Lowered {
		t.Fatalf("anybody may raise: %+v", d)
	}
}

func TestTheSameUrgencyKeepsTheEarlierDeadline(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx12")
	due := c.Due()
	s.now = s.now.Add(time.Hour)
	drafts, err := SetDisposition(c, nurse, s.rules, "Dx05", "to be seen", s.now)
	c = s.says(nurse, drafts, err)
	if d, _ := c.Disposition(); !d.What.Lowered && c.Due() != due {
		t.Fatalf("a later promise without a reason: %v", c.Due().Time())
	}
	_, err = SetDisposition(c, handler, s.rules, "Dx9999", "", s.now)
	wantRefusal(t, err, refusal.Invalid)
}

// Two dispositions written apart: both stand, the more urgent counts.
func TestDispositionsWrittenApart(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx12")
	seen := c.Frontier
	other := facttest.NewWriter("other desk", fact.At(evening))
	low, err := SetDisposition(c, nurse, s.rules, "Dx15", "better now", s.now)
	if err != nil {
		t.Fatal(err)
	}
	high, err := SetDisposition(c, handler, s.rules, "Dx32", "", s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.facts = append(s.facts, s.desk.State(t, handler.Author(), seen, high...)...)
	s.facts = append(s.facts, other.State(t, nurse.Author(), seen, low...)...)
	c = s.at()
	if d, _ := c.Disposition(); d.What.Dx != "Dx32" || len(c.Dispositions) != 2 || len(c.Asks()) != 1 {
		t.Fatalf("%+v asks %v", d, c.Asks())
	}
}
