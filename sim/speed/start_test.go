package speed

import (
	"os"
	"path/filepath"
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
	var opened, calm, first, later float64
	b.ResetTimer()
	for range b.N {
		began := time.Now()
		p := start(b, dir, "", 0)
		opened += p.seconds("opened")
		first = max(first, p.seconds("resident"))
		p.says("calm")
		calm += time.Since(began).Seconds()
		later = max(later, p.seconds("resident"))
		p.end()
	}
	b.ReportMetric(opened/float64(b.N), "s-to-open")
	b.ReportMetric(calm/float64(b.N), "s-to-calm")
	b.ReportMetric(first, "MB-opened")
	b.ReportMetric(later, "MB-calm")
}
