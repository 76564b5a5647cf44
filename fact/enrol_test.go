package fact_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"holdfast/fact"
)

// TestThreshold: k of n root keys, no fewer, no strangers, no key twice.
func TestThreshold(t *testing.T) {
	keys := []ed25519.PrivateKey{goldenKey(1), goldenKey(2), goldenKey(3)}
	g := fact.Genesis{Suite: 1, Name: "Example", Threshold: 2, About: fact.Subject{1}}
	for _, k := range keys {
		g.Roots = append(g.Roots, public(k))
	}
	for name, c := range map[string]struct {
		signers []ed25519.PrivateKey
		good    bool
	}{
		"none": {nil, false}, "one": {keys[:1], false}, "the same twice": {[]ed25519.PrivateKey{keys[0], keys[0]}, false},
		"two": {keys[1:], true}, "three": {keys, true},
	} {
		s, err := fact.SignGenesis(g, c.signers...)
		check(t, err)
		if _, err := fact.OpenGenesis(s); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := fact.SignGenesis(g, goldenKey(9)); err == nil {
		t.Error("a stranger's key has a place")
	}
	s, err := fact.SignGenesis(g, keys...)
	check(t, err)
	s.Sigs[2] = bytes.Repeat([]byte{1}, 64)
	if _, err := fact.OpenGenesis(s); err == nil {
		t.Error("a wrong signature beside two good ones is passed over")
	}
	s.Sigs = s.Sigs[:2]
	if _, err := fact.OpenGenesis(s); err == nil {
		t.Error("a missing place is passed over")
	}
}

func TestImpossibleThresholds(t *testing.T) {
	for _, threshold := range []uint32{0, 2} {
		g := fact.Genesis{Suite: 1, Roots: [][]byte{public(goldenKey(1))}, Threshold: threshold}
		s, err := fact.SignGenesis(g, goldenKey(1))
		check(t, err)
		if _, err := fact.OpenGenesis(s); err == nil {
			t.Errorf("%d of 1 is taken", threshold)
		}
	}
}

// TestEveryPaperByteCounts flips every byte of genesis, card and certificate.
func TestEveryPaperByteCounts(t *testing.T) {
	g := golden(t)
	flip := func(s fact.Signed, open func(fact.Signed) error) {
		t.Helper()
		if err := open(s); err != nil {
			t.Fatal(err)
		}
		for i := range s.Bytes {
			changed := s
			changed.Bytes = bytes.Clone(s.Bytes)
			changed.Bytes[i] ^= 1
			if open(changed) == nil {
				t.Errorf("byte %d of %d changed and it still opens", i, len(s.Bytes))
			}
		}
		for i := range s.Sigs[0] {
			changed := s
			changed.Sigs = [][]byte{bytes.Clone(s.Sigs[0])}
			changed.Sigs[0][i] ^= 1
			if open(changed) == nil {
				t.Errorf("byte %d of the signature changed and it still opens", i)
			}
		}
	}
	flip(g.signed, func(s fact.Signed) error { _, err := fact.OpenGenesis(s); return err })
	flip(g.signedCard, func(s fact.Signed) error { _, err := fact.OpenCard(s, g.genesis); return err })
	flip(g.certificate, func(s fact.Signed) error { _, err := fact.OpenIncarnation(s, g.signedCard, g.card); return err })
}

// TestPapersOfOthers: nothing signed for one organisation or device opens for
// another.
func TestPapersOfOthers(t *testing.T) {
	g := golden(t)
	other := g.genesis
	other.Name = "Another"
	if _, err := fact.OpenCard(g.signedCard, other); err == nil {
		t.Error("a card of another organisation opens")
	}
	card := g.card
	card.Name = "node 2"
	signed, err := fact.SignCard(card, g.genesis, goldenKey(1))
	check(t, err)
	if _, err := fact.OpenIncarnation(g.certificate, signed, card); err == nil {
		t.Error("a certificate of another device opens")
	}
	if _, err := fact.OpenGenesis(g.signedCard); err == nil {
		t.Error("a card is read as a genesis")
	}
}

// TestNobodySignsUnderAnotherName: whoever shows a genesis of their own, with the
// holder's key among its roots and another name, gets no signature on a card of
// the holder's organisation.
func TestNobodySignsUnderAnotherName(t *testing.T) {
	holder, mallory := goldenKey(1), goldenKey(8)
	g := golden(t)
	forged := fact.Genesis{Suite: fact.Suite, Name: "A harmless charity", About: fact.Subject{9}, Roots: [][]byte{public(holder), public(mallory)}, Threshold: 1}
	shown, err := fact.SignGenesis(forged, mallory)
	check(t, err)
	_, err = fact.OpenGenesis(shown) // anybody may found an organisation
	check(t, err)
	for _, roots := range []int{1, 2} {
		forged.Roots = forged.Roots[:roots]
		offered := fact.Signed{Bytes: g.signedCard.Bytes, Sigs: make([][]byte, roots)}
		if _, err := fact.OfferedCard(offered, forged.Set()); err == nil {
			t.Error("a card of another organisation is shown under this one's name")
		}
		if err := fact.Cosign(&offered, forged.Set(), holder); err == nil {
			t.Error("a holder signs a card of another organisation than the one that is shown")
		}
		if _, err := fact.OpenCard(offered, g.genesis); err == nil {
			t.Error("the signature holds in the holder's organisation")
		}
		forged.Roots = [][]byte{public(holder), public(mallory)}
	}
	offered := fact.Signed{Bytes: g.signedCard.Bytes, Sigs: make([][]byte, 1)}
	check(t, fact.Cosign(&offered, g.genesis.Set(), holder))
	_, err = fact.OpenCard(offered, g.genesis)
	check(t, err)
}

func TestFeedsDiffer(t *testing.T) {
	g := golden(t)
	seen := map[fact.FeedID]bool{}
	for _, l := range fact.Lanes() {
		f, err := fact.FeedOf(g.certificate, l)
		check(t, err)
		seen[f] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d feeds for three lanes", len(seen))
	}
}

func TestIDsInText(t *testing.T) {
	s := fact.Subject{0xab, 15: 0x01}
	if back, err := fact.ParseSubject(s.String()); err != nil || back != s {
		t.Errorf("%s, %v", back, err)
	}
	id := fact.ID{0xcd, 31: 0x02}
	if back, err := fact.ParseID(id.String()); err != nil || back != id {
		t.Errorf("%s, %v", back, err)
	}
	for _, bad := range []string{"", "zz", s.String()[1:], s.String() + "0", "g" + s.String()[1:]} {
		if _, err := fact.ParseSubject(bad); err == nil {
			t.Errorf("%q is taken for a subject", bad)
		}
	}
}
