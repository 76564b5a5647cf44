package fact_test

import (
	"testing"

	"holdfast/fact"
)

// Nothing that a stranger makes passes for a paper of this organisation: what
// opens is what two of its three holders signed, byte for byte, with their very
// signatures. Some of them may be missing where enough are left.
func FuzzPapers(f *testing.F) {
	device := goldenKey(4)
	genesis := fact.Genesis{Suite: fact.Suite, Name: "Fellside 111", ODS: "ZZ111", About: fact.Subject{1}, Threshold: 2}
	for i := range byte(3) {
		genesis.Roots = append(genesis.Roots, public(goldenKey(i+1)))
	}
	org, err := genesis.ID()
	if err != nil {
		f.Fatal(err)
	}
	signed, err := fact.SignGenesis(genesis, goldenKey(1), goldenKey(2), goldenKey(3))
	if err != nil {
		f.Fatal(err)
	}
	card, err := fact.SignCard(fact.DeviceCard{
		Suite: fact.Suite, Org: org, Device: fact.Subject{2}, Kind: fact.SiteNode, Name: "a", Key: public(device),
	}, genesis, goldenKey(1), goldenKey(2), goldenKey(3))
	if err != nil {
		f.Fatal(err)
	}
	if _, err := fact.OpenGenesis(signed); err != nil {
		f.Fatal(err)
	}
	if _, err := fact.OpenCard(card, genesis); err != nil {
		f.Fatal(err)
	}
	for _, s := range []fact.Signed{signed, card} {
		for left := range 4 { // all signatures, and each of them left out
			some := fact.Signed{Bytes: s.Bytes, Sigs: append([][]byte(nil), s.Sigs...)}
			if left > 0 {
				some.Sigs[left-1] = nil
			}
			enc, err := fact.Encode(some)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(enc)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s fact.Signed
		if fact.Decode(b, &s) != nil {
			return
		}
		if c, err := fact.OpenCard(s, genesis); err == nil && !signedSo(s, card) {
			t.Errorf("a card that nobody signed: %+v", c)
		}
		if g, err := fact.OpenGenesis(s); err == nil { // anybody may found an organisation; it is another one
			if id, err := g.ID(); err != nil || id == org && !signedSo(s, signed) {
				t.Errorf("another genesis of the same organisation: %v", err)
			}
		}
	})
}

// signedSo tells whether what was read is what was signed, with at least two of
// the signatures and no other.
func signedSo(s, genuine fact.Signed) bool {
	if string(s.Bytes) != string(genuine.Bytes) || len(s.Sigs) != len(genuine.Sigs) {
		return false
	}
	there := 0
	for i, sig := range s.Sigs {
		switch {
		case len(sig) == 0:
		case string(sig) != string(genuine.Sigs[i]):
			return false
		default:
			there++
		}
	}
	return there >= 2
}
