package journal

import (
	"testing"
	"time"

	"holdfast/fact"
)

// TestOnlyAnotherFailureDomainMakesSafe: a second device beside the first is
// lost together with it, so that its receipt makes nothing safe.
func TestOnlyAnotherFailureDomainMakesSafe(t *testing.T) {
	a := newJournal(t, testOptions(t))
	beside := sisterIn(t, a, "beside", a.Domain())
	one := say(t, a, newSubject(t, a), "one")
	meet(t, a, beside)
	if a.Safe(one) || beside.Safe(one) {
		t.Fatal("safe, and one fire takes both devices that hold it")
	}
	if n, err := a.Safety(t.Context()); err != nil || n.Unsafe == 0 || n.Others != 0 {
		t.Fatalf("%+v %v", n, err)
	}
	away := sisterIn(t, a, "away", "another building")
	meet(t, a, away)
	if !a.Safe(one) || !away.Safe(one) {
		t.Fatal("not safe although another building holds it")
	}
}

// TestWhoIsCutOffConfirmsNothing: once a device is cut off, what only it
// confirmed is not safe any more, and its later receipts change nothing.
func TestWhoIsCutOffConfirmsNothing(t *testing.T) {
	a := newJournal(t, testOptions(t))
	b, _ := sister(t, a, fact.SiteNode, "b")
	one := say(t, a, newSubject(t, a), "one")
	meet(t, a, b)
	if !a.Safe(one) {
		t.Fatal("not safe although b confirmed it")
	}
	cut := CutMade{Device: b.papers.card.Device, Why: "stolen"}
	cuts, err := a.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(a.OrgSubject(), cut)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if a.Safe(one) {
		t.Error("safe by the word of a device that is cut off")
	}
	two := say(t, a, newSubject(t, a), "two")
	meet(t, a, b)
	if a.Safe(two) {
		t.Error("a device that is cut off confirmed something new")
	}
	if _, err := a.Do(t.Context(), fact.Author{Role: "administrator"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(a.OrgSubject(), Readmitted{Cut: cuts[0].ID, Why: "found again"})}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if !a.Safe(one) || !a.Safe(two) {
		t.Errorf("after readmission what the device holds is safe: %v, %v", a.Safe(one), a.Safe(two))
	}
}

// sisterIn enrols another site node in a failure domain and opens it.
func sisterIn(t testing.TB, j *Journal, name, domain string) *Journal {
	t.Helper()
	o := testOptions(t)
	ask, err := Ask(t.Context(), o, fact.SiteNode, name, domain)
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
	return reopen(t, o)
}

// When a device was last heard of is told by what it signed: its own entries, or
// its word that it holds another's.
func TestWhenADeviceWasLastHeard(t *testing.T) {
	a := newJournal(t, testOptions(t))
	before := a.o.Clock().Truncate(time.Millisecond)
	b := sisterIn(t, a, "b", "elsewhere")
	s := newSubject(t, a)
	heard := func(j *Journal, of fact.Subject) time.Time {
		t.Helper()
		all, err := j.LastHeard()
		if err != nil {
			t.Fatal(err)
		}
		return all[of]
	}
	if at := heard(a, b.papers.card.Device); !at.IsZero() {
		t.Errorf("nothing has come from it, and it was heard of at %s", at)
	}
	say(t, a, s, "work")
	meet(t, a, b)
	for name, one := range map[string]struct {
		at *Journal
		of fact.Subject
	}{"by its word": {a, b.papers.card.Device}, "by its entries": {b, a.papers.card.Device}} {
		if at := heard(one.at, one.of); at.Before(before) {
			t.Errorf("%s: last heard of at %s, and it has been here since %s", name, at, before)
		}
	}
}

// A receipt that comes while others are written is written with the next: what it
// dates would be lost for good, and a cut would hold back what it need not.
func TestAReceiptThatComesDuringACommitIsKept(t *testing.T) {
	j := newJournal(t, testOptions(t))
	receipt := func(feed byte) fact.Receipt {
		return fact.Receipt{Head: fact.Head{Feed: fact.FeedID{feed}, Size: 3, Time: fact.At(j.o.Clock())}, Holder: fact.FeedID{9}}
	}
	j.keepReceipt(receipt(1), []byte("one"))
	if err := j.control1(t.Context(), func(w *writer) error {
		_, err := w.transaction(func(c *sqlConn) error {
			err := w.receipts.write(c)
			j.keepReceipt(receipt(2), []byte("two"))
			return err
		})
		w.receipts.written()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := j.FlushReceipts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.control1(t.Context(), func(w *writer) error {
		for _, feed := range []fact.FeedID{{1}, {2}} {
			if n, err := w.file.write.oneInt("SELECT count(*) FROM receipts WHERE feed=?", feed[:]); err != nil || n != 1 {
				t.Errorf("feed %x has %d receipts, %v", feed[0], n, err)
			}
		}
		return w.file.write.exec("DELETE FROM receipts") // nobody signed them
	}); err != nil {
		t.Fatal(err)
	}
}
