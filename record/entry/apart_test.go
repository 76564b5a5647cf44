package entry

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/facttest"
)

func codeTold(c Code, _ fact.History) []string {
	out := []string{fmt.Sprint("kept ", c.Kept(), " apart ", c.Apart(), " standing ", len(c.Standing()), " of ", len(c.Values))}
	for _, o := range c.Openings {
		out = append(out, fmt.Sprint("opened ", o.Current, o.What.Ground, o.SeenBy))
	}
	for _, d := range c.Doubts {
		out = append(out, fmt.Sprint("doubt ", d.What.Why, d.Stands))
	}
	for _, d := range c.Chases {
		out = append(out, fmt.Sprint("chase ", d.What.Note, d.Current))
	}
	return append(out, c.MustChange(Gone{})...)
}

func say(c fact.Content) (fact.Author, []fact.Draft) {
	return fact.Author{}, []fact.Draft{entry(home, c)}
}

// Whatever is written apart: the same state in every order; a way in leaves
// sight only by somebody who had seen it; and a doubt stands until somebody who
// had seen the doubt set another.
func TestCodesWrittenApart(t *testing.T) {
	var moves []facttest.Move
	for _, c := range []fact.Content{
		Set{Person: fact.Subject{5}, Sealed: sealed(1)}, Set{Person: fact.Subject{5}, Sealed: sealed(2)}, Set{Person: fact.Subject{5}, Why: "moved"},
		Doubted{Why: "stolen bag"}, Chased{Note: "told"},
	} {
		moves = append(moves, func(*rand.Rand, []fact.Fact) (fact.Author, []fact.Draft) { return say(c) })
	}
	moves = append(moves, func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
		f, ok := facttest.Pick[Set](r, known)
		if !ok {
			return fact.Author{}, nil
		}
		return say(Opened{Values: []fact.ID{f.ID}, Ground: ForVisit})
	}, func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
		f, ok := facttest.Pick[Opened](r, known)
		if !ok {
			return fact.Author{}, nil
		}
		return say(Seen{Opening: f.ID, Says: "M. Holt"})
	})
	facttest.CheckJoins(t, facttest.Subject[Code]{
		Moves: moves, Fold: func(h fact.History) Code { return Fold(home, h) }, Sum: codeTold,
		Always: func(t testing.TB, c Code, h fact.History) {
			for _, v := range c.Values {
				seen := false
				for _, o := range c.Values {
					seen = seen || h.Before(v.place, o.place)
				}
				if v.Stands == seen {
					t.Fatal("a way in went unseen, or one that was replaced is shown")
				}
			}
		},
	})
}

func TestOpenersWrittenApart(t *testing.T) {
	day := OpenerOf(fact.OrgID{1}, ruth.Person, now)
	facttest.CheckJoins(t, facttest.Subject[Opener]{
		Moves: []facttest.Move{
			func(*rand.Rand, []fact.Fact) (fact.Author, []fact.Draft) {
				return fact.Author{}, []fact.Draft{entry(day, Counted{Code: home, Until: 1})}
			},
			func(*rand.Rand, []fact.Fact) (fact.Author, []fact.Draft) {
				return fact.Author{}, []fact.Draft{entry(day, Covered{Code: home})}
			},
			func(*rand.Rand, []fact.Fact) (fact.Author, []fact.Draft) {
				return fact.Author{}, []fact.Draft{entry(day, MoreAsked{Person: ruth.Person, Why: "round"})}
			},
			func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
				f, ok := facttest.Pick[MoreAsked](r, known)
				if !ok {
					return fact.Author{}, nil
				}
				return fact.Author{Person: boss.Person}, []fact.Draft{entry(day, MoreAgreed{Asked: f.ID, More: 1 + uint32(r.IntN(2)), Until: fact.Millis(r.IntN(3))})}
			},
		},
		Fold: func(h fact.History) Opener { return FoldOpener(day, h) },
		Sum: func(o Opener, _ fact.History) []string {
			out := []string{fmt.Sprint(len(o.Counts))}
			for _, c := range o.Counts {
				out = append(out, fmt.Sprint("covered ", c.Covered))
			}
			for _, a := range o.Asks {
				said := "asked"
				for _, g := range a.Agreed {
					said += fmt.Sprint(" ", g.More, "/", g.Until)
				}
				out = append(out, said)
			}
			return out
		},
	})
}

// Two codes set apart are both shown, and the list says so until somebody who
// has seen both writes one anew.
func TestTwoCodesSetApart(t *testing.T) {
	here, there := facttest.NewWriter("here", 1), facttest.NewWriter("there", 1)
	facts := append(here.State(t, ruth.Author(), nil, entry(home, Set{Person: fact.Subject{5}, Sealed: sealed(1)})),
		there.State(t, boss.Author(), nil, entry(home, Set{Person: fact.Subject{5}, Sealed: sealed(2)}))...)
	c := Fold(home, fact.NewHistory(facts))
	if len(c.Standing()) != 2 || !c.Apart() || len(c.MustChange(Gone{})) != 1 || !strings.Contains(c.MustChange(Gone{})[0], "apart") {
		t.Fatalf("%+v", c)
	}
	drafts, err := Open(c, [2]Opener{}, ruth, Grounds{Relations: []Relation{visit}}, Asking{}, policy, fact.Subject{}, now)
	if err != nil || len(drafts[0].Content.(Opened).Values) != 2 {
		t.Fatal("one of two codes is hidden", err)
	}
	facts = append(facts, here.State(t, ruth.Author(), fact.NewHistory(facts).Frontier(), entry(home, Set{Person: fact.Subject{5}, Sealed: sealed(2)}))...)
	if c = Fold(home, fact.NewHistory(facts)); len(c.Standing()) != 1 || c.Apart() || len(c.MustChange(Gone{})) != 0 {
		t.Fatalf("%+v", c)
	}
}

// A cut holds back what a thief sets: the code that was verified stays in sight
// beside it, and the thief's openings count.
func TestWhatIsHeldTakesNoCodeAway(t *testing.T) {
	here, thief := facttest.NewWriter("here", 1), facttest.NewWriter("thief", 1)
	facts := here.State(t, ruth.Author(), nil, entry(home, Set{Person: fact.Subject{5}, Sealed: sealed(1)}))
	good := facts[0].ID
	held := thief.State(t, fact.Author{}, []fact.ID{good}, entry(home, Opened{Values: []fact.ID{good}, Ground: ForEmergency, Unusual: []Unusual{NoEmergency}}),
		entry(home, Set{Person: fact.Subject{5}, Sealed: sealed(2)}), entry(home, Set{Person: fact.Subject{5}}))
	for i := range held {
		held[i].Held, held[i].Since = true, 1
	}
	c := Fold(home, fact.NewHistory(append(facts, held...)))
	standing := c.Standing()
	if len(standing) != 1 || standing[0].Fact != good || standing[0].Unverified || c.HeldFrom == 0 {
		t.Fatalf("%+v", c.Values)
	}
	if len(c.MustChange(Gone{})) == 0 || !c.Openings[0].Current {
		t.Fatalf("a thief's opening does not count: %+v", c.Openings)
	}
	c = Fold(home, fact.NewHistory(append(facts, held[:2]...)))
	if s := c.Standing(); len(s) != 2 || s[0].Unverified == s[1].Unverified {
		t.Fatalf("%+v", s)
	}
	day := OpenerOf(fact.OrgID{1}, ruth.Person, now)
	count := thief.State(t, ruth.Author(), nil, entry(day, Counted{Code: home, Until: fact.At(now)}))
	count[0].Held = true
	if o := FoldOpener(day, fact.NewHistory(count)); len(o.Counts) != 1 {
		t.Error("what is held back does not count against the opener")
	}
}
