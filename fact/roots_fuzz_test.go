package fact_test

import (
	"slices"
	"testing"

	"holdfast/fact"
)

// Nothing that a stranger makes passes for an exchange of this organisation's
// roots: what is taken says what was signed, byte for byte, by enough of both.
func FuzzRoots(f *testing.F) {
	e, second := newExchangeable(f), keys(70, 2)
	genuine := e.signed(e.roots(second, e.card(e.genesis.Set(), 1, e.first...)), append(slices.Clone(e.first), second...)...)
	for left := range len(genuine.Sigs) + 1 { // all signatures, and each of them left out
		some := fact.Signed{Bytes: genuine.Bytes, Sigs: slices.Clone(genuine.Sigs)}
		if left > 0 {
			some.Sigs[left-1] = nil
		}
		enc, err := fact.Encode(some)
		check(f, err)
		f.Add(enc)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s fact.Signed
		if fact.Decode(b, &s) != nil {
			return
		}
		c, err := e.chain.With(s)
		if err != nil {
			if len(c.Sets()) != 1 {
				t.Error("refused, and taken")
			}
			return
		}
		if string(s.Bytes) != string(genuine.Bytes) {
			t.Fatalf("roots that nobody signed: %x", s.Bytes)
		}
		for i, sig := range s.Sigs {
			if len(sig) > 0 && string(sig) != string(genuine.Sigs[i]) {
				t.Errorf("a signature that nobody made, in place %d", i)
			}
		}
		if _, signers, err := e.chain.OfferedRoots(s); err != nil || signers[0].Have < 2 || signers[1].Have < 2 {
			t.Errorf("too few signed: %+v %v", signers, err)
		}
	})
}
