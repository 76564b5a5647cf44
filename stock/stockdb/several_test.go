package stockdb_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/share"
	"holdfast/journal"
	"holdfast/stock"
	"holdfast/stock/stockdb"
	"holdfast/task/taskdb"
)

// sister enrols another site node of the organisation and opens its forms.
func sister(t *testing.T, s *stockdb.Forms, name string) *stockdb.Forms {
	t.Helper()
	o := journal.Options{Dir: t.TempDir(), Demo: true, Views: []journal.View{accessdb.View{}, taskdb.View{}, stockdb.View{}}, Reserve: 1 << 16}
	ask, err := journal.Ask(t.Context(), o, fact.SiteNode, name, name+"'s cellar")
	if err != nil {
		t.Fatal(err)
	}
	admission, err := s.Journal.Enrol(t.Context(), fact.Author{Role: "administrator"}, ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.Join(t.Context(), o, admission); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return &stockdb.Forms{Journal: j, Gate: accessdb.NewGate(j, time.Now), Device: access.Caller{Person: j.Device().Card().Device, Name: name, Role: access.Device}}
}

// meet moves everything both ways, the plain way, until nothing is missing.
func meet(t *testing.T, a, b *stockdb.Forms) {
	t.Helper()
	for range 3 {
		pull(t, a.Journal, b.Journal)
		pull(t, b.Journal, a.Journal)
	}
	level(t, a)
	level(t, b)
}

func pull(t *testing.T, from, to *journal.Journal) {
	t.Helper()
	cards, certificates := from.Papers()
	if err := to.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	tips := from.Tips()
	slices.SortStableFunc(tips, func(a, b journal.Tip) int { return int(a.Lane) - int(b.Lane) })
	for _, tip := range tips {
		for first := uint64(0); ; {
			if have, err := to.HasRoot(t.Context(), tip.Place()); err != nil || have {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			r, err := from.ReadRange(t.Context(), to.Device().Card().Device, tip.Place(), first, 64<<10)
			if err != nil {
				t.Fatal(err)
			}
			if err := to.Receive(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			first += uint64(len(r.Headers))
		}
	}
}

func do(t *testing.T, s *stockdb.Forms, by access.Caller, act access.Act, id fact.Subject, verb stockdb.Verb) {
	t.Helper()
	if err := s.Do(t.Context(), by, act, id, verb); err != nil {
		t.Fatal(err)
	}
}

func handOut(t *testing.T, from, to *stockdb.Forms, id fact.Subject, first, last uint64) {
	t.Helper()
	do(t, from, mara, access.KeepForms, id, func(r stock.Range, here stock.Device, now time.Time) ([]fact.Draft, error) {
		return stock.HandOut(r, mara, here, share.Some(first, last), to.Here(), now)
	})
}

func rangeOn(t *testing.T, s *stockdb.Forms, id fact.Subject) stock.Range {
	t.Helper()
	r, err := s.Range(t.Context(), mara, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// same checks that both devices fold the same rights, that lists show what
// verbs decide on, and that every number is accounted for.
func same(t *testing.T, a, b *stockdb.Forms, id fact.Subject) stock.Range {
	t.Helper()
	one, two := rangeOn(t, a, id), rangeOn(t, b, id)
	x, err := fact.StateHash(one)
	y, err2 := fact.StateHash(two)
	if err := errors.Join(err, err2); err != nil || x != y {
		t.Fatalf("the devices do not agree (%v):\n%+v\n%+v", err, one.Rights, two.Rights)
	}
	for _, s := range []*stockdb.Forms{a, b} {
		list, err := s.List(t.Context(), mara)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d ranges listed, %v", len(list), err)
		}
		if z, err := fact.StateHash(list[0]); err != nil || z != x {
			t.Errorf("%s lists other than it folds (%v)", s.Here().Name, err)
		}
		if account := rangeOn(t, s, id).Account(); account.Missing != 0 || account.Received != 20 {
			t.Errorf("%d of %d numbers are not accounted for", account.Missing, account.Received)
		}
	}
	return one
}

// Two site nodes with journals of their own: a share handed out is spent while
// neither can reach the other; the first is lost and two people move what it
// held; it comes back, and what it spent unseen waits and is decided. At the
// end every number is accounted for on both.
func TestTwoSitesSpendApart(t *testing.T) {
	north := open(t, t.TempDir())
	south := sister(t, north, "South")
	id, err := north.Receive(t.Context(), mara, stock.Receiving{What: "FP10SS", First: 1, Last: 20})
	if err != nil {
		t.Fatal(err)
	}
	handOut(t, north, south, id, 11, 15)
	meet(t, north, south)

	for _, one := range []struct {
		at *stockdb.Forms
		n  uint64
	}{{north, 1}, {south, 11}, {north, 2}, {south, 12}} { // apart, each from its own
		if err := use(t, one.at, id, one.n, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := use(t, south, id, 3, ""); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("south used what north holds: %v", err)
	}
	meet(t, north, south)
	if r := same(t, north, south, id); len(r.Open()) != 0 || r.LeftAt(north.Here().ID) != 13 || r.LeftAt(south.Here().ID) != 3 {
		t.Fatalf("%+v", r.Rights)
	}

	reassign(t, south, id, north.Here(), south.Here())
	for _, one := range []struct {
		at *stockdb.Forms
		n  uint64
	}{{south, 3}, {north, 3}, {north, 4}} { // north has not heard of it
		if err := use(t, one.at, id, one.n, ""); err != nil {
			t.Fatal(err)
		}
	}
	meet(t, north, south)
	r := same(t, north, south, id)
	open := r.Open()
	if len(open) != 2 || open[0].Right.Why != share.Reassigned || open[1].Right.Why != share.Reassigned || r.LeftAt(north.Here().ID) != 0 {
		t.Fatalf("%+v", r.Uses)
	}
	if err := use(t, north, id, 5, ""); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("north goes on with what is no longer its own: %v", err)
	}
	decideOn(t, south, id, open)
	meet(t, north, south)
	r = same(t, north, south, id)
	if len(r.Open()) != 0 || r.LeftAt(south.Here().ID) != 14 || used(r) != 6 {
		t.Errorf("%d open, %d left, %d used", len(r.Open()), r.LeftAt(south.Here().ID), used(r))
	}
}

func reassign(t *testing.T, at *stockdb.Forms, id fact.Subject, lost, to stock.Device) {
	t.Helper()
	do(t, at, mara, access.ReassignForms, id, func(r stock.Range, _ stock.Device, now time.Time) ([]fact.Draft, error) {
		return stock.Propose(r, mara, lost, to, "Flooded", now)
	})
	do(t, at, adam, access.ReassignForms, id, func(r stock.Range, _ stock.Device, now time.Time) ([]fact.Draft, error) {
		return stock.Approve(r, adam, r.Waiting()[0].Right.Fact, now)
	})
}

// decideOn confirms what can be confirmed and refuses a number used twice.
func decideOn(t *testing.T, at *stockdb.Forms, id fact.Subject, open []stock.Use) {
	t.Helper()
	for _, u := range open {
		use := u.Right.Fact
		if u.Right.Units == share.One(3) {
			if err := at.Refuse(t.Context(), mara, id, use, "South issued it"); err != nil {
				t.Fatal(err)
			}
			continue
		}
		do(t, at, mara, access.DecideForm, id, func(r stock.Range, here stock.Device, now time.Time) ([]fact.Draft, error) {
			return stock.Confirm(r, mara, here, use, now)
		})
	}
}

func used(r stock.Range) (n uint64) {
	for _, l := range r.Account().Lines {
		if l.Says == string(stock.Issued) {
			n = l.Count
		}
	}
	return n
}

// Two hands press "receive" at once: the same pad comes in once.
func TestTheSamePadAtOnce(t *testing.T) {
	s := open(t, t.TempDir())
	for round := range uint64(10) {
		const hands = 4
		var all sync.WaitGroup
		errs := make([]error, hands)
		for n := range hands {
			all.Go(func() {
				_, errs[n] = s.Receive(t.Context(), mara, stock.Receiving{What: "FP10SS", First: 100 * round, Last: 100*round + 49})
			})
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !refusal.Is(err, refusal.Invalid) {
				t.Error(err)
			}
		}
		if done != 1 {
			t.Fatalf("received %d times", done)
		}
	}
}

// stuck is a view that takes nothing in while it is shut.
type stuck struct{ shut *sync.Mutex }

func (stuck) Name() string         { return "stuck" }
func (stuck) Version() int         { return 1 }
func (stuck) Create(*sql.Tx) error { return nil }
func (s stuck) Apply(*sql.Tx, journal.Reader, []fact.Fact) error {
	s.shut.Lock()
	defer s.shut.Unlock()
	return nil
}

// Behind a list that is not level yet a receipt waits, and where it cannot wait
// it says so: it never takes in twice what is saved and not listed.
func TestTheSamePadWhileTheListIsBehind(t *testing.T) {
	var shut sync.Mutex
	s := open(t, t.TempDir(), stuck{&shut})
	level(t, s)
	pad := stock.Receiving{What: "FP10SS", First: 1, Last: 20}
	shut.Lock()
	if _, err := s.Receive(t.Context(), mara, pad); err != nil {
		t.Fatal(err)
	}
	soon, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := s.Receive(soon, mara, pad); !refusal.Is(err, refusal.Unavailable) {
		t.Errorf("received behind an unknown list: %v", err)
	}
	time.AfterFunc(50*time.Millisecond, shut.Unlock)
	if _, err := s.Receive(t.Context(), mara, pad); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("received twice: %v", err)
	}
}

// The same pad received on two devices apart: both receipts stand, on both
// devices each range names the same numbers, and neither can be received again.
func TestTheSamePadApart(t *testing.T) {
	north := open(t, t.TempDir())
	south := sister(t, north, "South")
	meet(t, north, south)
	pad := stock.Receiving{What: "FP10SS", First: 1, Last: 20}
	for _, s := range []*stockdb.Forms{north, south} {
		if _, err := s.Receive(t.Context(), mara, pad); err != nil {
			t.Fatal(err)
		}
	}
	meet(t, north, south)
	for _, s := range []*stockdb.Forms{north, south} {
		list, err := s.List(t.Context(), mara)
		if err != nil || len(list) != 2 || !list[0].SameNumbers(list[1]) {
			t.Errorf("%s lists %d ranges, %v", s.Here().Name, len(list), err)
		}
		if _, err := s.Receive(t.Context(), mara, pad); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("a third time: %v", err)
		}
	}
}
