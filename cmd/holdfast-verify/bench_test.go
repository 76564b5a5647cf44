package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/export"
	"holdfast/fact"
	"holdfast/journal"
)

// BenchmarkExport measures writing an export, checking it by the program, and
// checking it with every body opened, in facts a second.
func BenchmarkExport(b *testing.B) {
	const facts = 50_000
	h := newHouse(b, 1)
	h.fill(facts)
	out := h.export(true)
	keys := []string{"--keys", out + ".keys", "--passphrase-file", secretFile(b, passphrase), out}
	perFact := func(b *testing.B, one func(b *testing.B)) {
		for b.Loop() {
			one(b)
		}
		b.ReportMetric(float64(b.N)*facts/b.Elapsed().Seconds(), "facts/s")
	}
	b.Run("write", func(b *testing.B) {
		n := 0
		perFact(b, func(b *testing.B) {
			n++
			source, err := journal.OpenExport(b.Context(), h.o.Dir, h.o)
			if err != nil {
				b.Fatal(err)
			}
			to := filepath.Join(b.TempDir(), fmt.Sprint(n))
			if _, err := export.Write(b.Context(), source, to, export.Options{Clock: h.o.Clock, Random: h.o.Random}); err != nil {
				b.Fatal(err)
			}
			if err := source.Close(); err != nil {
				b.Fatal(err)
			}
		})
	})
	program := built(b)
	for name, args := range map[string][]string{"verify": {out}, "verify-and-open": keys} {
		b.Run(name, func(b *testing.B) {
			perFact(b, func(b *testing.B) {
				if text, status := process(b, program, args...); status != allHolds {
					b.Fatal(text)
				}
			})
		})
	}
}

// fill states many facts, a hundred an act, about as many subjects.
func (h house) fill(facts int) {
	h.t.Helper()
	j, err := journal.Open(h.t.Context(), h.o)
	if err != nil {
		h.t.Fatal(err)
	}
	text := strings.Repeat("words ", 40)
	for i := 0; i < facts; i += 100 {
		_, err := j.Do(h.t.Context(), fact.Author{Role: "clinician"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
			var out []fact.Draft
			for n := range 100 {
				out = append(out, fact.Say(fact.Subject{1, byte(i >> 16), byte(i >> 8), byte(n)}, noted{Text: text, Less: -i}))
			}
			return out, nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		h.t.Fatal(err)
	}
}
