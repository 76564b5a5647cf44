package journal

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"holdfast/fact"
)

// BenchmarkGiven measures what the list of what a desk was given costs when it
// is long: 50,000 entries of one subject each, or HOLDFAST_BENCH_GIVEN.
func BenchmarkGiven(b *testing.B) {
	many := 50_000
	if n, err := strconv.Atoi(os.Getenv("HOLDFAST_BENCH_GIVEN")); err == nil {
		many = n
	}
	o := testOptions(b)
	j := newJournal(b, o)
	d, _ := sister(b, j, fact.Desk, "d")
	desk := d.papers.card.Device
	before := size(b, o)
	for n := 0; n < many; n += 250 {
		if _, err := j.Do(b.Context(), fact.Author{Role: "device"}, nil, func(tx *Tx) (out []fact.Draft, err error) {
			for range 250 {
				s, err := fact.NewSubject(j.o.Random)
				if err != nil {
					return nil, err
				}
				out = append(out, fact.Say(desk, KeysGiven{Subjects: []fact.Subject{s}}))
			}
			return out, nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	each := float64(size(b, o)-before) / float64(many)
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	j = reopen(b, o)
	for b.Loop() {
		b.ReportMetric(each, "B/fact")
		before := heap()
		at := time.Now()
		j.noteGiven(b.Context(), desk, []fact.Subject{newSubject(b, j)})
		b.ReportMetric(float64(time.Since(at).Milliseconds()), "ms/first-given")
		b.ReportMetric(float64(heap()-before)/1e6, "MB/remembered")
		at = time.Now()
		lines, err := j.Manifest(b.Context(), desk, fact.At(j.o.Clock())+1000)
		if err != nil || len(lines) < many {
			b.Fatal(len(lines), err)
		}
		b.ReportMetric(float64(time.Since(at).Milliseconds()), "ms/manifest")
		b.ReportMetric(float64(heap()-before)/1e6, "MB/with-manifest")
		runtime.KeepAlive(lines)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func size(b *testing.B, o Options) (n int64) {
	all, err := filepath.Glob(filepath.Join(o.Dir, "journal*"))
	if err != nil {
		b.Fatal(err)
	}
	for _, one := range all {
		info, err := os.Stat(one)
		if err != nil {
			b.Fatal(err)
		}
		n += info.Size()
	}
	return n
}
