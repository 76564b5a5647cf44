package journal

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// work is what a desk remembers of its live work, present and past. It stands in
// the file; this is the copy in memory.
type work struct {
	mu    sync.Mutex
	by    map[fact.Subject]workMark
	asked map[fact.Subject]bool // let go of, and asked for again
	away  int                   // how many are let go of
}

// workMark is how one subject stands.
type workMark struct {
	_     struct{}    `cbor:",toarray"`
	Left  fact.Millis // when it was first seen to have left the live work; 0: it is live work
	Gone  fact.Millis // when it was let go of; 0: its keys are here
	Times uint32      // how often it was let go of
	Said  uint32      // the incarnation in which that was said; 0: not yet
}

// gone gives the mark of a subject that was let go of.
func (k *work) gone(s fact.Subject) (workMark, bool) {
	if k == nil {
		return workMark{}, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.away == 0 {
		return workMark{}, false
	}
	m := k.by[s]
	return m, m.Gone != 0
}

// none tells whether nothing was let go of.
func (k *work) none() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.away == 0
}

// put takes marks in that stand in the file now.
func (k *work) put(all map[fact.Subject]workMark) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for s, m := range all {
		if k.by[s].Gone != 0 {
			k.away--
		}
		if m.Gone != 0 {
			k.away++
		} else {
			delete(k.asked, s)
		}
		k.by[s] = m
	}
}

// mayTakeBack tells whether a key of this subject may be kept here: it is not
// let go of, or was asked for again.
func (k *work) mayTakeBack(s fact.Subject) bool {
	_, gone := k.gone(s)
	k.mu.Lock()
	defer k.mu.Unlock()
	return !gone || k.asked[s]
}

// away tells whether a subject was let go of here.
func (j *Journal) away(s fact.Subject) bool {
	_, gone := j.work.gone(s)
	return gone
}

// shut tells whether a subject's keys are not here on purpose: destroyed
// everywhere, or let go of on this desk.
func (j *Journal) shut(s fact.Subject) bool { return j.erased(s) || j.away(s) }

const workPrefix = "work "

func writeMark(c *sqlConn, s fact.Subject, m workMark) error {
	b, err := fact.Encode(m)
	if err != nil {
		return err
	}
	return c.exec("INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)", workPrefix+s.String(), b)
}

func readMarks(c *sqlConn) (map[fact.Subject]workMark, error) {
	out := map[fact.Subject]workMark{}
	err := c.each("SELECT name, value FROM meta WHERE name>=? AND name<?", func(v []driverValue) error {
		s, err := hex.DecodeString(strings.TrimPrefix(v[0].(string), workPrefix))
		var m workMark
		if err == nil && len(s) == len(fact.Subject{}) {
			err = fact.Decode(v[1].([]byte), &m)
		}
		if err != nil {
			return fmt.Errorf("what is noted of this desk's work: %w", err)
		}
		out[fact.Subject(s)] = m
		return nil
	}, workPrefix, workPrefix+"g")
	return out, err
}

// loadWork reads the marks of a file that becomes the present one. Where a
// commit was in doubt the file says what became of it.
func (j *Journal) loadWork(f *dbFile) {
	if j.epoch != nil {
		return
	}
	var marks map[fact.Subject]workMark
	err := f.read(func(c *sqlConn) (err error) {
		marks, err = readMarks(c)
		return err
	})
	if err != nil {
		j.o.Log.Error("what this desk has let go of can't be read", "err", err)
		return
	}
	j.work.mu.Lock()
	was := j.work.by
	j.work.by, j.work.away, j.work.asked = marks, 0, map[fact.Subject]bool{}
	var moved []fact.Subject
	for s, m := range marks {
		if m.Gone != 0 {
			j.work.away++
		}
		if was != nil && m.Gone != was[s].Gone {
			moved = append(moved, s)
		}
	}
	j.work.mu.Unlock()
	j.shown(moved)
}

// shown has memory and views follow what was let go of or came back.
func (j *Journal) shown(subjects []fact.Subject) {
	for _, s := range subjects {
		if j.away(s) {
			j.subjects.forget(s)
		}
		j.cache.forget(s)
	}
	j.views.again(subjects)
}

// LetGoAt tells when this desk let go of a subject; false when it has not.
func (j *Journal) LetGoAt(s fact.Subject) (time.Time, bool) {
	m, gone := j.work.gone(s)
	return m.Gone.Time(), gone
}

// NoteWork notes which subjects are a desk's live work now, and which of those
// that it knows of are not. It returns when that is flushed, and writes nothing
// when nothing is new. What is not named stays as it was noted, except that
// what was live work and is not named any more has left.
func (j *Journal) NoteWork(ctx context.Context, live, past []fact.Subject) error {
	if err := j.desksOnly(); err != nil {
		return err
	}
	now := fact.At(j.o.Clock())
	is := make(map[fact.Subject]bool, len(live))
	for _, s := range live {
		is[s] = true
	}
	fresh := map[fact.Subject]workMark{}
	j.work.mu.Lock()
	for _, s := range live {
		if m, known := j.work.by[s]; m.Gone == 0 && (!known || m.Left != 0) {
			m.Left = 0
			fresh[s] = m
		}
	}
	for _, s := range past {
		if _, known := j.work.by[s]; !known && !is[s] {
			fresh[s] = workMark{Left: now}
		}
	}
	for s, m := range j.work.by {
		if !is[s] && m.Gone == 0 && (m.Left == 0 || m.Left > now) { // a clock that was ahead is not believed for ever
			m.Left = now
			fresh[s] = m
		}
	}
	j.work.mu.Unlock()
	return j.writeMarks(ctx, fresh)
}

func (j *Journal) desksOnly() error {
	if j.epoch != nil {
		return refusal.New(refusal.Forbidden, "A site node holds the whole record: it lets go of nothing.")
	}
	return nil
}

func (j *Journal) writeMarks(ctx context.Context, fresh map[fact.Subject]workMark) error {
	if len(fresh) == 0 {
		return nil
	}
	return j.control1(ctx, func(w *writer) error {
		j.work.mu.Lock()
		for s := range fresh {
			if j.work.by[s].Gone != fresh[s].Gone {
				delete(fresh, s) // it was let go of meanwhile, or came back
			}
		}
		j.work.mu.Unlock()
		_, err := w.transaction(func(c *sqlConn) error {
			for _, s := range inOrder(fresh) {
				if err := writeMark(c, s, fresh[s]); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			j.work.put(fresh)
		}
		return err
	})
}

func inOrder[T any](all map[fact.Subject]T) []fact.Subject {
	return slices.SortedFunc(maps.Keys(all), func(a, b fact.Subject) int { return bytes.Compare(a[:], b[:]) })
}

// Left is a subject that has left a desk's live work and is still held.
type Left struct {
	Subject fact.Subject
	Since   fact.Millis // when the desk first saw that, by its own clock
}

// PastWork lists what has left this desk's live work and is still held, what
// left first standing first.
func (j *Journal) PastWork() []Left {
	j.work.mu.Lock()
	defer j.work.mu.Unlock()
	var out []Left
	for s, m := range j.work.by {
		if m.Left != 0 && m.Gone == 0 {
			out = append(out, Left{s, m.Left})
		}
	}
	slices.SortFunc(out, func(a, b Left) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), bytes.Compare(a.Subject[:], b.Subject[:]))
	})
	return out
}

// Keeping is how long a desk keeps what has left its live work.
type Keeping struct {
	For  time.Duration
	Most int // subjects kept so at most, those that left last; 0: no limit
}

// Due gives those that a desk keeps no longer. past stands in the order in which
// it left.
func (k Keeping) Due(past []Left, now time.Time) []fact.Subject {
	over := 0
	if k.Most > 0 {
		over = len(past) - k.Most
	}
	var out []fact.Subject
	for i, l := range past {
		if i < over || now.Sub(l.Since.Time()) >= k.For {
			out = append(out, l.Subject)
		}
	}
	return out
}

func (j *Journal) markOf(s fact.Subject) workMark {
	j.work.mu.Lock()
	defer j.work.mu.Unlock()
	return j.work.by[s]
}
