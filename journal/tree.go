package journal

import (
	"crypto/ed25519"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
)

// edge is the right-hand edge of a Merkle tree (RFC 6962): the hashes of its
// complete subtrees, largest first. It is all that adding and the root need.
type edge struct {
	size   uint64
	hashes []tlog.Hash
}

// add takes in one header and gives the hashes to store, in tlog's order.
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

// root is the tree's root; that of an empty tree is all zero.
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

func (e *edge) clone() edge {
	return edge{size: e.size, hashes: append([]tlog.Hash(nil), e.hashes...)}
}

// edgeAt names the stored hashes that are the edge of a tree of this size.
func edgeAt(size uint64) []int64 {
	var out []int64
	var done int64
	for level := 62; level >= 0; level-- {
		if size&(1<<level) != 0 {
			out = append(out, tlog.StoredHashIndex(level, done>>level))
			done += 1 << level
		}
	}
	return out
}

// lane is one feed of the present incarnation as its writer knows it.
type lane struct {
	num  int64 // in table feeds
	feed fact.FeedID
	prev fact.ID
	tree edge

	signed []byte      // the last head
	stored []tlog.Hash // hashes of the commit under way
}

func (l *lane) clone() *lane {
	return &lane{num: l.num, feed: l.feed, prev: l.prev, tree: l.tree.clone(), signed: l.signed}
}

func (l *lane) head(org fact.OrgID, now fact.Millis, key ed25519.PrivateKey) []byte {
	return fact.Head{
		Org: org, Feed: l.feed, Size: l.tree.size, Root: l.tree.root(), LastID: l.prev, Time: now,
	}.Sign(key)
}

// storedHash reads one stored hash of a feed's tree.
func storedHash(c *sqlConn, num, index int64) (tlog.Hash, error) {
	var out tlog.Hash
	found := false
	err := c.each("SELECT first, hashes FROM tree WHERE feed=? AND first<=? ORDER BY first DESC LIMIT 1",
		func(v []driverValue) error {
			first, hashes := v[0].(int64), v[1].([]byte)
			at := (index - first) * tlog.HashSize
			if at+tlog.HashSize > int64(len(hashes)) {
				return nil
			}
			copy(out[:], hashes[at:])
			found = true
			return nil
		}, num, index)
	if err == nil && !found {
		err = fmt.Errorf("stored hash %d of feed %d is missing", index, num)
	}
	return out, err
}

// treeReader gives tlog the stored hashes of a feed.
func treeReader(c *sqlConn, num int64) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			h, err := storedHash(c, num, index)
			if err != nil {
				return nil, err
			}
			out[i] = h
		}
		return out, nil
	}
}

// loadLane reads where a feed stands and checks it against its last head.
func loadLane(c *sqlConn, num int64, feed fact.FeedID, key ed25519.PublicKey) (*lane, error) {
	l := &lane{num: num, feed: feed}
	last, err := c.oneBytes("SELECT head FROM heads WHERE feed=? ORDER BY size DESC LIMIT 1", num)
	if err != nil {
		return nil, err
	}
	count, err := c.oneInt("SELECT count(*) FROM (SELECT 1 FROM facts WHERE feed=? LIMIT 1)", num)
	if err != nil {
		return nil, err
	}
	if last == nil {
		if count != 0 {
			return nil, fmt.Errorf("feed %s has facts and no head", feed.Short())
		}
		return l, nil
	}
	head, err := fact.OpenHead(last, key)
	if err != nil {
		return nil, fmt.Errorf("feed %s: %w", feed.Short(), err)
	}
	top, err := c.oneInt("SELECT max(seq) FROM facts WHERE feed=?", num)
	if err != nil {
		return nil, err
	}
	if head.Feed != feed || uint64(top)+1 != head.Size {
		return nil, fmt.Errorf("feed %s: the last head covers %d facts and there are %d", feed.Short(), head.Size, top+1)
	}
	l.tree.size, l.prev, l.signed = head.Size, head.LastID, last
	if l.tree.hashes, err = treeReader(c, num)(edgeAt(head.Size)); err != nil {
		return nil, err
	}
	if l.tree.root() != head.Root {
		return nil, fmt.Errorf("feed %s: the tree does not give the root of its last head", feed.Short())
	}
	return l, nil
}
