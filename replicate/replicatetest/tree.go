package replicatetest

import (
	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
)

// edge is the right-hand edge of a Merkle tree, largest subtree first.
type edge struct {
	size   uint64
	hashes []tlog.Hash
}

func (e *edge) add(header []byte, stored []tlog.Hash) []tlog.Hash {
	h := tlog.RecordHash(header)
	stored = append(stored, h)
	for bits := e.size; bits&1 == 1; bits >>= 1 {
		last := len(e.hashes) - 1
		h = tlog.NodeHash(e.hashes[last], h)
		e.hashes = e.hashes[:last]
		stored = append(stored, h)
	}
	e.hashes = append(e.hashes, h)
	e.size++
	return stored
}

func (e *edge) root() fact.Hash {
	if len(e.hashes) == 0 {
		return fact.Hash{}
	}
	h := e.hashes[len(e.hashes)-1]
	for i := len(e.hashes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(e.hashes[i], h)
	}
	return fact.Hash(h)
}

// branch is one history of a feed.
type branch struct {
	feed    fact.FeedID
	lane    fact.Lane
	cert    fact.Hash
	headers [][]byte
	bodies  [][]byte
	damaged map[uint64]bool
	heads   map[uint64][]byte // signed, by size
	ends    []uint64          // sizes of the heads, rising
	last    fact.ID
	tree    edge
	stored  []tlog.Hash
}

func (b *branch) size() uint64 { return b.tree.size }

func (b *branch) add(header, body []byte, id fact.ID) {
	b.headers, b.bodies, b.last = append(b.headers, header), append(b.bodies, body), id
	b.stored = b.tree.add(header, b.stored)
}

func (b *branch) sign(head []byte) {
	b.heads[b.size()] = head
	b.ends = append(b.ends, b.size())
}

// edgeAt is the edge of the tree when it had this size.
func (b *branch) edgeAt(size uint64) edge {
	e := edge{size: size}
	var done int64
	for level := 62; level >= 0; level-- {
		if size&(1<<level) != 0 {
			e.hashes = append(e.hashes, b.stored[tlog.StoredHashIndex(level, done>>level)])
			done += 1 << level
		}
	}
	return e
}

func (b *branch) rootAt(size uint64) fact.Hash {
	e := b.edgeAt(size)
	return e.root()
}

func (b *branch) hashReader() tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = b.stored[at]
		}
		return out, nil
	}
}

// upTo copies a branch up to a size, for a fork.
func (b *branch) upTo(size uint64) *branch {
	c := newBranch(b.feed, b.lane, b.cert)
	for i := range size {
		h, err := fact.ParseHeader(b.headers[i])
		if err != nil {
			panic(err)
		}
		c.add(b.headers[i], b.bodies[i], h.ID())
		if head := b.heads[i+1]; head != nil {
			c.sign(head)
		}
		if b.damaged[i] {
			c.damaged[i] = true
		}
	}
	return c
}

func newBranch(feed fact.FeedID, lane fact.Lane, cert fact.Hash) *branch {
	return &branch{feed: feed, lane: lane, cert: cert, heads: map[uint64][]byte{}, damaged: map[uint64]bool{}}
}
