package access

import (
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var (
	orgSubject = fact.Subject{1, 1}
	theRecord  = fact.Subject{7}
	asker      = Caller{Person: fact.Subject{11}, Role: Administrator}
	colleague  = Caller{Person: fact.Subject{12}, Role: Administrator}
)

// told stands for the journal's tombstone: any fact at its place.
type told struct {
	X int `cbor:"1,keyasint"`
}

func (told) FactKind() fact.Kind { return kind(9, fact.Control, "tombstone", fact.Once) }

type registry struct {
	t     *testing.T
	facts []fact.Fact
}

// say writes in one feed at a day, having seen what is given; nil: everything.
func (r *registry) say(by Caller, day int, seen []fact.ID, drafts []fact.Draft, err error) fact.Fact {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	if seen == nil {
		seen = fact.NewHistory(r.facts).Frontier()
	}
	w := facttest.NewWriter(by.Person.String()+string(rune(len(r.facts))), fact.At(morning.Add(time.Duration(day)*24*time.Hour)))
	made := w.State(r.t, by.Author(), seen, drafts...)
	r.facts = append(r.facts, made...)
	return made[0]
}

func (r *registry) fold() Erasures {
	r.t.Helper()
	facttest.SameInAnyOrder(r.t, r.facts, FoldErasures)
	return FoldErasures(fact.NewHistory(r.facts))
}

func (r *registry) judge(tomb fact.Fact, asked fact.ID) error {
	r.t.Helper()
	facttest.SameInAnyOrder(r.t, r.facts, func(h fact.History) string {
		for i, f := range h.Facts() {
			if f.ID == tomb.ID {
				if err := TombstoneStands(h, i, theRecord, asked); err != nil {
					return err.Error()
				}
			}
		}
		return ""
	})
	h := fact.NewHistory(r.facts)
	for i, f := range h.Facts() {
		if f.ID == tomb.ID {
			return TombstoneStands(h, i, theRecord, asked)
		}
	}
	r.t.Fatal("the tombstone is not in the history")
	return nil
}

// asked is a registry with a request of day 0, approved on day 1.
func askedFor(t *testing.T) (*registry, fact.ID) {
	r := &registry{t: t}
	d, err := AskForErasure(r.fold(), orgSubject, asker, ErasureAsked{Subjects: []fact.Subject{theRecord}, Rule: "adult, 8 years"}, []fact.Subject{theRecord}, 0)
	asked := r.say(asker, 0, nil, d, err).ID
	return r, asked
}

func tombstone() []fact.Draft { return []fact.Draft{fact.Say(orgSubject, told{})} }

func TestErasureNeedsTwoPeopleAndTheDelay(t *testing.T) {
	r, asked := askedFor(t)
	if _, err := ApproveErasure(r.fold(), orgSubject, asker, asked); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("one person asked and approved: %v", err)
	}
	device := Caller{Person: fact.Subject{99}, Role: Device}
	early := r.say(device, 200, nil, tombstone(), nil)
	if r.judge(early, asked) == nil {
		t.Error("erased without approval")
	}
	r.say(asker, 1, nil, []fact.Draft{fact.Say(orgSubject, ErasureApproved{Asked: asked})}, nil) // written past the verb
	if again := r.say(device, 200, nil, tombstone(), nil); r.judge(again, asked) == nil {
		t.Error("the asker approved for themselves")
	}
	d, err := ApproveErasure(r.fold(), orgSubject, colleague, asked)
	r.say(colleague, 1, nil, d, err)
	if soon := r.say(device, 90, nil, tombstone(), nil); r.judge(soon, asked) == nil {
		t.Error("erased before the delay was over")
	}
	if then := r.say(device, 92, nil, tombstone(), nil); r.judge(then, asked) != nil {
		t.Error("not erased after the delay:", r.judge(then, asked))
	}
	if r.judge(early, asked) == nil {
		t.Error("a tombstone counts by an approval that it had not seen")
	}
	if got := r.fold().Ready(morning.Add(91 * 24 * time.Hour)); len(got) != 1 {
		t.Errorf("%d ready", len(got))
	}
}

func TestAHoldWrittenApartWins(t *testing.T) {
	r, asked := askedFor(t)
	d, err := ApproveErasure(r.fold(), orgSubject, colleague, asked)
	approved := r.say(colleague, 1, nil, d, err)
	tomb := r.say(Caller{Person: fact.Subject{99}, Role: Device}, 95, nil, tombstone(), nil)
	d, err = PlaceHold(orgSubject, colleague, LegalHoldPlaced{Subjects: []fact.Subject{theRecord}, Why: "inquest"})
	hold := r.say(colleague, 94, []fact.ID{approved.ID}, d, err)
	if r.judge(tomb, asked) == nil {
		t.Fatal("a hold placed apart from the tombstone lost")
	}
	d, err = LiftHold(r.fold(), orgSubject, asker, hold.ID, "closed")
	r.say(asker, 96, []fact.ID{hold.ID}, d, err)
	if r.judge(tomb, asked) == nil {
		t.Error("a lift that the tombstone had not seen counted for it")
	}
	if later := r.say(Caller{Person: fact.Subject{99}, Role: Device}, 97, nil, tombstone(), nil); r.judge(later, asked) != nil {
		t.Error("not erased after the hold was lifted:", r.judge(later, asked))
	}
}

func TestACancelledOrHeldBackRequestErasesNothing(t *testing.T) {
	r, asked := askedFor(t)
	d, err := ApproveErasure(r.fold(), orgSubject, colleague, asked)
	r.say(colleague, 1, nil, d, err)
	tomb := r.say(Caller{Person: fact.Subject{99}, Role: Device}, 95, nil, tombstone(), nil)
	if r.judge(tomb, asked) != nil {
		t.Fatal(r.judge(tomb, asked))
	}
	r.facts[1].Held = true
	if r.judge(tomb, asked) == nil || len(r.fold().Ready(morning.Add(1000*24*time.Hour))) != 0 {
		t.Error("an approval that is held back approved")
	}
	r.facts[1].Held = false
	d, err = CancelErasure(r.fold(), orgSubject, asker, asked, "mistake")
	r.say(asker, 50, []fact.ID{r.facts[1].ID}, d, err)
	r.facts[len(r.facts)-1].Held = true
	if r.judge(tomb, asked) == nil {
		t.Error("a cancellation that is held back does not keep the record")
	}
}

func TestErasureIsOfTheWholePersonOrNot(t *testing.T) {
	one, two := fact.Subject{21}, fact.Subject{22}
	for name, err := range map[string]error{
		"a case is missing":   second(AskForErasure(Erasures{}, orgSubject, asker, ErasureAsked{Subjects: []fact.Subject{one}, Rule: "x"}, []fact.Subject{one, two}, 0)),
		"a case too many":     second(AskForErasure(Erasures{}, orgSubject, asker, ErasureAsked{Subjects: []fact.Subject{one, two}, Rule: "x"}, []fact.Subject{one}, 0)),
		"open work":           second(AskForErasure(Erasures{}, orgSubject, asker, ErasureAsked{Subjects: []fact.Subject{one}, Rule: "x"}, []fact.Subject{one}, 1)),
		"no rule":             second(AskForErasure(Erasures{}, orgSubject, asker, ErasureAsked{Subjects: []fact.Subject{one}}, []fact.Subject{one}, 0)),
		"a hold without why":  second(PlaceHold(orgSubject, asker, LegalHoldPlaced{Subjects: []fact.Subject{one}})),
		"a cut without why":   CutAsk{Device: one, Since: morning}.Check(asker, morning),
		"a cut in the future": CutAsk{Device: one, Since: morning.Add(1), Why: "x"}.Check(asker, morning),
	} {
		if !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (CutAsk{Person: asker.Person, Since: morning, Why: "x"}).Check(asker, morning); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("somebody cut themselves: %v", err)
	}
}
