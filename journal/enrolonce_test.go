package journal

import (
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// stated counts the enrolments of a device in the organisation's facts.
func stated(t *testing.T, j *Journal, device fact.Subject) (n int) {
	t.Helper()
	h, err := j.History(t.Context(), j.papers.genesis.About)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range h.Facts() {
		d, err := fact.Read[DeviceEnrolled](f)
		if err != nil {
			continue
		}
		if card, err := fact.OpenCard(d.Card, j.papers.genesis); err == nil && card.Device == device {
			n++
		}
	}
	return n
}

// Two enrolments of one device at once leave one, with one wrapping key: each
// decides on the history it has read, which is never behind what it commits on,
// and not on the fold of the house, which follows it.
func TestADeviceIsEnrolledOnce(t *testing.T) {
	j := newJournal(t, testOptions(t))
	before := j.house.Load()
	desk, _ := sister(t, j, fact.Desk, "desk 1")
	after := j.house.Load()
	var r Request
	card := desk.papers.card
	r.Kind, r.Name, r.Domain, r.Key, r.Device = card.Kind, card.Name, "cellar", card.Key, card.Device
	sealing, err := desk.keys.newHPKE(desk.o.Random, "another seal")
	if err != nil {
		t.Fatal(err)
	}
	r.Seal = sealing.PublicKey().Bytes()
	j.house.Store(before) // the fold has not followed yet
	_, err = j.Enrol(t.Context(), fact.Author{Role: "administrator"}, r)
	if !refusal.Is(err, refusal.Taken) {
		t.Errorf("enrolled again: %v", err)
	}
	j.house.Store(before)
	if err := j.Introduce(t.Context(), desk.papers.signedCard, introduced(t, desk)); err != nil {
		t.Error(err)
	}
	j.house.Store(after)
	if n := stated(t, j, card.Device); n != 1 {
		t.Errorf("stated %d times", n)
	}
}

// When a new device's card can't be kept its enrolment is not stated either: it
// could never be answered again.
func TestNothingIsStatedOfACardThatIsNotKept(t *testing.T) {
	o := testOptions(t)
	j := newJournal(t, o)
	rename := func(from, to string) {
		t.Helper()
		if err := j.control1(t.Context(), func(w *writer) error { return w.file.write.exec("ALTER TABLE " + from + " RENAME TO " + to) }); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Ask(t.Context(), testOptions(t), fact.Desk, "desk 1", "cellar")
	if err != nil {
		t.Fatal(err)
	}
	rename("papers", "elsewhere")
	_, err = j.Enrol(t.Context(), fact.Author{Role: "administrator"}, r)
	rename("elsewhere", "papers")
	if err == nil {
		t.Error("a card that could not be kept was answered")
	}
	if n := stated(t, j, r.Device); n != 0 {
		t.Errorf("stated %d times", n)
	}
	if _, err := j.Enrol(t.Context(), fact.Author{Role: "administrator"}, r); err != nil {
		t.Errorf("enrolled no more: %v", err)
	}
}
