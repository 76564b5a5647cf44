package speed

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"holdfast/cmd/node"
	"holdfast/journal"
)

// BenchmarkViewsRebuild builds every view of a site node from its journal.
func BenchmarkViewsRebuild(b *testing.B) {
	facts := factsWanted(b)
	lib := library(b)
	dir := written(b, lib, facts)
	began := cpu()
	b.ResetTimer()
	for range b.N {
		if err := journal.RebuildViews(b.Context(), dir, journal.Options{Views: node.Views(lib.Rules), Reserve: -1}); err != nil {
			b.Fatal(err)
		}
	}
	all := float64(facts) * float64(b.N)
	b.ReportMetric(all/b.Elapsed().Seconds(), "facts/s")
	b.ReportMetric(1e6*(cpu()-began)/all, "CPU-µs/fact")
}

// BenchmarkStart opens a site node on a folder with its views in place: the
// time until it answers, its memory then, and when it has gone through every
// fact once.
func BenchmarkStart(b *testing.B) {
	facts := factsWanted(b)
	lib := library(b)
	dir := written(b, lib, facts)
	if _, err := os.Stat(filepath.Join(dir, "views.db")); err != nil {
		if err := journal.RebuildViews(b.Context(), dir, journal.Options{Views: node.Views(lib.Rules), Reserve: -1}); err != nil {
			b.Fatal(err)
		}
	}
	var opened, calm time.Duration
	var first, later uint64
	b.ResetTimer()
	for range b.N {
		began := time.Now()
		n, err := open(context.Background(), lib, dir)
		if err != nil {
			b.Fatal(err)
		}
		opened += time.Since(began)
		first = max(first, heap())
		untilCalm()
		calm += time.Since(began)
		later = max(later, heap())
		if err := n.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(opened.Seconds()/float64(b.N), "s-to-open")
	b.ReportMetric(calm.Seconds()/float64(b.N), "s-to-calm")
	b.ReportMetric(float64(first)/1e6, "MB-opened")
	b.ReportMetric(float64(later)/1e6, "MB-calm")
}

// heap gives the bytes of Go memory in use after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
