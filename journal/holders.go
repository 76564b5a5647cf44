package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// RootHolder is who holds one of the organisation's keys.
type RootHolder struct {
	Number uint32 `cbor:"1,keyasint"` // place among the keys of their roots, from 1
	Name   string `cbor:"2,keyasint"`
	Sort   string `cbor:"3,keyasint"` // person, paper, guardian
}

// The sorts of holder.
const (
	HeldByPerson   = "person"   // a member of the organisation
	HeldOnPaper    = "paper"    // in a safe
	HeldByGuardian = "guardian" // outside the organisation
)

// RootHeld says who holds the organisation's keys and how many must agree. Roots
// that were exchanged name theirs by a hash, so that no device can say otherwise
// afterwards; the salt keeps names from being guessed from it.
type RootHeld struct {
	Holders   []RootHolder `cbor:"1,keyasint"`
	Threshold uint32       `cbor:"2,keyasint"`
	Salt      []byte       `cbor:"3,keyasint,omitempty"`
}

// FactKind is kind 10.
func (RootHeld) FactKind() fact.Kind {
	return fact.Kind{Number: 10, Version: 2, Lane: fact.Control, Name: "root-held", Join: fact.Grow}
}

// Name is how roots name the statement.
func (r RootHeld) Name() (fact.Hash, error) {
	enc, err := fact.Encode(r)
	return fact.Labelled("holdfast/root-held/1", enc), err
}

// Held is roots of the organisation that nothing has replaced, and who holds
// them.
type Held struct {
	Roots   fact.RootSet
	Holders []RootHolder
	Known   bool        // the statement of who holds them is here
	Since   fact.Millis // when they came into force, by the clock of the device that brought them; when they were made where that is not known
}

// Holders lists the roots that stand, with those who hold them: one, or several
// that were made apart and wait for each other. Of roots that were exchanged the
// holders are those that the roots themselves name; of the genesis those stated
// as it was founded.
func (j *Journal) Holders(ctx context.Context) ([]Held, error) {
	h, err := j.History(ctx, j.papers.genesis.About)
	if err != nil {
		return nil, err
	}
	var out []Held
	for _, set := range j.chain().Last() {
		one := Held{Roots: set, Since: set.Since}
		said, at, known := heldAtFounding(h, set)
		if set.Number > 0 {
			said, at, known = heldAs(h.WithHeld(), set.Held)
		}
		if known {
			one.Holders, one.Known, one.Since = said.Holders, true, at
		}
		out = append(out, one)
	}
	return out, nil
}

// RootHolders lists who holds the organisation's keys; empty when one device
// does, when it is not known here, or while exchanges made apart wait for each
// other.
func (j *Journal) RootHolders(ctx context.Context) ([]RootHolder, error) {
	held, err := j.Holders(ctx)
	if err != nil || len(held) != 1 {
		return nil, err
	}
	return held[0].Holders, nil
}

// heldAs finds the statement that roots name.
func heldAs(h fact.History, name fact.Hash) (RootHeld, fact.Millis, bool) {
	for _, f := range h.Facts() {
		if said, err := fact.Read[RootHeld](f); err == nil {
			if is, err := said.Name(); err == nil && is == name {
				return said, f.Header.Recorded, true
			}
		}
	}
	return RootHeld{}, 0, false
}

// heldAtFounding finds the statement made where the organisation was founded. A
// device that states another later does so in another feed, or behind it.
func heldAtFounding(h fact.History, set fact.RootSet) (RootHeld, fact.Millis, bool) {
	var in fact.FeedID
	for _, f := range h.Facts() {
		if _, err := fact.Read[Founded](f); err == nil && in == (fact.FeedID{}) {
			in = f.Header.Feed
		}
		said, err := fact.Read[RootHeld](f)
		if err == nil && f.Header.Feed == in && said.Threshold == set.Threshold && len(said.Holders) == len(set.Keys) {
			return said, f.Header.Recorded, true
		}
	}
	return RootHeld{}, 0, false
}

// Wanted is the public half of keys that are to replace the organisation's, and
// who is to hold them.
type Wanted struct {
	Keys      [][]byte     `cbor:"1,keyasint"`
	Threshold uint32       `cbor:"2,keyasint"`
	Recovery  []byte       `cbor:"3,keyasint"`
	Holders   []RootHolder `cbor:"4,keyasint"`
}

// Exchange is new roots on their way to be signed, with all that signing them
// needs to be checked anywhere. It holds no secret, and the names of holders.
type Exchange struct {
	Genesis fact.Signed   `cbor:"1,keyasint"`
	Roots   []fact.Signed `cbor:"2,keyasint"` // exchanges before
	Paper   fact.Signed   `cbor:"3,keyasint"`
	Held    RootHeld      `cbor:"4,keyasint"`
	Cards   []fact.Signed `cbor:"5,keyasint"` // of the devices that stay
}

// Drawn is an exchange as it was read: every signature on it holds, and each
// device that is to stay has a card that holds.
type Drawn struct {
	Genesis fact.Genesis
	Chain   fact.Chain // before it
	Roots   fact.Roots
	Signers []fact.Signers // the new keys first
	Stay    []fact.DeviceCard
}

// Open reads an exchange and checks all that can be checked away from the
// organisation.
func (x Exchange) Open() (d Drawn, err error) {
	no := func(err error) error {
		return refusal.New(refusal.Invalid, "This file is no exchange of pages that holds: draw it anew (holdfast org holders exchange).").Because(err)
	}
	if d.Genesis, err = fact.OpenGenesis(x.Genesis); err != nil {
		return d, no(err)
	}
	if d.Chain, err = fact.NewChain(d.Genesis, x.Roots...); err != nil {
		return d, no(err)
	}
	if d.Roots, d.Signers, err = d.Chain.OfferedRoots(x.Paper); err != nil {
		return d, no(err)
	}
	if name, err := x.Held.Name(); err != nil || name != d.Roots.Held || len(x.Held.Holders) != len(d.Roots.Keys) || x.Held.Threshold != d.Roots.Threshold {
		return d, no(errors.Join(err, errors.New("it names other holders than the ones shown")))
	}
	cards := map[fact.Hash]fact.DeviceCard{}
	for _, s := range x.Cards {
		card, err := d.Chain.OpenCard(s)
		if err != nil {
			return d, no(err)
		}
		cards[fact.CardName(s)] = card
	}
	for _, name := range d.Roots.Stay {
		card, ok := cards[name]
		if !ok {
			return d, no(errors.New("a device is to stay whose card is not shown"))
		}
		d.Stay = append(d.Stay, card)
	}
	slices.SortFunc(d.Stay, func(a, b fact.DeviceCard) int { return strings.Compare(a.Name, b.Name) })
	return d, nil
}

// Sign adds a holder's signature: of the pages before or of the new ones.
func (x *Exchange) Sign(key ed25519.PrivateKey) error {
	d, err := x.Open()
	if err != nil {
		return err
	}
	return d.Chain.CosignRoots(&x.Paper, key)
}

// Lacking says who still has to sign, in words; empty when all have.
func (d Drawn) Lacking() string {
	var out []string
	for i, g := range d.Signers {
		if g.Have >= g.Need {
			continue
		}
		which := "the new pages"
		if i > 0 {
			which = "the pages of " + g.Set.Day()
		}
		out = append(out, fmt.Sprintf("%d more of %s", g.Need-g.Have, which))
	}
	return strings.Join(out, ", and ")
}

// DrawExchange writes what replaces the roots that stand here by others. All
// devices that are enrolled stay, those that are cut off too: what they wrote
// before counts. Where one device holds the root it signs at once.
func (j *Journal) DrawExchange(w Wanted) (Exchange, error) {
	if j.epoch == nil {
		return Exchange{}, refusal.New(refusal.Forbidden, "A desk can't exchange pages. Do this at a site node.")
	}
	x := Exchange{Genesis: j.papers.signedGenesis, Held: RootHeld{Holders: w.Holders, Threshold: w.Threshold, Salt: make([]byte, 16)}}
	if _, err := io.ReadFull(j.o.Random, x.Held.Salt); err != nil {
		return x, err
	}
	held, err := x.Held.Name()
	if err != nil {
		return x, err
	}
	chain := j.chain()
	x.Roots = chain.Signed()
	r := fact.Roots{Suite: fact.Suite, Org: j.papers.org, Keys: w.Keys, Threshold: w.Threshold, Recovery: w.Recovery, Made: fact.At(j.o.Clock()), Held: held, Stay: []fact.Hash{}}
	for _, set := range chain.Last() {
		r.Before, r.Number = append(r.Before, set.Name), max(r.Number, set.Number+1)
	}
	shown := map[fact.Hash]fact.Signed{}
	for _, s := range j.cards() {
		shown[fact.CardName(s)] = s
	}
	staying, err := j.staying()
	if err != nil {
		return x, err
	}
	for name, device := range staying {
		card, ok := shown[name]
		if !ok {
			return x, refusal.Newf(refusal.Unavailable, "The card of %s has not come here yet. Try again when the links are level.", device)
		}
		x.Cards, r.Stay = append(x.Cards, card), append(r.Stay, name)
	}
	slices.SortFunc(r.Stay, func(a, b fact.Hash) int { return bytes.Compare(a[:], b[:]) })
	if x.Paper, err = chain.SignRoots(r); err != nil {
		return x, refusal.New(refusal.Invalid, "Such pages can't be exchanged for those that stand.").Because(err)
	}
	return x, j.signAlone(chain, &x)
}

// signAlone signs with the root key of an organisation held by one.
func (j *Journal) signAlone(chain fact.Chain, x *Exchange) error {
	first, ok := chain.InForce()
	if !ok || first.Number > 0 || len(first.Recovery) > 0 {
		return nil
	}
	root, err := j.keys.signing(keyRoot)
	if errors.Is(err, fs.ErrNotExist) {
		return refusal.New(refusal.Forbidden, "The organisation's root key is not kept on this device. Give its holders their pages at the one where it was founded.")
	}
	if err != nil {
		return err
	}
	return chain.CosignRoots(&x.Paper, root)
}

// staying names the cards of the devices that stay when roots are exchanged,
// with the devices' names: all that are enrolled, and those whose hold after an
// earlier exchange a person has ended.
func (j *Journal) staying() (map[fact.Hash]string, error) {
	h, chain := j.House(), j.chain()
	out := map[fact.Hash]string{}
	for id, d := range h.Devices {
		enc, err := fact.Encode(d.Card)
		if err != nil {
			return nil, err
		}
		s := fact.Signed{Bytes: enc}
		lifted := slices.ContainsFunc(h.Cuts, func(c Cut) bool { return c.Replaced && c.Over && c.Says.Device == id })
		if chain.Stays(s) || lifted {
			out[fact.CardName(s)] = d.Card.Name
		}
	}
	return out, nil
}

// AdoptRoots brings an exchange into force that enough of the holders before and
// of the new ones signed. It refuses one that was drawn before another came into
// force, or that would leave out a device that has been enrolled since.
func (j *Journal) AdoptRoots(ctx context.Context, by fact.Author, x Exchange) error {
	if j.epoch == nil {
		return refusal.New(refusal.Forbidden, "A desk can't exchange pages. Do this at a site node.")
	}
	d, err := x.Open()
	if err != nil {
		return err
	}
	chain := j.chain()
	if d.Roots.Org != j.papers.org {
		return refusal.New(refusal.Invalid, "This exchange is another organisation's.")
	}
	if _, known := chain.Set(fact.RootsName(x.Paper)); known {
		return refusal.New(refusal.Taken, "These pages are in force already.")
	}
	var last []fact.Hash
	for _, set := range chain.Last() {
		last = append(last, set.Name)
	}
	if !slices.Equal(last, d.Roots.Before) {
		return refusal.New(refusal.Taken, "Other pages have come into force since this exchange was drawn. Draw it anew, and have it signed by those that stand now.")
	}
	if lacking := d.Lacking(); lacking != "" {
		return refusal.Newf(refusal.Forbidden, "Not enough holders have signed this exchange: it lacks %s.", lacking)
	}
	staying, err := j.staying()
	if err != nil {
		return err
	}
	var left []string
	for name, device := range staying {
		if !slices.Contains(d.Roots.Stay, name) {
			left = append(left, device)
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		return refusal.Newf(refusal.Taken, "%s was enrolled after this exchange was drawn and would be left out. Draw it anew.", strings.Join(left, ", "))
	}
	if err := j.stateHolders(ctx, by, x.Held); err != nil { // first: a statement that no roots name says nothing
		return err
	}
	return j.AdmitRoots(ctx, []fact.Signed{x.Paper})
}

func (j *Journal) stateHolders(ctx context.Context, by fact.Author, held RootHeld) error {
	name, err := held.Name()
	if err != nil {
		return err
	}
	_, err = j.Do(ctx, by, nil, func(tx *Tx) ([]fact.Draft, error) {
		h, err := tx.History(j.papers.genesis.About)
		if err != nil {
			return nil, err
		}
		if _, _, known := heldAs(h.WithHeld(), name); known {
			return nil, nil
		}
		return []fact.Draft{fact.Say(j.papers.genesis.About, held)}, nil
	})
	return err
}
