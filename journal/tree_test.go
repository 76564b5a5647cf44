package journal

import (
	"crypto/ed25519"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
)

// TestEdgeIsTheTreeOfTheLibrary compares our running edge with tlog at every
// size up to 200.
func TestEdgeIsTheTreeOfTheLibrary(t *testing.T) {
	var e edge
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, n := range indexes {
			out[i] = stored[n]
		}
		return out, nil
	})
	for n := range int64(200) {
		data := fmt.Appendf(nil, "fact %d", n)
		want, err := tlog.StoredHashes(n, data, reader)
		if err != nil {
			t.Fatal(err)
		}
		got := e.add(data, nil)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("stored hashes of %d differ", n)
		}
		stored = append(stored, got...)
		root, err := tlog.TreeHash(n+1, reader)
		if err != nil || fact.Hash(root) != e.root() {
			t.Fatalf("root at %d differs, %v", n+1, err)
		}
		var again edge
		again.size = e.size
		for _, index := range edgeAt(e.size) {
			again.hashes = append(again.hashes, stored[index])
		}
		if again.root() != e.root() {
			t.Fatalf("the edge read back at %d differs", n+1)
		}
	}
}

// TestAFactCanBeProvedAlone: header, proof and head are enough.
func TestAFactCanBeProvedAlone(t *testing.T) {
	j := newJournal(t, testOptions(t))
	s := newSubject(t, j)
	var facts []fact.Fact
	for i := range 9 {
		facts = append(facts, say(t, j, s, fmt.Sprint(i)))
	}
	_, card, certificate := j.Device().Enrolment()
	inc, err := fact.OpenIncarnation(certificate, card, j.Device().Card())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range facts {
		p, err := j.Prove(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Check(f.Header, ed25519.PublicKey(inc.Key)); err != nil {
			t.Errorf("fact %d: %v", f.Header.Seq, err)
		}
		other := f.Header
		other.Recorded++
		if err := p.Check(other, inc.Key); err == nil {
			t.Errorf("fact %d: another header is proved", f.Header.Seq)
		}
	}
}
