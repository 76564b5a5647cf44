package urgent

import (
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
)

var since = fact.At(evening.Add(-1))

// hold marks facts as a cut would.
func hold(facts []fact.Fact, which func(i int) bool) []fact.Fact {
	out := slices.Clone(facts)
	for i := range out {
		if which(i) {
			out[i].Held, out[i].Since = true, since
		}
	}
	return out
}

// aWholeCase is a case from its call to its end, with everything on the way.
func aWholeCase(t *testing.T) *story {
	s := begin(t)
	c := s.disposed("Dx012")
	s.says(handler, []fact.Draft{
		fact.Say(c.ID, AmbulanceRequested{Category: "category 2"}), fact.Say(c.ID, PatientDescribed{}),
	}, nil)
	drafts, err := Claim(s.at(), nurse)
	s.says(nurse, drafts, err)
	s.says(nurse, []fact.Draft{fact.Say(c.ID, ConsultationStarted{By: nurse.Says(), Mode: "phone"})}, nil)
	drafts, err = SetDisposition(s.at(), nurse, s.rules, "Dx08", "spoke to the patient", s.now)
	s.says(nurse, drafts, err)
	s.says(nurse, []fact.Draft{fact.Say(c.ID, OutcomeSet{})}, nil)
	drafts, err = Close(s.at(), nurse, "")
	s.says(nurse, drafts, err)
	if !s.at().Closed() {
		t.Fatal("the story does not end")
	}
	return s
}

// Whatever part of a case is held back, nothing that needs somebody is lost.
func TestACutNeverTakesACaseFromTheList(t *testing.T) {
	s := aWholeCase(t)
	random := rand.New(rand.NewPCG(3, 4))
	check := func(held []fact.Fact) {
		t.Helper()
		fold := func(h fact.History) Case { return Fold(fact.Subject{9}, h) }
		facttest.SameInAnyOrder(t, held, fold)
		h := fact.NewHistory(held)
		verified, whole, c := foldCase(h), foldCase(h.WithHeld()), fold(h)
		if (verified.OnList() || whole.OnList()) && !c.OnList() {
			t.Errorf("on a list in one of both, and gone: %q %q %q", verified.Stage(), whole.Stage(), c.Stage())
		}
		if whole.Begun() && !verified.Closed() && c.Closed() {
			t.Error("closed by somebody whom nobody has verified")
		}
		for _, one := range []Case{verified, whole} {
			noWorse(t, c, one)
		}
		if c.HeldBack == nil || c.HeldBack.Since != since {
			t.Errorf("the case does not say that entries are held back: %+v", c.HeldBack)
		}
	}
	for k := range s.facts {
		check(hold(s.facts, func(i int) bool { return i >= k }))
		check(hold(s.facts, func(i int) bool { return i == k }))
	}
	for range 60 {
		mask := random.Uint64() | 1<<random.IntN(len(s.facts))
		check(hold(s.facts, func(i int) bool { return mask&(1<<i) != 0 }))
	}
}

func foldCase(h fact.History) Case { return fold(fact.Subject{9}, h) }

// noWorse checks that the careful state keeps what one side knows.
func noWorse(t *testing.T, c, one Case) {
	t.Helper()
	if want, ok := one.MostUrgent(); ok {
		if got, ok := c.MostUrgent(); !ok || got > want {
			t.Errorf("urgency %v, and one of both says %v", got, want)
		}
	}
	if due := one.Due(); due != 0 && (c.Due() == 0 || c.Due() > due) {
		t.Errorf("due %d, and one of both says %d", c.Due(), due)
	}
	if len(c.Ambulances) < len(one.Ambulances) || len(c.Claims) < len(one.Claims) {
		t.Error("an ambulance or a claim is lost")
	}
}

func TestACaseThatStandsOnHeldEntriesCanBeWorked(t *testing.T) {
	s := begin(t)
	s.disposed("Dx012")
	s.facts = hold(s.facts, func(int) bool { return true })
	c := s.at()
	if !c.OnList() || !c.HeldBack.Alone || c.Number == "" {
		t.Fatalf("%q %+v", c.Stage(), c.HeldBack)
	}
	drafts, err := Claim(c, nurse)
	say := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		facts := s.facts
		s.facts = append(s.facts, s.desk.State(t, nurse.Author(), fact.NewHistory(facts).WithHeld().Frontier(), drafts...)...)
	}
	say()
	if c = s.at(); !c.HeldBy(nurse.Person) || len(c.HeldBack.Resting) == 0 {
		t.Fatalf("claims %v, resting %v", c.Claims, c.HeldBack.Resting)
	}
	drafts, err = Close(c, nurse, "rang back: called an ambulance themselves")
	say()
	if c = s.at(); !c.Closed() || c.OnList() {
		t.Errorf("stage %q after a trusted person closed it", c.Stage())
	}
}

func TestAHeldEntryReplacesNothing(t *testing.T) {
	s := begin(t)
	s.taken()
	s.says(handler, []fact.Draft{fact.Say(fact.Subject{9}, PlaceStated{Place: codes.Place{Text: "1 Old Road"}})}, nil)
	s.says(handler, []fact.Draft{fact.Say(fact.Subject{9}, PlaceStated{Place: codes.Place{Text: "2 New Road"}})}, nil)
	last := len(s.facts) - 1
	s.facts = hold(s.facts, func(i int) bool { return i == last })
	if c := s.at(); !c.Place.Disputed() || c.Place.Values[0].Value.Text != "1 Old Road" {
		t.Errorf("places: %+v", c.Place.Values)
	}
}
