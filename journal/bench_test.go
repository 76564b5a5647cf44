package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
)

// BenchmarkDurable measures facts saved each second with one view, beside a
// loop that does nothing but write 600 bytes and flush, on the same disk.
func BenchmarkDurable(b *testing.B) {
	b.Run("raw-flush", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		line := make([]byte, 600)
		for b.Loop() {
			if _, err := f.Write(line); err != nil {
				b.Fatal(err)
			}
			if err := fdatasync(f); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "flushes/s")
	})
	for _, submitters := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprintf("submitters-%d", submitters), func(b *testing.B) { durable(b, submitters) })
	}
}

func durable(b *testing.B, submitters int) {
	o := testOptions(b)
	o.Views = []View{counts{}}
	o.Reserve = 0
	if err := Found(b.Context(), o, testFounding()); err != nil {
		b.Fatal(err)
	}
	j, err := Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wait sync.WaitGroup
	for range submitters {
		wait.Go(func() {
			var s fact.Subject
			for n := 0; left.Add(-1) >= 0; n++ {
				_, err := j.Do(b.Context(), fact.Author{Role: "tester"}, nil, func(tx *Tx) ([]fact.Draft, error) {
					var err error
					if n%20 == 0 { // a case holds about twenty facts
						s, err = tx.NewSubject()
					}
					return []fact.Draft{fact.Say(s, said{"Pain in the chest since this morning, spreading to the left arm; sweating. Took aspirin."})}, err
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "facts/s")
	commits, err := j.file.Load().write.oneInt("SELECT count(*) FROM heads")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/float64(commits), "facts/commit")
}

// BenchmarkVerb measures verb to saved at 50 verbs a second: each reads a
// subject, decides and states two facts.
func BenchmarkVerb(b *testing.B) {
	o := testOptions(b)
	o.Views = []View{counts{}}
	j := newJournal(b, o)
	subjects := make([]fact.Subject, 100)
	for i := range subjects {
		subjects[i] = newSubject(b, j)
	}
	var took []time.Duration
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; b.Loop(); i++ {
		<-tick.C
		s := subjects[i%len(subjects)]
		begin := time.Now()
		_, err := j.Do(b.Context(), fact.Author{Role: "tester"}, nil, func(tx *Tx) ([]fact.Draft, error) {
			if _, err := tx.History(s); err != nil {
				return nil, err
			}
			return []fact.Draft{fact.Say(s, said{"claimed"}), fact.Say(s, looked{"seen"})}, nil
		})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
