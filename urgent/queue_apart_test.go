package urgent

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/task"
)

var thisDevice = access.Caller{Name: "this device", Role: access.Device}

// queueMoves are what people and timers do about a case in the queue.
func queueMoves() []facttest.Move {
	held := func(r *rand.Rand, known []fact.Fact) (fact.Fact, bool) {
		return facttest.Pick[ValidationHeld](r, known)
	}
	set := DispositionSet{Dx: "Dx012", Level: 4, Due: 800}
	return []facttest.Move{
		oneOf(
			ValidationHeld{Original: "Dx012", As: "Dx333", Goes: AmbulanceGoes, Until: 500, Category: "C3"},
			ValidationHeld{Original: "Dx02", As: "Dx334", Goes: PatientGoes, Until: 600},
		),
		func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) { // the timer, on whatever device
			f, ok := held(r, known)
			if !ok {
				return fact.Author{}, nil
			}
			timer := validationTimer(theCase, f.ID)
			out := []fact.Draft{fact.Say(theCase, ValidationReleased{Held: f.ID, Timer: timer, Due: 500, Why: "late", Set: set})}
			if v, _ := fact.Read[ValidationHeld](f); v.Goes == AmbulanceGoes {
				out = append(out, fact.Say(theCase, AmbulanceRequested{Category: "C3", Timer: timer}))
			}
			return thisDevice.Author(), out
		},
		func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) { // a clinician
			f, ok := held(r, known)
			if !ok {
				return fact.Author{}, nil
			}
			if r.IntN(2) == 0 {
				return nurse.Author(), []fact.Draft{
					fact.Say(theCase, ValidationAnswered{Held: []fact.ID{f.ID}, Dx: "Dx012", Upheld: true, By: "nurse"}), fact.Say(theCase, set),
					fact.Say(theCase, AmbulanceRequested{Category: "C3", Why: "validated", Timer: validationTimer(theCase, f.ID)}),
				}
			}
			return nurse.Author(), []fact.Draft{
				fact.Say(theCase, ValidationAnswered{Held: []fact.ID{f.ID}, Dx: "Dx12", By: "nurse"}),
				fact.Say(theCase, DispositionSet{Dx: "Dx12", Level: 6, Due: 2000, Lowered: true, Why: "better"}),
			}
		},
		oneOf(
			ContactAttempted{For: ForCallBack, Number: codes.ReceivePhone("01632960418"), How: RungNoAnswer}, ContactAttempted{For: ForComfort, Number: codes.ReceivePhone("01632960421"), How: RungReached, Worse: No},
			ContactAttempted{For: ForTelling, Number: codes.ReceivePhone("01632960418"), How: RungReached}, NoContactStep{Step: "welfare", By: "one"}, NoContactStep{Step: "visit", By: "two"},
		),
		oneOf(OrderRaised{Before: 100, Why: "her daughter is alone"}, OrderRaised{Before: 50, Why: "again"}, OrderRaised{Why: "by its deadline"}),
		aboutOne[Claimed](func(id fact.ID) fact.Content {
			return HandoverOffered{Claim: id, To: doctor.Person, Name: "Dr A. Okonjo"}
		}),
		aboutOne[HandoverOffered](func(id fact.ID) fact.Content { return HandoverAnswered{Offer: id, Accepted: true} }),
	}
}

// knownTwin tells whether the writer at place knew of what another device had
// stated for the same timer.
func knownTwin(h fact.History, i, place int) bool {
	timer := timerAt(h, i)
	if timer == (fact.Hash{}) {
		return false
	}
	for j := range h.Facts() {
		if timerAt(h, j) == timer && h.Before(j, place) {
			return true
		}
	}
	return false
}

func timerAt(h fact.History, i int) fact.Hash {
	if v, err := fact.Read[AmbulanceRequested](h.Facts()[i]); err == nil {
		return v.Timer
	}
	v, _ := fact.Read[ValidationReleased](h.Facts()[i])
	return v.Timer
}

// two are a site and a car that can't see each other after a case was held.
type two struct {
	*story
	car  *facttest.Writer
	seen []fact.ID
	both []fact.Fact // what both have
	far  []fact.Fact // what the car alone wrote
}

func (s *story) part() *two {
	return &two{story: s, car: facttest.NewWriter("car", fact.At(s.now)), seen: fact.NewHistory(s.facts).Frontier(), both: slices.Clone(s.facts)}
}

// inCar says something in the car, which has seen what it wrote itself.
func (w *two) inCar(by access.Caller, verb func(Case) ([]fact.Draft, error)) {
	w.t.Helper()
	h := fact.NewHistory(append(slices.Clone(w.both), w.far...))
	out, err := verb(Fold(fact.Subject{9}, h))
	if err != nil {
		w.t.Fatal(err)
	}
	w.far = append(w.far, w.car.State(w.t, by.Author(), h.Frontier(), out...)...)
}

// joined takes both together.
func (w *two) joined() Case {
	w.t.Helper()
	w.facts = append(w.facts, w.far...)
	return w.at()
}

func lapsed(r *Rules, at time.Time) func(Case) ([]fact.Draft, error) {
	return func(c Case) ([]fact.Draft, error) { return LetGoOverdue(c, thisDevice, r, at) }
}

// Two devices that hold the case let it go at the same time: one ambulance,
// one thing needed, one task.
func TestTwoDevicesLetGoOnce(t *testing.T) {
	s := begin(t)
	s.disposed("Dx012")
	w, late := s.part(), s.now.Add(time.Hour)
	here := drafts(LetGoOverdue(s.at(), thisDevice, s.rules, late))
	s.says(thisDevice, here, nil)
	w.inCar(thisDevice, lapsed(s.rules, late.Add(time.Second)))
	c := w.joined()
	if len(c.Ambulances) != 1 || c.Ambulances[0].What.Category != "C3" || len(c.Dispositions) != 1 || len(c.Holds) != 1 || c.Holds[0].Went == 0 {
		t.Fatalf("%d ambulances, %d needed, %+v", len(c.Ambulances), len(c.Dispositions), c.Holds)
	}
	if again, err := LetGoOverdue(c, thisDevice, s.rules, late.Add(time.Hour)); err != nil || len(again) != 0 {
		t.Fatalf("it goes again: %v %v", again, err)
	}
	if c.Stage() != Waiting || !c.OnList() {
		t.Fatalf("stage %q", c.Stage())
	}
}

// Let go on two devices, and replaced by a clinician who had seen one of the
// two: the other does not come back.
func TestWhatIsReplacedOnOneDeviceStaysReplaced(t *testing.T) {
	s := begin(t)
	s.disposed("Dx012")
	w, late := s.part(), s.now.Add(time.Hour)
	s.now = late
	c := s.says(thisDevice, drafts(LetGoOverdue(s.at(), thisDevice, s.rules, late)), nil)
	c = s.says(nurse, drafts(SetDisposition(c, nurse, s.rules, "Dx15", "walks about", s.now)), nil)
	s.says(nurse, drafts(Close(c, nurse, "advice")), nil)
	w.inCar(thisDevice, lapsed(s.rules, late))
	c = w.joined()
	if d, _ := c.Disposition(); d.What.Dx != "Dx15" || len(c.Dispositions) != 1 || len(c.Ambulances) != 1 || !c.Closed() {
		t.Fatalf("%+v, %d ambulances, closed %v", c.Dispositions, len(c.Ambulances), c.Closed())
	}
}

// A clinician says otherwise in the last second while the timer acts at once
// elsewhere: the ambulance stands, the more urgent counts, both are shown.
func TestValidatedInTheLastSecondAndLetGoElsewhere(t *testing.T) {
	for _, first := range []string{"clinician here", "timer here"} {
		s := begin(t)
		s.disposed("Dx012")
		w, late := s.part(), s.now.Add(time.Hour)
		answer := func(c Case) ([]fact.Draft, error) {
			return Validate(c, nurse, s.rules, Validation{Dx: "Dx15", Why: "walks about"}, s.now)
		}
		if first == "timer here" {
			s.says(thisDevice, drafts(lapsed(s.rules, late)(s.at())), nil)
			w.inCar(nurse, answer)
		} else {
			s.says(nurse, drafts(answer(s.at())), nil)
			w.inCar(thisDevice, lapsed(s.rules, late))
		}
		c := w.joined()
		d, _ := c.Disposition()
		if len(c.Ambulances) != 1 || d.What.Dx != "Dx012" || len(c.Dispositions) != 2 {
			t.Fatalf("%s: %d ambulances, needs %s of %d", first, len(c.Ambulances), d.What.Dx, len(c.Dispositions))
		}
		if _, crossed := c.Crossed(); !crossed || len(c.Asks()) != 2 || !strings.Contains(c.Asks()[1], "went by itself while a clinician said otherwise") {
			t.Fatalf("%s: not shown: %v", first, c.Asks())
		}
		h := fact.NewHistory(s.facts)
		choice := ""
		for _, one := range c.Dispositions {
			if one.What.Dx == "Dx15" {
				choice = one.Fact.String()
			}
		}
		settled := drafts(Settle(c, h, doctor, s.rules, fact.Settling{Matter: fact.Matter{Kind: 210}, Choice: choice, Why: "read both"}, s.now))
		c = s.says(doctor, settled, nil)
		if _, crossed := c.Crossed(); crossed || len(c.Ambulances) != 1 {
			t.Fatalf("%s: still crossed after a clinician has read both", first)
		}
	}
}

// A clinician lets it stand at the moment at which it goes by itself: one
// ambulance, and nothing to settle.
func TestUpheldAndLetGoAtOnceIsOneAmbulance(t *testing.T) {
	s := begin(t)
	s.disposed("Dx012")
	w := s.part()
	s.says(nurse, drafts(Validate(s.at(), nurse, s.rules, Validation{Upheld: true}, s.now)), nil)
	w.inCar(thisDevice, lapsed(s.rules, s.now.Add(time.Hour)))
	c := w.joined()
	if _, crossed := c.Crossed(); crossed || len(c.Ambulances) != 1 {
		t.Fatalf("crossed %v, %d ambulances", crossed, len(c.Ambulances))
	}
	subjects := map[fact.Subject]bool{}
	for _, a := range c.Ambulances {
		subjects[task.SubjectOf(a.What.Timer)] = true
	}
	if len(subjects) != 1 {
		t.Fatal("more than one task")
	}
}

// Two clinicians validate apart and come to different ends: the more urgent
// counts until a clinician has read both.
func TestTwoCliniciansValidateApart(t *testing.T) {
	s := begin(t)
	s.disposed("Dx012")
	w := s.part()
	s.says(nurse, drafts(Validate(s.at(), nurse, s.rules, Validation{Upheld: true}, s.now)), nil)
	w.inCar(doctor, func(c Case) ([]fact.Draft, error) {
		return Validate(c, doctor, s.rules, Validation{Dx: "Dx15", Why: "walks about"}, s.now)
	})
	c := w.joined()
	if d, _ := c.Disposition(); d.What.Dx != "Dx012" || len(c.Ambulances) != 1 {
		t.Fatalf("%+v", c.Dispositions)
	}
	if _, waits := c.Held(); waits {
		t.Fatal("it still waits")
	}
}

// An emergency-department outcome goes on two devices; the patient is told
// once, by somebody who knew of one of the two, and that is enough.
func TestToldOnceIsTold(t *testing.T) {
	s := begin(t)
	s.disposed("Dx02")
	w, late := s.part(), s.now.Add(time.Hour)
	s.now = late
	c := s.says(thisDevice, drafts(lapsed(s.rules, late)(s.at())), nil)
	s.says(handler, drafts(RecordAttempt(c, handler, s.rules, Rung{For: ForTelling, Number: c.RingBack(), How: RungReached}, s.now)), nil)
	w.inCar(thisDevice, lapsed(s.rules, late))
	c = w.joined()
	if _, untold := c.ToTell(); untold || len(c.Dispositions) != 1 {
		t.Fatalf("untold %v, %+v", untold, c.Dispositions)
	}
}
