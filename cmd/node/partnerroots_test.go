package node

import (
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"holdfast/fact"
)

// A partner that has exchanged its pages: a certificate by the new ones is
// believed, one by the old ones of a device that does not stay is not, also when
// the certificate leaves the exchange out and after a start.
func TestPartnersRootsAreRemembered(t *testing.T) {
	key := func(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(append(make([]byte, 31), n)) }
	public := func(k ed25519.PrivateKey) []byte { return k.Public().(ed25519.PublicKey) }
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	g := fact.Genesis{Suite: fact.Suite, Name: "Tarn Valley", ODS: "ZZ901", About: fact.Subject{1}, Roots: [][]byte{public(key(1)), public(key(2))}, Threshold: 2}
	genesis, err := fact.SignGenesis(g, key(1), key(2))
	check(err)
	chain, err := fact.NewChain(g)
	check(err)
	first, _ := chain.InForce()
	card := func(set fact.RootSet, n byte, by ...ed25519.PrivateKey) fact.Signed {
		s, err := fact.SignCardFor(fact.DeviceCard{Suite: fact.Suite, Org: set.Org, Device: fact.Subject{n}, Kind: fact.SiteNode, Name: "a", Key: public(key(n))}, set, by...)
		check(err)
		return s
	}
	stays, late := card(first, 10, key(1), key(2)), card(first, 11, key(1), key(2))
	recovery, err := hpke.MLKEM768X25519().GenerateKey()
	check(err)
	exchange, err := chain.SignRoots(fact.Roots{
		Suite: fact.Suite, Org: first.Org, Number: 1, Keys: [][]byte{public(key(3)), public(key(4))}, Threshold: 2, Recovery: recovery.PublicKey().Bytes(),
		Before: []fact.Hash{first.Name}, Stay: []fact.Hash{fact.CardName(stays)},
	}, key(1), key(2), key(3), key(4))
	check(err)
	chain, err = chain.With(exchange)
	check(err)
	now, _ := chain.InForce()
	fresh := card(now, 12, key(3), key(4))
	shown := func(c fact.Signed, roots ...fact.Signed) []byte {
		enc, err := fact.Encode(papers{genesis, c, roots})
		check(err)
		return enc
	}
	dir := t.TempDir()
	at := func() *peers {
		p := newPeers()
		p.byID[first.Org] = peer{}
		p.readRoots(dir)
		return p
	}
	device := func(p *peers, certificate []byte) error {
		_, err := p.Device(t.Context(), first.Org, certificate)
		return err
	}
	p := at()
	if err := errors.Join(device(p, shown(late)), device(p, shown(stays))); err != nil {
		t.Error("before it is known of:", err)
	}
	if device(p, shown(fresh)) == nil {
		t.Error("a card by roots that are not shown")
	}
	if err := device(p, shown(fresh, exchange)); err != nil {
		t.Error(err)
	}
	for _, p := range []*peers{p, at()} {
		if device(p, shown(late)) == nil || device(p, shown(late, exchange)) == nil {
			t.Error("pages that were replaced prove a device")
		}
		if err := errors.Join(device(p, shown(stays)), device(p, shown(fresh))); err != nil {
			t.Error("after it is known of:", err)
		}
	}
	check(os.WriteFile(filepath.Join(dir, first.Org.String()+rootsFile), []byte{0xff}, 0o600))
	spoilt := at()
	if err := device(spoilt, shown(fresh, exchange)); err != nil || device(spoilt, shown(late)) == nil {
		t.Errorf("after the file was spoilt, and the partner has shown it again: %v", err)
	}
}
