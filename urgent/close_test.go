package urgent

import (
	"testing"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

func TestClose(t *testing.T) {
	s := begin(t)
	c := consulting(s)
	_, err := Close(c, nurse, "")
	wantRefusal(t, err, refusal.Invalid)
	drafts, err := FinishConsultation(c, nurse, s.rules, whole(), s.now)
	c = s.says(nurse, drafts, err)
	_, err = Close(c, doctor, "")
	wantRefusal(t, err, refusal.Taken)
	drafts, err = Close(c, nurse, "")
	c = s.says(nurse, drafts, err)
	wantStage(t, c, Over)
	if c.OnList() {
		t.Fatal("a closed case stands on the list")
	}
	drafts, err = Note(c, handler, "Daughter rang: he is better")
	c = s.says(handler, drafts, err)
	wantStage(t, c, Over)
	drafts, err = CallAmbulance(c, handler, s.rules, Emergency{Threat: "breathing"}, s.now)
	c = s.says(handler, drafts, err)
	wantStage(t, c, Waiting)
	if !c.OnList() {
		t.Fatal("something new about the patient opens the case again")
	}
}

// One desk closes the case while another, out of reach, hears that the patient
// is worse: whichever arrives first, the case is open.
func TestClosingApartFromWorseningStaysOpen(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx12")
	seen := c.Frontier
	car := facttest.NewWriter("car", fact.At(evening))
	closing, err := Close(c, nurse, "rang off")
	if err != nil {
		t.Fatal(err)
	}
	worse, err := CallAmbulance(c, handler, s.rules, Emergency{Threat: "not-awake"}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	s.facts = append(s.facts, s.desk.State(t, nurse.Author(), seen, closing...)...)
	s.facts = append(s.facts, car.State(t, handler.Author(), seen, worse...)...)
	if c = s.at(); c.Closed() || !c.OnList() {
		t.Fatalf("stage %q", c.Stage())
	}
}

func TestNoteNeedsWords(t *testing.T) {
	_, err := Note(begin(t).taken(), handler, "  ")
	wantRefusal(t, err, refusal.Invalid)
	_, err = Note(Case{}, handler, "x")
	wantRefusal(t, err, refusal.Missing)
}
