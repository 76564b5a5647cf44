package journal

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"holdfast/fact"
)

// papers are the signed structures from the organisation down to the device.
type papers struct {
	signedGenesis fact.Signed
	signedRoots   []fact.Signed // exchanges of roots, as they were when the papers were opened
	signedCard    fact.Signed

	genesis fact.Genesis
	chain   fact.Chain
	card    fact.DeviceCard
	org     fact.OrgID
}

// admit opens the papers and checks every signature.
func (p *papers) admit() error {
	var err error
	if p.genesis, err = fact.OpenGenesis(p.signedGenesis); err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	if p.org, err = p.genesis.ID(); err != nil {
		return err
	}
	if p.chain, err = fact.NewChain(p.genesis, p.signedRoots...); err != nil {
		return fmt.Errorf("exchanges of roots: %w", err)
	}
	if p.card, err = p.chain.OpenCard(p.signedCard); err != nil {
		return fmt.Errorf("device card: %w", err)
	}
	return nil
}

// beginning is what a new incarnation is begun with.
type beginning struct {
	o        Options
	file     *dbFile
	papers   papers
	keys     *keybox
	device   ed25519.PrivateKey
	subjects *subjectKeys
	drafts   []fact.Draft
	pos      int64
	seen     []fact.ID // frontier of the organisation's subject
	branches *branches
	receipts *receipts
}

// begin makes key, token and certificate, then commits papers, feeds and the
// first facts of the incarnation as one.
func (b beginning) begin(number uint32, why string, after []fact.After) (*writer, error) {
	key, err := b.startKeys().newSigning(b.o.Random, keyIncarnation(number))
	if err != nil {
		return nil, err
	}
	token, err := newToken(b.o.Random)
	if err != nil {
		return nil, err
	}
	if err := writeStart(b.o.Dir, b.o.Store, startNote{Tokens: [][32]byte{token}}); err != nil {
		return nil, err
	}
	cardHash, err := b.papers.signedCard.Hash()
	if err != nil {
		return nil, err
	}
	i := fact.Incarnation{
		Suite: fact.Suite, Org: b.papers.org, Card: cardHash, Number: number, Key: key.Public().(ed25519.PublicKey),
		Start: tokenHash(token), Began: fact.At(b.o.Clock()), Why: why, After: after,
	}
	certificate, err := fact.SignIncarnation(i, b.device)
	if err != nil {
		return nil, err
	}
	h, err := newHand(i, certificate, key)
	if err != nil {
		return nil, err
	}
	if err := b.branches.know(certificate, i, b.papers.card.Device); err != nil {
		return nil, err
	}
	return b.commit(h, tokenHash(token))
}

func (b beginning) commit(h *hand, start fact.Hash) (*writer, error) {
	now := b.o.Clock()
	s := sealing{
		org: b.papers.org, random: b.o.Random, keys: b.subjects, file: b.file, hand: h,
		now: fact.At(now), offset: offsetOf(now), by: fact.Author{Role: "device"},
	}
	a := &act{}
	for _, d := range append(b.drafts, fact.Say(b.papers.genesis.About, IncarnationBegan{Certificate: h.certificate})) {
		if err := s.add(a, d, b.seen, false); err != nil {
			return nil, err
		}
	}
	if err := s.finish(a); err != nil {
		return nil, err
	}
	w := newWriter(b.papers.org, b.o.Clock, b.file, b.branches, b.receipts)
	w.hand, w.pos = h, b.pos
	out, _, err := w.commit([]*act{a}, func(c *sqlConn) error {
		if err := c.exec("INSERT OR REPLACE INTO meta(name, value) VALUES('start', ?)", start[:]); err != nil {
			return err
		}
		all := []paper{{paperGenesis, b.papers.signedGenesis}, {paperCard, b.papers.signedCard}, {paperIncarnation, h.certificate}}
		for _, s := range b.papers.chain.Signed() {
			all = append(all, paper{paperRoots, s})
		}
		return w.begin(c, all)
	})
	if err != nil {
		return nil, err
	}
	w.first = out.placed
	return w, out.answers[0].err
}

func (b beginning) startKeys() *keybox { return b.keys.in(filepath.Join(b.o.Dir, startFolder)) }

// in gives a keybox with the same lock in another folder.
func (k *keybox) in(dir string) *keybox { return &keybox{dir: dir, box: k.box, store: k.store} }

// nextNumber gives a number that no incarnation, begun or failed, has used.
func (k *keybox) nextNumber(after uint32) uint32 {
	for n := after + 1; ; n++ {
		if _, err := os.Lstat(filepath.Join(k.dir, keyIncarnation(n)+".key")); errors.Is(err, os.ErrNotExist) {
			return n
		}
	}
}
