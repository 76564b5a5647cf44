package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// ownCard finds the card of the device whose key this is. A card that fewer of
// its holders signed is the same card with another hash, and anybody can make
// one by leaving signatures out: the one that this device's newest certificate
// names is its own.
func ownCard(c *sqlConn, key ed25519.PublicKey) (fact.Signed, error) {
	var out fact.Signed
	mine := map[fact.Hash]fact.Signed{}
	err := eachPaper(c, paperCard, func(s fact.Signed) error {
		var card fact.DeviceCard
		if fact.Decode(s.Bytes, &card) != nil || !key.Equal(ed25519.PublicKey(card.Key)) {
			return nil
		}
		hash, err := s.Hash()
		mine[hash], out = s, s
		return err
	})
	if err == nil && len(mine) == 0 {
		err = errors.New("the device key is not on any device card kept here")
	}
	if err != nil {
		return out, err
	}
	var last uint32
	return out, eachPaper(c, paperIncarnation, func(s fact.Signed) error {
		if i, card, ok := namesCard(s, mine); ok && i.Number > last {
			out, last = card, i.Number
		}
		return nil
	})
}

// namesCard finds the card that a certificate names, when the device on that
// card signed the certificate.
func namesCard(certificate fact.Signed, cards map[fact.Hash]fact.Signed) (fact.Incarnation, fact.Signed, bool) {
	var i fact.Incarnation
	var card fact.DeviceCard
	if fact.Decode(certificate.Bytes, &i) != nil {
		return i, fact.Signed{}, false
	}
	signed, ok := cards[i.Card]
	if !ok || fact.Decode(signed.Bytes, &card) != nil {
		return i, fact.Signed{}, false
	}
	_, err := fact.OpenIncarnation(certificate, signed, card)
	return i, signed, err == nil
}

func eachPaper(c *sqlConn, sort int64, see func(s fact.Signed) error) error {
	return c.each("SELECT signed FROM papers WHERE sort=? ORDER BY hash", func(v []driverValue) error {
		var s fact.Signed
		if err := fact.Decode(v[0].([]byte), &s); err != nil {
			return fmt.Errorf("a paper of sort %d: %w", sort, err)
		}
		return see(s)
	}, sort)
}

// admitCertificates reads every card and certificate and checks its signatures.
func (j *Journal) admitCertificates(c *sqlConn) error {
	var cards, certificates []fact.Signed
	for sort, into := range map[int64]*[]fact.Signed{paperCard: &cards, paperIncarnation: &certificates} {
		if err := eachPaper(c, sort, func(s fact.Signed) error {
			*into = append(*into, s)
			return nil
		}); err != nil {
			return err
		}
	}
	fresh, err := j.checkPapers(cards, certificates)
	if err != nil {
		return err
	}
	return j.publish(fresh)
}

// freshPapers are cards and certificates that hold and were not known before.
type freshPapers struct {
	cards        []fact.Signed
	certificates []certificate
}

type certificate struct {
	signed fact.Signed
	says   fact.Incarnation
	device fact.Subject
}

// checkPapers checks cards and certificates and gives those that are new. A
// certificate whose card is not among those given or known is passed over: it
// will come again. So is a card that differs from a known one in its signatures
// alone, until a certificate of its device names it.
func (j *Journal) checkPapers(cards, certificates []fact.Signed) (fresh freshPapers, err error) {
	byHash := j.branches.allCards()
	for _, s := range append([]fact.Signed{j.papers.signedCard}, cards...) {
		if _, err := j.chain().OpenCard(s); err != nil {
			return fresh, bad("device card: %v", err)
		}
		hash, err := s.Hash()
		if err != nil {
			return fresh, err
		}
		byHash[hash] = s
	}
	fresh.cards = j.branches.freshCards(byHash, certificates)
	for _, s := range certificates {
		var i fact.Incarnation
		if err := fact.Decode(s.Bytes, &i); err != nil {
			return fresh, bad("certificate: %v", err)
		}
		signedCard, ok := byHash[i.Card]
		if !ok {
			continue
		}
		card, err := j.chain().OpenCard(signedCard)
		if err != nil {
			return fresh, err
		}
		if i, err = fact.OpenIncarnation(s, signedCard, card); err != nil {
			return fresh, bad("certificate: %v", err)
		}
		if feed, err := fact.FeedOf(s, fact.Control); err != nil {
			return fresh, err
		} else if _, known := j.branches.cert(feed); !known {
			fresh.certificates = append(fresh.certificates, certificate{s, i, card.Device})
		}
	}
	return fresh, nil
}

// publish makes papers known in this process. Those that came from others are
// on the disk by then: facts that build on them may be kept at once.
func (j *Journal) publish(fresh freshPapers) error {
	for _, s := range fresh.cards {
		hash, err := s.Hash()
		if err != nil {
			return err
		}
		j.branches.addCard(hash, s)
	}
	for _, c := range fresh.certificates {
		if err := j.branches.know(c.signed, c.says, c.device); err != nil {
			return err
		}
	}
	return nil
}

// spareCards bounds the cards that are remembered until a certificate names them.
const spareCards = 256

func (t *branches) addCard(hash fact.Hash, s fact.Signed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cards[hash] = s
	delete(t.spare, hash)
}

// allCards gives the cards that are kept and those that are only remembered.
func (t *branches) allCards() map[fact.Hash]fact.Signed {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := maps.Clone(t.cards)
	maps.Copy(out, t.spare)
	return out
}

// freshCards tells which cards are to be kept that are not yet: those that a
// certificate names, and one of each whose device has none. Of several that
// differ in their signatures alone that is the one with the least hash, so that
// devices come to the same one. The others are remembered for a while.
func (t *branches) freshCards(cards map[fact.Hash]fact.Signed, certificates []fact.Signed) []fact.Signed {
	t.mu.Lock()
	defer t.mu.Unlock()
	named := maps.Clone(t.named)
	for _, c := range certificates {
		if i, _, ok := namesCard(c, cards); ok {
			named[i.Card] = true
		}
	}
	best := bestCards(t.cards, named)
	var out []fact.Signed
	for _, hash := range sortedHashes(cards) {
		s := cards[hash]
		if _, kept := t.cards[hash]; kept {
			continue
		}
		old, known := best[string(s.Bytes)]
		if !named[hash] && known && (named[old] || bytes.Compare(old[:], hash[:]) < 0) {
			if len(t.spare) >= spareCards {
				clear(t.spare)
			}
			t.spare[hash] = s
			continue
		}
		best[string(s.Bytes)] = hash
		out = append(out, s)
	}
	return out
}

// bestCards picks of the cards with the same bytes a named one, or the one with
// the least hash.
func bestCards(cards map[fact.Hash]fact.Signed, named map[fact.Hash]bool) map[string]fact.Hash {
	best := map[string]fact.Hash{}
	for _, hash := range sortedHashes(cards) {
		says := string(cards[hash].Bytes)
		if old, ok := best[says]; !ok || named[hash] && !named[old] {
			best[says] = hash
		}
	}
	return best
}

func (j *Journal) cards() []fact.Signed {
	cards, _ := j.Papers()
	return cards
}

// Papers gives every device card and incarnation certificate known here, by
// the order of their hashes. Of cards that differ in their signatures alone it
// gives those that certificates name, or one.
func (j *Journal) Papers() (cards, certificates []fact.Signed) {
	t := j.branches
	t.mu.Lock()
	defer t.mu.Unlock()
	best := bestCards(t.cards, t.named)
	for _, hash := range sortedHashes(t.cards) {
		if s := t.cards[hash]; t.named[hash] || best[string(s.Bytes)] == hash {
			cards = append(cards, s)
		}
	}
	for _, hash := range sortedHashes(t.signed) {
		certificates = append(certificates, t.signed[hash])
	}
	return cards, certificates
}

func sortedHashes(all map[fact.Hash]fact.Signed) []fact.Hash {
	return slices.SortedFunc(maps.Keys(all), func(a, b fact.Hash) int { return bytes.Compare(a[:], b[:]) })
}

// AdmitPapers takes in cards and certificates of other devices, each checked
// against the organisation's roots; ErrBad when one does not hold. A card by
// roots that were replaced is taken in as well, so that what its device wrote
// can be read; whether that counts, and whether the device may connect, is
// judged apart.
func (j *Journal) AdmitPapers(ctx context.Context, cards, certificates []fact.Signed) error {
	fresh, err := j.checkPapers(cards, certificates)
	if err != nil || len(fresh.cards)+len(fresh.certificates) == 0 {
		return err
	}
	return j.control1(ctx, func(w *writer) error {
		_, err := w.transaction(func(c *sqlConn) error {
			for _, s := range fresh.cards {
				if err := writePaper(c, paper{paperCard, s}); err != nil {
					return err
				}
			}
			for _, one := range fresh.certificates {
				if err := writePaper(c, paper{paperIncarnation, one.signed}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := j.publish(fresh); err != nil {
			return err
		}
		if slices.ContainsFunc(fresh.cards, func(s fact.Signed) bool { return !j.chain().Stays(s) }) {
			return j.houseMoved(w, nil) // before anything that its device wrote is taken in
		}
		return nil
	})
}

// keepCard keeps the card of a device that was enrolled here.
func (j *Journal) keepCard(ctx context.Context, card fact.Signed) error {
	return j.AdmitPapers(ctx, []fact.Signed{card}, nil)
}

// ErrCutOff is in the refusal of a device that is cut off.
var ErrCutOff = errors.New("the device is cut off")

// Admits tells whether a device may connect: its card is signed by the
// organisation's roots that are in force, or they say that it stays, and it is
// not cut off.
func (j *Journal) Admits(_ context.Context, signed fact.Signed) error {
	chain := j.chain()
	card, err := chain.OpenCard(signed)
	if err != nil {
		return refusal.New(refusal.Forbidden, "This device is not enrolled in this organisation.").Because(err)
	}
	if err := j.stands(chain, card, signed); err != nil {
		return err
	}
	if j.house.Load().CutOff(card.Device) {
		return refusal.New(refusal.Forbidden, "This device is cut off from the organisation.").Because(ErrCutOff)
	}
	return nil
}

func writePaper(c *sqlConn, p paper) error {
	enc, err := fact.Encode(p.signed)
	if err != nil {
		return err
	}
	hash, err := p.signed.Hash()
	if err != nil {
		return err
	}
	return c.exec("INSERT OR IGNORE INTO papers(hash, sort, signed) VALUES(?, ?, ?)", hash[:], p.sort, enc)
}

// CertificateOf gives the signed device card and certificate that make a feed,
// and its lane.
func (j *Journal) CertificateOf(feed fact.FeedID) (card, certificate fact.Signed, lane fact.Lane, err error) {
	j.branches.mu.Lock()
	defer j.branches.mu.Unlock()
	c, ok := j.branches.certs[feed]
	if !ok {
		return card, certificate, 0, refusal.New(refusal.Missing, "This feed is not known here.")
	}
	certificate = j.branches.signed[c.hash]
	var i fact.Incarnation
	if err := fact.Decode(certificate.Bytes, &i); err != nil {
		return card, certificate, 0, err
	}
	return j.branches.cards[i.Card], certificate, c.lane, nil
}
