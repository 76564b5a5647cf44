package urgent

import (
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

func TestHandOver(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	_, err := OfferCase(c, nurse, doctor.Person, doctor.Says(), "")
	wantRefusal(t, err, refusal.Missing)
	c = s.says(nurse, drafts(Claim(c, nurse)), nil)
	_, err = OfferCase(c, nurse, nurse.Person, nurse.Says(), "")
	wantRefusal(t, err, refusal.Invalid)
	c = s.says(nurse, drafts(OfferCase(c, nurse, doctor.Person, doctor.Says(), "needs a prescriber")), nil)
	o, ok := c.OfferTo(doctor.Person)
	if !ok || !c.HeldBy(nurse.Person) || len(RowOf(c, s.rules, nil).OfferTo) != 1 {
		t.Fatalf("%+v", c.Offers)
	}
	_, err = AnswerOffer(c, handler, o.Fact, true, "")
	wantRefusal(t, err, refusal.Forbidden)
	c = s.says(doctor, drafts(AnswerOffer(c, doctor, o.Fact, false, "on a visit")), nil)
	if len(c.Offers) != 0 || !c.HeldBy(nurse.Person) {
		t.Fatal("declined, and it is not the nurse's any more")
	}
	_, err = AnswerOffer(c, doctor, o.Fact, true, "")
	wantRefusal(t, err, refusal.Taken)
	c = s.says(nurse, drafts(OfferCase(c, nurse, doctor.Person, doctor.Says(), "")), nil)
	o, _ = c.OfferTo(doctor.Person)
	c = s.says(doctor, drafts(AnswerOffer(c, doctor, o.Fact, true, "")), nil)
	if !c.HeldBy(doctor.Person) || c.HeldBy(nurse.Person) || len(c.Offers) != 0 || len(c.Claims) != 1 {
		t.Fatalf("%+v", c.Claims)
	}
}

// Accepted by one at the moment when the offer is taken back elsewhere: both
// have it and both are shown, and it is never nobody's.
func TestAcceptedWhileTakenBack(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	c = s.says(nurse, drafts(Claim(c, nurse)), nil)
	c = s.says(nurse, drafts(OfferCase(c, nurse, doctor.Person, doctor.Says(), "")), nil)
	o, _ := c.OfferTo(doctor.Person)
	c = s.apart(doctor, nurse, drafts(AnswerOffer(c, doctor, o.Fact, true, "")), drafts(AnswerOffer(c, nurse, o.Fact, false, "")))
	if !c.HeldBy(doctor.Person) || !c.OnList() {
		t.Fatalf("%+v", c.Claims)
	}
}

func TestPutFirstChangesTheOrderAlone(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx15")
	manager := access.Caller{Person: fact.Subject{4}, Name: "R. Quill", Role: access.Manager}
	_, err := PutFirst(c, manager, " ", s.now)
	wantRefusal(t, err, refusal.Invalid)
	_, err = PutFirst(c, handler, "x", s.now)
	wantRefusal(t, err, refusal.Forbidden)
	before := RowOf(c, s.rules, nil)
	at := s.now
	c = s.says(manager, drafts(PutFirst(c, manager, "alone with two children", at)), nil)
	row := RowOf(c, s.rules, nil)
	if row.Stands() != fact.At(at) || row.Due != before.Due || row.Priority != before.Priority || row.Dx != before.Dx {
		t.Fatalf("%+v", row)
	}
	// what is late already stands before it
	row.Due = fact.At(at.Add(-time.Hour))
	if row.Stands() != row.Due {
		t.Fatal("put first, and it stands further back than its deadline")
	}
	c = s.says(manager, drafts(PutBack(c, manager, "daughter has come")), nil)
	if row := RowOf(c, s.rules, nil); row.Stands() != before.Due {
		t.Fatalf("%+v", row)
	}
	if again, err := PutBack(c, manager, "x"); err != nil || len(again) != 0 {
		t.Fatal(again, err)
	}
}
