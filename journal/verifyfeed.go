package journal

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
)

type feedRow struct {
	num    int64
	id     fact.FeedID
	lane   fact.Lane
	key    []byte
	parent int64
	base   uint64
	part   bool
}

func (f feedRow) place(what string, n uint64) string {
	return fmt.Sprintf("feed %s, %s, %s %d", f.id.Short(), f.lane, what, n)
}

func (in *inspection) readFeeds() {
	var feeds []feedRow
	in.each("feeds", "SELECT num, feed, lane, paper, parent, base, part FROM feeds ORDER BY num", func(v []driverValue) {
		in.Report.Feeds++
		f := feedRow{num: v[0].(int64), lane: fact.Lane(v[2].(int64)), parent: v[4].(int64), base: uint64(v[5].(int64)), part: v[6].(int64) == 1}
		copy(f.id[:], v[1].([]byte))
		var paper fact.Hash
		copy(paper[:], v[3].([]byte))
		cert, ok := in.certs[paper]
		want, err := fact.FeedOf(cert.signed, f.lane)
		if !ok || err != nil || want != f.id || !bytes.Equal(f.id[:], v[1].([]byte)) {
			in.fail("feed "+f.id.Short(), "no certificate makes this feed")
		}
		f.key = cert.key
		feeds = append(feeds, f)
	})
	in.ownFeeds(feeds)
	for _, f := range feeds {
		if f.part {
			in.readPart(f)
		} else {
			in.readFeed(f)
		}
	}
	in.strays()
}

// ownFeeds checks that this device has an incarnation of which every feed is
// listed: they begin together.
func (in *inspection) ownFeeds(feeds []feedRow) {
	listed := map[fact.FeedID]bool{}
	for _, f := range feeds {
		listed[f.id] = true
	}
	for _, c := range in.certs {
		whole := c.own
		for _, lane := range fact.Lanes() {
			id, err := fact.FeedOf(c.signed, lane)
			whole = whole && err == nil && listed[id]
		}
		if whole {
			return
		}
	}
	in.fail("feeds", "no incarnation of this device has all of its feeds")
}

// strays finds rows that belong to no feed.
func (in *inspection) strays() {
	for _, table := range []string{"facts", "heads", "tree"} {
		n, err := in.c.oneInt("SELECT count(*) FROM " + table + " WHERE feed NOT IN (SELECT num FROM feeds)")
		if err != nil || n != 0 {
			in.fail(table, "%d rows belong to no feed", n)
		}
	}
}

// readFeed walks a feed from its first fact, growing the tree anew.
func (in *inspection) readFeed(f feedRow) {
	w := &feedWalk{in: in, feed: f, heads: map[uint64][]byte{}}
	if !w.leave() {
		in.fail(f.place("seq", f.base), "the branch that it left is not here")
		return
	}
	in.each(f.place("heads from", 0), "SELECT size, head FROM heads WHERE feed=? ORDER BY size", func(v []driverValue) {
		in.Report.Heads++
		w.heads[uint64(v[0].(int64))] = v[1].([]byte)
	}, f.num)
	in.each(f.place("seq", 0), "SELECT f.seq, f.id, coalesce(s.subject, x''), f.header, f.body FROM facts f LEFT JOIN subjects s ON s.num=f.subject WHERE f.feed=? ORDER BY f.seq, f.id", func(v []driverValue) {
		in.Report.Facts++
		w.fact(uint64(v[0].(int64)), v[1].([]byte), v[2].([]byte), v[3].([]byte), v[4].([]byte))
	}, f.num)
	if w.size != w.covered {
		in.fail(f.place("seq", w.covered), "no head covers this and what follows")
	}
	for size := range w.heads {
		if size > w.size || size == 0 {
			in.fail(f.place("head", size), "there are only %d facts", w.size)
		}
	}
	w.storedHashes()
	in.trees[f.num] = w.stored
}

// leave takes up the tree of the branch that this one left.
func (w *feedWalk) leave() bool {
	f := w.feed
	if f.parent == 0 {
		return true
	}
	count := tlog.StoredHashCount(int64(f.base))
	from := w.in.trees[f.parent]
	if int64(len(from)) < count {
		return false
	}
	w.stored = append([]tlog.Hash(nil), from[:count]...)
	w.size, w.covered = f.base, f.base
	w.tree.size = f.base
	for _, index := range edgeAt(f.base) {
		w.tree.hashes = append(w.tree.hashes, from[index])
	}
	if f.base == 0 {
		return true
	}
	for parent := f.parent; parent != 0; {
		id, err := w.in.c.oneBytes("SELECT id FROM facts WHERE feed=? AND seq=?", parent, int64(f.base)-1)
		if err != nil {
			return false
		}
		if id != nil {
			copy(w.prev[:], id)
			return true
		}
		if parent, err = w.in.c.oneInt("SELECT parent FROM feeds WHERE num=?", parent); err != nil {
			return false
		}
	}
	return false
}

// readPart checks single facts, each against its own proof.
func (in *inspection) readPart(f feedRow) {
	in.each(f.place("seq", 0), "SELECT f.seq, f.id, coalesce(s.subject, x''), f.header, f.body, coalesce(p.head, x''), coalesce(p.hashes, x'') FROM facts f LEFT JOIN subjects s ON s.num=f.subject LEFT JOIN proofs p ON p.id=f.id WHERE f.feed=? ORDER BY f.seq, f.id", func(v []driverValue) {
		in.Report.Facts++
		seq, header := uint64(v[0].(int64)), v[3].([]byte)
		place := f.place("seq", seq)
		raw, err := readRaw(header)
		if err != nil {
			in.fail(place, "header: %v", err)
			return
		}
		if id := rawID(header); !bytes.Equal(id[:], v[1].([]byte)) || !bytes.Equal(raw.subject, v[2].([]byte)) || raw.seq != seq {
			in.fail(place, "it is filed in another place than its header names")
		}
		flat := v[6].([]byte)
		p := Proof{Head: v[5].([]byte)}
		for ; len(flat) >= tlog.HashSize; flat = flat[tlog.HashSize:] {
			p.Hashes = append(p.Hashes, fact.Hash(flat[:tlog.HashSize]))
		}
		h, err := fact.ParseHeader(header)
		if err == nil {
			err = p.Check(h, f.key)
		}
		if err != nil || h.Feed != f.id || h.Lane != f.lane || h.Org != in.papers.org {
			in.fail(place, "its proof does not hold")
		}
		in.body(place, header, raw, v[4].([]byte))
	}, f.num)
}

// feedWalk is where a walk along one feed has come to.
type feedWalk struct {
	in      *inspection
	feed    feedRow
	heads   map[uint64][]byte
	size    uint64
	covered uint64
	prev    fact.ID
	tree    edge
	stored  []tlog.Hash
}

func (w *feedWalk) fact(seq uint64, id, subject, header, body []byte) {
	place := w.feed.place("seq", seq)
	if seq != w.size {
		w.in.fail(place, "fact %d is missing or there twice", w.size)
	}
	raw, err := readRaw(header)
	if err != nil {
		w.in.fail(place, "header: %v", err)
	} else {
		w.place(place, raw, seq, id, subject)
		w.in.body(place, header, raw, body)
	}
	w.prev = fact.ID(rawID(header))
	w.stored = w.tree.add(header, w.stored)
	w.size++
	if head, ok := w.heads[w.size]; ok {
		w.head(head, err == nil && raw.more)
	}
}

// place checks where a header says it stands.
func (w *feedWalk) place(place string, raw rawHeader, seq uint64, id, subject []byte) {
	org := w.in.papers.org
	switch got := rawID(raw.bytes); {
	case !bytes.Equal(got[:], id):
		w.in.fail(place, "the header's hash is not the fact's id")
	case !bytes.Equal(raw.org, org[:]) || !bytes.Equal(raw.feed, w.feed.id[:]) || raw.lane != byte(w.feed.lane):
		w.in.fail(place, "the header names another organisation, feed or lane")
	case raw.seq != seq:
		w.in.fail(place, "the header says sequence %d", raw.seq)
	case !bytes.Equal(raw.prev, w.prev[:]):
		w.in.fail(place, "it does not follow the fact before it")
	case !bytes.Equal(raw.subject, subject):
		w.in.fail(place, "it is filed under another subject than its header names")
	}
}

// head checks a signed head against the tree as it stands.
func (w *feedWalk) head(signed []byte, open bool) {
	place := w.feed.place("head", w.size)
	h, err := fact.OpenHead(signed, w.feed.key)
	switch {
	case err != nil:
		w.in.fail(place, "%v", err)
	case h.Org != w.in.papers.org || h.Feed != w.feed.id || h.Size != w.size:
		w.in.fail(place, "it covers another feed or size")
	case h.Root != w.tree.root():
		w.in.fail(place, "its root is not that of the facts below it")
	case h.LastID != w.prev:
		w.in.fail(place, "it names another last fact")
	case open:
		w.in.fail(place, "it falls inside an act")
	}
	w.covered = w.size
}

// storedHashes compares the tree hashes kept with those of the walk.
func (w *feedWalk) storedHashes() {
	at := tlog.StoredHashCount(int64(w.feed.base))
	w.in.each(w.feed.place("tree hash", 0), "SELECT first, hashes FROM tree WHERE feed=? ORDER BY first", func(v []driverValue) {
		first, flat := v[0].(int64), v[1].([]byte)
		if first != at || len(flat)%tlog.HashSize != 0 {
			w.in.fail(w.feed.place("tree hash", uint64(first)), "stored hashes are missing or out of place")
		}
		for ; len(flat) >= tlog.HashSize; flat = flat[tlog.HashSize:] {
			if at >= int64(len(w.stored)) || !bytes.Equal(w.stored[at][:], flat[:tlog.HashSize]) {
				w.in.fail(w.feed.place("tree hash", uint64(at)), "it is not the hash of the facts below it")
			}
			at++
		}
	}, w.feed.num)
	if at != int64(len(w.stored)) && w.size > w.feed.base {
		w.in.fail(w.feed.place("tree hash", uint64(at)), "stored hashes end early")
	}
}
