package speed

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// BenchmarkSavedToSafe writes notes on cases at a site node while another one,
// in a process of its own, confirms them, and measures from saved to safe.
func BenchmarkSavedToSafe(b *testing.B) {
	for _, rate := range []int{50, 500} {
		b.Run(fmt.Sprintf("verbs-%d", rate), func(b *testing.B) { savedToSafe(b, rate) })
	}
}

// measuredFor is how long verbs are written at a rate.
const measuredFor = 10 * time.Second

func savedToSafe(b *testing.B, rate int) {
	lib := library(b)
	dir := b.TempDir()
	write(b, lib, dir, 8000, 24)
	other := enrolled(b, dir, "Loft")
	n, err := open(context.Background(), lib, dir)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			b.Error(err)
		}
	}()
	p := start(b, other, n.DeviceAddress(), 8000)
	p.seconds("level")
	cases := casesOf(b, n.Journal, 200)
	by := access.Caller{Person: fact.Subject{9}, Name: "Ruth Ashdown", Role: access.CallHandler}
	w := &safeWatch{j: n.Journal}
	b.ResetTimer()
	for range b.N {
		var writing sync.WaitGroup
		stop := make(chan struct{})
		writing.Go(func() { w.watch(stop) })
		paced(rate, measuredFor, func(i int) {
			f, err := note(context.Background(), n.Journal, by, cases[i%len(cases)])
			if err != nil {
				b.Error(err)
				return
			}
			w.saved(f)
		})
		w.waitAll(30 * time.Second)
		close(stop)
		writing.Wait()
	}
	took, left := w.result()
	p.end()
	if left > 0 || len(took) == 0 {
		b.Fatalf("%d facts were not safe after half a minute", left)
	}
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(len(took))/(measuredFor.Seconds()*float64(b.N)), "verbs/s")
}

// paced calls do at a rate for a while, each time in a goroutine of its own,
// and waits for all of them.
func paced(rate int, long time.Duration, do func(i int)) {
	var working sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for i := range int(long.Seconds() * float64(rate)) {
		<-tick.C
		working.Go(func() { do(i) })
	}
	working.Wait()
}

// note is one verb: it reads a case, folds it and adds a note.
func note(ctx context.Context, j *journal.Journal, by access.Caller, id fact.Subject) (fact.Fact, error) {
	saved, err := j.Do(ctx, by.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
		h, err := tx.History(id)
		if err != nil {
			return nil, err
		}
		return urgent.Note(urgent.Fold(id, h), by, "Rang back: no change, comfortable, somebody is with them.")
	})
	if err != nil {
		return fact.Fact{}, err
	}
	return saved[0], nil
}

// casesOf lists subjects that are cases.
func casesOf(b *testing.B, j *journal.Journal, most int) []fact.Subject {
	b.Helper()
	all, err := j.Subjects(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var out []fact.Subject
	for _, s := range all {
		h, err := j.History(b.Context(), s)
		if err != nil {
			b.Fatal(err)
		}
		if c := urgent.Fold(s, h); c.Begun() && len(out) < most {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		b.Fatal("there are no cases")
	}
	return out
}

// safeWatch measures from saved to safe.
type safeWatch struct {
	j       *journal.Journal
	mu      sync.Mutex
	waiting []waitingFact
	took    []time.Duration
}

type waitingFact struct {
	fact fact.Fact
	at   time.Time
}

func (w *safeWatch) saved(f fact.Fact) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, waitingFact{f, time.Now()})
}

// watch looks each millisecond which facts have become safe.
func (w *safeWatch) watch(stop <-chan struct{}) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			w.look()
		}
	}
}

func (w *safeWatch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		return
	}
	safe := w.j.SafeUpTo(w.waiting[0].fact.Header.Feed)
	kept := w.waiting[:0]
	for _, one := range w.waiting {
		if one.fact.Header.Seq < safe {
			w.took = append(w.took, time.Since(one.at))
		} else {
			kept = append(kept, one)
		}
	}
	w.waiting = kept
}

func (w *safeWatch) waitAll(most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		w.mu.Lock()
		n := len(w.waiting)
		w.mu.Unlock()
		if n == 0 {
			return
		}
	}
}

// result gives the times in order, and how many facts never became safe.
func (w *safeWatch) result() ([]time.Duration, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.took)
	return w.took, len(w.waiting)
}
