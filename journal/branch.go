package journal

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
)

// branch is one branch of a feed as this device holds it. It is never changed:
// the writer puts a new one in its place.
type branch struct {
	num    int64 // in table feeds
	feed   fact.FeedID
	lane   fact.Lane
	cert   fact.Hash
	device fact.Subject
	key    ed25519.PublicKey
	parent int64  // the branch that it left, 0 for a feed's first
	base   uint64 // and the size at which it did
	part   bool   // single facts, each with its proof: a desk's

	size   uint64
	root   fact.Hash
	prev   fact.ID // of the fact before size
	signed []byte  // the newest head
	before edge    // the tree's edge at size
	stale  uint64  // facts up to here stand behind the newest head that holds
	broken bool    // its tree could not be read: it is served only as far as it holds
}

func (b *branch) tip() Tip {
	return Tip{Feed: b.feed, Lane: b.lane, Cert: b.cert, Size: b.size, Root: b.root, Head: b.signed}
}

// cert is what is known of an incarnation's feed.
type cert struct {
	hash   fact.Hash
	lane   fact.Lane
	device fact.Subject
	number uint32
	began  fact.Millis // by that device's clock
	key    ed25519.PublicKey
}

// branches is every branch held here and every feed that a known certificate
// makes.
type branches struct {
	mu    sync.Mutex
	by    map[int64]*branch
	certs map[fact.FeedID]cert
	own   map[fact.FeedID]bool // of the present incarnation

	cards, signed map[fact.Hash]fact.Signed // device cards, certificates
	spare         map[fact.Hash]fact.Signed // cards that wait for a certificate to name them
	named         map[fact.Hash]bool        // cards that certificates name
}

func newBranches() *branches {
	return &branches{
		by: map[int64]*branch{}, certs: map[fact.FeedID]cert{}, own: map[fact.FeedID]bool{},
		cards: map[fact.Hash]fact.Signed{}, signed: map[fact.Hash]fact.Signed{}, spare: map[fact.Hash]fact.Signed{}, named: map[fact.Hash]bool{},
	}
}

func (t *branches) put(b *branch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.by[b.num] = b
}

func (t *branches) get(num int64) *branch {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.by[num]
}

// list gives all branches by feed, then root.
func (t *branches) list() []*branch {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]*branch, 0, len(t.by))
	for _, b := range t.by {
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b *branch) int {
		return cmp.Or(bytes.Compare(a.feed[:], b.feed[:]), bytes.Compare(a.root[:], b.root[:]), cmp.Compare(a.num, b.num))
	})
	return out
}

// of gives the branches of one feed that are held whole.
func (t *branches) of(feed fact.FeedID) []*branch {
	var out []*branch
	for _, b := range t.list() {
		if b.feed == feed && !b.part {
			out = append(out, b)
		}
	}
	return out
}

func (t *branches) cert(feed fact.FeedID) (cert, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.certs[feed]
	return c, ok
}

func (t *branches) isOwn(feed fact.FeedID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.own[feed]
}

// know adds the three feeds of a certificate.
func (t *branches) know(signed fact.Signed, i fact.Incarnation, device fact.Subject) error {
	hash, err := signed.Hash()
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.signed[hash], t.named[i.Card] = signed, true
	for _, l := range fact.Lanes() {
		feed, err := fact.FeedOf(signed, l)
		if err != nil {
			return err
		}
		t.certs[feed] = cert{hash: hash, lane: l, device: device, number: i.Number, began: i.Began, key: i.Key}
	}
	return nil
}

// setOwn says which feeds are the present incarnation's.
func (t *branches) setOwn(h *hand) {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.own)
	for _, feed := range h.feeds {
		t.own[feed] = true
	}
}

// moved notes how far the present incarnation's feeds have come.
func (t *branches) moved(w *writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, l := range w.lanes {
		old := t.by[l.num]
		if old != nil && old.size == l.tree.size && old.feed == l.feed {
			continue
		}
		c := t.certs[l.feed]
		t.by[l.num] = &branch{
			num: l.num, feed: l.feed, lane: name, cert: c.hash, device: c.device, key: c.key,
			size: l.tree.size, root: l.tree.root(), prev: l.prev, signed: l.signed, before: l.tree.clone(),
		}
	}
}

// loadBranches reads every branch but those of the present incarnation, which
// are its writer's. One whose tree does not hold is kept as far as a head still
// covers it.
func (j *Journal) loadBranches(c *sqlConn) error {
	var rows []*branch
	err := c.each("SELECT num, feed, parent, base, part FROM feeds ORDER BY num", func(v []driverValue) error {
		b := &branch{num: v[0].(int64), parent: v[2].(int64), base: uint64(v[3].(int64)), part: v[4].(int64) != 0}
		copy(b.feed[:], v[1].([]byte))
		rows = append(rows, b)
		return nil
	})
	if err != nil {
		return err
	}
	for _, b := range rows {
		known, ok := j.branches.cert(b.feed)
		if !ok {
			return fmt.Errorf("feed %s has no certificate", b.feed.Short())
		}
		b.lane, b.cert, b.device, b.key = known.lane, known.hash, known.device, known.key
		if !b.part {
			if err := j.loadTip(c, b); err != nil {
				return err
			}
		}
		j.branches.put(b)
	}
	return nil
}

// loadTip finds the newest head that holds.
func (j *Journal) loadTip(c *sqlConn, b *branch) error {
	var heads [][]byte
	if err := c.each("SELECT head FROM heads WHERE feed=? ORDER BY size DESC LIMIT 64", func(v []driverValue) error {
		heads = append(heads, v[0].([]byte))
		return nil
	}, b.num); err != nil {
		return err
	}
	for _, signed := range heads {
		head, err := fact.OpenHead(signed, b.key)
		if err != nil || head.Feed != b.feed {
			j.o.Log.Error("a head kept here does not hold", "feed", b.feed.Short())
			continue
		}
		b.size, b.root, b.prev, b.signed = head.Size, head.Root, head.LastID, signed
		top, err := c.oneInt("SELECT max(seq) FROM facts WHERE feed=?", b.num)
		if err != nil {
			return err
		}
		if uint64(top)+1 > b.size {
			b.stale = uint64(top) + 1
		}
		b.before, err = j.edgeOf(c, b, head.Size)
		if b.broken = err != nil || b.before.root() != head.Root; b.broken {
			j.o.Log.Error("the tree of a feed does not hold", "feed", b.feed.Short(), "err", err)
		}
		return nil
	}
	return nil
}

// edgeOf reads the edge of a branch's tree at a size.
func (j *Journal) edgeOf(c *sqlConn, b *branch, size uint64) (edge, error) {
	if size == b.size && b.before.size == size {
		return b.before, nil
	}
	hashes, err := j.branchTree(c, b)(edgeAt(size))
	return edge{size: size, hashes: hashes}, err
}

// branchTree gives the stored hashes of a branch; below its base they are its
// parent's.
func (j *Journal) branchTree(c *sqlConn, b *branch) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			at := b
			for at.parent != 0 && index < tlog.StoredHashCount(int64(at.base)) {
				if at = j.branches.get(at.parent); at == nil {
					return nil, errors.New("the branch that another left is not here")
				}
			}
			h, err := storedHash(c, at.num, index)
			if err != nil {
				return nil, err
			}
			out[i] = h
		}
		return out, nil
	}
}

// rootAt gives the root that a branch had at a size; zero beyond its end.
func (j *Journal) rootAt(b *branch, size uint64) (fact.Hash, error) {
	switch {
	case size == b.size:
		return b.root, nil
	case size > b.size || size == 0:
		return fact.Hash{}, nil
	}
	var root fact.Hash
	err := j.file.Load().read(func(c *sqlConn) error {
		e, err := j.edgeOf(c, b, size)
		root = e.root()
		return err
	})
	return root, err
}
