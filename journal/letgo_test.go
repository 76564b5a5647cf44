package journal

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/sim/disk"
)

// ward is a site node, a desk of it, and a clock that both read.
type ward struct {
	t     *testing.T
	days  *atomic.Int64
	began time.Time
	site  *Journal
	desk  *Journal
	o     Options // of the desk
	id    fact.Subject
}

func newWard(t *testing.T) *ward {
	t.Helper()
	w := &ward{t: t, days: new(atomic.Int64), began: time.Now()}
	o := testOptions(t)
	o.Views = []View{going{}}
	o.Clock = func() time.Time { return w.day(int(w.days.Load())) }
	w.site = newJournal(t, o)
	w.desk, w.o = sister(t, w.site, fact.Desk, "laptop")
	w.id = w.desk.papers.card.Device
	w.control()
	return w
}

func (w *ward) day(n int) time.Time { return w.began.Add(time.Duration(n) * 24 * time.Hour) }

func (w *ward) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// control gives the desk the control lane, as a link does.
func (w *ward) control() {
	w.t.Helper()
	cards, certificates := w.site.Papers()
	w.must(w.desk.AdmitPapers(w.t.Context(), cards, certificates))
	for _, tip := range w.site.Tips() {
		if device, _ := w.site.DeviceOf(tip.Feed); tip.Lane == fact.Control && device != w.id {
			pullTip(w.t, w.site, w.desk, tip)
		}
	}
}

// give does what a link does for a desk that is told of a subject.
func (w *ward) give(subjects ...fact.Subject) {
	w.t.Helper()
	ctx := w.t.Context()
	for _, s := range subjects {
		ids, err := w.site.FactIDs(ctx, s)
		w.must(err)
		ids, err = w.desk.Lacking(ctx, s, ids)
		w.must(err)
		if len(ids) == 0 {
			continue
		}
		w.site.GiveAnew(ctx, w.id, w.desk.Anew(ctx, []fact.Subject{s}))
		p, err := w.site.Proved(ctx, w.id, s, ids)
		w.must(err)
		w.must(w.desk.ReceiveProved(ctx, p))
	}
}

// cases begins subjects at the site.
func (w *ward) cases(n int) []fact.Subject {
	w.t.Helper()
	var out []fact.Subject
	for range n {
		s := newSubject(w.t, w.site)
		say(w.t, w.site, s, "a case")
		out = append(out, s)
	}
	return out
}

// letGo lets go of all that may go now, and says it.
func (w *ward) letGo(subjects ...fact.Subject) ([]fact.Subject, error) {
	at, _, _ := w.desk.ViewsAt()
	gone, err := w.desk.LetGo(context.Background(), subjects, at)
	if err != nil {
		return gone, err
	}
	return gone, w.desk.SayLetGo(context.Background(), time.Hour)
}

// level waits until the desk's views have taken in all.
func (w *ward) level() {
	w.t.Helper()
	end := time.Now().Add(20 * time.Second)
	for {
		v := w.desk.views
		v.mu.Lock()
		done := v.at == v.end && len(v.anewOf) == 0 && !v.retaking
		v.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(end) {
			w.t.Fatal("the views are not level")
		}
		time.Sleep(time.Millisecond)
	}
}

// manifest names what could be read on the desk on a day, and what had been let
// go of.
func (w *ward) manifest(day int) (read, gone map[fact.Subject]bool) {
	w.t.Helper()
	lines, err := w.site.Manifest(w.t.Context(), w.id, fact.At(w.day(day)))
	w.must(err)
	read, gone = map[fact.Subject]bool{}, map[fact.Subject]bool{}
	for _, l := range lines {
		if l.LetGo == 0 {
			read[l.Subject] = true
		} else {
			gone[l.Subject] = true
		}
	}
	return read, gone
}

// A desk lets go of what has left its work: the keys are in no file of it, lists
// don't show it, nothing is lost, and it comes back when it is work again. The
// list of what could be read there says so for every day.
func TestADeskLetsGoAndIsGivenAnew(t *testing.T) {
	w := newWard(t)
	all := w.cases(60)
	w.days.Store(1)
	w.give(all...)
	past, still := all[:40], all[40:]
	mine := newSubject(t, w.desk)
	say(t, w.desk, mine, "a case taken at the laptop")
	say(t, w.desk, past[0], "an answer at the laptop")
	pull(t, w.desk, w.site)
	w.must(w.desk.NoteWork(t.Context(), append(slices.Clone(all), mine), nil))
	w.days.Store(2)
	w.must(w.desk.NoteWork(t.Context(), still, nil))
	left := w.desk.PastWork()
	if len(left) != 41 {
		t.Fatalf("%d subjects have left", len(left))
	}
	if due := (Keeping{For: 14 * 24 * time.Hour}).Due(left, w.day(15)); len(due) != 0 {
		t.Fatalf("%d are due before their time", len(due))
	}
	due := Keeping{For: 14 * 24 * time.Hour}.Due(left, w.day(16))
	if len(due) != 41 {
		t.Fatalf("%d are due", len(due))
	}
	w.level()
	var keys [][]byte
	for _, s := range append(slices.Clone(past), mine) {
		keys = append(keys, wrapsOf(t, w.desk, s)...)
	}
	if len(keys) != 41 || len(lieIn(t, w.o.Dir, keys...)) == 0 {
		t.Fatalf("%d keys, and the search finds none of them even before", len(keys))
	}
	w.days.Store(16)
	gone, err := w.letGo(append(due, still[0])...)
	w.must(err)
	if len(gone) != 41 {
		t.Fatalf("%d are let go of", len(gone))
	}
	if where := lieIn(t, w.o.Dir, keys...); len(where) > 0 {
		t.Errorf("a key of what was let go of lies in %q", where)
	}
	w.level()
	for _, s := range gone {
		if n := countOf(t, w.desk, s); n != 0 {
			t.Fatalf("a list still shows %d of it", n)
		}
		if got := texts(t, w.desk, s); len(got) > 0 && slices.ContainsFunc(got, func(s string) bool { return s != "" }) {
			t.Fatalf("it can still be read: %q", got)
		}
		if w.desk.subjects.by[s] != nil && len(w.desk.subjects.by[s].Value.(*subjectKeyset).keys) > 0 {
			t.Fatal("its key is still in memory")
		}
	}
	if _, err := w.desk.Do(t.Context(), fact.Author{}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(mine, said{Text: "more"})}, nil
	}); err == nil || !strings.Contains(err.Error(), "let go of it on") {
		t.Errorf("writing about it says %v", err)
	}
	for _, s := range still {
		if n := countOf(t, w.desk, s); n != 1 {
			t.Fatalf("%d rows of what is live work", n)
		}
	}
	if got := texts(t, w.site, past[0]); len(got) != 2 {
		t.Fatalf("the site has %q", got)
	}

	// counted as held until the site has heard of it
	if read, gone := w.manifest(16); !read[mine] || !read[past[0]] || len(gone) != 0 {
		t.Error("what the desk has not said yet counts as gone")
	}
	pull(t, w.desk, w.site)
	for day, want := range map[int][2]int{0: {0, 0}, 1: {61, 0}, 15: {61, 0}, 16: {20, 41}, 99: {20, 41}} {
		read, gone := w.manifest(day)
		n, m := 0, 0
		for _, s := range append(slices.Clone(all), mine) {
			if read[s] {
				n++
			}
			if gone[s] {
				m++
			}
		}
		if n != want[0] || m != want[1] {
			t.Errorf("day %d: %d could be read and %d were gone, want %v", day, n, m, want)
		}
	}

	// after a restart it is as before, and all holds
	w.must(w.desk.Close())
	if r := holds(t, w.o); len(r.Failures) > 0 {
		t.Fatal(r.Failures)
	}
	w.desk = reopen(t, w.o)
	w.level()
	if n := countOf(t, w.desk, past[0]) + countOf(t, w.desk, mine); n != 0 {
		t.Fatalf("after a restart a list shows %d of it", n)
	}

	// keys that nobody asked for are not taken in
	ids, err := w.site.FactIDs(t.Context(), past[0])
	w.must(err)
	p, err := w.site.Proved(t.Context(), w.id, past[0], ids)
	w.must(err)
	w.must(w.desk.ReceiveProved(t.Context(), p))
	if len(wrapsOf(t, w.desk, past[0])) != 0 {
		t.Fatal("a key that the desk did not ask for is held again, and no site node has said so")
	}

	// it becomes work again
	w.days.Store(20)
	w.give(past[0], mine)
	w.level()
	if got := texts(t, w.desk, past[0]); len(got) != 2 || got[0] == "" || countOf(t, w.desk, past[0]) != 2 {
		t.Fatalf("it came back as %q", got)
	}
	if got := texts(t, w.desk, mine); len(got) != 1 || got[0] != "a case taken at the laptop" {
		t.Fatalf("its own case came back as %q", got)
	}
	say(t, w.desk, past[0], "the patient rang again")
	pull(t, w.desk, w.site)
	if got := texts(t, w.site, past[0]); len(got) != 3 {
		t.Fatalf("the site has %q", got)
	}
	for day, want := range map[int]bool{15: true, 16: false, 19: false, 20: true, 30: true} {
		if read, _ := w.manifest(day); read[past[0]] != want || read[mine] != want {
			t.Errorf("day %d: could be read: %v", day, read[past[0]])
		}
	}

	// and leaves again
	w.must(w.desk.NoteWork(t.Context(), still, nil))
	w.days.Store(40)
	w.level()
	gone, err = w.letGo(past[0], mine)
	w.must(err)
	if len(gone) != 2 {
		t.Fatalf("%d let go of", len(gone))
	}
	pull(t, w.desk, w.site)
	if read, gone := w.manifest(40); read[mine] || !gone[mine] || read[past[0]] {
		t.Error("what was let go of twice counts as held")
	}
	if read, _ := w.manifest(39); !read[mine] {
		t.Error("on the day before it could be read")
	}
}

// Nothing is let go of before a site node has all that was written about it here,
// nor when something new came, nor while it is work.
func TestNothingIsLetGoTooEarly(t *testing.T) {
	w := newWard(t)
	all := w.cases(3)
	w.give(all...)
	first, open := all[0], all[1]
	written := say(t, w.desk, first, "not confirmed by anybody yet")
	w.must(w.desk.NoteWork(t.Context(), []fact.Subject{open}, []fact.Subject{first, all[2]}))
	w.level()
	kept := func(why string, subjects ...fact.Subject) {
		t.Helper()
		if gone, err := w.letGo(subjects...); err != nil || len(gone) != 0 {
			t.Fatalf("%s: let go of %d, %v", why, len(gone), err)
		}
	}
	kept("not safe", first)
	kept("live work", open)
	kept("never noted", newSubject(t, w.site))
	kept("the desk itself", w.id)
	// a receipt of another desk is no site node's, and one that came before says nothing of what came after
	pull(t, w.desk, w.site)
	if w.desk.atSites(written.Header.Feed) <= written.Header.Seq {
		t.Fatal("the site has confirmed it")
	}
	second := say(t, w.desk, first, "and this came after the receipt")
	kept("not safe again", first)
	pull(t, w.desk, w.site)
	at := second.Header.Seq
	_ = at
	before, _, _ := w.desk.ViewsAt()
	say(t, w.site, all[2], "news from the site")
	w.give(all[2])
	if gone, err := w.desk.LetGo(t.Context(), []fact.Subject{all[2]}, before); err != nil || len(gone) != 0 {
		t.Fatalf("something new was there: %d, %v", len(gone), err)
	}
	if gone, err := w.letGo(first); err != nil || len(gone) != 1 {
		t.Fatalf("%d, %v", len(gone), err)
	}
	if _, err := w.site.LetGo(t.Context(), all, 1<<40); err == nil {
		t.Error("a site node lets go")
	}
}

// What left first goes first when there is too much of it, whatever its age.
func TestWhatIsDue(t *testing.T) {
	now := time.Now()
	var past []Left
	for n := range 10 {
		past = append(past, Left{fact.Subject{byte(n + 1)}, fact.At(now.Add(time.Duration(n-20) * 24 * time.Hour))})
	}
	for _, c := range []struct {
		k    Keeping
		want int
	}{
		{Keeping{For: 14 * 24 * time.Hour}, 7}, {Keeping{For: 90 * 24 * time.Hour}, 0}, {Keeping{For: 90 * 24 * time.Hour, Most: 4}, 6},
		{Keeping{For: 14 * 24 * time.Hour, Most: 1}, 9}, {Keeping{Most: 4}, 10}, {Keeping{For: 14 * 24 * time.Hour, Most: 100}, 7},
	} {
		if got := c.k.Due(past, now); len(got) != c.want || c.want > 0 && got[0] != past[0].Subject {
			t.Errorf("%+v: %d due, want %d", c.k, len(got), c.want)
		}
	}
}

// A half-typed form keeps what it is about, and goes with it when it has lain.
func TestHalfTypedFormsAndLettingGo(t *testing.T) {
	w := newWard(t)
	all := w.cases(2)
	w.give(all...)
	w.must(w.desk.NoteWork(t.Context(), nil, all))
	for n, s := range all {
		key := "somebody/" + s.String()
		data := []byte("half-typed")
		if n == 1 { // a screen that locked is kept under its person, and names the page in itself
			key, data = "screen/somebody", []byte("/case/"+s.String())
		}
		w.must(w.desk.SaveDraft(t.Context(), key, data))
	}
	w.days.Store(3)
	if got, err := w.desk.InDrafts(t.Context(), all, w.day(-1)); err != nil || len(got) != 2 {
		t.Fatalf("%d, %v", len(got), err)
	}
	if got, err := w.desk.InDrafts(t.Context(), all, w.day(2)); err != nil || len(got) != 0 {
		t.Fatalf("%d, %v", len(got), err)
	}
	w.must(w.desk.SaveDraft(t.Context(), "somebody/else", []byte("of something else")))
	w.level()
	gone, err := w.letGo(all...)
	if err != nil || len(gone) != 2 {
		t.Fatal(len(gone), err)
	}
	for key, want := range map[string]bool{"somebody/" + all[0].String(): false, "screen/somebody": false, "somebody/else": true} {
		if _, _, err := w.desk.LoadDraft(t.Context(), key); (err == nil) != want {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// A desk that is put back from a backup has what it had let go of: the list says
// so from then on, and not before.
func TestABackupBringsBackWhatWasLetGo(t *testing.T) {
	w := newWard(t)
	one := w.cases(1)[0]
	w.days.Store(1)
	w.give(one)
	w.must(w.desk.NoteWork(t.Context(), nil, []fact.Subject{one}))
	w.must(w.desk.Close())
	backup := t.TempDir()
	w.must(disk.Copy(w.o.Dir, backup, true))
	w.must(os.RemoveAll(filepath.Join(backup, startFolder)))
	w.desk = reopen(t, w.o)
	w.days.Store(16)
	w.level()
	if gone, err := w.letGo(one); err != nil || len(gone) != 1 {
		t.Fatal(len(gone), err)
	}
	pull(t, w.desk, w.site)
	if read, gone := w.manifest(17); read[one] || !gone[one] {
		t.Fatal("not let go of")
	}
	w.must(w.desk.Close())
	w.days.Store(20)
	o := w.o
	o.Dir = backup
	w.desk, w.o = reopen(t, o), o
	pull(t, w.desk, w.site)
	if got := texts(t, w.desk, one); len(got) != 1 {
		t.Fatalf("the backup has %q", got)
	}
	if read, _ := w.manifest(19); read[one] {
		t.Error("before the backup it was gone")
	}
	if read, _ := w.manifest(20); !read[one] {
		t.Error("the backup brought the key back, and the list does not say so")
	}
	w.level()
	if gone, err := w.letGo(one); err != nil || len(gone) != 1 {
		t.Fatal(len(gone), err)
	}
	pull(t, w.desk, w.site)
	if read, _ := w.manifest(21); read[one] {
		t.Error("it was let go of again")
	}

	// another life begins that has what this one had: nobody can know that until it says so
	w.must(w.desk.Reincarnate(t.Context(), "cloned"))
	pull(t, w.desk, w.site)
	if read, _ := w.manifest(21); !read[one] {
		t.Error("what an earlier life said is believed of the next")
	}
	w.must(w.desk.SayLetGo(t.Context(), time.Hour))
	pull(t, w.desk, w.site)
	if read, gone := w.manifest(21); read[one] || !gone[one] {
		t.Error("it said it again, and is not believed")
	}
}

// going is a view that can let go.
type going struct{ counts }

// Forget leaves nothing of some subjects.
func (going) Forget(tx *sql.Tx, subjects []fact.Subject) error {
	for _, s := range subjects {
		if _, err := tx.Exec("DELETE FROM counts_said WHERE subject=?", s[:]); err != nil {
			return err
		}
	}
	return nil
}

// Apply counts anew whatever is touched, so that it may be given twice.
func (going) Apply(tx *sql.Tx, r Reader, facts []fact.Fact) error {
	for _, f := range facts {
		h, err := r.History(f.Header.Subject)
		if err != nil {
			return err
		}
		n := 0
		for _, one := range h.Facts() {
			if _, err := fact.Read[said](one); err == nil {
				n++
			}
		}
		if _, err := tx.Exec("INSERT OR REPLACE INTO counts_said VALUES(?, ?)", f.Header.Subject[:], n); n > 0 && err != nil {
			return err
		}
	}
	return nil
}
