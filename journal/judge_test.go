package journal

import (
	"testing"

	"holdfast/fact"
)

// The disk can't be read while a cut is to be judged: the machine says so, and
// applies it by itself as soon as it can.
func TestACutThatCouldNotBeJudgedIsTriedAgain(t *testing.T) {
	a := newJournal(t, testOptions(t))
	b, _ := sister(t, a, fact.SiteNode, "b")
	before := a.house.Load()
	cut := CutMade{Device: b.papers.card.Device, Why: "taken over"}
	if _, err := a.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(a.OrgSubject(), cut)}, nil
	}); err != nil {
		t.Fatal(err)
	}
	shut, err := openExisting(a.file.Load().path, Disk{})
	if err != nil {
		t.Fatal(err)
	}
	if err := shut.close(); err != nil {
		t.Fatal(err)
	}
	if err := a.control1(t.Context(), func(w *writer) error {
		a.house.Store(before) // as if the cut had just come
		unreadable := *w
		unreadable.file = shut
		return a.houseMoved(&unreadable, nil)
	}); err != nil {
		t.Fatal(err)
	}
	if a.House().CutOff(cut.Device) || a.Health().Sentence != unjudgedSentence {
		t.Fatalf("cut off %v, and it says %q", a.House().CutOff(cut.Device), a.Health().Sentence)
	}
	eventually(t, "the cut is applied", func() bool { return a.House().CutOff(cut.Device) })
	if said := a.Health().Sentence; said != "" {
		t.Errorf("it still says %q", said)
	}
}
