package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
	"holdfast/fact/seal"
)

// arriving is facts of another device on their way into the journal, checked
// and opened; the writer gives them places.
type arriving struct {
	branch *branch // as it stood when this was prepared; a new one has no number yet
	next   *branch // as it stands afterwards
	first  uint64  // sequence of the first fact
	facts  []arrived
	stored []tlog.Hash
	keys   []*heldKey
}

// arrived is one fact that another device wrote.
type arrived struct {
	header []byte
	body   []byte
	fact   fact.Fact
	proof  *proof // of a part
	needs  []need
}

// need is what a fact needs and what may not be here yet.
type need struct {
	sort int64
	what []byte
}

// The sorts of need.
const (
	needBlob = 1
	needKey  = 2
)

// Receive takes in a range of another device's feed. It is verified whole:
// certificate, signature, tree, chain and bodies' hashes; and flushed when
// Receive returns. What is held already is passed over, so that a range may
// come any number of times. A range that leaves a branch held here begins
// another one: both are kept.
//
// The errors tell what to do: ErrPaper, the certificate first; ErrGap, begin
// earlier; ErrApart, find the place where the histories part; ErrOwn, this
// device must begin a new incarnation first; ErrBad, do not believe it.
func (j *Journal) Receive(ctx context.Context, r Range) error {
	for range mostTries {
		if err := ctx.Err(); err != nil {
			return notSaved(err)
		}
		a, err := j.prepareRange(r)
		if err != nil || a == nil {
			return err
		}
		ans := j.submit(ctx, &act{arriving: a, bytes: sizeOf(r), answer: make(chan answer, 1)})
		if !errors.Is(ans.err, errMoved) {
			return ans.err
		}
	}
	return errMoved
}

func sizeOf(r Range) int {
	n := 0
	for i := range r.Headers {
		n += len(r.Headers[i]) + len(r.Bodies[i])
	}
	return n
}

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBad, fmt.Sprintf(format, args...))
}

// walked is a range that was checked against its own head.
type walked struct {
	facts  []arrived
	head   fact.Head
	signed []byte
	roots  map[uint64]fact.Hash // the tree's root at sizes of interest
	edges  map[uint64]edge
	end    edge
	hashes []tlog.Hash // stored hashes from First on
}

// prepareRange checks a range and works out what it adds; nil when nothing.
func (j *Journal) prepareRange(r Range) (*arriving, error) {
	c, known := j.branches.cert(r.Feed)
	switch {
	case !known:
		return nil, ErrPaper
	case j.branches.isOwn(r.Feed):
		return nil, ErrOwn
	}
	held := j.branches.of(r.Feed)
	w, err := j.walk(r, c, held)
	if err != nil {
		return nil, err
	}
	from, err := j.leaves(r, w, held)
	if err != nil || from == nil {
		return nil, err
	}
	return j.arrive(r, w, c, *from)
}

// walk checks a range against its own head and certificate.
func (j *Journal) walk(r Range, c cert, held []*branch) (*walked, error) {
	n := uint64(len(r.Headers))
	if n == 0 || len(r.Bodies) != len(r.Headers) || len(r.Before) != len(edgeAt(r.First)) {
		return nil, bad("its parts do not fit each other")
	}
	w := &walked{roots: map[uint64]fact.Hash{}, edges: map[uint64]edge{}, signed: r.Head}
	at := edge{size: r.First}
	for _, h := range r.Before {
		at.hashes = append(at.hashes, tlog.Hash(h))
	}
	wanted := map[uint64]bool{r.First: true}
	for _, b := range held {
		wanted[b.size] = true
	}
	var prev fact.ID
	for i, raw := range r.Headers {
		if wanted[at.size] {
			w.roots[at.size], w.edges[at.size] = at.root(), at.clone()
		}
		h, err := fact.ParseHeader(raw)
		seq := r.First + uint64(i)
		switch {
		case err != nil:
			return nil, bad("fact %d: %v", seq, err)
		case h.Org != j.papers.org || h.Feed != r.Feed || h.Lane != c.lane || h.Seq != seq:
			return nil, bad("fact %d stands in another place than it says", seq)
		case i > 0 && h.Prev != prev, seq == 0 && h.Prev != fact.ID{}:
			return nil, bad("fact %d does not follow the one before", seq)
		case int(h.BodyLen) != len(r.Bodies[i]) || fact.BodyHashOf(r.Bodies[i]) != h.BodyHash:
			return nil, bad("the body of fact %d is not the one its header names", seq)
		}
		id := h.ID()
		prev = id
		w.facts = append(w.facts, arrived{header: raw, body: r.Bodies[i], fact: fact.Fact{ID: id, Header: h}})
		w.hashes = at.add(raw, w.hashes)
	}
	w.end = at
	w.roots[at.size], w.edges[at.size] = at.root(), at.clone()
	return w, w.checkHead(r, c.key)
}

func (w *walked) checkHead(r Range, key ed25519.PublicKey) error {
	last := w.facts[len(w.facts)-1].fact
	head, err := fact.OpenHead(r.Head, key)
	switch {
	case err != nil:
		return bad("%v", err)
	case head.Org != last.Header.Org || head.Feed != r.Feed || head.Size != w.end.size || head.Root != w.end.root() || head.LastID != last.ID:
		return bad("the head does not cover these facts")
	case last.Header.Flags&fact.FlagMore != 0:
		return bad("the head falls inside an act")
	}
	w.head = head
	return nil
}

// leaving says from which branch, and at which size, a range adds something.
type leaving struct {
	from *branch // nil: the feed begins
	at   uint64
	fork bool
}

// leaves finds where a range leaves what is held; nil when all of it is held.
func (j *Journal) leaves(r Range, w *walked, held []*branch) (*leaving, error) {
	if len(held) == 0 {
		if r.First > 0 {
			return nil, ErrGap
		}
		return &leaving{}, nil
	}
	var fork *branch
	gap := true
	for _, b := range held {
		if r.First > b.size {
			continue
		}
		gap = false
		if root, err := j.rootAt(b, r.First); err != nil || root != w.roots[r.First] {
			continue
		}
		if b.size >= w.end.size {
			root, err := j.rootAt(b, w.end.size)
			if err != nil {
				return nil, err
			}
			if root == w.end.root() {
				return nil, nil
			}
		} else if root, ok := w.roots[b.size]; ok && root == b.root {
			return &leaving{from: b, at: b.size}, nil
		}
		if fork == nil || b.num < fork.num {
			fork = b
		}
	}
	switch {
	case fork != nil:
		at, err := j.parting(fork, r.First, w)
		return &leaving{from: fork, at: at, fork: true}, err
	case gap:
		return nil, ErrGap
	}
	return nil, ErrApart
}

// parting finds the first sequence at which a branch and a range differ.
func (j *Journal) parting(b *branch, first uint64, w *walked) (uint64, error) {
	at := first
	err := j.file.Load().read(func(c *sqlConn) error {
		return j.eachRow(c, b, first, w.end.size, "id", func(v []driverValue) error {
			if i := at - first; i >= uint64(len(w.facts)) || !bytes.Equal(v[0].([]byte), w.facts[i].fact.ID[:]) {
				return errEnough
			}
			at++
			return nil
		})
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return at, err
}

// arrive makes what the writer needs out of a checked range.
func (j *Journal) arrive(r Range, w *walked, c cert, from leaving) (*arriving, error) {
	a := &arriving{first: max(r.First, from.at), facts: w.facts[max(r.First, from.at)-r.First:]}
	skip := tlog.StoredHashCount(int64(a.first)) - tlog.StoredHashCount(int64(r.First))
	a.stored = w.hashes[skip:]
	next := branch{feed: r.Feed, lane: c.lane, cert: c.hash, device: c.device, key: c.key}
	if from.from != nil && !from.fork {
		next, a.branch = *from.from, from.from
	}
	if from.fork {
		next.parent, next.base = from.from.num, from.at
	}
	next.size, next.root, next.prev, next.signed, next.before = w.end.size, w.end.root(), w.head.LastID, w.signed, w.end
	a.next = &next
	var err error
	if a.keys, err = j.openWraps(r.Wraps, false); err != nil {
		return nil, err
	}
	return a, j.openArrived(a)
}

// openArrived opens bodies and notes what they need. A body that does not open
// is kept as it is: the subject says that something is not shown.
func (j *Journal) openArrived(a *arriving) error {
	f := j.file.Load()
	for i := range a.facts {
		one := &a.facts[i]
		h := one.fact.Header
		if _, err := j.subjects.keyset(f, h.Subject, false); err != nil {
			return err
		}
		body, err := j.subjects.open(f, h, one.body)
		if errors.Is(err, errNoKey) && !j.shut(h.Subject) {
			one.needs = append(one.needs, need{needKey, append(h.Subject[:], h.Key[:]...)})
		}
		if err != nil {
			continue
		}
		one.fact.Body = body
		one.needs = append(one.needs, blobsOf(body)...)
	}
	return nil
}

// erased tells whether a subject's keys are destroyed.
func (j *Journal) erased(s fact.Subject) bool {
	_, ok := j.house.Load().Erased[s]
	return ok
}

// openWraps opens key wraps closed for this device, or, at a site node, for a
// desk of the organisation, and closes them for this device. Those of erased
// subjects are passed over; those that nobody here can open yet wait for the
// key that opens them. Those of subjects that this desk let go of are passed over
// too, unless it asked for them and this is the answer: then the giver has said
// that it gives them anew.
func (j *Journal) openWraps(wraps [][]byte, answer bool) ([]*heldKey, error) {
	var out []*heldKey
	shut := false
	f, house, rings := j.file.Load(), j.house.Load(), j.subjects.rings.Load()
	for _, wrap := range wraps {
		if seal.CheckWrap(wrap) != nil {
			continue
		}
		use, ours := rings.byID[wrapperIn(wrap)]
		if !ours {
			desk, known := house.wrappers[wrapperIn(wrap)]
			if !known {
				j.unopened.put(wrap)
				shut = true
				continue
			}
			var err error
			if use, err = desk.open(j.papers.org); err != nil {
				return nil, err
			}
		}
		key, err := use.w.Unwrap(j.papers.org, wrap)
		if err != nil {
			j.o.Log.Warn("a key wrap from another device does not open", "err", err)
			continue
		}
		if j.erased(key.Subject) || j.away(key.Subject) && !(answer && j.work.mayTakeBack(key.Subject)) {
			continue
		}
		if !ours {
			if wrap, err = rings.like(use).Wrap(j.o.Random, j.papers.org, key); err != nil {
				return nil, err
			}
		}
		held, err := j.subjects.adopt(f, key, wrap)
		if err != nil {
			return nil, err
		}
		if !held.stored.Load() {
			out = append(out, held)
		}
	}
	if shut && (j.subjects.rings.Load() != rings || j.house.Load() != house) { // what opens them may have come meanwhile, and nobody looks again
		more, err := j.openWraps(j.unopened.take(), answer)
		return append(out, more...), err
	}
	return out, nil
}
