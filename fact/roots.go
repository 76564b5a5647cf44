package fact

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Roots exchanges the keys of an organisation's holders for others. It is in
// force when as many as must agree of those that it replaces, of each of them,
// and as many of its own have signed it: so that no keys come into force that
// nobody can use. The genesis is number 0.
type Roots struct {
	Suite     byte     `cbor:"1,keyasint"`
	Org       OrgID    `cbor:"2,keyasint"`
	Number    uint32   `cbor:"3,keyasint"` // one more than the highest that it replaces
	Keys      [][]byte `cbor:"4,keyasint"` // Ed25519 public keys of people and paper
	Threshold uint32   `cbor:"5,keyasint"` // how many of them must agree
	Recovery  []byte   `cbor:"6,keyasint"` // HPKE public key of the holders
	Before    []Hash   `cbor:"7,keyasint"` // names of the roots that it replaces, sorted: one, or all that were made apart
	Made      Millis   `cbor:"8,keyasint"`
	Stay      []Hash   `cbor:"9,keyasint"`  // names of the cards by earlier roots whose devices stay, sorted
	Held      Hash     `cbor:"10,keyasint"` // names the statement of who holds them
}

const labelRoots = "holdfast/roots/1"

// Bounds of what a stranger may show.
const (
	mostHolders = 16
	mostApart   = 8
	mostStaying = 1 << 13
	mostRoots   = 256
)

// What is wrong with roots, or with a card that they signed.
var (
	ErrRootsUnknown  = errors.New("they lead on from roots that are not known here")
	ErrRootsReplaced = errors.New("the roots that signed it have been replaced, and it is not among those that stay")
	ErrRootsApart    = errors.New("the organisation's roots were exchanged twice, apart from each other: neither admits anybody until both have signed one that names both")
)

// RootSet is the keys that speak for an organisation: of its genesis, or those
// that replaced them.
type RootSet struct {
	Org       OrgID
	Title     string // the organisation's name, as it was founded
	Name      Hash   // the organisation's id for those of the genesis
	Number    uint32
	Keys      [][]byte
	Threshold uint32
	Recovery  []byte // none: founded with a root held by one device
	Since     Millis
	Held      Hash // names the statement of who holds them; zero for the genesis
}

// HeldByOne tells whether a single device or person can act alone.
func (r RootSet) HeldByOne() bool { return r.Threshold == 1 }

// Day is the day since which they stand, as it is printed on their pages (UTC).
func (r RootSet) Day() string { return r.Since.Time().UTC().Format("2 January 2006") }

// onCard is how a card names the roots that sign it.
func (r RootSet) onCard() []byte {
	if r.Number == 0 {
		return nil
	}
	return r.Name[:]
}

// Set gives the roots of the genesis.
func (g Genesis) Set() RootSet {
	org, err := g.ID()
	if err != nil { // such a genesis was never signed: no card is of organisation zero
		return RootSet{}
	}
	return RootSet{Org: org, Title: g.Name, Name: Hash(org), Keys: g.Roots, Threshold: g.Threshold, Recovery: g.Recovery, Since: g.Founded}
}

// RootsName names roots by what they say, whoever signed.
func RootsName(s Signed) Hash { return Labelled(labelRoots, s.Bytes) }

// CardName names a device card by what it says, whoever signed.
func CardName(s Signed) Hash { return Labelled(labelCard, s.Bytes) }

// Chain is the roots of an organisation from its genesis on, every signature
// checked. It is a value: With gives another one.
type Chain struct {
	genesis RootSet
	links   map[Hash]link
	leaves  []Hash // that nothing replaces, sorted
}

type link struct {
	set    RootSet
	before []Hash
	stay   map[Hash]bool
	signed Signed
}

// NewChain begins with the genesis and takes papers in whatever order.
func NewChain(g Genesis, papers ...Signed) (Chain, error) {
	set := g.Set()
	c := Chain{genesis: set, links: map[Hash]link{set.Name: {set: set}}, leaves: []Hash{set.Name}}
	for len(papers) > 0 {
		var later []Signed
		for _, s := range papers {
			next, err := c.With(s)
			if errors.Is(err, ErrRootsUnknown) {
				later = append(later, s)
				continue
			}
			if err != nil {
				return Chain{}, err
			}
			c = next
		}
		if len(later) == len(papers) {
			return Chain{}, ErrRootsUnknown
		}
		papers = later
	}
	return c, nil
}

// With checks one paper and gives the chain with it; the same chain when it is
// known. ErrRootsUnknown when it replaces roots that are not known here.
func (c Chain) With(s Signed) (Chain, error) {
	name := RootsName(s)
	if _, known := c.links[name]; known {
		return c, nil
	}
	r, groups, err := c.offered(s)
	if err != nil {
		return c, err
	}
	if len(c.links) > mostRoots {
		return c, fmt.Errorf("%w: more exchanges than an organisation can have", ErrSignature)
	}
	for _, g := range groups {
		if g.Have < g.Need {
			return c, fmt.Errorf("%w: %d of the %d that must sign of roots %d", ErrSignature, g.Have, g.Need, g.Set.Number)
		}
	}
	l := link{set: groups[0].Set, before: r.Before, stay: map[Hash]bool{}, signed: s}
	for _, one := range r.Stay {
		l.stay[one] = true
	}
	next := Chain{genesis: c.genesis, links: maps.Clone(c.links), leaves: []Hash{}}
	next.links[name] = l
	replaced := map[Hash]bool{}
	for _, one := range next.links {
		for _, b := range one.before {
			replaced[b] = true
		}
	}
	for name := range next.links {
		if !replaced[name] {
			next.leaves = append(next.leaves, name)
		}
	}
	slices.SortFunc(next.leaves, compareHashes)
	return next, nil
}

func compareHashes(a, b Hash) int { return bytes.Compare(a[:], b[:]) }

// Signers is one set of keys that has to agree to an exchange, and how many of
// them have signed.
type Signers struct {
	Set        RootSet
	Have, Need uint32
	By         []int // numbers of the keys that have signed, from 1
}

// OfferedRoots reads an exchange that is on its way to be signed: it fits this
// chain, and every signature on it holds. The first of the signers are the new
// keys, then those that they replace.
func (c Chain) OfferedRoots(s Signed) (Roots, []Signers, error) {
	return c.offered(s)
}

func (c Chain) offered(s Signed) (Roots, []Signers, error) {
	var r Roots
	if err := Decode(s.Bytes, &r); err != nil {
		return r, nil, err
	}
	if err := c.fits(r); err != nil {
		return r, nil, err
	}
	groups := c.signers(r, RootsName(s))
	at := 0
	for i := range groups {
		g := &groups[i]
		for n, key := range g.Set.Keys {
			if at >= len(s.Sigs) {
				return r, nil, fmt.Errorf("%w: it has not one place for each key", ErrSignature)
			}
			if sig := s.Sigs[at]; len(sig) > 0 {
				if !ed25519.Verify(key, signingInput(labelRoots, s.Bytes), sig) {
					return r, nil, ErrSignature
				}
				g.Have++
				g.By = append(g.By, n+1)
			}
			at++
		}
	}
	if at != len(s.Sigs) {
		return r, nil, fmt.Errorf("%w: it has not one place for each key", ErrSignature)
	}
	return r, groups, nil
}

// signers are those who must sign, in the order of the places for signatures.
func (c Chain) signers(r Roots, name Hash) []Signers {
	out := []Signers{{Need: r.Threshold, Set: RootSet{
		Org: r.Org, Title: c.genesis.Title, Name: name, Number: r.Number, Keys: r.Keys, Threshold: r.Threshold, Recovery: r.Recovery, Since: r.Made, Held: r.Held,
	}}}
	for _, b := range r.Before {
		set := c.links[b].set
		out = append(out, Signers{Need: set.Threshold, Set: set})
	}
	return out
}

// fits checks what roots say, apart from signatures.
func (c Chain) fits(r Roots) error {
	no := func(what string) error { return fmt.Errorf("%w: roots %d: %s", ErrSignature, r.Number, what) }
	if r.Suite != Suite || r.Org != c.genesis.Org {
		return no("of another organisation")
	}
	if len(r.Keys) < 1 || len(r.Keys) > mostHolders || r.Threshold < 1 || int(r.Threshold) > len(r.Keys) || len(r.Keys) > 1 && r.Threshold < 2 {
		return no("an impossible number of holders")
	}
	for i, key := range r.Keys {
		if len(key) != ed25519.PublicKeySize || slices.ContainsFunc(r.Keys[:i], func(k []byte) bool { return bytes.Equal(k, key) }) {
			return no("a key twice, or none")
		}
	}
	if _, err := hpke.MLKEM768X25519().NewPublicKey(r.Recovery); err != nil {
		return no("no recovery key")
	}
	if !inOrder(r.Before, mostApart) || len(r.Before) == 0 || !inOrder(r.Stay, mostStaying) {
		return no("a list out of order")
	}
	var highest uint32
	for _, b := range r.Before {
		l, ok := c.links[b]
		if !ok {
			return ErrRootsUnknown
		}
		highest = max(highest, l.set.Number)
	}
	if r.Number != highest+1 {
		return no("not the next number")
	}
	return nil
}

// inOrder tells whether a list is sorted, without anything twice, and not too long.
func inOrder(list []Hash, most int) bool {
	for i := 1; i < len(list); i++ {
		if compareHashes(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return len(list) <= most
}

// Org names the organisation.
func (c Chain) Org() OrgID { return c.genesis.Org }

// Signed gives the papers of all exchanges, by number.
func (c Chain) Signed() []Signed {
	var out []Signed
	for _, s := range c.Sets() {
		if s.Number > 0 {
			out = append(out, c.links[s.Name].signed)
		}
	}
	return out
}

// Sets lists all roots that ever were in force or made apart, by number.
func (c Chain) Sets() []RootSet {
	var out []RootSet
	for _, l := range c.links {
		out = append(out, l.set)
	}
	slices.SortFunc(out, func(a, b RootSet) int {
		if a.Number != b.Number {
			return int(int64(a.Number) - int64(b.Number))
		}
		return compareHashes(a.Name, b.Name)
	})
	return out
}

// Set finds roots by their name.
func (c Chain) Set(name Hash) (RootSet, bool) {
	l, ok := c.links[name]
	return l.set, ok
}

// Last lists the roots that nothing replaces: one is in force, several were
// made apart and none of them is.
func (c Chain) Last() []RootSet {
	var out []RootSet
	for _, name := range c.leaves {
		out = append(out, c.links[name].set)
	}
	return out
}

// InForce gives the roots that admit devices; false while several were made apart.
func (c Chain) InForce() (RootSet, bool) {
	if len(c.leaves) != 1 {
		return RootSet{}, false
	}
	return c.links[c.leaves[0]].set, true
}

// OpenCard checks a device card against whichever of the organisation's roots
// it names, replaced ones as well: what its device signed can be read. Whether
// the device is still one of the organisation tells Stays.
func (c Chain) OpenCard(s Signed) (DeviceCard, error) {
	card, l, err := c.cardOf(s)
	if err != nil {
		return DeviceCard{}, err
	}
	return card, s.check(labelCard, l.set.Keys, l.set.Threshold)
}

// cardOf reads a card and finds the roots that it names.
func (c Chain) cardOf(s Signed) (DeviceCard, link, error) {
	var card DeviceCard
	if err := Decode(s.Bytes, &card); err != nil {
		return card, link{}, err
	}
	if card.Org != c.genesis.Org || card.Suite != Suite {
		return card, link{}, fmt.Errorf("%w: card of another organisation", ErrSignature)
	}
	name := c.genesis.Name
	if len(card.Roots) > 0 {
		if len(card.Roots) != len(name) {
			return card, link{}, ErrSignature
		}
		name = Hash(card.Roots)
	}
	l, ok := c.links[name]
	if !ok || !bytes.Equal(l.set.onCard(), card.Roots) {
		return card, link{}, fmt.Errorf("%w: %w", ErrSignature, ErrRootsUnknown)
	}
	return card, l, nil
}

// Stays tells whether the device of a card that holds is one of the
// organisation's: the last roots signed it, or say that it stays.
func (c Chain) Stays(s Signed) bool {
	_, l, err := c.cardOf(s)
	return err == nil && (slices.Contains(c.leaves, l.set.Name) || slices.ContainsFunc(c.leaves, func(n Hash) bool { return c.links[n].stay[CardName(s)] }))
}

// Admits tells why a card that holds admits nobody who is not a device of the
// organisation yet: ErrRootsReplaced, or ErrRootsApart while none are in force.
func (c Chain) Admits(s Signed) error {
	_, l, err := c.cardOf(s)
	if err != nil {
		return err
	}
	missing := slices.ContainsFunc(c.leaves, func(n Hash) bool { return !c.links[n].stay[CardName(s)] })
	switch {
	case !missing, len(c.leaves) == 1 && l.set.Name == c.leaves[0]:
		return nil
	case len(c.leaves) > 1:
		return ErrRootsApart
	}
	return ErrRootsReplaced
}

// SignCardFor signs a device card with keys of these roots, and names them on it.
func SignCardFor(c DeviceCard, r RootSet, keys ...ed25519.PrivateKey) (Signed, error) {
	c.Roots = r.onCard()
	return sign(labelCard, c, r.Keys, keys)
}

// SignRoots writes an exchange, with one place for each key that may sign it,
// and signs with those given.
func (c Chain) SignRoots(r Roots, keys ...ed25519.PrivateKey) (Signed, error) {
	b, err := Encode(r)
	if err != nil {
		return Signed{}, err
	}
	if err := c.fits(r); err != nil {
		return Signed{}, err
	}
	s := Signed{Bytes: b}
	for _, g := range c.signers(r, RootsName(s)) {
		s.Sigs = append(s.Sigs, make([][]byte, len(g.Set.Keys))...)
	}
	for _, key := range keys {
		if err := c.CosignRoots(&s, key); err != nil {
			return Signed{}, err
		}
	}
	return s, nil
}

// CosignRoots adds one holder's signature to an exchange that is on its way.
func (c Chain) CosignRoots(s *Signed, key ed25519.PrivateKey) error {
	_, groups, err := c.offered(*s)
	if err != nil {
		return err
	}
	public, at, found := key.Public().(ed25519.PublicKey), 0, false
	for _, g := range groups {
		for _, k := range g.Set.Keys {
			if public.Equal(ed25519.PublicKey(k)) {
				s.Sigs[at], found = ed25519.Sign(key, signingInput(labelRoots, s.Bytes)), true
			}
			at++
		}
	}
	if !found {
		return fmt.Errorf("%w: a key that has no place here", ErrSignature)
	}
	return nil
}
