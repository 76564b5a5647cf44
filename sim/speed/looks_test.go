package speed

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/cmd/node"
	"holdfast/fact"
	"holdfast/journal"
)

// One record that many opened among all the looks there are; each act is one
// session's shift.
const (
	looksAtOne = 10_000
	looksInAct = 200
)

// BenchmarkWhoLooked answers who saw one record with ten thousand looks in a
// journal of HOLDFAST_BENCH_FACTS facts, and signs the report: the time that somebody in
// information governance waits.
func BenchmarkWhoLooked(b *testing.B) {
	lib, dir := library(b), b.TempDir()
	found(b, lib, dir)
	one, looksInAll := fact.Subject{0xfe}, factsWanted(b)
	n, err := open(b.Context(), lib, dir)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			b.Error(err)
		}
	}()
	began := time.Now()
	for at := 0; at < looksInAll; at += looksInAct {
		by := fact.Author{Person: subjectOf(1, at/looksInAct%500), Role: string(access.Clinician)}
		session := subjectOf(2, at/looksInAct)
		_, err := n.Journal.Do(b.Context(), by, nil, func(*journal.Tx) (out []fact.Draft, err error) {
			for i := range looksInAct {
				about := subjectOf(3, (at+i)%50_000)
				if (at+i)%(looksInAll/looksAtOne) == 0 {
					about = one
				}
				d := fact.Say(session, access.Looked{Act: access.SeePerson, About: about})
				d.Class = fact.ClassAudit
				out = append(out, d)
			}
			return out, nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for {
		if _, _, behind := n.Journal.ViewsAt(); behind == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.Logf("%d looks written and listed in %.0f s", looksInAll, time.Since(began).Seconds())
	ctx := context.Background()
	var report node.LooksGiven
	b.ResetTimer()
	for range b.N {
		if report, err = n.LooksReport(ctx, node.LooksWanted{Record: one.String()}); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if report.Looks != looksAtOne {
		b.Fatalf("%d looks, not %d", report.Looks, looksAtOne)
	}
	b.ReportMetric(report.Seconds*1000, "ms/report")
	b.ReportMetric(float64(len(report.Report))/1e6, "MB")
}

func subjectOf(kind byte, n int) (s fact.Subject) {
	s[0] = kind
	binary.BigEndian.PutUint32(s[8:], uint32(n)+1)
	return s
}
