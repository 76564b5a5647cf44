package journal

import (
	"errors"
	"testing"

	"holdfast/fact"
)

// restoredBeforeDesk gives the only site node of an organisation as it is after
// a restore from a backup that is older than a desk's enrolment, and the desk.
func restoredBeforeDesk(t *testing.T) (site, desk *Journal) {
	t.Helper()
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	old := o
	old.Dir = t.TempDir()
	copyFolder(t, o.Dir, old.Dir)
	lost := reopen(t, o)
	desk, _ = sister(t, lost, fact.Desk, "desk 1")
	if err := lost.Close(); err != nil {
		t.Fatal(err)
	}
	return reopen(t, old), desk
}

func introduced(t *testing.T, j *Journal) []byte {
	t.Helper()
	raw, err := j.Device().Introduction()
	if err != nil || len(raw) == 0 {
		t.Fatalf("no introduction: %v", err)
	}
	return raw
}

// A site node that has lost a desk's enrolment learns it from the desk.
func TestADeskBringsItsEnrolment(t *testing.T) {
	site, desk := restoredBeforeDesk(t)
	device, card := desk.papers.card.Device, desk.papers.signedCard
	s := newSubject(t, site)
	say(t, site, s, "live work")
	pull(t, desk, site)
	ids, err := site.FactIDs(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := site.Proved(t.Context(), device, s, ids); !errors.Is(err, ErrPaper) {
		t.Fatalf("keys were closed for a desk that is not known: %v", err)
	}
	for range 2 { // the second time changes nothing
		if err := site.Introduce(t.Context(), card, introduced(t, desk)); err != nil {
			t.Fatal(err)
		}
	}
	e, known := site.House().Devices[device]
	if !known || e.Domain != "desk 1's cellar" {
		t.Fatalf("the site knows of the desk %v: %q", known, e.Domain)
	}
	history, err := site.History(t.Context(), site.papers.genesis.About)
	if err != nil {
		t.Fatal(err)
	}
	stated := 0
	for _, f := range history.Facts() {
		if d, err := fact.Read[DeviceEnrolled](f); err == nil && string(d.Card.Bytes) == string(card.Bytes) {
			stated++
		}
	}
	if stated != 1 {
		t.Errorf("the enrolment was stated %d times", stated)
	}
	p, err := site.Proved(t.Context(), device, s, ids)
	if err != nil {
		t.Fatal(err)
	}
	cards, certificates := site.Papers()
	if err := desk.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for _, tip := range site.Tips() {
		if tip.Lane == fact.Control {
			pullTip(t, site, desk, tip)
		}
	}
	if err := desk.ReceiveProved(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, desk, s); len(got) != 1 {
		t.Fatalf("the desk reads %q", got)
	}
}

// What a device brings counts for itself alone, and only if the roots signed it.
func TestAnIntroductionIsOfTheDeviceItself(t *testing.T) {
	site, desk := restoredBeforeDesk(t)
	other := newJournal(t, testOptions(t))
	stranger, _ := sister(t, other, fact.Desk, "elsewhere")
	good := introduced(t, desk)
	var says DeviceEnrolled
	if err := fact.Decode(good, &says); err != nil {
		t.Fatal(err)
	}
	shut := says
	shut.Wrap = append([]byte(nil), says.Wrap...)
	shut.Wrap[40] ^= 1
	closed, err := fact.Encode(shut)
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]struct {
		card fact.Signed
		says []byte
	}{
		"of another organisation":          {stranger.papers.signedCard, introduced(t, stranger)},
		"under another device's card":      {site.papers.signedCard, good},
		"with a wrapping key that is shut": {desk.papers.signedCard, closed},
		"cut short":                        {desk.papers.signedCard, good[:len(good)-1]},
	} {
		if err := site.Introduce(t.Context(), try.card, try.says); !errors.Is(err, ErrBad) {
			t.Errorf("%s: %v", name, err)
		}
		if len(site.House().Devices) != 1 {
			t.Fatalf("%s: it was taken in", name)
		}
	}
}
