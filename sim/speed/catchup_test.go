package speed

import (
	"testing"
	"time"

	"holdfast/journal"
)

// BenchmarkCatchUp links an empty site node to one with 100,000 facts, each in
// a process of its own, and waits until the facts are verified, flushed and in
// the views.
func BenchmarkCatchUp(b *testing.B) {
	const facts = 100_000
	lib := library(b)
	full := written(b, lib, facts)
	var took time.Duration
	var giver, taker float64
	b.ResetTimer()
	for range b.N {
		empty := enrolled(b, full, "Loft")
		have := 0
		withJournal(b, full, func(j *journal.Journal) error { have = held(j); return nil })
		a := start(b, full, "", 0)
		address := a.says("calm")
		d := start(b, empty, address, have)
		d.says("opened")
		began := time.Now()
		taker += d.seconds("level")
		took += time.Since(began)
		d.end()
		giver += a.end()
	}
	all := facts * float64(b.N)
	b.ReportMetric(all/took.Seconds(), "facts/s")
	b.ReportMetric(1e6*giver/all, "giver-CPU-µs/fact")
	b.ReportMetric(1e6*taker/all, "taker-CPU-µs/fact")
}
