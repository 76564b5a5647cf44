package journal

import (
	"database/sql"
	"testing"
	"time"

	"holdfast/fact"
)

// gated is a view that waits at its gate before it takes facts in.
type gated struct {
	counts
	gate func()
}

func (g gated) Apply(tx *sql.Tx, r Reader, facts []fact.Fact) error {
	g.gate()
	return g.counts.Apply(tx, r, facts)
}

// The program ends after a key that came late, or a mended fact, is on the disk
// and before the lists have taken it in: the next start does.
func TestListsAreOwedOverTheEnd(t *testing.T) {
	a := newJournal(t, testOptions(t))
	s := newSubject(t, a)
	say(t, a, s, "its key comes late")
	open := make(chan struct{})
	close(open)
	gate := make(chan chan struct{}, 1)
	gate <- open
	waiting := make(chan struct{}, 100)
	b, o := sister(t, a, fact.SiteNode, "b")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	o.Views = []View{gated{gate: func() {
		g := <-gate
		gate <- g
		waiting <- struct{}{}
		<-g
	}}}
	b = reopen(t, o)
	cards, certificates := a.Papers()
	if err := b.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	wraps := takeCare(t, a, b, true)
	b.views.mu.Lock()
	for b.views.at < b.views.end {
		b.views.changed.Wait()
	}
	b.views.mu.Unlock()
	if n := counted(t, b, s); n != 0 {
		t.Fatalf("a closed fact is counted %d times", n)
	}
	for len(waiting) > 0 {
		<-waiting
	}
	shut := make(chan struct{})
	<-gate
	gate <- shut
	if err := b.TakeWraps(t.Context(), wraps); err != nil {
		t.Fatal(err)
	}
	<-waiting // the lists are about to take it in; here the program ends
	end := o
	end.Dir, end.Views = t.TempDir(), []View{counts{}}
	copyFolder(t, o.Dir, end.Dir)
	close(shut)
	next := reopen(t, end)
	eventually(t, "the lists hold what the late key opens", func() bool { return counted(t, next, s) == 1 })
	eventually(t, "nothing is owed any more", func() bool {
		if err := next.controlWriter(t.Context(), func(w *writer) (*writer, error) { return w, next.paid(w) }); err != nil {
			t.Fatal(err)
		}
		owed, err := next.owed()
		return err == nil && len(owed) == 0
	})
}

// eventually waits up to five seconds for something that others do.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 500 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("in five seconds it has not come to this: %s", what)
}

func counted(t *testing.T, j *Journal, s fact.Subject) (n int) {
	t.Helper()
	if err := j.Views().QueryRow("SELECT coalesce(sum(n), 0) FROM counts_said WHERE subject=?", s[:]).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
