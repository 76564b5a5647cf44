package journal

import (
	"context"
	"errors"
	"runtime"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"holdfast/fact"
)

// run is the writer's goroutine: it takes all acts that are queued, without
// waiting for more, commits them as one and answers.
func (j *Journal) run(w *writer) {
	defer close(j.stopped)
	check := newCheckpoints(j.o)
	j.check = check
	defer func() { j.failed = errors.Join(j.failed, check.wait()) }()
	var next *act
	for {
		var first *act
		if next != nil {
			first, next = next, nil
		} else {
			select {
			case first = <-j.queue:
			case work := <-j.control:
				var err error
				if w, err = work(w); err != nil {
					w = j.controlFailed(w, check, err)
				}
				continue
			case err := <-check.done:
				w = j.checkpointDone(w, check, err)
				continue
			case <-j.closing:
				j.finish(w, check)
				return
			}
		}
		var batch []*act
		batch, next = j.collect(first)
		w = j.commitBatch(w, check, batch)
		if j.state.refused() != nil {
			continue
		}
		if err := check.consider(w.file); err != nil {
			w = j.checkpointFailed(w, check, err)
		}
	}
}

// checkpointDone copies home what was added to the log meanwhile.
func (j *Journal) checkpointDone(w *writer, check *checkpoints, err error) *writer {
	if err == nil { // after an error nothing more is written to the file
		err = check.finish(w.file)
	}
	if err == nil {
		err = j.paid(w)
	}
	check.busy = false
	if err != nil {
		return j.checkpointFailed(w, check, err)
	}
	if err := j.rememberSizes(w); err != nil {
		j.o.Log.Error("the start folder can't be written", "err", err)
	}
	return w
}

// Rest waits until the log is copied home, if that is under way: for those who
// must know that nothing is written beside them.
func (j *Journal) Rest(ctx context.Context) error {
	return j.controlWriter(ctx, func(w *writer) (*writer, error) {
		if !j.check.busy {
			return w, nil
		}
		return j.checkpointDone(w, j.check, <-j.check.done), nil
	})
}

// checkpointFailed ends the file, unless the disk was only full: then the log
// still holds everything, and saving is taken up when there is room.
func (j *Journal) checkpointFailed(w *writer, check *checkpoints, err error) *writer {
	if !isCode(err, sqlite3.SQLITE_FULL) {
		return j.failStop(w, check, err)
	}
	j.o.Log.Error("the disk is full: the log could not be copied home", "err", err)
	_ = j.state.full(j.o.Clock()) // the refusal is for those who write next
	j.reserve.release()
	return w
}

// controlFailed ends the file after a write or flush between two commits that
// failed. What only could not be done now is left to whoever asked for it.
func (j *Journal) controlFailed(w *writer, check *checkpoints, err error) *writer {
	switch {
	case isCode(err, sqlite3.SQLITE_FULL):
		return j.checkpointFailed(w, check, err)
	case fatal(err):
		return j.failStop(w, check, err)
	}
	return w
}

// fatal tells whether the file itself is at fault.
func fatal(err error) bool {
	for _, code := range []int{sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY} {
		if isCode(err, code) {
			return true
		}
	}
	return false
}

// collect takes what is queued, up to the bounds of a commit.
func (j *Journal) collect(first *act) (batch []*act, next *act) {
	runtime.Gosched() // those who are ready to hand in an act do so first
	batch = append(make([]*act, 0, 16), first)
	facts, bytes := first.size(), first.bytes
	for {
		select {
		case a := <-j.queue:
			facts, bytes = facts+a.size(), bytes+a.bytes
			if facts > mostFacts || bytes > mostBytes {
				return batch, a
			}
			batch = append(batch, a)
		default:
			return batch, nil
		}
	}
}

// commitBatch commits and answers. After a failure of the disk it goes on in
// a new file, or refuses everything.
func (j *Journal) commitBatch(w *writer, check *checkpoints, batch []*act) *writer {
	if err := j.state.refused(); err != nil {
		answerAll(batch, err)
		return w
	}
	if j.reserve.low() || !j.roomAgain() {
		looks, others := looksOf(batch)
		answerAll(others, j.state.full(j.o.Clock()))
		if len(looks) == 0 {
			return w
		}
		j.reserve.release() // nobody is kept from looking: that is written with what was held back
		batch = looks
	}
	out, doubt, err := w.commit(batch, nil)
	if err == nil {
		err := j.afterCommit(w, out)
		for i, a := range batch {
			a.answer <- out.answers[i]
		}
		if err != nil {
			return j.controlFailed(w, check, err)
		}
		return w
	}
	j.o.Log.Error("a commit failed", "doubt", doubt, "err", err)
	told := notSaved(err)
	if doubt {
		told = inDoubt(err)
	}
	switch {
	case isCode(err, sqlite3.SQLITE_FULL):
		full := j.state.full(j.o.Clock())
		j.reserve.release()
		if !doubt {
			told = full
		}
		answerAll(batch, told)
	case !doubt && (isCode(err, sqlite3.SQLITE_BUSY) || isCode(err, sqlite3.SQLITE_LOCKED)):
		answerAll(batch, told)
	default:
		answerAll(batch, told)
		return j.failStop(w, check, err)
	}
	return w
}

// looksOf parts the acts that only say who looked at what from all others.
func looksOf(batch []*act) (looks, others []*act) {
	for _, a := range batch {
		only := a.arriving == nil && len(a.facts) > 0
		for _, f := range a.facts {
			only = only && f.header.Lane == fact.Looks
		}
		if only {
			looks = append(looks, a)
		} else {
			others = append(others, a)
		}
	}
	return looks, others
}

func answerAll(batch []*act, err error) {
	for _, a := range batch {
		a.answer <- answer{err: err}
	}
}

// roomAgain tells whether there is room, and takes up saving when a full disk
// has room again.
func (j *Journal) roomAgain() bool {
	if !j.state.isFull() {
		return true
	}
	if !j.reserve.restore() {
		return false
	}
	j.state.resumed(j.o.Clock(), "")
	return true
}

// finish answers what is still queued and leaves the file tidy.
func (j *Journal) finish(w *writer, check *checkpoints) {
	for {
		select {
		case a := <-j.queue:
			batch, next := j.collect(a)
			w = j.commitBatch(w, check, batch)
			if next != nil {
				w = j.commitBatch(w, check, []*act{next})
			}
		default:
			if j.state.refused() == nil {
				waited := check.wait()
				_, _, err := checkpoint(w.file.write, "TRUNCATE")
				j.failed = errors.Join(j.failed, waited, err, j.rememberSizes(w))
			}
			return
		}
	}
}

// rememberSizes notes outside the backups how far the feeds have come.
func (j *Journal) rememberSizes(w *writer) error {
	note, err := readStart(j.o.Dir)
	if err != nil {
		return err
	}
	note.Feeds = w.feeds()
	return writeStart(j.o.Dir, j.o.Store, note)
}

// Close answers what is queued, flushes and lets go of the folder.
func (j *Journal) Close() error {
	j.closed.Do(func() {
		close(j.closing)
		<-j.stopped
		j.state.close()
		j.failed = errors.Join(j.failed, j.views.close(), j.closeFiles(), j.held.release())
	})
	return j.failed
}

// isCode tells whether an error carries this primary SQLite result code.
func isCode(err error, code int) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == code
}

func isNoTransaction(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no transaction is active")
}

// Watch has saw called after each commit, when the views have taken it in. It
// is called from one goroutine, in order, and must not block.
func (j *Journal) Watch(saw func(committed []fact.Fact)) (stop func()) { return j.views.watch(saw) }
