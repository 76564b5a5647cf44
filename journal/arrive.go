package journal

import (
	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
)

// proof is kept with a fact of a part.
type proof struct {
	head   []byte
	hashes []byte
}

// placeArriving writes another device's facts, in the same transaction as
// whatever else is committed.
func (w *writer) placeArriving(c *sqlConn, a *arriving, pos *int64, out *outcome, moved map[fact.Subject]int64) (answer, error) {
	if a.branch != nil {
		if now := w.branches.get(a.branch.num); now != a.branch || w.touched[a.branch.num] {
			return answer{err: errMoved}, nil
		}
	} else if w.begun[a.next.feed] {
		return answer{err: errMoved}, nil
	}
	if a.branch == nil {
		if again, err := w.newBranch(c, a.next); err != nil || again {
			return answer{err: errMoved}, err
		}
	}
	if err := w.writeKeys(c, a.keys); err != nil {
		return answer{}, err
	}
	w.touched[a.next.num] = true
	for i := range a.facts {
		if err := w.placeArrived(c, &a.facts[i], a.next.num, pos, out, moved); err != nil {
			return answer{}, err
		}
	}
	if err := w.writeArrivedTree(c, a); err != nil {
		return answer{}, err
	}
	out.branches = append(out.branches, a.next)
	return answer{}, nil
}

func (w *writer) writeKeys(c *sqlConn, keys []*heldKey) error {
	for _, k := range keys {
		if k.stored.Load() {
			continue
		}
		if err := c.exec("INSERT OR REPLACE INTO wraps(subject, kid, wrapper, wrap) VALUES(?, ?, ?, ?)", k.Subject[:], k.ID[:], k.wrap[32:48], k.wrap); err != nil {
			return err
		}
		if err := c.exec("DELETE FROM waiting WHERE what=?", append(k.Subject[:], k.ID[:]...)); err != nil {
			return err
		}
	}
	return nil
}

// newBranch lists a feed, or another branch of one. It tells whether one that
// began meanwhile makes another look necessary.
func (w *writer) newBranch(c *sqlConn, b *branch) (again bool, err error) {
	have, err := c.oneInt("SELECT count(*) FROM feeds WHERE feed=?", b.feed[:])
	if err != nil {
		return false, err
	}
	known := 0
	for _, other := range w.branches.list() {
		if other.feed == b.feed {
			known++
		}
	}
	if int(have) != known {
		return true, nil
	}
	part := int64(0)
	if b.part {
		part = 1
	}
	b.num, err = c.oneInt("INSERT INTO feeds(num, feed, branch, parent, base, part, lane, paper) VALUES((SELECT coalesce(max(num),0)+1 FROM feeds), ?, ?, ?, ?, ?, ?, ?) RETURNING num",
		b.feed[:], have, b.parent, int64(b.base), part, int64(b.lane), b.cert[:])
	w.begun[b.feed] = true
	return false, err
}

func (w *writer) placeArrived(c *sqlConn, a *arrived, num int64, pos *int64, out *outcome, moved map[fact.Subject]int64) error {
	subject, err := w.number(c, a.fact.Header.Subject)
	if err != nil {
		return err
	}
	*pos++
	h := a.fact.Header
	w.rows = append(w.rows, *pos, num, int64(h.Seq), append([]byte(nil), a.fact.ID[:]...), subject, a.header, a.body)
	for _, n := range a.needs {
		if err := c.exec(`INSERT OR IGNORE INTO waiting(what, sort, feed, seq) SELECT ?, ?, ?, ? WHERE NOT EXISTS(SELECT 1 FROM attachments WHERE hash=?)`,
			n.what, n.sort, num, int64(h.Seq), n.what); err != nil {
			return err
		}
	}
	if a.proof != nil {
		if err := c.exec("INSERT OR REPLACE INTO proofs(id, head, hashes) VALUES(?, ?, ?)", a.fact.ID[:], a.proof.head, a.proof.hashes); err != nil {
			return err
		}
	}
	moved[h.Subject] = *pos
	out.placed = append(out.placed, placed{pos: *pos, num: num, header: a.header, fact: a.fact})
	return nil
}

// writeArrivedTree keeps the tree hashes and the head of a range, with the time
// at which it came.
func (w *writer) writeArrivedTree(c *sqlConn, a *arriving) error {
	if a.next.part {
		return nil
	}
	flat := make([]byte, 0, len(a.stored)*tlog.HashSize)
	for _, h := range a.stored {
		flat = append(flat, h[:]...)
	}
	if err := c.exec("INSERT OR REPLACE INTO tree(feed, first, hashes) VALUES(?, ?, ?)", a.next.num, tlog.StoredHashCount(int64(a.first)), flat); err != nil {
		return err
	}
	return c.exec("INSERT OR REPLACE INTO heads(feed, size, head, at) VALUES(?, ?, ?, ?)", a.next.num, int64(a.next.size), a.next.signed, int64(fact.At(w.clock())))
}
