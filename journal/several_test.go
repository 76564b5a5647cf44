package journal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
