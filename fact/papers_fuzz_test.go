package fact_test

import (
	"testing"

	"holdfast/fact"
)

// Nothing that a stranger makes passes for a paper of this organisation: genuine
// bytes pass, and any others don't.
func FuzzPapers(f *testing.F) {
	root, device := goldenKey(1), goldenKey(2)
	genesis := fact.Genesis{Name: "Fellside 111", ODS: "ZZ111", About: fact.Subject{1}, Roots: [][]byte{public(root)}, Threshold: 1}
	signed, err := fact.SignGenesis(genesis, root)
	if err != nil {
		f.Fatal(err)
	}
	card, err := fact.SignCard(fact.DeviceCard{Device: fact.Subject{2}, Kind: fact.SiteNode, Name: "a", Key: public(device)}, genesis, root)
	if err != nil {
		f.Fatal(err)
	}
	good := map[string]bool{}
	for _, s := range []fact.Signed{signed, card} {
		enc, err := fact.Encode(s)
		if err != nil {
			f.Fatal(err)
		}
		good[string(enc)] = true
		f.Add(enc)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s fact.Signed
		if fact.Decode(b, &s) != nil || good[string(b)] {
			return
		}
		if c, err := fact.OpenCard(s, genesis); err == nil {
			t.Errorf("a card that nobody signed: %+v", c)
		}
		if _, err := fact.OpenGenesis(s); err == nil { // anybody may found an organisation; it is another one
			if h, err := s.Hash(); err == nil {
				if own, err := signed.Hash(); err == nil && h == own {
					t.Error("another genesis of the same organisation")
				}
			}
		}
	})
}
