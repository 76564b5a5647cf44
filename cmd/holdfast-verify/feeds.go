package main

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// readFeeds walks every branch of every feed, growing the trees anew.
func (in *inspection) readFeeds() {
	for _, said := range in.said {
		slices.SortStableFunc(said, func(a, b *statement) int { return cmp.Compare(a.size, b.size) })
	}
	there := map[hash]bool{}
	for _, name := range in.branches {
		in.r.Branches++
		there[name.feed] = true
		k, ok := in.feeds[name.feed]
		if !ok {
			in.r.fail(name.file("facts"), "no certificate makes this feed")
			continue
		}
		w := &branchWalk{in: in, name: name, lane: k.lane, key: k.key, said: in.said[name.feed]}
		w.walk()
		in.walked[name.feed] = append(in.walked[name.feed], w)
	}
	for _, feed := range inOrder(in.feeds) {
		if k := in.feeds[feed]; !there[feed] {
			in.r.Missing.add(fmt.Sprintf("feed %x, %s", feed[:4], laneName(k.lane)), "a certificate makes this feed and there is no file of it")
		}
	}
	in.judgeStatements()
}

// inOrder gives the keys sorted, so that two runs print the same.
func inOrder[V any](m map[hash]V) []hash {
	return slices.SortedFunc(maps.Keys(m), func(a, b hash) int { return slices.Compare(a[:], b[:]) })
}

// branchWalk is where a walk along one branch has come to.
type branchWalk struct {
	in   *inspection
	name branchName
	lane byte
	key  []byte

	tree  tree
	next  uint64 // sequence of the fact that should come
	first uint64 // of the branch's first own fact
	begun bool
	prev  hash
	more  bool // the last fact said that its act goes on
	gap   bool // facts are missing: the tree can't be grown any more

	heads   *records
	head    statement // the next head
	covered uint64    // the last head reached
	newest  statement // the last head that could be read
	said    []*statement
	beside  hash // in a further branch: the fact of branch 0 at the place where they part
	parts   bool // it does part there
}

func (w *branchWalk) place(what string, n uint64) string {
	branch := ""
	if w.name.number > 0 {
		branch = fmt.Sprintf(", branch %d", w.name.number)
	}
	return fmt.Sprintf("feed %x, %s%s, %s %d", w.name.feed[:4], laneName(w.lane), branch, what, n)
}

func (w *branchWalk) walk() {
	in, name := w.in, w.name
	var err error
	if w.heads, err = in.open(name.file("heads"), tagHeads); err != nil {
		in.r.fail(name.file("heads"), "%v", err)
	}
	w.nextHead()
	in.each(name.file("facts"), tagFacts, func(_ int, b []byte) {
		in.r.Facts++
		w.fact(b)
	})
	w.finish()
	in.ends[name] = branchEnd{name: name, first: w.first, size: w.newest.size, root: w.newest.root}
	if w.parts && w.covered > w.first {
		in.r.Evidence.add(w.place("seq", w.first), "the device's key has signed two histories that part here: this one and one with fact %x. Both are kept; its device was cloned or its key is in other hands", w.beside[:4])
	}
}

// nextHead reads on to the next head that holds by itself.
func (w *branchWalk) nextHead() {
	w.head = statement{}
	for w.heads != nil {
		b, err := w.heads.next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				w.in.r.fail(w.name.file("heads"), "%v", err)
			}
			if err := w.heads.close(); err != nil {
				w.in.r.fail(w.name.file("heads"), "%v", err)
			}
			w.heads = nil
			return
		}
		w.in.r.Heads++
		s, err := readHead(b, w.key)
		switch {
		case err != nil:
			w.in.r.fail(w.place("head", w.newest.size), "a head behind this one: %v", err)
		case s.org != w.in.org || s.feed != w.name.feed:
			w.in.r.fail(w.place("head", s.size), "it covers another feed")
		case s.size <= w.newest.size || s.size <= w.next && w.begun:
			w.in.r.fail(w.place("head", s.size), "it stands out of order or covers nothing")
		default:
			w.head, w.newest = s, s
			return
		}
	}
}

// fact takes in one record: header and sealed body.
func (w *branchWalk) fact(b []byte) {
	h, err := readHeader(b[:min(len(b), headerSize)])
	if err != nil {
		w.in.r.fail(w.place("seq", w.next), "%v", err)
	} else {
		w.begin(h)
		w.stand(h)
		w.body(h, b[headerSize:])
	}
	w.prev, w.more, w.begun = sha256.Sum256(b[:min(len(b), headerSize)]), h.more, true
	if len(b) >= headerSize {
		w.tree.add(b[:headerSize])
	}
	w.next++
	if w.in.openers != nil {
		w.in.ids = append(w.in.ids, [16]byte(w.prev[:16]))
	}
	w.reached()
}

// begin finds where a further branch begins: it holds its own facts only.
func (w *branchWalk) begin(h header) {
	if w.begun || w.name.number == 0 {
		return
	}
	trunk := branchName{w.name.feed, 0}
	w.in.each(trunk.file("facts"), tagFacts, func(n int, b []byte) {
		if len(b) < headerSize || uint64(n) > h.seq {
			return
		}
		id := sha256.Sum256(b[:headerSize])
		if uint64(n) == h.seq {
			w.beside = id
			return
		}
		w.tree.add(b[:headerSize])
		w.prev, w.next = id, uint64(n)+1
	})
	w.first, w.parts = w.next, w.beside != hash{} && w.beside != sha256.Sum256(h.raw)
	if !w.parts {
		w.in.r.fail(w.place("seq", h.seq), "branch 0 holds no other fact here: this is no branch")
	}
	for w.heads != nil && w.head.size <= w.next {
		w.in.r.fail(w.place("head", w.head.size), "it lies before the place where the branch parts")
		w.nextHead()
	}
}

// stand checks where a header says it stands.
func (w *branchWalk) stand(h header) {
	r := w.in.r
	if h.seq > w.next && h.prev != w.prev {
		r.Missing.add(w.place("seq", w.next), "facts %d to %d are not here", w.next, h.seq-1)
		w.gap, w.next = true, h.seq
		if !w.begun {
			w.first = h.seq
		}
		w.skipHeads()
		w.prev = h.prev
	}
	place := w.place("seq", w.next)
	switch {
	case h.org != w.in.org || h.feed != w.name.feed || h.lane != w.lane:
		r.fail(place, "the header names another organisation, feed or lane")
	case h.seq != w.next:
		r.fail(place, "the header says sequence %d", h.seq)
	case h.prev != w.prev:
		r.fail(place, "it does not follow the fact before it: one of the two is altered, or facts are missing")
	}
}

// skipHeads passes over heads inside a gap.
func (w *branchWalk) skipHeads() {
	for w.heads != nil && w.head.size <= w.next {
		w.covered = w.head.size
		w.nextHead()
	}
}

func (w *branchWalk) body(h header, sealed []byte) {
	r, place := w.in.r, w.place("seq", w.next)
	switch {
	case len(sealed) != int(h.bodyLen) || len(sealed) > maxSealed:
		r.fail(place, "the body has %d bytes and the header says %d", len(sealed), h.bodyLen)
	case hashOf("holdfast/body/1", sealed) != h.bodyHash:
		r.fail(place, "the body's bytes are not the ones that its header names")
	case !w.in.wraps[h.key]:
		r.NotOpened.add(place, "the keyring holds no key for its body: erased, or never given")
	}
}

// reached compares heads and statements of this size with the tree.
func (w *branchWalk) reached() {
	for len(w.said) > 0 && w.said[0].size <= w.next {
		if s := w.said[0]; s.size == w.next && !w.gap && s.root == w.tree.root() && (s.last == hash{} || s.last == w.prev) {
			s.held = true
		}
		w.said = w.said[1:]
	}
	if w.heads == nil || w.head.size != w.next {
		return
	}
	place := w.place("head", w.next)
	switch {
	case w.gap: // named already
	case w.head.root != w.tree.root():
		w.in.r.fail(place, "the device's key has signed other facts than these")
	case w.head.last != w.prev:
		w.in.r.fail(place, "it names another last fact")
	case w.more:
		w.in.r.fail(place, "it falls inside an act")
	}
	w.covered = w.next
	w.nextHead()
}

// finish judges the end of the branch.
func (w *branchWalk) finish() {
	if w.covered < w.next {
		w.in.r.fail(w.place("seq", w.covered), "no head covers this and what follows")
	}
	for w.heads != nil {
		if w.head.size > w.next {
			w.in.r.Missing.add(w.place("seq", w.next), "facts %d to %d are not here: a signed head covers them", w.next, w.head.size-1)
			w.next = w.head.size
			w.gap = true
		}
		w.nextHead()
	}
}

// judgeStatements compares what others have signed with what there is.
func (in *inspection) judgeStatements() {
	for _, feed := range inOrder(in.said) {
		k, ok := in.feeds[feed]
		for _, s := range in.said[feed] {
			if s.held || s.size == 0 {
				continue
			}
			place := fmt.Sprintf("feed %x, %s", feed[:4], laneName(k.lane))
			if !ok {
				in.r.fail(place, "%s speaks of it, and no certificate makes this feed", s.by)
				continue
			}
			in.judge(place, s, in.walked[feed])
		}
	}
}

func (in *inspection) judge(place string, s *statement, branches []*branchWalk) {
	var have uint64
	for _, w := range branches {
		if w.gap {
			return // what is missing is named, and nothing else can be said
		}
		have = max(have, w.next)
	}
	if s.size > have {
		in.r.Missing.add(fmt.Sprintf("%s, seq %d", place, have), "facts %d to %d are not here: %s covers them", have, s.size-1, s.by)
		return
	}
	at := fmt.Sprintf("%s, size %d", place, s.size)
	if seq, ok := in.parted(s); ok {
		at = fmt.Sprintf("%s, seq %d", place, seq)
	}
	in.r.fail(at, "%s covers another history than this", s.by)
}
