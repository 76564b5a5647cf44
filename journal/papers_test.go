package journal

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast/fact"
	"holdfast/fact/root"
)

// heldByFive founds an organisation of which any two of five holders admit.
func heldByFive(t *testing.T) (Options, root.Made) {
	t.Helper()
	made, err := root.Make(rand.NewChaCha8([32]byte{5}), 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	o, f := testOptions(t), testFounding()
	f.Root = &made
	for n := range made.Secrets {
		f.Holders = append(f.Holders, RootHolder{Number: uint32(n + 1), Name: "holder", Sort: HeldByPerson})
	}
	if err := Found(t.Context(), o, f); err != nil {
		t.Fatal(err)
	}
	return o, made
}

// fewer gives a card with every number of signatures left out that still holds.
func fewer(card fact.Signed, needed int) []fact.Signed {
	var out []fact.Signed
	for set := range 1<<len(card.Sigs) - 1 {
		if bits.OnesCount(uint(set)) < needed {
			continue
		}
		c := fact.Signed{Bytes: card.Bytes, Sigs: make([][]byte, len(card.Sigs))}
		for i := range c.Sigs {
			if set>>i&1 == 1 {
				c.Sigs[i] = card.Sigs[i]
			}
		}
		out = append(out, c)
	}
	return out
}

func isIn(cards []fact.Signed, card fact.Signed) (same, asSigned int) {
	want, _ := card.Hash()
	for _, c := range cards {
		if string(c.Bytes) == string(card.Bytes) {
			same++
		}
		if h, err := c.Hash(); err == nil && h == want {
			asSigned++
		}
	}
	return same, asSigned
}

// A card from which signatures were left out is the same card: it takes nobody's
// place, whoever sends it, and the device starts again.
func TestACardWithFewerSignaturesChangesNothing(t *testing.T) {
	o, _ := heldByFive(t)
	j := reopen(t, o)
	own := j.papers.signedCard
	others := fewer(own, 2)
	if len(others) != 25 {
		t.Fatalf("%d", len(others))
	}
	if err := j.AdmitPapers(t.Context(), others, nil); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = reopen(t, o)
	if cards, _ := j.Papers(); len(cards) != 1 {
		t.Errorf("%d cards of one device", len(cards))
	}
	// What an earlier version took in stands on the disk.
	if err := j.control1(t.Context(), func(w *writer) error {
		_, err := w.transaction(func(c *sqlConn) error {
			for _, s := range others {
				if err := writePaper(c, paper{paperCard, s}); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = reopen(t, o)
	cards, _ := j.Papers()
	if same, asSigned := isIn(cards, own); same != 1 || asSigned != 1 {
		t.Errorf("%d cards of the device, %d as it was signed", same, asSigned)
	}
	if s := newSubject(t, j); !s.Zero() {
		say(t, j, s, "it works")
	}
}

// Who is sent the card with fewer signatures first takes the right one in when
// it comes, before its certificate or with it, and passes that one on alone.
func TestTheCardThatACertificateNamesIsFound(t *testing.T) {
	o, made := heldByFive(t)
	a := reopen(t, o)
	own := a.papers.signedCard
	others := fewer(own, 2)
	ask, err := Ask(t.Context(), testOptions(t), fact.SiteNode, "b", "elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	card, err := a.CardFor(ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range made.Secrets {
		if err := fact.Cosign(&card, a.Genesis().Set(), s.Key()); err != nil {
			t.Fatal(err)
		}
	}
	_, certificates := a.Papers()
	empty := func() *Journal {
		p := papers{signedGenesis: a.papers.signedGenesis, signedCard: card}
		if err := p.admit(); err != nil {
			t.Fatal(err)
		}
		return &Journal{papers: p, branches: newBranches()}
	}
	take := func(b *Journal, cards, certificates []fact.Signed) {
		t.Helper()
		fresh, err := b.checkPapers(cards, certificates)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.publish(fresh); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range others {
		b := empty()
		take(b, []fact.Signed{other}, nil)
		take(b, []fact.Signed{own}, nil)
		take(b, nil, certificates)
		cards, certs := b.Papers()
		if same, asSigned := isIn(cards, own); same != 1 || asSigned != 1 || len(certs) != 1 {
			t.Fatalf("%d cards of the device, %d as it was signed, %d certificates", same, asSigned, len(certs))
		}
	}
	// Until a certificate comes, all come to the same one, in whatever order they heard of them.
	b, c := empty(), empty()
	for _, other := range others {
		take(b, []fact.Signed{other}, nil)
	}
	slices.Reverse(others)
	for _, other := range others {
		take(c, []fact.Signed{other}, nil)
	}
	ours, _ := b.Papers()
	theirs, _ := c.Papers()
	if len(ours) != 2 || len(theirs) != 2 {
		t.Fatalf("%d and %d cards of two devices", len(ours), len(theirs))
	}
	for _, one := range ours {
		if _, asSigned := isIn(theirs, one); asSigned != 1 {
			t.Error("two devices differ in a card")
		}
	}
}
