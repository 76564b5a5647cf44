package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// rootSet is keys that sign cards: those of the genesis, named by the
// organisation, or those that replaced them, named by what their paper says.
type rootSet struct {
	number    uint64
	keys      [][]byte
	threshold uint64
	before    []hash
	stay      map[hash]bool // cards by earlier roots whose devices stay
}

const labelRoots = "holdfast/roots/1"

// mostRootKeys bounds the holders of one set.
const mostRootKeys = 16

// takeRoots checks the exchanges in whatever order they lie there: each once all
// that it replaces is known.
func (in *inspection) takeRoots(papers []paper) {
	for len(papers) > 0 {
		var later []paper
		for _, p := range papers {
			switch ready, err := in.takeExchange(p); {
			case err != nil:
				in.r.fail(p.place, "exchange of roots: %v", err)
			case !ready:
				later = append(later, p)
			}
		}
		if len(later) == len(papers) {
			for _, p := range later {
				in.r.fail(p.place, "exchange of roots: what it replaces is not here")
			}
			return
		}
		papers = later
	}
}

// takeExchange takes one in; false when roots that it replaces are not known yet.
func (in *inspection) takeExchange(p paper) (bool, error) {
	f := fieldsOf(p.bytes)
	suite, org := f.number(1, 255), f.bytes(2, 32)
	s := rootSet{number: f.number(3, 1<<32-1), keys: f.hashes(4, 32), threshold: f.number(5, 1<<16), stay: map[hash]bool{}}
	f.bytes(6, 0)
	before := f.hashes(7, 32)
	f.time(8)
	stay := f.hashes(9, 32)
	f.bytes(10, 32)
	if f.err != nil {
		return true, f.err
	}
	if suite != 1 || hash(org) != in.org {
		return true, errors.New("of another organisation or suite")
	}
	n := len(s.keys)
	if n == 0 || n > mostRootKeys || s.threshold > uint64(n) || n > 1 && s.threshold < 2 {
		return true, errors.New("an impossible number of holders")
	}
	for i, key := range s.keys {
		if slices.ContainsFunc(s.keys[:i], func(k []byte) bool { return bytes.Equal(k, key) }) {
			return true, errors.New("one key stands there twice")
		}
	}
	if !ascending(before) || len(before) == 0 || !ascending(stay) {
		return true, errors.New("a list is out of order")
	}
	for _, name := range stay {
		s.stay[hash(name)] = true
	}
	var highest uint64
	sigs := p.sigs
	groups := []rootSet{s}
	for _, b := range before {
		was, ok := in.roots[hash(b)]
		if !ok {
			return false, nil
		}
		s.before, highest, groups = append(s.before, hash(b)), max(highest, was.number), append(groups, was)
	}
	if s.number != highest+1 {
		return true, fmt.Errorf("number %d, where %d is the next", s.number, highest+1)
	}
	for _, g := range groups {
		if len(sigs) < len(g.keys) {
			return true, errors.New("it has not one place for each signature")
		}
		part := p
		part.sigs = sigs[:len(g.keys)]
		if err := part.check(labelRoots, g.keys, g.threshold); err != nil {
			return true, fmt.Errorf("roots %d: %w", g.number, err)
		}
		sigs = sigs[len(g.keys):]
	}
	if len(sigs) > 0 {
		return true, errors.New("it has more places than keys")
	}
	in.roots[hashOf(labelRoots, p.bytes)] = s
	return true, nil
}

func ascending(list [][]byte) bool {
	for i := 1; i < len(list); i++ {
		if bytes.Compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

// rootsOf finds the roots that a card names; without a name those of the genesis.
func (in *inspection) rootsOf(named []byte) (hash, rootSet, error) {
	name := in.org
	if len(named) == len(name) {
		name = hash(named)
	}
	s, ok := in.roots[name]
	if !ok || len(named) != 0 && s.number == 0 {
		return name, s, errors.New("it names roots that are not here")
	}
	return name, s, nil
}

// stays tells whether the device of a card is one of the organisation's: roots
// that nothing replaces signed it, or say that it stays.
func (in *inspection) stays(p paper, by hash) bool {
	replaced := map[hash]bool{}
	for _, s := range in.roots {
		for _, b := range s.before {
			replaced[b] = true
		}
	}
	name := hashOf("holdfast/device/1", p.bytes)
	for of, s := range in.roots {
		if !replaced[of] && (of == by || s.stay[name]) {
			return true
		}
	}
	return false
}
