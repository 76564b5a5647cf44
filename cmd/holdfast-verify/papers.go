package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
)

// genesis founds the organisation.
type genesis struct {
	roots     [][]byte
	threshold uint64
}

// card enrols a device.
type card struct{ key []byte }

// feedKey is what makes a feed: its lane and the key of its incarnation.
type feedKey struct {
	lane byte
	key  []byte
}

// paper is a signed structure: exact bytes and one place for each signature.
type paper struct {
	place  string
	record []byte // the CBOR of bytes and signatures, which names the paper
	bytes  []byte
	sigs   [][]byte
}

func (p paper) name() hash { return hashOf("holdfast/signed/1", p.record) }

// readPapers checks the chain from the genesis down.
func (in *inspection) readPapers() {
	bySort := map[byte][]paper{}
	in.each(filePapers, tagPapers, func(n int, b []byte) {
		in.r.Papers++
		place := fmt.Sprintf("papers, record %d", n)
		if len(b) < 1 {
			in.r.fail(place, "it is empty")
			return
		}
		if b[0] < 1 || b[0] > 4 {
			in.r.NotOpened.add(place, "this program does not know papers of sort %d", b[0])
			return
		}
		p, err := readPaper(place, b[1:])
		if err != nil {
			in.r.fail(place, "%v", err)
			return
		}
		bySort[b[0]] = append(bySort[b[0]], p)
	})
	if len(bySort[1]) != 1 {
		in.r.fail(filePapers, "there are %d geneses, not one", len(bySort[1]))
		return
	}
	for _, step := range []struct {
		sort byte
		take func(p paper) error
	}{{1, in.takeGenesis}, {2, in.takeCard}, {3, in.takeIncarnation}} {
		if step.sort == 2 {
			in.takeRoots(bySort[4])
		}
		for _, p := range bySort[step.sort] {
			if err := step.take(p); err != nil {
				in.r.fail(p.place, "%v", err)
			}
		}
	}
}

func readPaper(place string, b []byte) (paper, error) {
	p := paper{place: place, record: b}
	f := fieldsOf(b)
	p.bytes = f.bytes(1, 0)
	for _, v := range f.list(2) {
		sig, ok := v.([]byte)
		if !ok {
			f.wrong(2)
		}
		p.sigs = append(p.sigs, sig)
	}
	if f.err == nil && len(f.of) != 2 {
		f.err = bad("a signed structure has two fields")
	}
	return p, f.err
}

// check counts signatures; a single wrong one refuses the whole.
func (p paper) check(label string, keys [][]byte, threshold uint64) error {
	if len(p.sigs) != len(keys) || threshold == 0 {
		return errors.New("it has not one place for each signature")
	}
	var good uint64
	for i, sig := range p.sigs {
		if len(sig) == 0 {
			continue
		}
		if !signed(keys[i], sig, label, p.bytes) {
			return fmt.Errorf("signature %d does not hold", i+1)
		}
		good++
	}
	if good < threshold {
		return fmt.Errorf("%d signatures hold where %d are needed", good, threshold)
	}
	return nil
}

func (in *inspection) takeGenesis(p paper) error {
	f := fieldsOf(p.bytes)
	suite, name := f.number(1, 255), f.text(2)
	f.text(3)
	g := genesis{roots: f.hashes(4, 32), threshold: f.number(5, 1<<16)}
	f.time(6)
	f.bytes(7, 32)
	f.bytes(8, 16)
	if f.err != nil {
		return f.err
	}
	if suite != 1 {
		return fmt.Errorf("genesis: suite %d", suite)
	}
	for i, key := range g.roots {
		for _, other := range g.roots[:i] {
			if bytes.Equal(key, other) {
				return errors.New("genesis: one root key stands there twice")
			}
		}
	}
	if err := p.check("holdfast/genesis/1", g.roots, g.threshold); err != nil {
		return fmt.Errorf("genesis: %w", err)
	}
	in.genesis, in.org = g, hashOf("holdfast/genesis/1", p.bytes)
	in.roots = map[hash]rootSet{in.org: {keys: g.roots, threshold: g.threshold}}
	in.r.Organisation, in.r.Name = hex.EncodeToString(in.org[:]), name
	return nil
}

func (in *inspection) takeCard(p paper) error {
	f := fieldsOf(p.bytes)
	suite, org := f.number(1, 255), f.bytes(2, 32)
	f.bytes(3, 16)
	f.text(4)
	f.text(5)
	c := card{key: f.bytes(6, 32)}
	f.time(7)
	var named []byte
	if _, there := f.get(8); there {
		if named = f.bytes(8, 32); len(named) == 0 {
			f.wrong(8)
		}
	}
	if f.err != nil {
		return fmt.Errorf("device card: %w", f.err)
	}
	if suite != 1 || hash(org) != in.org {
		return errors.New("device card of another organisation or suite")
	}
	by, roots, err := in.rootsOf(named)
	if err == nil {
		err = p.check("holdfast/device/1", roots.keys, roots.threshold)
	}
	if err != nil {
		return fmt.Errorf("device card: %w", err)
	}
	if !in.stays(p, by) {
		in.r.Evidence.add(p.place, "roots that were replaced signed this device card, and it is not among those that stay: what the device wrote is held back")
	}
	in.cards[p.name()] = c
	return nil
}

func (in *inspection) takeIncarnation(p paper) error {
	f := fieldsOf(p.bytes)
	suite, org, of := f.number(1, 255), f.bytes(2, 32), f.bytes(3, 32)
	number, key := f.number(4, 1<<32-1), f.bytes(5, 32)
	f.bytes(6, 32)
	f.time(7)
	f.text(8)
	after := f.list(9)
	if f.err != nil {
		return fmt.Errorf("incarnation: %w", f.err)
	}
	c, ok := in.cards[hash(of)]
	if suite != 1 || hash(org) != in.org || !ok {
		return errors.New("incarnation: certificate of a device without a card here")
	}
	if err := p.check("holdfast/incarnation/1", [][]byte{c.key}, 1); err != nil {
		return fmt.Errorf("incarnation: %w", err)
	}
	for lane := byte(1); lane <= 3; lane++ {
		in.feeds[hashOf("holdfast/feed/1", p.record, []byte{lane})] = feedKey{lane: lane, key: key}
	}
	return in.takeAfter(after, number)
}

// takeAfter notes how far the device says that its feeds before had come.
func (in *inspection) takeAfter(after list, number uint64) error {
	for _, v := range after {
		l, _ := v.(list)
		if len(l) != 3 {
			return errors.New("incarnation: how far earlier feeds had come can't be read")
		}
		feed, ok1 := l[0].([]byte)
		size, ok2 := l[1].(uint64)
		root, ok3 := l[2].([]byte)
		if !ok1 || !ok2 || !ok3 || len(feed) != 32 || len(root) != 32 {
			return errors.New("incarnation: how far earlier feeds had come can't be read")
		}
		in.state(statement{org: in.org, feed: hash(feed), size: size, root: hash(root), by: fmt.Sprintf("the certificate of incarnation %d", number)})
	}
	return nil
}

// readReceipts checks who signed them and keeps what they say.
func (in *inspection) readReceipts() {
	in.each(fileReceipts, tagReceipts, func(n int, b []byte) {
		in.r.Receipts++
		place := fmt.Sprintf("receipts, record %d", n)
		s, err := readReceipt(b, func(holder hash) ([]byte, bool) {
			k, ok := in.feeds[holder]
			return k.key, ok && k.lane == 1
		})
		switch {
		case err != nil:
			in.r.fail(place, "%v", err)
		case s.org != in.org:
			in.r.fail(place, "it is of another organisation")
		default:
			in.state(s)
		}
	})
}

func (in *inspection) state(s statement) { in.said[s.feed] = append(in.said[s.feed], &s) }
