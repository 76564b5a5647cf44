package fact_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"slices"
	"testing"

	"holdfast/fact"
)

// exchangeable is an organisation of three holders, two of whom must agree, with
// keys for later holders.
type exchangeable struct {
	t       testing.TB
	genesis fact.Genesis
	first   []ed25519.PrivateKey
	chain   fact.Chain
}

func keys(from, n byte) (out []ed25519.PrivateKey) {
	for i := range n {
		out = append(out, goldenKey(from+i))
	}
	return out
}

func publics(of []ed25519.PrivateKey) (out [][]byte) {
	for _, k := range of {
		out = append(out, public(k))
	}
	return out
}

func recovery(t testing.TB, seed byte) []byte {
	t.Helper()
	k, err := hpke.MLKEM768X25519().DeriveKeyPair(bytes.Repeat([]byte{seed}, 64))
	check(t, err)
	return k.PublicKey().Bytes()
}

func newExchangeable(t testing.TB) *exchangeable {
	t.Helper()
	e := &exchangeable{t: t, first: keys(60, 3)}
	e.genesis = fact.Genesis{Suite: fact.Suite, Name: "Fellside 111", ODS: "ZZ111", About: fact.Subject{1}, Roots: publics(e.first), Threshold: 2, Recovery: recovery(t, 1)}
	var err error
	e.chain, err = fact.NewChain(e.genesis)
	check(t, err)
	return e
}

func (e *exchangeable) card(by fact.RootSet, device byte, signers ...ed25519.PrivateKey) fact.Signed {
	e.t.Helper()
	s, err := fact.SignCardFor(fact.DeviceCard{
		Suite: fact.Suite, Org: by.Org, Device: fact.Subject{device}, Kind: fact.SiteNode, Name: "a", Key: public(goldenKey(device)), Issued: 5,
	}, by, signers...)
	check(e.t, err)
	return s
}

// roots draws what exchanges the last roots for others.
func (e *exchangeable) roots(to []ed25519.PrivateKey, stay ...fact.Signed) fact.Roots {
	r := fact.Roots{Suite: fact.Suite, Org: e.genesis.Set().Org, Keys: publics(to), Threshold: 2, Recovery: recovery(e.t, 2), Made: 7, Held: fact.Hash{3}, Stay: []fact.Hash{}}
	for _, set := range e.chain.Last() {
		r.Before, r.Number = append(r.Before, set.Name), max(r.Number, set.Number+1)
	}
	for _, s := range stay {
		r.Stay = append(r.Stay, fact.CardName(s))
	}
	slices.SortFunc(r.Stay, func(a, b fact.Hash) int { return bytes.Compare(a[:], b[:]) })
	return r
}

func (e *exchangeable) signed(r fact.Roots, by ...ed25519.PrivateKey) fact.Signed {
	e.t.Helper()
	s, err := e.chain.SignRoots(r, by...)
	check(e.t, err)
	return s
}

func (e *exchangeable) take(s fact.Signed) {
	e.t.Helper()
	next, err := e.chain.With(s)
	check(e.t, err)
	e.chain = next
}

func inForce(t testing.TB, c fact.Chain) fact.RootSet {
	t.Helper()
	set, ok := c.InForce()
	if !ok {
		t.Fatal("no roots are in force")
	}
	return set
}

// After an exchange the pages before admit nobody new, whatever date their card
// bears; who was enrolled stays; the new ones admit.
func TestExchangedRootsAdmitNobody(t *testing.T) {
	e, second := newExchangeable(t), keys(70, 4)
	old := inForce(t, e.chain)
	stays, late := e.card(old, 1, e.first[:2]...), e.card(old, 2, e.first[1:]...)
	e.take(e.signed(e.roots(second, stays), e.first[0], e.first[2], second[0], second[3]))
	now := inForce(t, e.chain)
	if now.Number != 1 || len(now.Keys) != 4 || now.Title != "Fellside 111" {
		t.Errorf("in force is %+v", now)
	}
	fresh := e.card(now, 3, second[1:3]...)
	for name, c := range map[string]struct {
		card fact.Signed
		want error
	}{"one that was enrolled": {stays, nil}, "one that was not": {late, fact.ErrRootsReplaced}, "one by the new pages": {fresh, nil}} {
		if _, err := e.chain.OpenCard(c.card); err != nil {
			t.Errorf("%s can't be read: %v", name, err)
		}
		if err := e.chain.Admits(c.card); !errors.Is(err, c.want) || e.chain.Stays(c.card) != (c.want == nil) {
			t.Errorf("%s: %v, stays %v", name, err, e.chain.Stays(c.card))
		}
	}
	// The old pages under the new name, and the new ones under none.
	forged := now
	forged.Keys = old.Keys
	if _, err := e.chain.OpenCard(e.card(forged, 4, e.first[:2]...)); err == nil {
		t.Error("old pages sign in the name of the new ones")
	}
	forged = old
	forged.Keys = now.Keys
	if _, err := e.chain.OpenCard(e.card(forged, 4, second[:2]...)); err == nil {
		t.Error("new pages sign in the name of the old ones")
	}
	if _, err := fact.OpenCard(fresh, e.genesis); err == nil {
		t.Error("a card by later roots passes with the genesis alone")
	}
}

// Roots that do not come about as they must are refused.
func TestFalseRoots(t *testing.T) {
	e, second, third := newExchangeable(t), keys(70, 3), keys(80, 3)
	all := append(slices.Clone(e.first), second...)
	good := e.signed(e.roots(second), all...)
	other := newExchangeable(t)
	other.genesis.Name = "Another"
	var err error
	other.chain, err = fact.NewChain(other.genesis)
	check(t, err)
	foreign := other.signed(other.roots(second), all...)
	without := func(s fact.Signed, places ...int) fact.Signed {
		out := fact.Signed{Bytes: s.Bytes, Sigs: slices.Clone(s.Sigs)}
		for _, at := range places {
			out.Sigs[at] = nil
		}
		return out
	}
	changed := func(change func(r *fact.Roots)) fact.Signed {
		r := e.roots(second)
		change(&r)
		b, err := fact.Encode(r)
		check(t, err)
		s := fact.Signed{Bytes: b, Sigs: make([][]byte, len(r.Keys)+len(e.first))}
		for i, k := range append(slices.Clone(second[:min(len(second), len(r.Keys))]), e.first...) {
			s.Sigs[i] = fact.SignLabelled(k, "holdfast/roots/1", b)
		}
		return s
	}
	if _, err := e.chain.With(changed(func(*fact.Roots) {})); err != nil {
		t.Fatal(err)
	}
	wrong := without(good)
	wrong.Sigs[1] = bytes.Repeat([]byte{1}, 64)
	swapped := without(good)
	swapped.Sigs[3], swapped.Sigs[4] = good.Sigs[4], good.Sigs[3]
	flipped := without(good)
	flipped.Bytes = bytes.Clone(good.Bytes)
	flipped.Bytes[len(flipped.Bytes)-1] ^= 1
	card := e.card(inForce(t, e.chain), 1, e.first...)
	for name, s := range map[string]fact.Signed{
		"too few of those before":      without(good, 3, 4),
		"too few of the new":           without(good, 0, 2),
		"none of the new":              without(good, 0, 1, 2),
		"none of those before":         without(good, 3, 4, 5),
		"a wrong signature beside":     wrong,
		"signatures in each other's":   swapped,
		"a place less":                 {Bytes: good.Bytes, Sigs: good.Sigs[:5]},
		"a place more":                 {Bytes: good.Bytes, Sigs: append(slices.Clone(good.Sigs), nil)},
		"another byte":                 flipped,
		"another organisation's":       foreign,
		"a card":                       card,
		"number 0":                     changed(func(r *fact.Roots) { r.Number = 0 }),
		"a number left out":            changed(func(r *fact.Roots) { r.Number = 2 }),
		"another suite":                changed(func(r *fact.Roots) { r.Suite = 2 }),
		"one of three may act alone":   changed(func(r *fact.Roots) { r.Threshold = 1 }),
		"more must agree than are":     changed(func(r *fact.Roots) { r.Threshold = 4 }),
		"nobody must agree":            changed(func(r *fact.Roots) { r.Threshold = 0 }),
		"the same key twice":           changed(func(r *fact.Roots) { r.Keys[1] = r.Keys[0] }),
		"no recovery key":              changed(func(r *fact.Roots) { r.Recovery = []byte{1} }),
		"nothing before":               changed(func(r *fact.Roots) { r.Before = nil }),
		"the same before twice":        changed(func(r *fact.Roots) { r.Before = append(r.Before, r.Before[0]) }),
		"unknown roots before":         changed(func(r *fact.Roots) { r.Before = []fact.Hash{{1}} }),
		"who stays, out of order":      changed(func(r *fact.Roots) { r.Stay = []fact.Hash{{2}, {1}} }),
		"more who stay than there are": changed(func(r *fact.Roots) { r.Stay = many(1<<13 + 1) }),
	} {
		if _, err := e.chain.With(s); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := e.chain.CosignRoots(&good, goldenKey(99)); err == nil {
		t.Error("a stranger signs")
	}
	// In force: the same again changes nothing, and its number is spent.
	e.take(without(good, 1, 4))
	again, err := e.chain.With(good)
	check(t, err)
	if len(again.Sets()) != 2 || inForce(t, again).Number != 1 {
		t.Errorf("%d roots after the same came again", len(again.Sets()))
	}
	replayed := e.roots(third)
	replayed.Number = 1
	if _, err := e.chain.SignRoots(replayed, append(second, third...)...); err == nil {
		t.Error("a number is used again")
	}
}

func many(n int) (out []fact.Hash) {
	for i := range n {
		out = append(out, fact.Hash{byte(i >> 8), byte(i)})
	}
	return out
}

// Two exchanges made apart admit nobody, in whatever order they come; who is a
// device of either stays one. What both sign together is in force.
func TestTwoExchangesMadeApart(t *testing.T) {
	e, left, right, both := newExchangeable(t), keys(70, 3), keys(80, 3), keys(90, 3)
	was := e.card(inForce(t, e.chain), 1, e.first...)
	one := e.signed(e.roots(left, was), append(slices.Clone(e.first[:2]), left[:2]...)...)
	two := e.signed(e.roots(right), append(slices.Clone(e.first[1:]), right[:2]...)...)
	a, err := fact.NewChain(e.genesis, one, two)
	check(t, err)
	b, err := fact.NewChain(e.genesis, two, one)
	check(t, err)
	onLeft, err := e.chain.With(one)
	check(t, err)
	byLeft := e.card(inForce(t, onLeft), 2, left[:2]...)
	for _, c := range []fact.Chain{a, b} {
		if _, ok := c.InForce(); ok || len(c.Last()) != 2 {
			t.Errorf("in force although made apart: %d", len(c.Last()))
		}
		if err := c.Admits(byLeft); !errors.Is(err, fact.ErrRootsApart) || !c.Stays(byLeft) || !c.Stays(was) {
			t.Errorf("%v, %v, %v", err, c.Stays(byLeft), c.Stays(was))
		}
	}
	e.chain = a
	r := e.roots(both, was, byLeft)
	if r.Number != 2 || len(r.Before) != 2 {
		t.Fatalf("%+v", r)
	}
	half := e.signed(r, append(slices.Clone(left[:2]), both[:2]...)...)
	if _, err := a.With(half); err == nil {
		t.Error("one of two decides for both")
	}
	_, signers, err := a.OfferedRoots(half)
	check(t, err)
	if len(signers) != 3 || signers[0].Have != 2 || signers[1].Have+signers[2].Have != 2 {
		t.Errorf("%+v", signers)
	}
	full := e.signed(r, slices.Concat(left[:2], right[1:], both[:2])...)
	joined, err := fact.NewChain(e.genesis, full, two, one)
	check(t, err)
	if set := inForce(t, joined); set.Number != 2 {
		t.Errorf("%+v", set)
	}
	if err := errors.Join(joined.Admits(was), joined.Admits(byLeft)); err != nil {
		t.Error(err)
	}
	if _, err := fact.NewChain(e.genesis, full, one); !errors.Is(err, fact.ErrRootsUnknown) {
		t.Errorf("with a link missing: %v", err)
	}
	// Whoever still has enough of the first pages undoes nothing that was built since.
	late := e.signed(func() fact.Roots { e.chain, _ = fact.NewChain(e.genesis); return e.roots(keys(100, 3)) }(), append(slices.Clone(e.first), keys(100, 3)...)...)
	contested, err := joined.With(late)
	check(t, err)
	if !contested.Stays(was) || !contested.Stays(byLeft) || !errors.Is(contested.Admits(byLeft), fact.ErrRootsApart) {
		t.Error("devices are thrown out by pages that were replaced")
	}
}
