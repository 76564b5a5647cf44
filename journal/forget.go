package journal

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Forgetter is a view that can let go of subjects whose keys are destroyed.
// Views without it are built anew then.
type Forgetter interface {
	// Forget leaves nothing of what the subjects said in the view's tables.
	Forget(tx *sql.Tx, subjects []fact.Subject) error
}

// Buried tells whether nothing of an erased subject is left on this device:
// its keys, what lists said of it, and forms half-typed about it.
func (j *Journal) Buried(s fact.Subject) bool {
	j.views.mu.Lock()
	defer j.views.mu.Unlock()
	return j.erased(s) && j.views.forgotten[s]
}

// letGoRefusal says what became of what a desk let go of.
func letGoRefusal(at time.Time) error {
	return refusal.Newf(refusal.Missing, "This left the work of this machine, which let go of it on %s. Open it at a site node; it comes back here when there is work on it again.", at.Format("2 January 2006"))
}

// Gone says that a subject is erased, when and under which rule, or that this
// desk let go of it; for any other subject it gives the error it is given.
func (j *Journal) Gone(s fact.Subject, otherwise error) error {
	t, ok := j.House().Erased[s]
	if at, gone := j.LetGoAt(s); gone && !ok {
		return letGoRefusal(at)
	}
	if !ok {
		return otherwise
	}
	return refusal.Newf(refusal.Missing, "Erased on %s under %q. Nobody can read it any more.", t.At.Time().Format("2 January 2006"), t.Says.Why)
}

// forget has every view let go of erased subjects.
func (v *views) forget(tx *sql.Tx, gone []fact.Subject) error {
	for _, view := range v.list {
		f, ok := view.(Forgetter)
		if !ok {
			return fmt.Errorf("%s can't let go of erased subjects", view.Name())
		}
		if err := f.Forget(tx, gone); err != nil {
			return fmt.Errorf("%s: %w", view.Name(), err)
		}
	}
	return nil
}

// scrub leaves nothing of erased subjects in the write-ahead log of the views,
// nor in half-typed forms. While somebody reads the old state it is tried again.
func (v *views) scrub(gone []fact.Subject) {
	gone = slices.DeleteFunc(slices.Clone(gone), func(s fact.Subject) bool { return !v.j.erased(s) }) // not what a desk let go of: its views lie in memory
	if len(gone) == 0 {
		return
	}
	err := v.emptyLog()
	if err == nil {
		err = v.j.drafts.forget(gone)
	}
	if err != nil {
		v.j.o.Log.Warn("what was erased is not gone from this device yet: tried again", "err", err)
		time.AfterFunc(time.Second, func() { v.again(gone) })
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range gone {
		v.forgotten[s] = true
	}
}

func (v *views) emptyLog() error {
	if v.writing == nil {
		return errors.New("the views' file is not open")
	}
	var busy, frames, moved int
	if err := v.writing.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
		return err
	}
	return errIf(busy != 0, "the views are being read")
}

// forget drops every half-typed form about any of these subjects, by the name
// that the form was kept under. One that can't be opened is dropped as well:
// nobody can say what it is about.
func (d *drafts) forget(gone []fact.Subject) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(d.dir, e.Name())
		key, ok := d.keyOf(path)
		if ok && !mentions(key, gone) {
			continue
		}
		if err := removeIfThere(path); err != nil {
			return err
		}
		d.count--
	}
	return nil
}

func mentions(key string, subjects []fact.Subject) bool {
	for _, s := range subjects {
		if strings.Contains(key, s.String()) {
			return true
		}
	}
	return false
}
