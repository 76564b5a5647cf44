package urgent

import (
	"strings"
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
	"holdfast/record"
)

func TestDescribeSaysOnlyWhatIsNew(t *testing.T) {
	s := begin(t)
	c := s.taken()
	reason, place := " Chest rattling ", codes.Place{Text: "11 Tenter Row, Coldwater", Postcode: "QX4 7TD"}
	d := Description{
		Caller: &CallerDescribed{Is: CallerSomeoneElse, Name: "Moira Tansley", Relation: "Daughter", WithPatient: No},
		Place:  &place, Reason: &reason, Contact: &ContactAgreed{},
	}
	drafts, err := Describe(c, handler, d)
	if len(drafts) != 3 {
		t.Fatalf("an empty contact says nothing; got %d facts", len(drafts))
	}
	c = s.says(handler, drafts, err)
	if c.Reason.Or("") != "Chest rattling" || c.Place.Or(codes.Place{}) != place {
		t.Fatalf("%+v", c)
	}
	again, err := Describe(c, handler, d)
	if err != nil || len(again) != 0 {
		t.Fatalf("the same page sent again says %d facts, %v", len(again), err)
	}
	long := strings.Repeat("x", MaxWords+1)
	_, err = Describe(c, handler, Description{Reason: &long})
	wantRefusal(t, err, refusal.Invalid)
}

// Two people state another patient while they cannot see each other: both
// stand, and the case asks.
func TestPatientsStatedApartAreBothShown(t *testing.T) {
	s := begin(t)
	c := s.taken()
	other := facttest.NewWriter("other desk", fact.At(evening))
	seen := c.Frontier
	one := PatientDescribed{Identity: record.Identity{Name: record.Name{Given: "Wilfred", Family: "Tansley"}}}
	two := PatientDescribed{Identity: record.Identity{Name: record.Name{Given: "Wilfrid", Family: "Tansley"}}}
	s.facts = append(s.facts, s.desk.State(t, handler.Author(), seen, fact.Say(c.ID, one))...)
	s.facts = append(s.facts, other.State(t, nurse.Author(), seen, fact.Say(c.ID, two))...)
	c = s.at()
	if len(c.Patient.Values) != 2 || len(c.Asks()) != 1 {
		t.Fatalf("%d patients, asks %v", len(c.Patient.Values), c.Asks())
	}
	if ref := ReferralOf(c, handler, us, them, noTexts{}, s.now); len(ref.Notes) != 3 || !ref.Patient.Name.IsZero() {
		t.Fatalf("the next organisation is not told that two patients are stated: %v", ref.Notes)
	}
}
