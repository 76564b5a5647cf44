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

// ownCard finds the card of the device whose key this is.
func ownCard(c *sqlConn, key ed25519.PublicKey) (fact.Signed, error) {
	var out fact.Signed
	found := false
	err := eachPaper(c, paperCard, func(s fact.Signed) error {
		var card fact.DeviceCard
		if fact.Decode(s.Bytes, &card) == nil && key.Equal(ed25519.PublicKey(card.Key)) {
			out, found = s, true
		}
		return nil
	})
	if err == nil && !found {
		err = errors.New("the device key is not on any device card kept here")
	}
	return out, err
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
// will come again.
func (j *Journal) checkPapers(cards, certificates []fact.Signed) (fresh freshPapers, err error) {
	byHash := map[fact.Hash]fact.Signed{}
	for _, s := range append(append([]fact.Signed{j.papers.signedCard}, cards...), j.cards()...) {
		if _, err := fact.OpenCard(s, j.papers.genesis); err != nil {
			return fresh, bad("device card: %v", err)
		}
		hash, err := s.Hash()
		if err != nil {
			return fresh, err
		}
		if _, given := byHash[hash]; !given && !j.branches.hasCard(hash) {
			fresh.cards = append(fresh.cards, s)
		}
		byHash[hash] = s
	}
	for _, s := range certificates {
		var i fact.Incarnation
		if err := fact.Decode(s.Bytes, &i); err != nil {
			return fresh, bad("certificate: %v", err)
		}
		signedCard, ok := byHash[i.Card]
		if !ok {
			continue
		}
		card, err := fact.OpenCard(signedCard, j.papers.genesis)
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

func (t *branches) addCard(hash fact.Hash, s fact.Signed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cards[hash] = s
}

func (t *branches) hasCard(hash fact.Hash) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.cards[hash]
	return ok
}

func (j *Journal) cards() []fact.Signed {
	cards, _ := j.Papers()
	return cards
}

// Papers gives every device card and incarnation certificate known here, by
// the order of their hashes.
func (j *Journal) Papers() (cards, certificates []fact.Signed) {
	j.branches.mu.Lock()
	defer j.branches.mu.Unlock()
	return byHash(j.branches.cards), byHash(j.branches.signed)
}

func byHash(all map[fact.Hash]fact.Signed) []fact.Signed {
	var out []fact.Signed
	for _, hash := range slices.SortedFunc(maps.Keys(all), func(a, b fact.Hash) int { return bytes.Compare(a[:], b[:]) }) {
		out = append(out, all[hash])
	}
	return out
}

// AdmitPapers takes in cards and certificates of other devices, each checked
// against the genesis; ErrBad when one does not hold.
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
		return j.publish(fresh)
	})
}

// keepCard keeps the card of a device that was enrolled here.
func (j *Journal) keepCard(ctx context.Context, card fact.Signed) error {
	return j.AdmitPapers(ctx, []fact.Signed{card}, nil)
}

// ErrCutOff is in the refusal of a device that is cut off.
var ErrCutOff = errors.New("the device is cut off")

// Admits tells whether a device may connect: its card is signed by the
// organisation's roots and it is not cut off.
func (j *Journal) Admits(_ context.Context, signed fact.Signed) error {
	card, err := fact.OpenCard(signed, j.papers.genesis)
	if err != nil {
		return refusal.New(refusal.Forbidden, "This device is not enrolled in this organisation.").Because(err)
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
