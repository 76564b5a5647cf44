package speed

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/sim/people"
	"holdfast/urgent"
)

// BenchmarkVerbCost shows how the cost of one verb grows with the facts of its
// subject, with the feeds they stand in, and with the peers that are linked:
// reading the case, folding it, deciding, saving. The CPU is all that this
// process uses for it, the views and the peers' news included.
func BenchmarkVerbCost(b *testing.B) {
	lib := library(b)
	for _, feeds := range []int{1, 3} {
		for _, facts := range []int{1, 10, 100} {
			b.Run(fmt.Sprintf("facts-%d/feeds-%d/peers-0", facts, feeds), func(b *testing.B) { verbCost(b, lib, facts, feeds, 0) })
		}
	}
	for _, peers := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("facts-10/feeds-1/peers-%d", peers), func(b *testing.B) { verbCost(b, lib, 10, 1, peers) })
	}
}

// Verbs are written at a steady rate, each on a case of its own that has just
// the facts it should have.
const (
	verbsMeasured = 100
	verbsEach     = 50 * time.Millisecond
)

func verbCost(b *testing.B, lib *node.Library, facts, feeds, peers int) {
	by := access.Caller{Person: fact.Subject{9}, Name: "Ruth Ashdown", Role: access.CallHandler}
	dir := b.TempDir()
	found(b, lib, dir)
	var took []time.Duration
	var used float64
	for range b.N {
		cases := make([]fact.Subject, verbsMeasured)
		grow(b, dir, feeds, func(writers []*journal.Journal) { growCases(b, writers, by, cases, facts) })
		n, err := open(context.Background(), lib, dir)
		if err != nil {
			b.Fatal(err)
		}
		var linked *process
		if peers > 0 {
			linked = linkPeers(b, n, peers)
		}
		untilCalm()
		idle := cpu()
		time.Sleep(verbsMeasured * verbsEach / 2)
		idle = 2 * (cpu() - idle)
		began := cpu()
		b.StartTimer()
		tick := time.NewTicker(verbsEach)
		for _, id := range cases {
			<-tick.C
			at := time.Now()
			if _, err := note(b.Context(), n.Journal, by, id); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(at))
		}
		b.StopTimer()
		tick.Stop()
		used += cpu() - began - idle
		if linked != nil {
			linked.end()
		}
		if err := n.Close(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(1000*used/float64(len(took)), "CPU-ms/verb")
}

func found(b *testing.B, lib *node.Library, dir string) {
	b.Helper()
	founding := journal.Founding{Name: people.FellsideName, ODS: string(people.FellsideODS), DeviceName: "Cellar", Domain: "cellar"}
	if err := node.Found(b.Context(), place(dir), founding, lib); err != nil {
		b.Fatal(err)
	}
}

// grow opens a site node's journal, and those of so many more devices that
// there are feeds enough; when they have written, the first holds it all.
func grow(b *testing.B, dir string, feeds int, write func(writers []*journal.Journal)) {
	b.Helper()
	withJournal(b, dir, func(site *journal.Journal) error {
		writers := []*journal.Journal{site}
		for len(writers) < feeds {
			j, err := journal.Open(b.Context(), journal.Options{Dir: joined(b, site, fmt.Sprint("Writer ", len(writers))), Demo: true, Reserve: -1})
			if err != nil {
				return err
			}
			defer func() {
				if err := j.Close(); err != nil {
					b.Error(err)
				}
			}()
			writers = append(writers, j)
		}
		write(writers)
		return nil
	})
}

// growCases gives each case its facts, the writers in turn, each having seen
// what those before it wrote.
func growCases(b *testing.B, writers []*journal.Journal, by access.Caller, cases []fact.Subject, facts int) {
	b.Helper()
	for i := range cases {
		s, err := fact.NewSubject(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		cases[i] = s
	}
	for at, turn := 0, 0; at < facts; turn++ {
		n := min((facts+len(writers)-1)/len(writers), facts-at) // as few turns as there are writers
		first := at == 0
		for _, some := range slices.Collect(slices.Chunk(cases, max(1, 200/n))) {
			_, err := writers[turn%len(writers)].Do(b.Context(), by.Author(), nil, func(*journal.Tx) (out []fact.Draft, err error) {
				for _, id := range some {
					for k := range n {
						var c fact.Content = urgent.Noted{Words: "Rang back: no change.", By: by.Says()}
						if first && k == 0 {
							c = urgent.CallTaken{Number: "111-" + id.String()[:8], By: by.Says()}
						}
						out = append(out, fact.Say(id, c))
					}
				}
				return out, nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		at += n
		for _, to := range writers {
			if from := writers[turn%len(writers)]; to != from {
				carry(b, from, to)
			}
		}
	}
}

// carry brings everything that one journal holds to another, as a link does.
func carry(b *testing.B, from, to *journal.Journal) {
	b.Helper()
	cards, certificates := from.Papers()
	if err := to.AdmitPapers(b.Context(), cards, certificates); err != nil {
		b.Fatal(err)
	}
	for _, t := range from.Tips() {
		if from.Device().Card().Device != mustDevice(b, from, t.Feed) {
			continue
		}
		at := uint64(0)
		for _, have := range to.Tips() {
			if have.Feed == t.Feed {
				at = have.Size
			}
		}
		for at < t.Size {
			r, err := from.ReadRange(b.Context(), to.Device().Card().Device, t.Place(), at, 512<<10)
			if err == nil {
				err = to.Receive(b.Context(), r)
			}
			if err != nil {
				b.Fatal(err)
			}
			at += uint64(len(r.Headers))
		}
	}
}

func mustDevice(b *testing.B, j *journal.Journal, feed fact.FeedID) fact.Subject {
	b.Helper()
	device, ok := j.DeviceOf(feed)
	if !ok {
		b.Fatal("a feed without a device")
	}
	return device
}
