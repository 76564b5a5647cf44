package journal

import (
	"errors"
	"testing"

	"holdfast/fact"
)

// TestAHeadIsCheckedAgainstItsRange: heads that the feed's own device signed,
// but that do not say what the range says, are not believed.
func TestAHeadIsCheckedAgainstItsRange(t *testing.T) {
	a, b, r := careRange(t)
	for name, lie := range map[string]func(h *fact.Head){
		"another tree":      func(h *fact.Head) { h.Root[0] ^= 1 },
		"another last fact": func(h *fact.Head) { h.LastID[0] ^= 1 },
		"another size":      func(h *fact.Head) { h.Size++ },
		"another feed":      func(h *fact.Head) { h.Feed[0] ^= 1 },
		"another org":       func(h *fact.Head) { h.Org[0] ^= 1 },
	} {
		head := headOver(t, r.Headers)
		lie(&head)
		bent := r
		bent.Head = head.Sign(a.hand.Load().key)
		if err := b.Receive(t.Context(), bent); !errors.Is(err, ErrBad) {
			t.Errorf("a head over %s: %v", name, err)
		}
	}
	if err := b.Receive(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// TestARangeEndsWithAnAct: what one verb stated arrives whole or not at all,
// even if the device itself signs a head over half of it.
func TestARangeEndsWithAnAct(t *testing.T) {
	a, b, r := careRange(t)
	for n := 1; n < len(r.Headers); n++ {
		half := r
		half.Headers, half.Bodies = r.Headers[:n], r.Bodies[:n]
		half.Head = headOver(t, half.Headers).Sign(a.hand.Load().key)
		if err := b.Receive(t.Context(), half); !errors.Is(err, ErrBad) {
			t.Errorf("%d of the %d facts of an act: %v", n, len(r.Headers), err)
		}
	}
}

// careRange gives two site nodes and the first one's care feed: one act of
// three facts, which the second has not taken in yet.
func careRange(t *testing.T) (a, b *Journal, r Range) {
	t.Helper()
	a = newJournal(t, testOptions(t))
	s := newSubject(t, a)
	_, err := a.Do(t.Context(), fact.Author{Role: "tester"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{"referred"}), fact.Say(s, said{"deadline"}), fact.Say(s, said{"told"})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b, _ = sister(t, a, fact.SiteNode, "b")
	cards, certificates := a.Papers()
	if err := b.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	for _, tip := range a.Tips() {
		if tip.Lane == fact.Care {
			if r, err = a.ReadRange(t.Context(), b.papers.card.Device, tip.Place(), 0, 1<<20); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(r.Headers) != 3 {
		t.Fatalf("the care feed has %d facts", len(r.Headers))
	}
	return a, b, r
}

// headOver gives the head that a feed has after these facts.
func headOver(t *testing.T, headers [][]byte) fact.Head {
	t.Helper()
	var at edge
	for _, raw := range headers {
		at.add(raw, nil)
	}
	last, err := fact.ParseHeader(headers[len(headers)-1])
	if err != nil {
		t.Fatal(err)
	}
	return fact.Head{Org: last.Org, Feed: last.Feed, Size: at.size, Root: at.root(), LastID: last.ID()}
}

// TestAProvedFactNeedsItsProof: a fact that comes by itself is believed only
// below a head that its device signed, at its own place in the tree.
func TestAProvedFactNeedsItsProof(t *testing.T) {
	a, b, _ := careRange(t)
	var s fact.Subject
	all, err := a.Subjects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if len(texts(t, a, one)) == 3 {
			s = one
		}
	}
	ids, err := a.FactIDs(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Proved(t.Context(), b.papers.card.Device, s, ids)
	if err != nil || len(p.Facts) != 3 {
		t.Fatalf("%d facts, %v", len(p.Facts), err)
	}
	for name, spoil := range map[string]func(p *Proved){
		"the head's signature":    func(p *Proved) { p.Heads = [][]byte{flipped(p.Heads[0], 160)} },
		"a hash of the proof":     func(p *Proved) { p.Facts[1].Hashes = []fact.Hash{{1}} },
		"another fact's proof":    func(p *Proved) { p.Facts[1].Hashes = p.Facts[2].Hashes },
		"the body":                func(p *Proved) { p.Facts[1].Body = flipped(p.Facts[1].Body, 40) },
		"the header":              func(p *Proved) { p.Facts[1].Header = flipped(p.Facts[1].Header, 120) },
		"a head that is not sent": func(p *Proved) { p.Facts[1].Head = 7 },
	} {
		bent := p
		bent.Facts = append([]ProvedFact(nil), p.Facts...)
		spoil(&bent)
		if err := b.ReceiveProved(t.Context(), bent); !errors.Is(err, ErrBad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
