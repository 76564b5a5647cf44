package replicatetest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
	"holdfast/journal"
)

// ReadRange reads whole acts until about so many bytes.
func (s *Store) ReadRange(_ context.Context, _ fact.Subject, p journal.Place, first uint64, most int) (journal.Range, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.branchAt(p)
	if b == nil || first >= p.Size {
		return journal.Range{}, errors.New("no such range here")
	}
	r := journal.Range{Feed: p.Feed, First: first}
	for _, h := range b.edgeAt(first).hashes {
		r.Before = append(r.Before, fact.Hash(h))
	}
	end, bytesRead := uint64(0), 0
	for at := first; at < p.Size && !b.damaged[at]; at++ {
		bytesRead += len(b.headers[at]) + len(b.bodies[at])
		if b.heads[at+1] != nil {
			end = at + 1
			if bytesRead >= most {
				break
			}
		}
	}
	if end == 0 {
		return journal.Range{}, errors.New("damaged here")
	}
	r.Headers = append(r.Headers, b.headers[first:end]...)
	r.Bodies = append(r.Bodies, b.bodies[first:end]...)
	r.Head = b.heads[end]
	s.addWraps(r.Headers, &r.Wraps)
	if s.Serve != nil {
		s.Serve(&r)
	}
	return r, nil
}

// addWraps lists the wraps that facts need.
func (s *Store) addWraps(headers [][]byte, wraps *[][]byte) {
	seen := map[journal.KeyRef]bool{}
	for _, raw := range headers {
		h := must(fact.ParseHeader(raw))
		ref := journal.KeyRef{Subject: h.Subject, Key: h.Key}
		if w := s.know.wraps[ref]; w != nil && !seen[ref] {
			seen[ref] = true
			*wraps = append(*wraps, w)
		}
	}
}

// Receive checks a range and takes it in.
func (s *Store) Receive(_ context.Context, r journal.Range) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, known := s.know.feeds[r.Feed]
	if !known {
		return journal.ErrPaper
	}
	if s.own[name.lane] == r.Feed {
		return journal.ErrOwn
	}
	headers, err := s.checkRange(r, name)
	if err != nil {
		return err
	}
	base, err := s.base(r)
	if err != nil {
		return err
	}
	if base == nil {
		base = newBranch(r.Feed, name.lane, name.cert)
		s.know.branches[r.Feed] = append(s.know.branches[r.Feed], base)
	}
	same := r.First
	for same < base.size() && same-r.First < uint64(len(r.Headers)) && bytes.Equal(base.headers[same], r.Headers[same-r.First]) {
		same++
	}
	if same-r.First == uint64(len(r.Headers)) {
		return nil
	}
	if same < base.size() {
		base = base.upTo(same)
		s.know.branches[r.Feed] = append(s.know.branches[r.Feed], base)
	}
	if same > 0 && headers[same-r.First].Prev != base.last {
		return journal.ErrBad
	}
	for i := same - r.First; i < uint64(len(headers)); i++ {
		id := headers[i].ID()
		base.add(r.Headers[i], r.Bodies[i], id)
		s.know.ids[id] = where{base, headers[i].Seq}
	}
	base.sign(r.Head)
	s.know.tips = nil
	s.takeNeeds(r.Wraps, r.Headers)
	return nil
}

// checkRange checks everything that needs no branch.
func (s *Store) checkRange(r journal.Range, name feedName) ([]fact.Header, error) {
	head, err := fact.OpenHead(r.Head, name.key)
	if err != nil || head.Feed != r.Feed || head.Size != r.First+uint64(len(r.Headers)) || len(r.Bodies) != len(r.Headers) {
		return nil, journal.ErrBad
	}
	e := edge{size: r.First}
	for _, h := range r.Before {
		e.hashes = append(e.hashes, tlog.Hash(h))
	}
	headers := make([]fact.Header, len(r.Headers))
	for i, raw := range r.Headers {
		h, err := fact.ParseHeader(raw)
		if err != nil || h.Feed != r.Feed || h.Lane != name.lane || h.Seq != r.First+uint64(i) {
			return nil, journal.ErrBad
		}
		if fact.BodyHashOf(r.Bodies[i]) != h.BodyHash || (i > 0 && h.Prev != headers[i-1].ID()) {
			return nil, journal.ErrBad
		}
		e.add(raw, nil)
		headers[i] = h
	}
	if e.root() != head.Root {
		return nil, journal.ErrBad
	}
	return headers, nil
}

// base finds the branch that a range continues; nil when it begins the feed.
func (s *Store) base(r journal.Range) (*branch, error) {
	e := edge{size: r.First}
	for _, h := range r.Before {
		e.hashes = append(e.hashes, tlog.Hash(h))
	}
	var found *branch
	gap := true
	for _, b := range s.know.branches[r.Feed] {
		if b.size() < r.First {
			continue
		}
		gap = false
		if b.rootAt(r.First) == e.root() && (found == nil || s.fits(b, r) > s.fits(found, r)) {
			found = b
		}
	}
	switch {
	case found != nil || r.First == 0:
		return found, nil
	case gap:
		return nil, journal.ErrGap
	}
	return nil, journal.ErrApart
}

// fits counts how many facts of a range a branch holds.
func (s *Store) fits(b *branch, r journal.Range) (n int) {
	for n < len(r.Headers) && r.First+uint64(n) < b.size() && bytes.Equal(b.headers[r.First+uint64(n)], r.Headers[n]) {
		n++
	}
	if r.First+uint64(n) == b.size() {
		n++ // it continues this one
	}
	return n
}

func (s *Store) takeNeeds(wraps, headers [][]byte) {
	for _, w := range wraps {
		s.takeWrap(w)
	}
	for _, raw := range headers {
		if h, ok := s.org.pointed(must(fact.ParseHeader(raw)).ID()); ok && s.know.blobs[h] == nil {
			s.know.wanted[h] = true
		}
	}
}

// Lacking gives the ids that are not held.
func (s *Store) Lacking(_ context.Context, _ fact.Subject, ids []fact.ID) ([]fact.ID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []fact.ID
	for _, id := range ids {
		_, single := s.know.single[id]
		if _, whole := s.know.ids[id]; !whole && !single {
			out = append(out, id)
		}
	}
	return out, nil
}

// Anew gives none: a device in memory lets go of nothing.
func (s *Store) Anew(context.Context, []fact.Subject) []journal.Anew { return nil }

// Giving has nothing to say: a device in memory keeps no list.
func (s *Store) Giving(context.Context, fact.Subject, []fact.Subject) {}

// GiveAnew has nothing to say: no desk has let go of anything.
func (s *Store) GiveAnew(context.Context, fact.Subject, []journal.Anew) {}

// Proved gives facts with proofs under the newest heads.
func (s *Store) Proved(_ context.Context, _, _ fact.Subject, ids []fact.ID) (journal.Proved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var p journal.Proved
	for _, id := range ids {
		if at, held := s.know.ids[id]; held && (s.Keep == nil || !s.Keep(id)) {
			s.prove(&p, at)
		}
	}
	return p, nil
}

func (s *Store) prove(p *journal.Proved, at where) {
	if at.branch.damaged[at.seq] {
		return
	}
	proof := must(tlog.ProveRecord(int64(at.branch.size()), int64(at.seq), at.branch.hashReader()))
	f := journal.ProvedFact{
		Header: at.branch.headers[at.seq], Body: at.branch.bodies[at.seq], Head: uint32(len(p.Heads)),
	}
	for _, h := range proof {
		f.Hashes = append(f.Hashes, fact.Hash(h))
	}
	p.Heads = append(p.Heads, at.branch.heads[at.branch.size()])
	p.Facts = append(p.Facts, f)
	s.addWraps([][]byte{f.Header}, &p.Wraps)
}

// ReceiveProved checks single facts; a damaged one is mended.
func (s *Store) ReceiveProved(_ context.Context, p journal.Proved) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range p.Facts {
		h, err := fact.ParseHeader(f.Header)
		if err != nil || int(f.Head) >= len(p.Heads) || fact.BodyHashOf(f.Body) != h.BodyHash {
			return journal.ErrBad
		}
		name, known := s.know.feeds[h.Feed]
		if !known {
			return journal.ErrPaper
		}
		if !included(f, h, p.Heads[f.Head], name.key) {
			return journal.ErrBad
		}
	}
	headers := make([][]byte, 0, len(p.Facts))
	for _, f := range p.Facts {
		headers = append(headers, f.Header)
		h := must(fact.ParseHeader(f.Header))
		s.know.single[h.ID()] = f
		for _, b := range s.know.branches[h.Feed] {
			if b.damaged[h.Seq] && bytes.Equal(b.headers[h.Seq], f.Header) {
				b.bodies[h.Seq] = f.Body
				delete(b.damaged, h.Seq)
			}
		}
	}
	s.takeNeeds(p.Wraps, headers)
	return nil
}

func included(f journal.ProvedFact, h fact.Header, raw []byte, key ed25519.PublicKey) bool {
	head, err := fact.OpenHead(raw, key)
	if err != nil || head.Feed != h.Feed {
		return false
	}
	var proof tlog.RecordProof
	for _, x := range f.Hashes {
		proof = append(proof, tlog.Hash(x))
	}
	return tlog.CheckRecord(proof, int64(head.Size), tlog.Hash(head.Root), int64(h.Seq), tlog.RecordHash(f.Header)) == nil
}

// Lost lists damaged facts.
func (s *Store) Lost(context.Context) ([]journal.Lost, error) {
	var out []journal.Lost
	for _, t := range s.Tips() {
		s.mu.Lock()
		b := s.branchAt(t.Place())
		for seq := range b.size() {
			if b.damaged[seq] {
				out = append(out, journal.Lost{Feed: t.Feed, Seq: seq})
			}
		}
		s.mu.Unlock()
	}
	return out, nil
}

// ProvedAt gives facts by place.
func (s *Store) ProvedAt(_ context.Context, _ fact.Subject, lost []journal.Lost) (journal.Proved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var p journal.Proved
	for _, l := range lost {
		for _, b := range s.know.branches[l.Feed] {
			if l.Seq < b.size() {
				s.prove(&p, where{b, l.Seq})
			}
		}
	}
	return p, nil
}
