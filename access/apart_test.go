package access

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/fact/refusal"
)

var staffed = fact.Subject{7}

func oneOf(all ...fact.Content) facttest.Move {
	return func(r *rand.Rand, _ []fact.Fact) (fact.Author, []fact.Draft) {
		return fact.Author{}, []fact.Draft{fact.Say(staffed, all[r.IntN(len(all))])}
	}
}

func staffTold(s Staff, h fact.History) []string {
	out := []string{s.Name(), fmt.Sprint(len(s.Links), len(s.Usable()))}
	for _, r := range Roles() {
		out = append(out, fmt.Sprint(r, len(s.Holds(r, morning))))
	}
	_, err := OpenByLink(s, shifts(), fact.Hash{1}, SessionOpened{Browser: fact.Hash{5}}, fact.Subject{8}, morning)
	return append(append(out, fmt.Sprint(err)), facttest.Disagreements(s.Disagreements(h))...)
}

func TestStaffWrittenApart(t *testing.T) {
	until := fact.At(morning.Add(time.Hour))
	facttest.CheckJoins(t, facttest.Subject[Staff]{
		Moves: []facttest.Move{
			oneOf(PersonAdded{Name: "P. Varma"}, PersonAdded{Name: "Priya Varma", Title: "nurse"}, PersonAdded{Name: "P. Varma", Why: "asked"}),
			oneOf(RoleGranted{Role: Clinician}, RoleGranted{Role: Manager}), oneOf(RoleGranted{Role: Clinician}),
			func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
				f, ok := facttest.Pick[RoleGranted](r, known)
				if !ok {
					return fact.Author{}, nil
				}
				return fact.Author{}, []fact.Draft{fact.Say(staffed, RoleEnded{Grant: f.ID, Why: "left"})}
			},
			oneOf(RolePlanned{Role: Manager, From: fact.At(morning), Until: until, Why: "moves"}, RolePlanned{Role: Clinician, From: until, Why: "back"}),
			func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft) {
				f, ok := facttest.Pick[RoleGranted](r, known)
				if !ok {
					return fact.Author{}, nil
				}
				return fact.Author{}, []fact.Draft{fact.Say(staffed, RoleEnding{Grant: f.ID, At: fact.At(morning.Add(time.Duration(r.IntN(3)-1) * time.Hour)), Why: "moves"})}
			},
			oneOf(LinkMade{Token: fact.Hash{1}, Role: Clinician, Until: until, For: ForSignIn}, LinkMade{Token: fact.Hash{2}, Role: Clinician, Until: until, For: ForPasskey}),
			oneOf(LinkSpent{Token: fact.Hash{1}, Browser: fact.Hash{5}}, LinkSpent{Token: fact.Hash{1}, Browser: fact.Hash{6}}),
			oneOf(PasskeyEnrolled{ID: []byte{1}, Link: fact.Hash{2}}, PasskeyEnrolled{ID: []byte{2}, Link: fact.Hash{2}}),
		},
		Fold: func(h fact.History) Staff { return FoldStaff(staffed, h) }, Sum: staffTold,
		Always: endedIsEnded,
	})
}

// endedIsEnded checks that a role is held only under a grant that was made
// knowing of every ending of that role, or that every ending had seen and left.
func endedIsEnded(t testing.TB, s Staff, h fact.History) {
	t.Helper()
	for _, g := range s.Grants {
		for i, f := range h.Facts() {
			e, err := fact.Read[RoleEnded](f)
			if err != nil || g.Ended {
				continue
			}
			for _, o := range s.Grants {
				if o.Fact == e.Grant && o.Role == g.Role && h.Apart(i, g.place) {
					t.Fatalf("%s is held under a grant written apart from its ending", g.Role)
				}
			}
		}
	}
}

// apart writes on two devices that cannot see each other.
func (h *history) apart(a, b []fact.Draft) {
	h.t.Helper()
	seen := fact.NewHistory(h.facts).Frontier()
	other := facttest.NewWriter("other", fact.At(morning))
	here := h.desk.State(h.t, fact.Author{}, seen, a...)
	h.facts = append(append(h.facts, here...), other.State(h.t, fact.Author{}, seen, b...)...)
}

func (h *history) only(kind uint32) fact.Disagreement {
	h.t.Helper()
	all := h.staff().Disagreements(fact.NewHistory(h.facts))
	if len(all) != 1 || all[0].Matter.Kind != kind || len(all[0].Values) < 2 {
		h.t.Fatalf("want one disagreement about %d, got %+v", kind, all)
	}
	return all[0]
}

func must(d []fact.Draft, err error) []fact.Draft {
	if err != nil {
		panic(err)
	}
	return d
}

func TestARoleEndedHereAndGrantedThere(t *testing.T) {
	admin := Caller{Role: Administrator}
	for _, ended := range []bool{false, true} {
		h := nurse(t)
		s := h.staff()
		h.apart(must(EndRole(s, Clinician, "left", morning)), must(GrantRole(s, Clinician, time.Time{})))
		if s = h.staff(); len(s.Holds(Clinician, morning)) != 0 {
			t.Fatal("a grant written apart from the ending is held")
		}
		d := h.only(21)
		choice := d.Values[0].Choice
		if ended {
			choice = d.Also[0].Key
		}
		req := fact.Settling{Matter: d.Matter, Choice: choice, Why: "asked the rota"}
		if _, err := Settle(s, fact.NewHistory(h.facts), Caller{Role: Manager}, req, morning); !refusal.Is(err, refusal.Forbidden) {
			t.Fatal(err)
		}
		h.add(Settle(s, fact.NewHistory(h.facts), admin, req, morning))
		s = h.staff()
		if held := len(s.Holds(Clinician, morning)) == 1; held == ended || len(s.Disagreements(fact.NewHistory(h.facts))) != 0 {
			t.Fatalf("ended %v: %+v", ended, s.Grants)
		}
	}
}

func TestTwoStaffEntries(t *testing.T) {
	h := nurse(t)
	h.apart([]fact.Draft{fact.Say(staffed, PersonAdded{Name: "Priya Varma"})}, []fact.Draft{fact.Say(staffed, PersonAdded{Name: "Pryia Varma"})})
	d := h.only(20)
	if h.staff().Name() != "two names on record" {
		t.Fatal(h.staff().Name())
	}
	req := fact.Settling{Matter: d.Matter, Choice: d.Values[0].Choice}
	if _, err := Settle(h.staff(), fact.NewHistory(h.facts), Caller{Role: Administrator}, req, morning); !refusal.Is(err, refusal.Invalid) {
		t.Fatal("settled without a reason", err)
	}
	req.Why = "her badge"
	h.add(Settle(h.staff(), fact.NewHistory(h.facts), Caller{Role: Administrator}, req, morning))
	if h.staff().Name() != d.Values[0].Text {
		t.Fatal(h.staff().Name())
	}
}

// One link used in two browsers that could not see each other: it opens no
// more sessions, two passkeys from it open none, and a new link ends it.
func TestALinkSpentTwice(t *testing.T) {
	h := nurse(t)
	link := LinkMade{Token: fact.Hash{1}, Role: Clinician, Until: fact.At(morning.Add(time.Hour)), For: ForPasskey}
	h.add(MakeLink(h.staff(), link, morning))
	key := func(id string) []fact.Draft {
		return must(EnrolPasskey(h.staff(), PasskeyEnrolled{Link: link.Token, ID: []byte(id)}, morning))
	}
	h.apart(key("mine"), key("a stranger's"))
	h.only(29)
	if n := len(h.staff().Usable()); n != 0 {
		t.Fatalf("%d passkeys from a link that was used twice open sessions", n)
	}
	link.Token = fact.Hash{2}
	h.add(MakeLink(h.staff(), link, morning))
	h.add(key("mine again"), nil)
	if s := h.staff(); len(s.Usable()) != 1 || len(s.Disagreements(fact.NewHistory(h.facts))) != 0 {
		t.Fatalf("%+v", s.Disagreements(fact.NewHistory(h.facts)))
	}
}
