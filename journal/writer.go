package journal

import (
	"errors"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"holdfast/fact"
)

// Bounds of one commit.
const (
	mostFacts = 256
	mostBytes = 1 << 20
)

// writer is the only one that writes a journal file. It is owned by one
// goroutine.
type writer struct {
	org   fact.OrgID
	clock Clock
	file  *dbFile
	hand  *hand
	lanes map[fact.Lane]*lane
	pos   int64 // of the last fact
	last  func(fact.Subject) (int64, error)
	nums  map[fact.Subject]int64 // numbers of subjects, as far as remembered
	rows  []driverValue          // of the commit under way

	first     []placed // the first facts of its incarnation
	branches  *branches
	receipts  *receipts
	keyring   *keyringSums          // nil until it is the journal's writer
	work      *work                 // the same
	touched   map[int64]bool        // branches that the commit under way continues
	fresh     map[fact.Subject]bool // subjects that begin in it
	rewrapped []fact.Subject        // subjects whose wraps the transaction under way writes
	opened    []fact.Subject        // subjects of facts that waited for a key and got it
	begun     map[fact.FeedID]bool  // feeds in which it begins a branch

	returned map[fact.Subject]workMark      // subjects let go of whose keys the transaction under way writes
	key      func(KeyRef) (*heldKey, error) // a key that is held, or nil; nil until it is the journal's writer
	erased   func(fact.Subject) bool        // and leaves none of its keys in memory; nil until it is the journal's writer
}

// mostNums bounds the numbers of subjects that are remembered.
const mostNums = 50_000

func newWriter(org fact.OrgID, clock Clock, file *dbFile, b *branches, r *receipts) *writer {
	return &writer{
		org: org, clock: clock, file: file, lanes: map[fact.Lane]*lane{}, nums: map[fact.Subject]int64{},
		branches: b, receipts: r, touched: map[int64]bool{}, fresh: map[fact.Subject]bool{}, begun: map[fact.FeedID]bool{},
	}
}

// number gives a subject's number in the file.
func (w *writer) number(c *sqlConn, s fact.Subject) (int64, error) {
	if n, ok := w.nums[s]; ok {
		return n, nil
	}
	n, err := c.oneInt("SELECT num FROM subjects WHERE subject=?", s[:])
	if err == nil && n == 0 {
		n, err = c.oneInt("INSERT INTO subjects(subject) VALUES(?) RETURNING num", s[:])
		w.fresh[s] = true
	}
	if err == nil {
		if len(w.nums) >= mostNums {
			clear(w.nums)
		}
		w.nums[s] = n
	}
	return n, err
}

// errMoved says that a subject moved on since the act read it.
var errMoved = errors.New("the subject has moved on")

// placed is a fact with its place and exact header.
type placed struct {
	pos    int64
	num    int64 // its branch
	header []byte
	fact   fact.Fact
}

// outcome is what became of a batch, act by act.
type outcome struct {
	answers  []answer
	placed   []placed
	branches []*branch // of other devices, as they stand now
}

// transaction runs do between BEGIN and COMMIT. It tells whether a failure
// came at the commit itself, when it is not known whether it was saved.
func (w *writer) transaction(do func(c *sqlConn) error) (doubt bool, err error) {
	c := w.file.write
	w.rewrapped, w.returned = w.rewrapped[:0], nil
	defer func() {
		for _, s := range w.rewrapped {
			w.keyring.written(s)
		}
	}()
	if err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return false, err
	}
	if err := do(c); err != nil {
		return false, errors.Join(err, c.exec("ROLLBACK"))
	}
	if err := c.exec("COMMIT"); err != nil {
		rollback := c.exec("ROLLBACK")
		if rollback != nil && isNoTransaction(rollback) {
			rollback = nil
		}
		return true, errors.Join(err, rollback)
	}
	return false, nil
}

// commit writes all acts of a batch that still hold, in one transaction, with
// one signed head for each lane touched. Nothing of its own state changes
// unless the commit was flushed.
func (w *writer) commit(batch []*act, before func(c *sqlConn) error) (outcome, bool, error) {
	var out outcome
	lanes := map[fact.Lane]*lane{}
	pos := w.pos
	clear(w.touched)
	clear(w.begun)
	clear(w.fresh)
	w.opened = w.opened[:0]
	doubt, err := w.transaction(func(c *sqlConn) error {
		if before != nil {
			if err := before(c); err != nil {
				return err
			}
		}
		moved := map[fact.Subject]int64{}
		for _, a := range batch {
			ans, err := w.place(c, a, lanes, moved, &pos, &out)
			if err != nil {
				return err
			}
			out.answers = append(out.answers, ans)
		}
		if err := w.writeRows(c); err != nil {
			return err
		}
		if err := w.receipts.write(c); err != nil {
			return err
		}
		return w.writeLanes(c, lanes)
	})
	clear(w.rows)
	w.rows = w.rows[:0]
	if err != nil {
		clear(w.nums) // some may have been given in this transaction
		return outcome{}, doubt, err
	}
	w.receipts.written()
	w.pos = pos
	for name, l := range lanes {
		w.lanes[name] = l
	}
	for i, a := range batch {
		if out.answers[i].err == nil {
			for _, f := range a.facts {
				f.key.stored.Store(true)
			}
			if a.arriving != nil {
				for _, k := range a.arriving.keys {
					k.stored.Store(!w.gone(k.Subject))
				}
			}
		}
	}
	return out, false, nil
}

// place checks that an act still holds and writes its facts.
func (w *writer) place(c *sqlConn, a *act, lanes map[fact.Lane]*lane, moved map[fact.Subject]int64, pos *int64, out *outcome) (answer, error) {
	if a.arriving != nil {
		return w.placeArriving(c, a.arriving, pos, out, moved)
	}
	if a.hand != w.hand {
		return answer{err: errMoved}, nil
	}
	for subject, at := range a.reads {
		now, ok := moved[subject]
		if !ok {
			var err error
			if now, err = w.last(subject); err != nil {
				return answer{}, err
			}
		}
		if now != at {
			return answer{err: errMoved, moved: subject}, nil
		}
	}
	for hash, sealed := range a.blobs {
		if err := c.exec("INSERT OR IGNORE INTO attachments(hash, sealed) VALUES(?, ?)", hash[:], sealed); err != nil {
			return answer{}, err
		}
	}
	ans := answer{facts: make([]fact.Fact, 0, len(a.facts))}
	for i := range a.facts {
		p, err := w.placeFact(c, &a.facts[i], lanes, *pos+1)
		if err != nil {
			return answer{}, err
		}
		*pos = p.pos
		moved[p.fact.Header.Subject] = p.pos
		out.placed = append(out.placed, p)
		ans.facts = append(ans.facts, p.fact)
	}
	return ans, nil
}

func (w *writer) placeFact(c *sqlConn, f *sealedFact, lanes map[fact.Lane]*lane, pos int64) (placed, error) {
	if !f.key.stored.Load() {
		w.rewrapped = append(w.rewrapped, f.key.Subject)
		if err := c.exec("INSERT OR IGNORE INTO wraps(subject, kid, wrapper, wrap) VALUES(?, ?, ?, ?)",
			f.key.Subject[:], f.key.ID[:], f.key.wrap[32:48], f.key.wrap); err != nil {
			return placed{}, err
		}
	}
	h := f.header
	l := lanes[h.Lane]
	if l == nil {
		l = w.lanes[h.Lane].clone()
		lanes[h.Lane] = l
	}
	h.Seq, h.Prev = l.tree.size, l.prev
	header := h.Marshal()
	id := h.ID()
	p := placed{pos: pos, num: l.num, header: header, fact: fact.Fact{ID: id, Header: h, Body: f.body}}
	l.prev = id
	l.stored = l.tree.add(header, l.stored)
	num, err := w.number(c, h.Subject)
	if err != nil {
		return placed{}, err
	}
	w.rows = append(w.rows, pos, l.num, int64(h.Seq), id[:], num, header, f.sealed)
	return p, nil
}

// rowsAtOnce is how many facts one statement writes; it halves the cost of a
// full commit.
const rowsAtOnce = 16

const factColumns = 7

// writeRows writes the facts that were placed.
func (w *writer) writeRows(c *sqlConn) error {
	const insert = "INSERT INTO facts(pos, feed, seq, id, subject, header, body) VALUES(?, ?, ?, ?, ?, ?, ?)"
	rows := w.rows
	for len(rows) >= rowsAtOnce*factColumns {
		if err := c.exec(insert+strings.Repeat(", (?, ?, ?, ?, ?, ?, ?)", rowsAtOnce-1), rows[:rowsAtOnce*factColumns]...); err != nil {
			return err
		}
		rows = rows[rowsAtOnce*factColumns:]
	}
	for ; len(rows) > 0; rows = rows[factColumns:] {
		if err := c.exec(insert, rows[:factColumns]...); err != nil {
			return err
		}
	}
	return nil
}

// writeLanes writes tree hashes and a signed head for each lane touched.
func (w *writer) writeLanes(c *sqlConn, lanes map[fact.Lane]*lane) error {
	now := fact.At(w.clock())
	for _, name := range fact.Lanes() {
		l := lanes[name]
		if l == nil {
			continue
		}
		first := tlog.StoredHashCount(int64(w.lanes[name].tree.size))
		flat := make([]byte, 0, len(l.stored)*tlog.HashSize)
		for _, h := range l.stored {
			flat = append(flat, h[:]...)
		}
		l.stored = nil
		if err := c.exec("INSERT INTO tree(feed, first, hashes) VALUES(?, ?, ?)", l.num, first, flat); err != nil {
			return err
		}
		l.signed = l.head(w.org, now, w.hand.key)
		if err := c.exec("INSERT INTO heads(feed, size, head, at) VALUES(?, ?, ?, ?)", l.num, int64(l.tree.size), l.signed, int64(now)); err != nil {
			return err
		}
	}
	return nil
}

// begin writes an incarnation's papers and feeds; it runs inside the
// transaction of its first facts.
func (w *writer) begin(c *sqlConn, papers []paper) error {
	for _, p := range papers {
		if err := writePaper(c, p); err != nil {
			return err
		}
	}
	for _, name := range fact.Lanes() {
		feed := w.hand.feeds[name]
		if err := c.exec("INSERT INTO feeds(num, feed, branch, parent, base, part, lane, paper) VALUES((SELECT coalesce(max(num),0)+1 FROM feeds), ?, 0, 0, 0, 0, ?, ?)",
			feed[:], int64(name), w.hand.paper[:]); err != nil {
			return err
		}
		num, err := c.oneInt("SELECT num FROM feeds WHERE feed=?", feed[:])
		if err != nil {
			return err
		}
		w.lanes[name] = &lane{num: num, feed: feed}
	}
	return nil
}

type paper struct {
	sort   int64
	signed fact.Signed
}

// feeds tells how far this incarnation's feeds have come.
func (w *writer) feeds() []fact.After {
	var out []fact.After
	for _, name := range fact.Lanes() {
		if l := w.lanes[name]; l != nil {
			out = append(out, fact.After{Feed: l.feed, Size: l.tree.size, Root: l.tree.root()})
		}
	}
	return out
}
