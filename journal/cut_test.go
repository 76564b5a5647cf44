package journal

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
)

func TestACutHoldsAndReadmits(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	var minutes atomic.Int64
	began := time.Now()
	o.Clock = func() time.Time { return began.Add(time.Duration(minutes.Load()) * time.Minute) }
	a := newJournal(t, o)
	b, _ := sister(t, a, fact.SiteNode, "b")
	s := newSubject(t, a)
	say(t, b, s, "trusted")
	meet(t, a, b)
	moment := o.Clock().Add(time.Minute)
	minutes.Store(2)
	suspect := say(t, b, s, "suspect")
	meet(t, a, b)
	rests := say(t, a, s, "rests on the suspect")
	about := a.OrgSubject()
	dated, err := a.DatedBefore(b.papers.card.Device, moment)
	if err != nil || len(dated) == 0 {
		t.Fatalf("dated: %v, %v", dated, err)
	}
	cut := CutMade{Device: b.papers.card.Device, Up: dated, Since: fact.At(moment), Why: "taken over"}
	facts, err := a.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(about, cut)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := a.History(t.Context(), s)
	if err != nil || len(h.Held()) != 1 || h.Held()[0].ID != suspect.ID {
		t.Fatalf("held %v, %v", h.Held(), err)
	}
	if got := h.Resting(); len(got) != 1 || got[0] != rests.ID {
		t.Errorf("resting: %v", got)
	}
	if !a.House().CutOff(b.papers.card.Device) {
		t.Error("the device may still connect")
	}
	held, _, err := a.HeldFacts(t.Context(), facts[0].ID, 0, 10)
	if err != nil || len(held) == 0 {
		t.Fatalf("held: %v, %v", held, err)
	}
	if _, err := b.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(about, Readmitted{Cut: facts[0].ID, Why: "let me in"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	pull(t, b, a)
	if h, _ := a.History(t.Context(), s); len(h.Held()) != 1 {
		t.Error("a device lifted its own cut")
	}
	if _, err := a.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(about, Readmitted{Cut: facts[0].ID, Facts: []fact.ID{suspect.ID}, Why: "looked at"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if h, _ := a.History(t.Context(), s); len(h.Held()) != 0 || h.Len() != 3 {
		t.Errorf("%d facts count and %d are held after readmission", h.Len(), len(h.Held()))
	}
}

func TestAnErasedSubjectStaysErased(t *testing.T) {
	o := testOptions(t)
	a := newJournal(t, o)
	s := newSubject(t, a)
	say(t, a, s, "to be erased")
	b, _ := sister(t, a, fact.SiteNode, "b")
	meet(t, a, b)
	wraps, err := b.Wraps(t.Context(), a.papers.card.Device, keysOf(t, b, s))
	if err != nil || len(wraps) != 1 {
		t.Fatalf("%d wraps, %v", len(wraps), err)
	}
	checkSums(t, a)
	checkSums(t, b)
	if _, err := a.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(a.OrgSubject(), SubjectErased{Subject: s, Why: "retention"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	meet(t, a, b)
	for _, j := range []*Journal{a, b} {
		checkSums(t, j)
		if got := texts(t, j, s); len(got) != 0 {
			t.Errorf("still readable: %q", got)
		}
		if err := j.TakeWraps(t.Context(), wraps); err != nil {
			t.Fatal(err)
		}
		if got := keysOf(t, j, s); len(got) != 0 {
			t.Error("a key came back")
		}
		if got := texts(t, j, s); len(got) != 0 {
			t.Errorf("readable again: %q", got)
		}
	}
	tipsEqual(t, a, b)
}

func keysOf(t testing.TB, j *Journal, s fact.Subject) []KeyRef {
	t.Helper()
	all, err := j.KeyringList(t.Context(), s[0])
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(r KeyRef) bool { return r.Subject != s })
}

// A key that is on its way in while its subject is erased is not written.
func TestAKeyUnderWayDoesNotComeBack(t *testing.T) {
	a := newJournal(t, testOptions(t))
	b, _ := sister(t, a, fact.SiteNode, "b")
	s := newSubject(t, a)
	say(t, a, s, "to be erased")
	wraps, err := a.Wraps(t.Context(), b.papers.card.Device, keysOf(t, a, s))
	if err != nil || len(wraps) == 0 {
		t.Fatalf("%d wraps, %v", len(wraps), err)
	}
	under, err := b.openWraps(wraps, false)
	if err != nil || len(under) == 0 {
		t.Fatalf("%d keys, %v", len(under), err)
	}
	if _, err := a.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(a.OrgSubject(), SubjectErased{Subject: s, Why: "retention"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	meet(t, a, b)
	if err := b.keepKeys(t.Context(), under); err != nil {
		t.Fatal(err)
	}
	if keys, texts := keysOf(t, b, s), texts(t, b, s); len(keys) != 0 || len(texts) != 0 {
		t.Errorf("%d keys came back, and %q can be read", len(keys), texts)
	}
	if held, err := b.subjects.find(b.file.Load(), KeyRef{Subject: s, Key: under[0].ID}); err != nil || held != nil {
		t.Errorf("the key stayed in memory, %v", err)
	}
}

// The roots sign a desk's card, not the key by which it opens what it is given:
// a desk that states another's enrolment with a key of its own admits nothing.
func TestADeskEnrolsNobody(t *testing.T) {
	site := newJournal(t, testOptions(t))
	victim, _ := sister(t, site, fact.Desk, "desk 1")
	thief, _ := sister(t, site, fact.Desk, "desk 2")
	pull(t, site, thief)
	device := victim.papers.card.Device
	was := site.House().Devices[device]
	if len(was.Wrap) == 0 {
		t.Fatal("the desk has no wrapping key")
	}
	for range 64 { // the least id would win
		if _, err := thief.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
			return []fact.Draft{fact.Say(thief.OrgSubject(), DeviceEnrolled{Card: victim.papers.signedCard, Domain: "elsewhere", Wrap: []byte("the thief's")})}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	pull(t, thief, site)
	if now := site.House().Devices[device]; string(now.Wrap) != string(was.Wrap) || now.Domain != was.Domain {
		t.Errorf("the desk's enrolment is now by fact %s, with the domain %q", now.Fact.Short(), now.Domain)
	}
}

// A branch that only grows can change which history a cut trusts: what a clone
// wrote is held as soon as the trusted history is here.
func TestACutIsJudgedAnewWhenTheTrustedHistoryArrives(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	site := reopen(t, o)
	s := newSubject(t, site)
	say(t, site, s, "before")
	first, of := sister(t, site, fact.SiteNode, "cloned")
	other, _ := sister(t, site, fact.SiteNode, "other")
	meet(t, site, first)
	say(t, first, s, "on both")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	twin := of
	twin.Dir = t.TempDir()
	copyFolder(t, of.Dir, twin.Dir)
	first, clone := reopen(t, of), reopen(t, twin)
	say(t, first, s, "by the machine")
	pull(t, first, site)
	forged := say(t, clone, s, "by its clone")
	say(t, clone, s, "and more")
	pull(t, clone, site)
	var last fact.Fact
	for range 6 {
		last = say(t, first, s, "by the machine, later")
	}
	pull(t, site, other)
	pull(t, first, other)
	var trusted []fact.After
	for _, tip := range other.Tips() {
		if tip.Feed == last.Header.Feed && tip.Size > last.Header.Seq {
			trusted = append(trusted, fact.After{Feed: tip.Feed, Size: tip.Size, Root: tip.Root})
		}
	}
	if len(trusted) != 1 {
		t.Fatalf("%d histories to trust", len(trusted))
	}
	device := first.papers.card.Device
	if _, err := other.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(other.OrgSubject(), CutMade{Device: device, Up: trusted, Why: "cloned"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	cards, certificates := other.Papers()
	if err := site.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for _, tip := range other.Tips() {
		if tip.Lane == fact.Control {
			pullTip(t, other, site, tip)
		}
	}
	pull(t, first, site)
	if !site.House().CutOff(device) {
		t.Fatal("the cut is not here")
	}
	for name, j := range map[string]*Journal{"where it grew": site, "where it was whole": other} {
		h, err := j.History(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		held := map[string]bool{}
		for _, f := range h.Held() {
			one, _ := fact.Read[said](f)
			held[one.Text] = true
		}
		if len(held) != 2 || !held["by its clone"] || !held["and more"] {
			t.Errorf("%s: held are %v (%s)", name, held, forged.ID.Short())
		}
	}
}
