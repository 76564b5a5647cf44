package journal

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// A desk keeps the keys of its live work, and for a while of what has left it.
// Then it lets go: the keys leave its memory, its file and its file's log for
// good. Sealed bodies stay, which nobody can open there any more, so that its
// own feeds stay whole. It says what it let go of in a fact, when it is surely
// gone. What becomes live work again is given anew by a site node.

// Let is one subject that a desk let go of.
type Let struct {
	_       struct{} `cbor:",toarray"`
	Subject fact.Subject
	At      fact.Millis // by the desk's clock
	Times   uint32      // how often it has let go of it, this time included
}

// SubjectsLetGo says that a desk holds the keys of these subjects no more. Its
// subject is the desk.
type SubjectsLetGo struct {
	Let []Let `cbor:"1,keyasint"`
}

// FactKind is kind 136.
func (SubjectsLetGo) FactKind() fact.Kind {
	return fact.Kind{Number: 136, Version: 1, Lane: fact.Looks, Name: "subjects-let-go", Join: fact.Grow}
}

// Anew is a subject that a desk let go of and needs again.
type Anew struct {
	_       struct{} `cbor:",toarray"`
	Subject fact.Subject
	Times   uint32 // how often the desk has let go of it
}

// errOldFile says why a desk whose disk failed once lets go of nothing.
var errOldFile = refusal.New(refusal.Unavailable,
	"A journal file that failed still lies in this desk's folder, with keys in it, and is never written again: this desk lets go of nothing. Give the machine back and enrol another.")

// LetGo lets go of subjects that have left this desk's live work, as far as it
// may: nothing new came about them behind the place asOf, and all that this desk
// ever wrote about them is safe at a site node. It gives those that are gone.
// When it returns they are gone from the file and from memory; from the file's
// log, and said, with SayLetGo.
func (j *Journal) LetGo(ctx context.Context, subjects []fact.Subject, asOf int64) ([]fact.Subject, error) {
	if err := j.desksOnly(); err != nil {
		return nil, err
	}
	var out []fact.Subject
	err := j.control1(ctx, func(w *writer) error {
		fresh := map[fact.Subject]workMark{}
		now := fact.At(w.clock())
		for _, s := range subjects {
			may, err := j.mayGo(w, s, asOf)
			if err != nil {
				return err
			}
			if m := j.markOf(s); may && m.Left != 0 && m.Gone == 0 {
				m.Gone, m.Times, m.Said = now, m.Times+1, 0
				fresh[s] = m
			}
		}
		if len(fresh) == 0 {
			return nil
		}
		if old, err := j.hasOldFile(w); err != nil || old {
			return cmp.Or(err, error(errOldFile))
		}
		_, err := w.transaction(func(c *sqlConn) error {
			if err := dropWraps(c, fresh); err != nil {
				return err
			}
			for _, s := range inOrder(fresh) {
				if err := writeMark(c, s, fresh[s]); err != nil {
					return err
				}
			}
			return nil
		})
		j.keyring.forget()
		if err != nil {
			return err
		}
		j.work.put(fresh)
		out = inOrder(fresh)
		j.shown(out)
		return nil
	})
	return out, err
}

// mayGo tells whether all that this desk wrote about a subject is safe at a site
// node, and nothing new is here of it.
func (j *Journal) mayGo(w *writer, s fact.Subject, asOf int64) (bool, error) {
	if s == j.papers.genesis.About || s == j.papers.card.Device || j.erased(s) {
		return false, nil
	}
	may := true
	err := w.file.write.each("SELECT feed, max(seq), max(pos) FROM facts WHERE subject=(SELECT num FROM subjects WHERE subject=?) GROUP BY feed", func(v []driverValue) error {
		b := j.branches.get(v[0].(int64))
		switch {
		case b == nil, v[2].(int64) > asOf:
			may = false
		case b.device == j.papers.card.Device && !b.part: // parts came from a site node
			may = may && j.atSites(b.feed) > uint64(v[1].(int64))
		}
		return nil
	}, s[:])
	return may, err
}

// atSites tells up to where facts of a feed are confirmed by site nodes in other
// failure domains.
func (j *Journal) atSites(feed fact.FeedID) uint64 {
	house := j.house.Load()
	var size uint64
	for holder, r := range j.receipts.of(feed) {
		if house.Devices[holder].Card.Kind == fact.SiteNode && r.domain != j.Domain() && !house.CutOff(holder) {
			size = max(size, r.size)
		}
	}
	return size
}

// hasOldFile tells whether another journal file lies in the folder.
func (j *Journal) hasOldFile(w *writer) (bool, error) {
	files, err := filepath.Glob(filepath.Join(j.o.Dir, "journal*.db*"))
	for _, f := range files {
		if base := filepath.Base(w.file.path); !strings.HasPrefix(filepath.Base(f), base) {
			return true, err
		}
	}
	return false, err
}

// dropWraps leaves nothing of the wraps of some subjects in the file: SQLite
// overwrites what it deletes (secure_delete), also where rows were moved.
func dropWraps(c *sqlConn, gone map[fact.Subject]workMark) error {
	for s := range gone {
		if err := c.exec("DELETE FROM wraps WHERE subject=?", s[:]); err != nil {
			return err
		}
	}
	return nil
}

// errLogRead says that the log can't be emptied because somebody reads.
var errLogRead = errors.New("the journal's log is being read: it is emptied the next time")

// emptyLog leaves nothing in the write-ahead log. It does not wait for readers.
func (j *Journal) emptyLog(ctx context.Context) error {
	return j.control1(ctx, func(w *writer) error {
		if old, err := j.hasOldFile(w); err != nil || old {
			return cmp.Or(err, error(errOldFile))
		}
		if j.check.busy {
			return errLogRead
		}
		busy := false
		c := w.file.write
		none := func([]driverValue) error { return nil }
		err := c.each("PRAGMA busy_timeout=100", none)
		if err == nil {
			err = c.each("PRAGMA wal_checkpoint(TRUNCATE)", func(v []driverValue) error {
				busy = v[0].(int64) != 0
				return nil
			})
		}
		if err = errors.Join(err, c.each("PRAGMA busy_timeout=5000", none)); err == nil && busy {
			err = errLogRead
		}
		return err
	})
}

// mostLet keeps one fact well below the most that a body holds.
const mostLet = 1000

// SayLetGo empties the file's log, drops half-typed forms about what this desk
// has let go of (those that had lain for idle already), and says what that is,
// if anything is not said yet. What could not be said is said the next time:
// until then the desk counts as holding it.
func (j *Journal) SayLetGo(ctx context.Context, idle time.Duration) error {
	if err := j.desksOnly(); err != nil {
		return err
	}
	number := j.hand.Load().number
	unsaid := map[fact.Subject]workMark{}
	j.work.mu.Lock()
	for s, m := range j.work.by {
		if m.Gone != 0 && m.Said != number {
			m.Said = number
			unsaid[s] = m
		}
	}
	j.work.mu.Unlock()
	if len(unsaid) == 0 {
		return nil
	}
	if err := j.emptyLog(ctx); err != nil {
		return err
	}
	if err := j.drafts.dropAbout(unsaid, idle); err != nil {
		return err
	}
	var all []Let
	for _, s := range inOrder(unsaid) {
		all = append(all, Let{Subject: s, At: unsaid[s].Gone, Times: unsaid[s].Times})
	}
	for part := range slices.Chunk(all, mostLet) {
		_, err := j.Do(ctx, fact.Author{Role: "device"}, nil, func(*Tx) ([]fact.Draft, error) {
			return []fact.Draft{fact.Say(j.papers.card.Device, SubjectsLetGo{Let: part})}, nil
		})
		if err != nil {
			return err
		}
	}
	return j.writeMarks(ctx, unsaid)
}

// Anew gives those of the subjects that this desk let go of, with how often it
// did. From then on their keys are taken in again.
func (j *Journal) Anew(_ context.Context, subjects []fact.Subject) []Anew {
	j.work.mu.Lock()
	defer j.work.mu.Unlock()
	if j.work.away == 0 {
		return nil
	}
	var out []Anew
	for _, s := range subjects {
		if m := j.work.by[s]; m.Gone != 0 {
			j.work.asked[s] = true
			out = append(out, Anew{Subject: s, Times: m.Times})
		}
	}
	return out
}

// InDrafts gives those of the subjects that somebody has a half-typed form about
// which was kept since a moment. A form that can't be opened is about nothing.
func (j *Journal) InDrafts(ctx context.Context, subjects []fact.Subject, since time.Time) ([]fact.Subject, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all, err := j.drafts.all()
	if err != nil {
		return nil, err
	}
	named := map[fact.Subject]bool{}
	for _, d := range all {
		if d.Saved.Time().After(since) {
			d.names(named)
		}
	}
	return slices.DeleteFunc(slices.Clone(subjects), func(s fact.Subject) bool { return !named[s] }), nil
}
