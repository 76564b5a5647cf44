package mutants

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"holdfast/fact"
	"holdfast/journal"
)

// FuzzRange offers whatever the fuzzer finds to a real journal as a message of
// another device: nothing may come of it but the genuine.
func FuzzRange(f *testing.F) {
	s := &stage{random: rand.New(rand.NewPCG(1, 1)), tally: Tally{Offered: map[string]int{}}}
	dir := f.TempDir()
	f.Cleanup(func() {
		for _, j := range s.open {
			if err := j.Close(); err != nil {
				f.Error(err)
			}
		}
	})
	if err := s.set(f.Context(), dir); err != nil {
		f.Fatal(err)
	}
	for _, r := range s.next[:3] {
		enc, err := fact.Encode(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(enc)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r journal.Range
		if fact.Decode(b, &r) != nil {
			return
		}
		for _, genuine := range s.next {
			if bytes.Equal(r.Head, genuine.Head) && same(r, genuine) {
				return
			}
		}
		before := vector(s.site)
		if err := s.site.Receive(t.Context(), r); vector(s.site) != before {
			t.Errorf("changed what is held: %v", err)
		}
	})
}
