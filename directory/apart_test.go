package directory

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var listedAs = fact.Subject{3}

func oneOf(all ...fact.Content) facttest.Move {
	return func(r *rand.Rand, _ []fact.Fact) (fact.Author, []fact.Draft) {
		return fact.Author{}, []fact.Draft{fact.Say(listedAs, all[r.IntN(len(all))])}
	}
}

func entryTold(e Entry, h fact.History) []string {
	s, ok := e.Current()
	out := []string{fmt.Sprintf("%+v %v", s, ok), fmt.Sprint(e.Ended, e.Apart, e.Disputed(), len(e.Notices))}
	grid, found := Locate(e.Localities, codes.Place{Postcode: "QX4 7TD"})
	return append(append(out, fmt.Sprint(grid, found)), facttest.Disagreements(e.Disagreements(h))...)
}

func entryMoves() []facttest.Move {
	place := func(east int) LocalitiesListed {
		return LocalitiesListed{Localities: []Locality{{Postcode: "QX4", Grid: codes.Grid{East: east, North: 5}}}}
	}
	return []facttest.Move{
		oneOf(ServiceListed{Service: Service{Name: "Centre", Doors: []Door{{Route: RouteBaRS}}}}, ServiceListed{Service: Service{Name: "Centre", Note: "moved"}}),
		oneOf(ServiceEnded{Why: "closed down"}, ServiceEnded{Why: "merged"}), oneOf(place(100), place(200)),
		oneOf(NoticePosted{Text: "full"}),
		func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
			f, ok := facttest.Pick[NoticePosted](r, known)
			if !ok {
				return fact.Author{}, nil
			}
			return fact.Author{}, []fact.Draft{fact.Say(listedAs, NoticeEnded{Notice: f.ID})}
		},
	}
}

func TestEntriesWrittenApart(t *testing.T) {
	facttest.CheckJoins(t, facttest.Subject[Entry]{
		Moves: entryMoves(), Fold: func(h fact.History) Entry { return Fold(listedAs, h) }, Sum: entryTold,
		Always: func(t testing.TB, e Entry, _ fact.History) {
			if s, _ := e.Current(); e.Disputed() && len(s.Doors) > 0 {
				t.Fatal("something can be sent to a service of which two entries disagree")
			}
		},
	})
}

func TestSettleAnEntry(t *testing.T) {
	by := access.Caller{Role: access.Administrator}
	for _, ended := range []bool{false, true} {
		a, b := facttest.NewWriter("a", 1), facttest.NewWriter("b", 1)
		facts := a.State(t, by.Author(), nil, fact.Say(listedAs, ServiceListed{Service: Service{Name: "Centre"}}))
		seen := fact.NewHistory(facts).Frontier()
		facts = append(facts, a.State(t, by.Author(), seen, fact.Say(listedAs, ServiceEnded{Why: "closed down"}))...)
		facts = append(facts, b.State(t, by.Author(), seen, fact.Say(listedAs, ServiceListed{Service: Service{Name: "Centre", Note: "moved"}}))...)
		h := fact.NewHistory(facts)
		e := Fold(listedAs, h)
		all := e.Disagreements(h)
		if e.Ended == "" || !e.Apart || len(all) != 1 || len(all[0].Values) != 2 {
			t.Fatalf("%+v %+v", e, all)
		}
		req := fact.Settling{Matter: all[0].Matter, Choice: all[0].Values[0].Choice, Why: "rang them"}
		if ended {
			req.Choice = all[0].Also[0].Key
		}
		if _, err := Settle(e, h, access.Caller{Role: access.Clinician}, req, time.Time{}); !refusal.Is(err, refusal.Forbidden) {
			t.Fatal(err)
		}
		drafts, err := Settle(e, h, by, req, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, a.State(t, by.Author(), h.Frontier(), drafts...)...)
		h = fact.NewHistory(facts)
		if e = Fold(listedAs, h); (e.Ended != "") != ended || len(e.Disagreements(h)) != 0 {
			t.Fatalf("ended %v: %+v", ended, e)
		}
	}
}
