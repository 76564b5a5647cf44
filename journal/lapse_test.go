package journal

import (
	"context"
	"slices"
	"testing"

	"holdfast/fact"
)

// states has a journal say something about its organisation.
func states(t *testing.T, j *Journal, c fact.Content) fact.Fact {
	t.Helper()
	facts, err := j.Do(context.Background(), fact.Author{Role: "device"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(j.OrgSubject(), c)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return facts[0]
}

// heldTexts reads what is held back of a subject.
func heldTexts(t *testing.T, j *Journal, s fact.Subject) (out []string) {
	t.Helper()
	h, err := j.History(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range h.Held() {
		if c, err := fact.Read[said](f); err == nil {
			out = append(out, c.Text)
		}
	}
	return out
}

// What a desk wrote without authority is held everywhere, between what it says of
// itself and no further; only a site node lets it count.
func TestALapseHoldsUntilItEnds(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	a := newJournal(t, o)
	desk, _ := sister(t, a, fact.Desk, "desk 1")
	own := desk.papers.card.Device
	s, later := newSubject(t, desk), newSubject(t, desk)
	say(t, desk, s, "before")
	lapse := states(t, desk, AuthorityLapsed{Device: own, Up: desk.HowFar(t.Context()), Since: 1})
	say(t, desk, s, "without")
	say(t, desk, later, "a case begun without")
	states(t, desk, Readmitted{Cut: lapse.ID, Why: "let me in"})
	pull(t, desk, a)
	for _, j := range []*Journal{desk, a} {
		if got := heldTexts(t, j, s); !slices.Equal(got, []string{"without"}) {
			t.Errorf("held while it lasts: %q", got)
		}
		if got := heldTexts(t, j, later); len(got) != 1 {
			t.Errorf("held of a new subject: %q", got)
		}
		if j.House().CutOff(own) {
			t.Error("a lapse cuts the desk off")
		}
	}
	states(t, desk, AuthorityRenewed{Device: own, Lapse: lapse.ID, Up: desk.HowFar(t.Context()), Way: "two"})
	say(t, desk, s, "after")
	states(t, desk, Readmitted{Cut: lapse.ID, Why: "let me in"})
	pull(t, desk, a)
	for _, j := range []*Journal{desk, a} {
		if got := heldTexts(t, j, s); !slices.Equal(got, []string{"without"}) {
			t.Errorf("held when it has ended: %q", got)
		}
		if got := texts(t, j, s); !slices.Equal(got, []string{"before", "after"}) {
			t.Errorf("counts: %q", got)
		}
	}
	held, _, err := a.HeldFacts(t.Context(), lapse.ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range held {
		if h.Fact.Header.Lane == fact.Looks {
			t.Error("a look is held")
		}
		if k := h.Fact.Body.Kind; k == 130 || k == 131 {
			t.Errorf("kind %d holds itself", k)
		}
	}
	states(t, a, Readmitted{Cut: lapse.ID, Why: "looked at with the writer"})
	pullControl(t, a, desk)
	for _, j := range []*Journal{desk, a} {
		if got := heldTexts(t, j, s); len(got) != 0 {
			t.Errorf("held after it was let count: %q", got)
		}
	}
}

// pullControl moves control lanes alone, as a desk gets them.
func pullControl(t *testing.T, from, to *Journal) {
	t.Helper()
	cards, certificates := from.Papers()
	if err := to.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for _, tip := range from.Tips() {
		if tip.Lane == fact.Control {
			pullTip(t, from, to, tip)
		}
	}
}

// No device says of another that its authority ran out, or was renewed.
func TestNobodySpeaksForAnotherDesk(t *testing.T) {
	o := testOptions(t)
	a := newJournal(t, o)
	desk, _ := sister(t, a, fact.Desk, "desk 1")
	rogue, _ := sister(t, a, fact.Desk, "desk 2")
	own := desk.papers.card.Device
	s := newSubject(t, desk)
	states(t, rogue, AuthorityLapsed{Device: own, Since: 1})
	pull(t, rogue, a)
	say(t, desk, s, "with authority")
	lapse := states(t, desk, AuthorityLapsed{Device: own, Up: desk.HowFar(t.Context()), Since: 1})
	say(t, desk, s, "without")
	pull(t, desk, a)
	pullControl(t, a, rogue)
	states(t, rogue, AuthorityRenewed{Device: own, Lapse: lapse.ID, Way: "two"})
	pull(t, rogue, a)
	if got := heldTexts(t, a, s); !slices.Equal(got, []string{"without"}) {
		t.Errorf("held: %q", got)
	}
	if cuts := a.House().Cuts; len(cuts) != 1 || cuts[0].Lapse == nil || cuts[0].Lapse.Ended {
		t.Errorf("lapses: %+v", cuts)
	}
}
