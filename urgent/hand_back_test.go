package urgent

import (
	"testing"

	"holdfast/access"
	"holdfast/fact/refusal"
)

func TestHandBack(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	drafts, err := Claim(c, nurse)
	c = s.says(nurse, drafts, err)
	admin := access.Caller{Person: doctor.Person, Role: access.Administrator}
	if _, err := HandBack(c, nurse, nurse.Person, "went home"); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("a nurse hands over for others: %v", err)
	}
	if _, err := HandBack(c, admin, nurse.Person, " "); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("no reason: %v", err)
	}
	if drafts, err := HandBack(c, admin, doctor.Person, "left"); err != nil || len(drafts) != 0 {
		t.Errorf("taken from somebody else: %v %v", drafts, err)
	}
	drafts, err = HandBack(c, admin, nurse.Person, "left")
	c = s.says(admin, drafts, err)
	if len(c.Claims) != 0 || !c.OnList() {
		t.Errorf("%+v, on the list: %v", c.Claims, c.OnList())
	}
	if drafts, err = HandBack(c, admin, nurse.Person, "left"); err != nil || len(drafts) != 0 {
		t.Errorf("twice: %v %v", drafts, err)
	}
}
