package urgent

import (
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

func TestClaim(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	drafts, err := Claim(c, nurse)
	c = s.says(nurse, drafts, err)
	if !c.HeldBy(nurse.Person) || c.HeldBy(doctor.Person) {
		t.Fatal("held by the wrong person")
	}
	_, err = Claim(c, doctor)
	wantRefusal(t, err, refusal.Taken)
	if want := "Taken by P. Varma, nurse at 19:44."; err.Error() != want {
		t.Fatalf("says %q, want %q", err, want)
	}
	again, err := Claim(c, nurse)
	if err != nil || len(again) != 0 {
		t.Fatal("claiming one's own case again says nothing", again, err)
	}
	drafts, err = TakeOver(c, doctor, "nurse went off shift", s.now)
	c = s.says(doctor, drafts, err)
	if !c.HeldBy(doctor.Person) || c.HeldBy(nurse.Person) {
		t.Fatalf("%+v", c.Claims)
	}
	_, err = TakeOver(c, nurse, "", s.now)
	wantRefusal(t, err, refusal.Invalid)
	_, err = Release(c, nurse, "")
	wantRefusal(t, err, refusal.Missing)
	drafts, err = Release(c, doctor, "called away")
	c = s.says(doctor, drafts, err)
	if len(c.Claims) != 0 || !c.OnList() {
		t.Fatalf("%+v", c.Claims)
	}
}

func TestClaimsMadeApartAreBothShown(t *testing.T) {
	s := begin(t)
	c := s.disposed("Dx34")
	seen := c.Frontier
	car := facttest.NewWriter("car", fact.At(evening))
	for _, one := range []struct {
		desk *facttest.Writer
		by   fact.Author
		says string
	}{{s.desk, nurse.Author(), nurse.Says()}, {car, doctor.Author(), doctor.Says()}} {
		s.facts = append(s.facts, one.desk.State(t, one.by, seen, fact.Say(c.ID, Claimed{By: one.says}))...)
	}
	c = s.at()
	if len(c.Claims) != 2 || !strings.Contains(strings.Join(c.Asks(), " "), "Two people have it") {
		t.Fatalf("%+v %v", c.Claims, c.Asks())
	}
}

// The list showed a case that its call handler has sent on in the same moment.
func TestWhatWasSentOnIsNotTakenFromTheList(t *testing.T) {
	s := begin(t)
	c, _ := referred(s)
	_, err := ClaimWaiting(c, nurse, s.rules, s.now)
	wantRefusal(t, err, refusal.Taken)
	s = begin(t)
	c = s.disposed("Dx05")
	_, err = ClaimWaiting(c, nurse, s.rules, s.now)
	wantRefusal(t, err, refusal.Taken) // its handler is finding a service
	if drafts, err := ClaimWaiting(c, handler, s.rules, s.now); err != nil || len(drafts) != 1 {
		t.Fatal(drafts, err)
	}
	if drafts, err := ClaimWaiting(c, nurse, s.rules, s.now.Add(s.rules.Placing)); err != nil || len(drafts) != 1 {
		t.Fatal("nobody is left waiting for long", drafts, err)
	}
	s = begin(t)
	if drafts, err := ClaimWaiting(s.disposed("Dx34"), nurse, s.rules, s.now); err != nil || len(drafts) != 1 {
		t.Fatal("what is urgent is taken at once", drafts, err)
	}
}
