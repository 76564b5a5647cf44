package speed

import (
	"os"
	"path/filepath"
	"testing"

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
// time until it answers and its memory then; and, of a journal that is not
// very large, its memory when it has gone through every fact once, which it
// does slowly on purpose.
func BenchmarkStart(b *testing.B) {
	facts := factsWanted(b)
	lib := library(b)
	dir := written(b, lib, facts)
	if _, err := os.Stat(filepath.Join(dir, "views.db")); err != nil {
		if err := journal.RebuildViews(b.Context(), dir, journal.Options{Views: node.Views(lib.Rules), Reserve: -1}); err != nil {
			b.Fatal(err)
		}
	}
	var opened, first, later float64
	b.ResetTimer()
	for range b.N {
		p := start(b, dir, "", 0)
		opened += p.seconds("opened")
		first = max(first, p.seconds("resident"))
		if facts > 200_000 {
			p.kill()
			continue
		}
		p.says("calm")
		later = max(later, p.seconds("resident"))
		p.end()
	}
	b.ReportMetric(opened/float64(b.N), "s-to-open")
	b.ReportMetric(first, "MB-opened")
	if later > 0 {
		b.ReportMetric(later, "MB-calm")
	}
}
