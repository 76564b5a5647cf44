package journal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// sister enrols another device of j's organisation and opens it.
func sister(t testing.TB, j *Journal, kind fact.DeviceKind, name string) (*Journal, Options) {
	t.Helper()
	o := testOptions(t)
	o.Views, o.Clock = j.o.Views, j.o.Clock
	ask, err := Ask(t.Context(), o, kind, name, name+"'s cellar")
	if err != nil {
		t.Fatal(err)
	}
	admission, err := j.Enrol(t.Context(), fact.Author{Role: "administrator"}, ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := Join(t.Context(), o, admission); err != nil {
		t.Fatal(err)
	}
	return reopen(t, o), o
}

// meet moves everything between two site nodes, in both directions, the plain
// way; package replicate does it well.
func meet(t testing.TB, a, b *Journal) {
	t.Helper()
	for range 4 {
		pull(t, a, b)
		pull(t, b, a)
	}
}

func pull(t testing.TB, from, to *Journal) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cards, certificates := from.Papers()
	must(to.AdmitPapers(ctx, cards, certificates))
	tips := from.Tips()
	slices.SortStableFunc(tips, func(a, b Tip) int { return int(a.Lane) - int(b.Lane) })
	for _, tip := range tips {
		pullTip(t, from, to, tip)
	}
	missing, err := to.MissingBlobs(ctx, 100)
	must(err)
	for _, hash := range missing {
		if sealed, err := from.ReadBlob(ctx, hash); err == nil {
			must(to.TakeBlob(ctx, sealed))
		}
	}
	receipts, err := to.Receipts(ctx)
	must(err)
	for _, r := range receipts {
		if err := from.TakeReceipt(ctx, r); !errors.Is(err, ErrPaper) {
			must(err)
		}
	}
}

func pullTip(t testing.TB, from, to *Journal, tip Tip) {
	t.Helper()
	ctx := context.Background()
	var first uint64
	for {
		if have, err := to.HasRoot(ctx, tip.Place()); err != nil || have {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		r, err := from.ReadRange(ctx, to.papers.card.Device, tip.Place(), first, 8<<10)
		if err != nil {
			t.Fatal(err)
		}
		switch err := to.Receive(ctx, r); {
		case errors.Is(err, ErrOwn):
			if err := to.Reincarnate(ctx, "restored"); err != nil {
				t.Fatal(err)
			}
		case err != nil:
			t.Fatal(err)
		default:
			first += uint64(len(r.Headers))
		}
	}
}

func tipsEqual(t testing.TB, all ...*Journal) {
	t.Helper()
	for _, j := range all[1:] {
		a, b := all[0].Tips(), j.Tips()
		if !slices.EqualFunc(a, b, func(x, y Tip) bool { return x.Place() == y.Place() }) {
			t.Fatalf("tips differ:\n%v\n%v", a, b)
		}
	}
}

func TestTwoSitesTellEachOther(t *testing.T) {
	o := testOptions(t)
	o.Views = []View{counts{}}
	a := newJournal(t, o)
	s := newSubject(t, a)
	say(t, a, s, "from a, before b was there")
	b, _ := sister(t, a, fact.SiteNode, "b")
	meet(t, a, b)
	if got := texts(t, b, s); len(got) != 1 {
		t.Fatalf("b has %q", got)
	}
	one, two := say(t, a, s, "apart a"), say(t, b, s, "apart b")
	if a.Safe(one) || b.Safe(two) {
		t.Fatal("safe before anybody else had it")
	}
	n, err := a.Safety(t.Context())
	if err != nil || n.Unsafe == 0 || n.Others != 1 {
		t.Fatalf("%+v %v", n, err)
	}
	meet(t, a, b)
	meet(t, a, b)
	tipsEqual(t, a, b)
	if !a.Safe(one) || !b.Safe(two) || !a.Safe(two) {
		t.Fatal("not safe although the other confirmed it")
	}
	if n, err := a.Safety(t.Context()); err != nil || n.Unsafe != 0 {
		t.Fatalf("%+v %v", n, err)
	}
	if got, again := texts(t, a, s), texts(t, b, s); len(got) != 3 || !slices.Equal(got, again) {
		t.Fatalf("a has %q, b has %q", got, again)
	}
	say(t, b, s, "having seen both")
	meet(t, a, b)
	h, err := a.History(t.Context(), s)
	if err != nil || len(h.Frontier()) != 1 {
		t.Fatalf("frontier %v, %v", h.Frontier(), err)
	}
	if !b.WaitViews(t.Context(), h.Facts(), 5*time.Second) {
		t.Fatal("b's views are not level")
	}
}

func TestReceiptsSurviveARestart(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	one := say(t, a, newSubject(t, a), "one")
	b, _ := sister(t, a, fact.SiteNode, "b")
	meet(t, a, b)
	if err := a.FlushReceipts(t.Context()); err != nil || !a.Safe(one) {
		t.Fatalf("safe: %v, %v", a.Safe(one), err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if again := reopen(t, o); !again.Safe(one) {
		t.Fatal("no longer safe after a restart")
	}
}

func TestARangeIsBelievedOnlyWithItsSignature(t *testing.T) {
	a := newJournal(t, testOptions(t))
	s := newSubject(t, a)
	for range 5 {
		say(t, a, s, "five")
	}
	b, _ := sister(t, a, fact.SiteNode, "b")
	cards, certificates := a.Papers()
	var care Tip
	for _, tip := range a.Tips() {
		if tip.Lane == fact.Care {
			care = tip
		}
	}
	r, err := a.ReadRange(t.Context(), b.papers.card.Device, care.Place(), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Receive(t.Context(), r); !errors.Is(err, ErrPaper) {
		t.Fatalf("without the certificate: %v", err)
	}
	if err := b.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(r *Range){
		"a header":    func(r *Range) { r.Headers[2] = flipped(r.Headers[2], 130) },
		"a body":      func(r *Range) { r.Bodies[2] = flipped(r.Bodies[2], 40) },
		"the head":    func(r *Range) { r.Head = flipped(r.Head, 80) },
		"a signature": func(r *Range) { r.Head = flipped(r.Head, 160) },
		"one fewer":   func(r *Range) { r.Headers, r.Bodies = r.Headers[:4], r.Bodies[:4] },
		"the order":   func(r *Range) { r.Headers[1], r.Headers[2] = r.Headers[2], r.Headers[1] },
		"an edge":     func(r *Range) { r.Before = []fact.Hash{{1}} },
	} {
		bent := r
		bent.Headers, bent.Bodies = slices.Clone(r.Headers), slices.Clone(r.Bodies)
		spoil(&bent)
		if err := b.Receive(t.Context(), bent); !errors.Is(err, ErrBad) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	later := r
	later.First = 2
	later.Headers, later.Bodies = r.Headers[2:], r.Bodies[2:]
	later.Before = []fact.Hash{{7}}
	if err := b.Receive(t.Context(), later); err == nil {
		t.Error("a range with a made-up beginning was taken")
	}
	for range 3 {
		if err := b.Receive(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got := texts(t, b, s); len(got) != 5 {
		t.Fatalf("b has %q", got)
	}
}

func flipped(b []byte, at int) []byte {
	out := bytes.Clone(b)
	out[at] ^= 1
	return out
}

// TestAClonedDeviceKeepsBothHistories runs one folder twice.
func TestAClonedDeviceKeepsBothHistories(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, a)
	say(t, a, s, "before")
	b, _ := sister(t, a, fact.SiteNode, "b")
	meet(t, a, b)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	twin := o
	twin.Dir = t.TempDir()
	copyFolder(t, o.Dir, twin.Dir)
	a, clone := reopen(t, o), reopen(t, twin)
	say(t, a, s, "the first")
	say(t, clone, s, "the second")
	say(t, clone, s, "the second again")
	pull(t, a, b)
	pull(t, clone, b)
	if got := texts(t, b, s); len(got) != 4 {
		t.Fatalf("b has %q", got)
	}
	forks, err := b.Forks(t.Context())
	if err != nil || len(forks) == 0 {
		t.Fatalf("forks: %v, %v", forks, err)
	}
	for _, f := range forks {
		c, _ := b.branches.cert(f.Feed)
		if err := f.Check(c.key); err != nil {
			t.Errorf("the evidence does not hold: %v", err)
		}
	}
	meet(t, a, b)
	meet(t, clone, b)
	meet(t, a, b)
	meet(t, clone, a)
	meet(t, clone, b)
	tipsEqual(t, a, b, clone)
	if a.Health().Incarnation < 2 || clone.Health().Incarnation < 2 {
		t.Errorf("incarnations %d and %d: both must have begun anew", a.Health().Incarnation, clone.Health().Incarnation)
	}
	for _, j := range []*Journal{a, b, clone} {
		if got := texts(t, j, s); len(got) != 4 {
			t.Errorf("has %q", got)
		}
	}
}

func TestARestoredDeviceAdoptsWhatPeersHold(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, a)
	b, _ := sister(t, a, fact.SiteNode, "b")
	say(t, a, s, "backed up")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	backup := o
	backup.Dir = t.TempDir()
	copyFolder(t, o.Dir, backup.Dir)
	if a, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	say(t, a, s, "after the backup")
	meet(t, a, b)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	back := reopen(t, backup) // start folder and all: nothing here tells that it is old
	meet(t, back, b)
	say(t, back, s, "after the restore")
	meet(t, back, b)
	tipsEqual(t, back, b)
	if got := texts(t, back, s); len(got) != 3 {
		t.Fatalf("the restored device has %q", got)
	}
	if back.Health().Incarnation != 2 {
		t.Errorf("incarnation %d", back.Health().Incarnation)
	}
}

func TestADamagedFactIsMendedAndNeverTaught(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, a)
	for range 6 {
		say(t, a, s, "six")
	}
	b, _ := sister(t, a, fact.SiteNode, "b")
	c, _ := sister(t, a, fact.SiteNode, "c")
	meet(t, a, b)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := openExisting(filePath(o.Dir, 1), Disk{})
	if err != nil {
		t.Fatal(err)
	}
	for _, damage := range []string{
		"UPDATE facts SET body=zeroblob(length(body)) WHERE feed=2 AND seq=2", "DELETE FROM facts WHERE feed=2 AND seq=4",
		"UPDATE tree SET hashes=zeroblob(length(hashes)) WHERE feed=3 OR feed=1 AND first=0",
	} {
		if err := f.write.exec(damage); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if a, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		holds(t, o)
	}()
	if n, err := a.Scrub(t.Context()); err != nil || n != 2 {
		t.Fatalf("%d lost, %v", n, err)
	}
	for _, tip := range a.Tips() {
		if tip.Lane != fact.Care {
			continue
		}
		if r, err := a.ReadRange(t.Context(), c.papers.card.Device, tip.Place(), 0, 1<<20); err == nil {
			t.Errorf("damage was read out: %d facts", len(r.Headers))
		}
	}
	lost, err := a.Lost(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.ProvedAt(t.Context(), a.papers.card.Device, lost)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.ReceiveProved(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if n, err := a.Scrub(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d lost after mending, %v", n, err)
	}
	if got := texts(t, a, s); len(got) != 6 {
		t.Errorf("has %q", got)
	}
}

// TestADeskHoldsWholeSubjects gives a desk one subject and not another.
func TestADeskHoldsWholeSubjects(t *testing.T) {
	o1 := testOptions(t)
	o1.Views = []View{counts{}}
	a := newJournal(t, o1)
	mine, other := newSubject(t, a), newSubject(t, a)
	for range 3 {
		say(t, a, mine, "live work")
		say(t, a, other, "not for this desk")
	}
	desk, o := sister(t, a, fact.Desk, "desk 1")
	cards, certificates := a.Papers()
	if err := desk.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for _, tip := range a.Tips() {
		if tip.Lane == fact.Control {
			pullTip(t, a, desk, tip)
		}
	}
	ids, err := a.FactIDs(t.Context(), mine)
	if err != nil || len(ids) != 3 {
		t.Fatalf("%d ids, %v", len(ids), err)
	}
	for range 2 {
		p, err := a.Proved(t.Context(), desk.papers.card.Device, mine, ids)
		if err != nil || len(p.Facts) != 3 {
			t.Fatalf("%d facts, %v", len(p.Facts), err)
		}
		if err := desk.ReceiveProved(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if got := texts(t, desk, mine); len(got) != 3 {
		t.Fatalf("the desk has %q", got)
	}
	if h, err := desk.History(t.Context(), mine); err != nil || !desk.WaitViews(t.Context(), h.Facts(), 5*time.Second) {
		t.Error("the desk's views are not level", err)
	}
	var n int
	if err := desk.Views().QueryRow("SELECT count(*) FROM counts_said").Scan(&n); err != nil || n == 0 {
		t.Errorf("the desk's view has %d rows, %v", n, err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "views.db")); err == nil {
		t.Error("a desk keeps views on its disk")
	}
	if got := texts(t, desk, other); len(got) != 0 {
		t.Fatalf("the desk has %q", got)
	}
	made := newSubject(t, desk)
	new1 := say(t, desk, made, "a new case at the desk")
	say(t, desk, mine, "an answer at the desk")
	pull(t, desk, a)
	if got := texts(t, a, made); len(got) != 1 {
		t.Fatalf("the site has %q", got)
	}
	if got := texts(t, a, mine); len(got) != 4 {
		t.Fatalf("the site has %q", got)
	}
	if !desk.Safe(new1) {
		t.Error("the site confirmed it and it is not safe")
	}
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, o)
	if got := texts(t, again, mine); len(got) != 4 {
		t.Fatalf("after a restart the desk has %q", got)
	}
	if _, err := again.Enrol(t.Context(), fact.Author{}, Request{}); err == nil {
		t.Error("a desk enrolled a device")
	}
}

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

func TestAttachmentsFollowAndReceiptsWaitForThem(t *testing.T) {
	a := newJournal(t, testOptions(t))
	s := newSubject(t, a)
	facts, err := a.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{"with a photo"}).With(fact.Blob{Media: "image/png", Bytes: []byte("photo")})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := sister(t, a, fact.SiteNode, "b")
	cards, certificates := a.Papers()
	if err := b.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	pull(t, b, a)
	for _, tip := range a.Tips() {
		pullTip(t, a, b, tip)
	}
	receipts, err := b.Receipts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range receipts {
		if err := a.TakeReceipt(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if a.Safe(facts[0]) {
		t.Fatal("safe without its attachment")
	}
	pull(t, a, b)
	if !a.Safe(facts[0]) {
		t.Fatal("not safe with its attachment")
	}
	if plain, err := b.Attachment(t.Context(), facts[0].Body.Attachments[0]); err != nil || string(plain) != "photo" {
		t.Fatalf("%q, %v", plain, err)
	}
}

// TestAFileOfTheFormerFormIsTakenUp turns a journal back into the form before
// several devices and opens it.
func TestAFileOfTheFormerFormIsTakenUp(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, a)
	say(t, a, s, "in the former form")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := openExisting(filePath(o.Dir, 1), Disk{})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{
		"CREATE TABLE old(num INTEGER PRIMARY KEY, feed BLOB NOT NULL UNIQUE, lane INTEGER NOT NULL, paper BLOB NOT NULL) STRICT",
		"INSERT INTO old SELECT num, feed, lane, paper FROM feeds", "DROP TABLE feeds", "ALTER TABLE old RENAME TO feeds",
		"CREATE TABLE old(feed INTEGER NOT NULL, size INTEGER NOT NULL, head BLOB NOT NULL, PRIMARY KEY(feed, size)) STRICT, WITHOUT ROWID",
		"INSERT INTO old SELECT feed, size, head FROM heads", "DROP TABLE heads", "ALTER TABLE old RENAME TO heads",
		"DROP TABLE proofs", "DROP TABLE waiting", "DROP TABLE receipts",
		"UPDATE meta SET value=CAST('" + formerName + "' AS BLOB) WHERE name='format'",
	} {
		if err := f.write.exec(step); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, o)
	say(t, again, s, "in the present form")
	if got := texts(t, again, s); len(got) != 2 || again.Health().Incarnation != 1 {
		t.Errorf("%q in incarnation %d", got, again.Health().Incarnation)
	}
}

// TestAFolderIsJoinedOnce: whoever runs org join once more loses nothing.
func TestAFolderIsJoinedOnce(t *testing.T) {
	a := newJournal(t, testOptions(t))
	o := testOptions(t)
	ask, err := Ask(t.Context(), o, fact.SiteNode, "b", "another cellar")
	if err != nil {
		t.Fatal(err)
	}
	admission, err := a.Enrol(t.Context(), fact.Author{Role: "administrator"}, ask)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a join that was cut short may be done again
		if err := Join(t.Context(), o, admission); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.Dir, foundingMarker), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(o.Dir, foundingMarker)); err != nil {
		t.Fatal(err)
	}
	b := reopen(t, o)
	tips, incarnation := b.Tips(), b.Health().Incarnation
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Join(t.Context(), o, admission); !refusal.Is(err, refusal.Taken) {
		t.Errorf("joined once more: %v", err)
	}
	if again := reopen(t, o); !slices.EqualFunc(again.Tips(), tips, func(x, y Tip) bool { return x.Place() == y.Place() }) || again.Health().Incarnation != incarnation {
		t.Error("what the device held is not what it was")
	}
}

// TestADamagedHeadIsPassedOverAndComesAgain damages heads of another device's
// feed: the newest, which comes again, and one in between, which is not served.
func TestADamagedHeadIsPassedOverAndComesAgain(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := sister(t, a, fact.SiteNode, "b")
	c, _ := sister(t, a, fact.SiteNode, "c")
	s := newSubject(t, b)
	for range 4 {
		say(t, b, s, "from b")
		pull(t, b, a)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := openExisting(filePath(o.Dir, 1), Disk{})
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{2, 4} {
		if err := f.write.exec("UPDATE heads SET head=zeroblob(length(head)) WHERE size=? AND feed=(SELECT f.feed FROM facts f JOIN subjects s ON s.num=f.subject WHERE s.subject=? LIMIT 1)", int64(size), s[:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if a, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, tip := range a.Tips() {
		if tip.Lane == fact.Care && tip.Size == 4 {
			t.Error("a head that does not hold is offered")
		}
	}
	pull(t, a, c)
	if got := texts(t, c, s); len(got) != 3 {
		t.Errorf("c has %q by way of a", got)
	}
	pull(t, b, a)
	if got := texts(t, a, s); len(got) != 4 {
		t.Errorf("a has %q", got)
	}
	r, err := Verify(t.Context(), o.Dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Failures {
		if !strings.Contains(f.Place, "head 2") {
			t.Errorf("verify: %s: %s", f.Place, f.What)
		}
	}
}
