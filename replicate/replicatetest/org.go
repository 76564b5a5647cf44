// Package replicatetest keeps the facts of devices in memory, signed and sealed
// as in life, for tests of what moves between them.
package replicatetest

import (
	"crypto/ed25519"
	"crypto/hpke"
	"fmt"
	"io"
	"math/rand/v2"
	"sort"
	"sync"

	"holdfast/fact"
	"holdfast/fact/seal"
)

// Org is an organisation with its root key.
type Org struct {
	ID      fact.OrgID
	Genesis fact.Genesis
	signed  fact.Signed
	root    ed25519.PrivateKey
	chain   fact.Chain
	wrapper seal.Wrapper
	random  io.Reader
	mu      sync.Mutex
	points  map[fact.ID]fact.Hash // attachments of facts, as whoever opens their bodies learns
}

// pointed tells which attachment a fact points to.
func (o *Org) pointed(id fact.ID) (fact.Hash, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	h, ok := o.points[id]
	return h, ok
}

// lockedReader lets devices that write at once draw from one source.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

// Read reads.
func (l *lockedReader) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(b)
}

// NewOrg founds an organisation; the same seed gives the same one.
func NewOrg(seed byte) *Org {
	o := &Org{points: map[fact.ID]fact.Hash{}, random: &lockedReader{r: rand.NewChaCha8([32]byte{seed})}}
	o.root = o.key()
	o.Genesis = fact.Genesis{
		Suite: fact.Suite, Name: "Dales Urgent Care", ODS: "X26", Roots: [][]byte{o.root.Public().(ed25519.PublicKey)},
		Threshold: 1, Founded: 1, Random: [32]byte{seed}, About: o.subject(),
	}
	o.signed = must(fact.SignGenesis(o.Genesis, o.root))
	o.ID = must(o.Genesis.ID())
	o.chain = must(fact.NewChain(o.Genesis))
	var key seal.Key
	o.read(key[:])
	o.wrapper = seal.NewWrapper(key)
	return o
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("replicatetest: %v", err))
	}
	return v
}

func (o *Org) read(b []byte) {
	if _, err := io.ReadFull(o.random, b); err != nil {
		panic(err)
	}
}

func (o *Org) key() ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	o.read(seed)
	return ed25519.NewKeyFromSeed(seed)
}

func (o *Org) subject() (s fact.Subject) {
	o.read(s[:])
	return s
}

// NewSubject draws a subject.
func (o *Org) NewSubject() fact.Subject { return o.subject() }

// Device enrols a device with a first incarnation and no facts.
func (o *Org) Device(name string, kind fact.DeviceKind) *Store {
	s := &Store{org: o, device: o.key(), domain: name, know: newKnown(), cut: map[fact.Subject]bool{}, chain: o.chain}
	s.card = fact.DeviceCard{
		Suite: fact.Suite, Org: o.ID, Device: o.subject(), Kind: kind, Name: name,
		Key: s.device.Public().(ed25519.PublicKey), Issued: 1,
	}
	s.signedCard = must(fact.SignCardFor(s.card, o.inForce(), o.root))
	s.begin("first")
	return s
}

func (o *Org) inForce() fact.RootSet {
	set, _ := o.chain.InForce()
	return set
}

// Exchange replaces the root key by another; devices that are named stay. Who
// knows of it before is told by AdmitRoots.
func (o *Org) Exchange(stay ...*Store) fact.Signed {
	var seed [64]byte
	o.read(seed[:])
	recovery := must(hpke.MLKEM768X25519().DeriveKeyPair(seed[:]))
	was, next := o.root, o.key()
	r := fact.Roots{
		Suite: fact.Suite, Org: o.ID, Number: o.inForce().Number + 1, Keys: [][]byte{next.Public().(ed25519.PublicKey)}, Threshold: 1,
		Recovery: recovery.PublicKey().Bytes(), Before: []fact.Hash{o.inForce().Name}, Made: 2, Stay: []fact.Hash{},
	}
	for _, s := range stay {
		r.Stay = append(r.Stay, fact.CardName(s.signedCard))
	}
	sort.Slice(r.Stay, func(i, j int) bool { return string(r.Stay[i][:]) < string(r.Stay[j][:]) })
	signed := must(o.chain.SignRoots(r, was, next))
	o.chain, o.root = must(o.chain.With(signed)), next
	return signed
}

// begin begins the next incarnation.
func (s *Store) begin(why string) {
	s.number++
	s.head = s.org.key()
	inc := fact.Incarnation{
		Suite: fact.Suite, Org: s.org.ID, Card: must(s.signedCard.Hash()), Number: s.number,
		Key: s.head.Public().(ed25519.PublicKey), Began: 1, Why: why,
	}
	s.org.read(inc.Start[:])
	s.signedInc = must(fact.SignIncarnation(inc, s.device))
	if err := s.admitCard(s.signedCard); err != nil {
		panic(err)
	}
	if err := s.admitIncarnation(s.signedInc); err != nil {
		panic(err)
	}
	for _, lane := range fact.Lanes() {
		s.own[lane] = must(fact.FeedOf(s.signedInc, lane))
	}
}
