package replicatetest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sort"
	"sync"

	"holdfast/fact"
	"holdfast/fact/seal"
	"holdfast/journal"
)

// Store is one device with all that it holds, in memory. It may be used by
// several goroutines.
type Store struct {
	mu         sync.Mutex
	org        *Org
	device     ed25519.PrivateKey
	head       ed25519.PrivateKey
	card       fact.DeviceCard
	signedCard fact.Signed
	signedInc  fact.Signed
	number     uint32
	own        [4]fact.FeedID
	domain     string
	know       *known
	cut        map[fact.Subject]bool
	chain      fact.Chain

	// Serve, when set, may change a range on its way out: a liar's hand.
	Serve func(r *journal.Range)
	// Keep, when set, tells which facts are not given singly: an omission.
	Keep func(id fact.ID) bool
}

// known is what a device holds besides its own keys.
type known struct {
	cards    map[fact.Hash]fact.Signed
	devices  map[fact.Hash]fact.DeviceCard
	certs    map[fact.Hash]fact.Signed
	incs     map[fact.Hash]fact.Incarnation
	feeds    map[fact.FeedID]feedName
	branches map[fact.FeedID][]*branch
	ids      map[fact.ID]where
	single   map[fact.ID]journal.ProvedFact
	wraps    map[journal.KeyRef][]byte
	erased   map[fact.Subject]bool
	keys     map[fact.Subject]seal.SubjectKey
	blobs    map[fact.Hash][]byte
	wanted   map[fact.Hash]bool
	receipts map[string][]byte
	given    map[fact.FeedID][]byte
	tips     []journal.Tip
}

type feedName struct {
	cert fact.Hash
	lane fact.Lane
	key  ed25519.PublicKey
}

type where struct {
	branch *branch
	seq    uint64
}

func newKnown() *known {
	return &known{
		cards: map[fact.Hash]fact.Signed{}, devices: map[fact.Hash]fact.DeviceCard{}, certs: map[fact.Hash]fact.Signed{},
		incs: map[fact.Hash]fact.Incarnation{}, feeds: map[fact.FeedID]feedName{}, branches: map[fact.FeedID][]*branch{},
		ids: map[fact.ID]where{}, single: map[fact.ID]journal.ProvedFact{}, wraps: map[journal.KeyRef][]byte{},
		erased: map[fact.Subject]bool{}, keys: map[fact.Subject]seal.SubjectKey{}, blobs: map[fact.Hash][]byte{},
		wanted: map[fact.Hash]bool{}, receipts: map[string][]byte{}, given: map[fact.FeedID][]byte{},
	}
}

// Org names the organisation.
func (s *Store) Org() fact.OrgID { return s.org.ID }

// Card is the device card, opened.
func (s *Store) Card() fact.DeviceCard { return s.card }

// Own names a lane of the present incarnation.
func (s *Store) Own(lane fact.Lane) fact.FeedID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own[lane]
}

// Key is the device's private key, for a carrier's certificate.
func (s *Store) Key() ed25519.PrivateKey { return s.device }

// Enrolment gives the signed bytes down to the present incarnation.
func (s *Store) Enrolment() (genesis, card, incarnation fact.Signed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.org.signed, s.signedCard, s.signedInc
}

// Introduction is nothing: all know each other's cards.
func (s *Store) Introduction() ([]byte, error) { return nil, nil }

// Introduce takes nothing in.
func (s *Store) Introduce(context.Context, fact.Signed, []byte) error { return nil }

// HeldOf lists nothing: there are no cuts.
func (s *Store) HeldOf(context.Context, fact.Subject) ([]journal.HeldBy, error) { return nil, nil }

// TakeHeld keeps nothing.
func (s *Store) TakeHeld(context.Context, fact.Subject, map[fact.Subject][]journal.HeldBy) error {
	return nil
}

// Sign signs with the key on the device card.
func (s *Store) Sign(label string, parts ...[]byte) []byte {
	return fact.SignLabelled(s.device, label, parts...)
}

// Cut makes this device refuse another.
func (s *Store) Cut(device fact.Subject) { s.cut[device] = true }

// Admits checks a card.
func (s *Store) Admits(_ context.Context, card fact.Signed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.chain.OpenCard(card)
	if err != nil {
		return err
	}
	if err := s.chain.Admits(card); err != nil {
		return err
	}
	if s.cut[c.Device] {
		return fmt.Errorf("this device was cut from the organisation: %w", journal.ErrCutOff)
	}
	return nil
}

// Tips lists every branch, by feed and root.
func (s *Store) Tips() []journal.Tip {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.know.tips != nil {
		return s.know.tips
	}
	for _, list := range s.know.branches {
		for _, b := range list {
			s.know.tips = append(s.know.tips, journal.Tip{
				Feed: b.feed, Lane: b.lane, Cert: b.cert, Size: b.size(), Root: b.tree.root(), Head: b.heads[b.size()],
			})
		}
	}
	sort.Slice(s.know.tips, func(i, j int) bool {
		a, b := s.know.tips[i], s.know.tips[j]
		if a.Feed != b.Feed {
			return string(a.Feed[:]) < string(b.Feed[:])
		}
		return string(a.Root[:]) < string(b.Root[:])
	})
	return s.know.tips
}

// Roots lists the exchanges that are held.
func (s *Store) Roots() []fact.Signed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chain.Signed()
}

// AdmitRoots checks and keeps exchanges.
func (s *Store) AdmitRoots(_ context.Context, roots []fact.Signed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range roots {
		next, err := s.chain.With(r)
		if err != nil && !errors.Is(err, fact.ErrRootsUnknown) {
			return err
		}
		s.chain = next
	}
	return nil
}

// Papers lists what is held.
func (s *Store) Papers() (cards, incarnations []fact.Signed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := func(m map[fact.Hash]fact.Signed) []fact.Signed {
		names := make([]string, 0, len(m))
		for h := range m {
			names = append(names, string(h[:]))
		}
		sort.Strings(names)
		out := make([]fact.Signed, len(names))
		for i, n := range names {
			out[i] = m[fact.Hash([]byte(n))]
		}
		return out
	}
	return list(s.know.cards), list(s.know.certs)
}

// AdmitPapers checks and keeps papers.
func (s *Store) AdmitPapers(_ context.Context, cards, incarnations []fact.Signed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range cards {
		if err := s.admitCard(c); err != nil {
			return err
		}
	}
	for _, i := range incarnations {
		if err := s.admitIncarnation(i); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) admitCard(signed fact.Signed) error {
	card, err := s.chain.OpenCard(signed)
	if err != nil {
		return err
	}
	h := must(signed.Hash())
	s.know.cards[h], s.know.devices[h] = signed, card
	return nil
}

func (s *Store) admitIncarnation(signed fact.Signed) error {
	var claim fact.Incarnation
	if err := fact.Decode(signed.Bytes, &claim); err != nil {
		return err
	}
	inc, err := fact.OpenIncarnation(signed, s.know.cards[claim.Card], s.know.devices[claim.Card])
	if err != nil {
		return err
	}
	h := must(signed.Hash())
	s.know.certs[h], s.know.incs[h] = signed, inc
	for _, lane := range fact.Lanes() {
		s.know.feeds[must(fact.FeedOf(signed, lane))] = feedName{cert: h, lane: lane, key: inc.Key}
	}
	return nil
}

// HasRoot looks through the branches of a feed.
func (s *Store) HasRoot(_ context.Context, p journal.Place) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.branchAt(p) != nil, nil
}

func (s *Store) branchAt(p journal.Place) *branch {
	for _, b := range s.know.branches[p.Feed] {
		if b.size() >= p.Size && b.rootAt(p.Size) == p.Root {
			return b
		}
	}
	return nil
}

// RootsAt gives roots at smaller sizes.
func (s *Store) RootsAt(_ context.Context, p journal.Place, sizes []uint64) ([]fact.Hash, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.branchAt(p)
	if b == nil {
		return nil, errors.New("no such branch here")
	}
	out := make([]fact.Hash, len(sizes))
	for i, size := range sizes {
		if size > p.Size {
			return nil, fmt.Errorf("size %d is beyond %d", size, p.Size)
		}
		out[i] = b.rootAt(size)
	}
	return out, nil
}

// Reincarnate begins a new incarnation.
func (s *Store) Reincarnate(_ context.Context, why string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin(why)
	return nil
}
