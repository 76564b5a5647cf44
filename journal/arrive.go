package journal

import (
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
	"holdfast/fact/seal"
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
		if a.next.stale > a.facts[i].fact.Header.Seq {
			if there, err := w.mendStale(c, &a.facts[i], a.next.num); err != nil {
				return answer{}, err
			} else if there {
				continue
			}
		}
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

// mendStale writes the exact bytes of a fact that stands here already, behind a
// head that does not hold; false when there is no such fact.
func (w *writer) mendStale(c *sqlConn, a *arrived, num int64) (bool, error) {
	seq := int64(a.fact.Header.Seq)
	n, err := c.oneInt("SELECT count(*) FROM facts WHERE feed=? AND seq=? AND id=?", num, seq, a.fact.ID[:])
	if err != nil || n == 0 {
		return false, err
	}
	return true, c.exec("UPDATE facts SET header=?, body=? WHERE feed=? AND seq=? AND id=?", a.header, a.body, num, seq, a.fact.ID[:])
}

func (w *writer) gone(s fact.Subject) bool { return w.erased != nil && w.erased(s) }

func (w *writer) writeKeys(c *sqlConn, keys []*heldKey) error {
	for _, k := range keys {
		if k.stored.Load() || w.gone(k.Subject) { // erased since the wrap was opened
			continue
		}
		w.rewrapped = append(w.rewrapped, k.Subject)
		if err := c.exec("INSERT OR REPLACE INTO wraps(subject, kid, wrapper, wrap) VALUES(?, ?, ?, ?)", k.Subject[:], k.ID[:], k.wrap[32:48], k.wrap); err != nil {
			return err
		}
		if err := w.noWaiting(c, k); err != nil {
			return err
		}
		if err := w.takeBack(c, k.Subject); err != nil {
			return err
		}
	}
	return nil
}

// takeBack notes that a desk holds a subject's keys again.
func (w *writer) takeBack(c *sqlConn, s fact.Subject) error {
	m, gone := w.work.gone(s)
	if !gone {
		return nil
	}
	m.Gone, m.Left, m.Said = 0, 0, 0
	if w.returned == nil {
		w.returned = map[fact.Subject]workMark{}
	}
	w.returned[s] = m
	return writeMark(c, s, m)
}

// noWaiting ends the waiting for a key. What the facts that waited for it point
// to is known only now.
func (w *writer) noWaiting(c *sqlConn, k *heldKey) error {
	what := append(k.Subject[:], k.ID[:]...)
	var opened []arrived
	var nums []int64
	err := c.each("SELECT f.feed, f.header, f.body FROM waiting w JOIN facts f ON f.feed=w.feed AND f.seq=w.seq WHERE w.what=?", func(v []driverValue) error {
		h, err := fact.ParseHeader(v[1].([]byte))
		if err != nil {
			return nil // noted as damaged where it is read
		}
		body, err := seal.OpenBody(k.box, h, v[2].([]byte))
		if err == nil && (len(w.opened) == 0 || w.opened[len(w.opened)-1] != k.Subject) {
			w.opened = append(w.opened, k.Subject)
			if err := owe(c, k.Subject); err != nil {
				return err
			}
		}
		if err == nil && len(body.Attachments) > 0 {
			nums = append(nums, v[0].(int64))
			opened = append(opened, arrived{fact: fact.Fact{Header: h, Body: body}, needs: blobsOf(body)})
		}
		return nil
	}, what)
	if err != nil {
		return err
	}
	for i := range opened {
		if err := w.noteNeeds(c, &opened[i], nums[i]); err != nil {
			return err
		}
	}
	return c.exec("DELETE FROM waiting WHERE what=?", what)
}

// blobsOf lists the attachments that a body points to.
func blobsOf(b fact.Body) []need {
	var out []need
	for _, a := range b.Attachments {
		out = append(out, need{needBlob, a.Hash[:]})
	}
	return out
}

// openLate opens a body whose key has been written since the fact was read:
// nobody would look for it again, and it would wait for good.
func (w *writer) openLate(a *arrived) error {
	i := slices.IndexFunc(a.needs, func(n need) bool { return n.sort == needKey })
	if i < 0 || w.key == nil {
		return nil
	}
	k, err := w.key(KeyRef{Subject: a.fact.Header.Subject, Key: a.fact.Header.Key})
	if err != nil || k == nil || !k.stored.Load() || w.gone(k.Subject) {
		return err
	}
	a.needs = slices.Delete(a.needs, i, i+1)
	if body, err := seal.OpenBody(k.box, a.fact.Header, a.body); err == nil { // else it is shown as what can't be opened
		a.fact.Body, a.needs = body, append(a.needs, blobsOf(body)...)
	}
	return nil
}

// noteNeeds notes what a fact needs and what is not here yet.
func (w *writer) noteNeeds(c *sqlConn, a *arrived, num int64) error {
	for _, n := range a.needs {
		if err := c.exec(`INSERT OR IGNORE INTO waiting(what, sort, feed, seq) SELECT ?, ?, ?, ? WHERE NOT EXISTS(SELECT 1 FROM attachments WHERE hash=?)`,
			n.what, n.sort, num, int64(a.fact.Header.Seq), n.what); err != nil {
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
	if err := w.openLate(a); err != nil {
		return err
	}
	if err := w.noteNeeds(c, a, num); err != nil {
		return err
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
