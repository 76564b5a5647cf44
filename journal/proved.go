package journal

import (
	"bytes"
	"context"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
)

// proving gathers single facts with their proofs.
type proving struct {
	j     *Journal
	heads map[string]uint32
	out   Proved
}

func newProving(j *Journal) *proving { return &proving{j: j, heads: map[string]uint32{}} }

// add adds the fact at a sequence of a branch, unless it is damaged here.
func (p *proving) add(b *branch, seq uint64) error {
	if seq >= b.size || b.signed == nil {
		return nil
	}
	return p.j.file.Load().read(func(c *sqlConn) error {
		headers, bodies, err := p.j.readRaw(c, b, seq, seq+1)
		if err != nil {
			return nil // noted as lost; somebody else may have it
		}
		hashes, err := p.j.proofOf(c, b, seq)
		if err != nil {
			return nil
		}
		p.put(headers[0], bodies[0], b.signed, hashes)
		return nil
	})
}

func (p *proving) put(header, body, head []byte, hashes []fact.Hash) {
	at, ok := p.heads[string(head)]
	if !ok {
		at = uint32(len(p.out.Heads))
		p.heads[string(head)] = at
		p.out.Heads = append(p.out.Heads, head)
	}
	p.out.Facts = append(p.out.Facts, ProvedFact{Header: header, Body: body, Head: at, Hashes: hashes})
}

func (p *proving) finish(ctx context.Context, to fact.Subject) (Proved, error) {
	headers := make([][]byte, len(p.out.Facts))
	for i, f := range p.out.Facts {
		headers[i] = f.Header
	}
	var err error
	p.out.Wraps, err = p.j.wrapsFor(ctx, headers, to)
	return p.out, err
}

// Proved gives facts of one subject by id, each with its proof below a signed
// head. Ids that are not held whole here are left out.
func (j *Journal) Proved(ctx context.Context, to, subject fact.Subject, ids []fact.ID) (Proved, error) {
	wanted := make(map[fact.ID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	type at struct {
		num int64
		seq uint64
	}
	var found []at
	err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT id, feed, seq FROM facts WHERE subject=(SELECT num FROM subjects WHERE subject=?) ORDER BY pos", func(v []driverValue) error {
			if wanted[fact.ID(v[0].([]byte))] {
				found = append(found, at{v[1].(int64), uint64(v[2].(int64))})
			}
			return nil
		}, subject[:])
	})
	if err != nil {
		return Proved{}, err
	}
	p := newProving(j)
	for _, one := range found {
		if b := j.branches.get(one.num); b != nil && !b.part {
			if err := p.add(b, one.seq); err != nil {
				return Proved{}, err
			}
		}
	}
	return p.finish(ctx, to)
}

// FactIDs lists the ids of all facts of a subject that are kept here, but for
// those whose key is still to come: nobody could be given them to read.
func (j *Journal) FactIDs(_ context.Context, subject fact.Subject) ([]fact.ID, error) {
	var out []fact.ID
	err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT id FROM facts f WHERE subject=(SELECT num FROM subjects WHERE subject=?) AND (? OR NOT EXISTS"+
			"(SELECT 1 FROM waiting w WHERE w.sort=? AND w.feed=f.feed AND w.seq=f.seq)) ORDER BY pos", func(v []driverValue) error {
			out = append(out, fact.ID(v[0].([]byte)))
			return nil
		}, subject[:], int64(boolByte(j.erased(subject))), int64(needKey))
	})
	return out, err
}

// ReceiveProved takes in single facts. A desk keeps them as parts of feeds it
// does not hold whole; where a feed is held whole, they mend what is damaged.
// Facts already here are passed over.
func (j *Journal) ReceiveProved(ctx context.Context, p Proved) error {
	keys, err := j.openWraps(p.Wraps, true)
	if err != nil {
		return err
	}
	parts := map[fact.FeedID][]arrived{}
	var order []fact.FeedID
	for _, one := range p.Facts {
		a, err := j.checkProved(p, one)
		if err != nil {
			return err
		}
		feed := a.fact.Header.Feed
		whole, err := j.takeWhole(ctx, a)
		if err != nil {
			return err
		}
		if whole {
			continue
		}
		if parts[feed] == nil {
			order = append(order, feed)
		}
		parts[feed] = append(parts[feed], a)
	}
	if err := j.mendTrees(ctx); err != nil {
		return err
	}
	for _, feed := range order {
		if err := j.receivePart(ctx, feed, parts[feed], keys); err != nil {
			return err
		}
		keys = nil
	}
	if len(keys) == 0 {
		return nil
	}
	return j.keepKeys(ctx, keys) // of facts whose feeds are held whole
}

// takeWhole mends a feed that is held whole; false when it is not.
func (j *Journal) takeWhole(ctx context.Context, a arrived) (bool, error) {
	h := a.fact.Header
	all := j.branches.of(h.Feed)
	for _, b := range all {
		lost := Lost{Feed: h.Feed, Seq: h.Seq}
		j.lost.mu.Lock()
		wanted := j.lost.all[lost]
		j.lost.mu.Unlock()
		if wanted && h.Seq >= b.base && h.Seq < b.size {
			return true, j.mend(ctx, b, a)
		}
	}
	return len(all) > 0, nil
}

// checkProved checks one fact against the head it names.
func (j *Journal) checkProved(p Proved, one ProvedFact) (arrived, error) {
	h, err := fact.ParseHeader(one.Header)
	if err != nil {
		return arrived{}, bad("%v", err)
	}
	c, known := j.branches.cert(h.Feed)
	if !known {
		return arrived{}, ErrPaper
	}
	if int(one.Head) >= len(p.Heads) || h.Org != j.papers.org || h.Lane != c.lane {
		return arrived{}, bad("a fact without a head")
	}
	if int(h.BodyLen) != len(one.Body) || fact.BodyHashOf(one.Body) != h.BodyHash {
		return arrived{}, bad("a body that its header does not name")
	}
	head := p.Heads[one.Head]
	if err := (Proof{Head: head, Hashes: one.Hashes}).Check(h, c.key); err != nil {
		return arrived{}, bad("%v", err)
	}
	flat := make([]byte, 0, len(one.Hashes)*tlog.HashSize)
	for _, hash := range one.Hashes {
		flat = append(flat, hash[:]...)
	}
	return arrived{header: one.Header, body: one.Body, fact: fact.Fact{ID: h.ID(), Header: h}, proof: &proof{head: head, hashes: flat}}, nil
}

// receivePart adds facts to a part.
func (j *Journal) receivePart(ctx context.Context, feed fact.FeedID, facts []arrived, keys []*heldKey) error {
	for range mostTries {
		fresh, err := j.notHere(feed, facts)
		if err != nil || len(fresh) == 0 && len(keys) == 0 {
			return err
		}
		a := j.arrivingPart(feed, fresh, keys)
		if err := j.openArrived(a); err != nil {
			return err
		}
		ans := j.submit(ctx, &act{arriving: a, answer: make(chan answer, 1)})
		if !errors.Is(ans.err, errMoved) {
			return ans.err
		}
	}
	return errMoved
}

// notHere leaves out the facts of a part that are here, or come twice.
func (j *Journal) notHere(feed fact.FeedID, facts []arrived) ([]arrived, error) {
	var out []arrived
	seen := map[fact.ID]bool{}
	err := j.file.Load().read(func(c *sqlConn) error {
		for _, a := range facts {
			n, err := c.oneInt("SELECT count(*) FROM facts WHERE feed IN (SELECT num FROM feeds WHERE feed=?) AND seq=? AND id=?",
				feed[:], int64(a.fact.Header.Seq), a.fact.ID[:])
			if err != nil {
				return err
			}
			if n == 0 && !seen[a.fact.ID] {
				out = append(out, a)
			}
			seen[a.fact.ID] = true
		}
		return nil
	})
	return out, err
}

func (j *Journal) arrivingPart(feed fact.FeedID, facts []arrived, keys []*heldKey) *arriving {
	c, _ := j.branches.cert(feed)
	a := &arriving{facts: facts, keys: keys}
	next := branch{feed: feed, lane: c.lane, cert: c.hash, device: c.device, key: c.key, part: true}
	for _, b := range j.branches.list() {
		if b.feed == feed && b.part {
			next, a.branch = *b, b
		}
	}
	for _, f := range facts {
		next.size = max(next.size, f.fact.Header.Seq+1)
	}
	a.next = &next
	return a
}

// Fork is the evidence that one key signed two histories: two facts in one
// place, each proved below a head that the key signed. Anyone with the
// certificate can check it.
type Fork struct {
	_    struct{} `cbor:",toarray"`
	Feed fact.FeedID
	Seq  uint64
	Ours Proved
	Also Proved
}

// Forks lists the evidence for every feed that has more than one branch.
func (j *Journal) Forks(ctx context.Context) ([]Fork, error) {
	var out []Fork
	for _, b := range j.branches.list() {
		if b.parent == 0 || b.part || b.size <= b.base {
			continue
		}
		from := j.branches.get(b.parent)
		if from == nil || from.size <= b.base {
			continue // the other branch had ended there: nothing contradicts
		}
		f := Fork{Feed: b.feed, Seq: b.base}
		for into, at := range map[*Proved]*branch{&f.Ours: from, &f.Also: b} {
			p := newProving(j)
			if err := p.add(at, b.base); err != nil {
				return nil, err
			}
			*into = p.out
		}
		out = append(out, f)
	}
	return out, ctx.Err()
}

// Check tells whether the evidence holds against a key: both facts in the same
// place, different, each below a head that the key signed.
func (f Fork) Check(key []byte) error {
	var ids [2]fact.ID
	for i, p := range []Proved{f.Ours, f.Also} {
		if len(p.Facts) != 1 || len(p.Heads) != 1 {
			return bad("evidence of one fact on each side is wanted")
		}
		h, err := fact.ParseHeader(p.Facts[0].Header)
		if err != nil || h.Feed != f.Feed || h.Seq != f.Seq {
			return bad("the facts stand in another place")
		}
		if err := (Proof{Head: p.Heads[0], Hashes: p.Facts[0].Hashes}).Check(h, key); err != nil {
			return bad("%v", err)
		}
		ids[i] = h.ID()
	}
	if bytes.Equal(ids[0][:], ids[1][:]) {
		return bad("both are the same fact")
	}
	return nil
}

// Lacking gives those of the ids that are not among the subject's facts here.
func (j *Journal) Lacking(ctx context.Context, subject fact.Subject, ids []fact.ID) ([]fact.ID, error) {
	if j.away(subject) {
		return ids, nil // they are here and nobody can read them
	}
	have, err := j.FactIDs(ctx, subject)
	if err != nil {
		return nil, err
	}
	here := make(map[fact.ID]bool, len(have))
	for _, id := range have {
		here[id] = true
	}
	var out []fact.ID
	for _, id := range ids {
		if !here[id] {
			out = append(out, id)
		}
	}
	return out, nil
}
