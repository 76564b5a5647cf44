package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// journalFile is a journal file found in a folder. Files are never reused:
// when one fails, the next is journal-2.db, and so on.
type journalFile struct {
	path   string
	number int
	failed bool // a write or flush failed: it is only read any more
}

func filePath(dir string, number int) string {
	if number == 1 {
		return filepath.Join(dir, firstFile)
	}
	return filepath.Join(dir, fmt.Sprintf("journal-%d.db", number))
}

// currentFile finds the file that holds the journal now: the newest.
func currentFile(dir string) (journalFile, error) {
	current := journalFile{path: filePath(dir, 1), number: 1}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return journalFile{}, err
	}
	for _, e := range entries {
		middle, ok := strings.CutPrefix(e.Name(), "journal-")
		middle, ok2 := strings.CutSuffix(middle, ".db")
		if n, err := strconv.Atoi(middle); ok && ok2 && err == nil && n > current.number {
			current = journalFile{path: filepath.Join(dir, e.Name()), number: n}
		}
	}
	_, err = os.Stat(current.path + ".failed")
	current.failed = err == nil
	return current, nil
}

// failStop ends a file after a failed write or flush. All that was saved is
// copied to a new file and verified there, and a new incarnation begins; if
// that fails too, nothing is saved here any more, while reading goes on.
func (j *Journal) failStop(w *writer, check *checkpoints, cause error) *writer {
	now := j.o.Clock()
	told := j.state.leaving(now)
	j.o.Log.Error("the journal file failed and is not written any more", "file", filepath.Base(w.file.path), "err", errors.Join(cause, check.wait()))
	if err := j.o.Store.Create(w.file.path+".failed", []byte(now.UTC().String()+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
		j.o.Log.Error("could not mark the failed file", "err", err)
	}
	stop := make(chan struct{})
	refusing := make(chan struct{})
	go func() { // whoever comes meanwhile is told at once
		defer close(refusing)
		for {
			select {
			case a := <-j.queue:
				a.answer <- answer{err: told}
			case <-stop:
				return
			}
		}
	}()
	next, err := j.moveHouse(w, "disk error")
	close(stop)
	<-refusing
	if err != nil {
		_ = j.state.broken(now)
		j.o.Log.Error("no new journal file could be made: nothing can be saved here", "err", err)
		return w
	}
	j.settle(next)
	if err := j.afterCommit(next, outcome{placed: next.first}); err != nil {
		j.o.Log.Error("what follows from the new incarnation could not be written", "err", err)
	}
	j.state.resumed(now, fmt.Sprintf("A disk error happened at %s. Everything saved was moved to a new file. Have this machine's disk looked at.", now.Format("15:04")))
	j.o.Log.Warn("the journal goes on in a new file", "file", filepath.Base(next.file.path), "incarnation", next.hand.number)
	return next
}

// moveHouse copies a journal to a new file, verifies it there and begins a new
// incarnation in it. The old file stays open, because closing the last
// connection to it would write it once more.
func (j *Journal) moveHouse(w *writer, why string) (*writer, error) {
	current, err := currentFile(j.o.Dir)
	if err != nil {
		return nil, err
	}
	path := filePath(j.o.Dir, current.number+1)
	part := path + ".part"
	for _, leftover := range []string{part, part + "-wal", part + "-shm"} {
		if err := removeIfThere(leftover); err != nil {
			return nil, err
		}
	}
	if err := j.copyFile(w, part); err != nil {
		return nil, err
	}
	if err := os.Rename(part, path); err != nil {
		return nil, err
	}
	if err := j.o.Store.SyncFolder(j.o.Dir); err != nil {
		return nil, err
	}
	file, err := openExisting(path, j.o.Store)
	if err != nil {
		return nil, err
	}
	next := *w
	next.file = file
	fresh, err := j.reincarnate(&next, why)
	if err != nil {
		return nil, errors.Join(err, file.close())
	}
	j.old = append(j.old, w.file)
	return fresh, nil
}

// copyFile copies table by table and checks every fact in the copy.
func (j *Journal) copyFile(w *writer, part string) error {
	to, err := createFile(part, j.o.Store)
	if err != nil {
		return err
	}
	err = w.file.read(func(from *sqlConn) error { return copyTables(from, to.write) })
	if err == nil {
		err = j.checkCopy(w, to)
	}
	if err == nil {
		var frames, copied int64
		if frames, copied, err = checkpoint(to.write, "TRUNCATE"); err == nil && copied < frames {
			err = errors.New("the new file's log could not be copied home")
		}
	}
	return errors.Join(err, to.close(), removeIfThere(part+"-wal"), removeIfThere(part+"-shm"))
}

func copyTables(from, to *sqlConn) error {
	for _, t := range []struct{ name, columns, marks string }{
		{"meta", "name, value", "?, ?"},
		{"papers", "hash, sort, signed", "?, ?, ?"},
		{"feeds", "num, feed, branch, parent, base, part, lane, paper", "?, ?, ?, ?, ?, ?, ?, ?"},
		{"subjects", "num, subject", "?, ?"},
		{"facts", "pos, feed, seq, id, subject, header, body", "?, ?, ?, ?, ?, ?, ?"},
		{"heads", "feed, size, head, at", "?, ?, ?, ?"},
		{"tree", "feed, first, hashes", "?, ?, ?"},
		{"wraps", "subject, kid, wrapper, wrap", "?, ?, ?, ?"},
		{"attachments", "hash, sealed", "?, ?"},
		{"proofs", "id, head, hashes", "?, ?, ?"},
		{"waiting", "what, sort, feed, seq", "?, ?, ?, ?"},
		{"receipts", "feed, holder, size, minute, receipt", "?, ?, ?, ?, ?"},
	} {
		if err := to.exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		insert := "INSERT OR REPLACE INTO " + t.name + "(" + t.columns + ") VALUES(" + t.marks + ")"
		err := from.each("SELECT "+t.columns+" FROM "+t.name, func(v []driverValue) error { return to.exec(insert, v...) })
		if err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
		if err := to.exec("COMMIT"); err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
	}
	return nil
}

// checkCopy verifies a copy as Verify does and that it ends where the writer
// had got to. Damage that the old file already had is carried along, and said.
func (j *Journal) checkCopy(w *writer, to *dbFile) error {
	last, err := to.write.oneInt("SELECT max(pos) FROM facts")
	if err != nil {
		return err
	}
	if last < w.pos {
		return fmt.Errorf("the copy ends at fact %d and %d were saved", last, w.pos)
	}
	report := inspect(to.write, &openers{epochs: j.epochs.Load().all, desk: j.desk.secrets, device: j.Device().Public()})
	for _, l := range report.Failures {
		j.o.Log.Error("damage was found while moving to a new file", "place", l.Place, "what", l.What)
	}
	return nil
}
