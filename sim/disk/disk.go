// Package disk is a disk that fails when it is told to. Files really lie in a
// folder and a real SQLite writes them; the disk keeps beside them what has
// not been flushed yet, so that it can tell what would be left if the power
// went at any moment.
//
// Its law: it is never kinder than a real disk. What was not flushed may be
// lost in part, in any order, and torn at any byte; a name in a folder lasts
// only once the folder was flushed; a flush that failed leaves what it should
// have flushed lost for good, however often it is asked again.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// ErrFault is what writes beside SQLite's give when they are made to fail.
var ErrFault = errors.New("the disk failed")

// How a write or flush fails.
type How uint8

// The ways to fail.
const (
	NotDone      How = 1 // it says that it failed, and nothing was done
	DoneAndError How = 2 // it was done and says that it failed
	NoRoom       How = 3 // the disk is full
)

// Fault says which write or flush fails.
type Fault struct {
	At     int // the first that fails, counted from now on; 0: none
	How    How
	Sticky bool // all after it fail too
	Files  bool // writes beside SQLite's count from the start, not only after the first failure
}

// Cut is the power going at one write or flush.
type Cut struct {
	At   int    // counted from now on
	To   string // folder, not there yet, in which what is left is put
	Loss Loss   // how much is lost
}

// Disk is one folder on a faulty disk, for one life of the journal in it: a
// journal.Store.
type Disk struct {
	dir string
	vfs *vfs

	mu    sync.Mutex
	fault Fault
	steps int // writes and flushes since the fault was set
	fired int
	cut   *Cut
	until int // writes and flushes to the cut
	gone  bool
	bad   error // the disk itself could not do its work
	full  bool
	lies  bool                        // flushes of SQLite do nothing
	files map[uint64]*file            // by inode
	lasts map[string]map[string]entry // by folder: the names that would outlast a power cut
}

// entry is one name in a folder.
type entry struct {
	inode  uint64
	folder bool
}

// New puts a disk under a folder that is there, all of it flushed.
func New(dir string) (*Disk, error) {
	d := &Disk{dir: dir, files: map[uint64]*file{}, lasts: map[string]map[string]entry{}}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		return d.flushNames(path)
	})
	if err == nil {
		d.vfs, err = register(d)
	}
	if err != nil {
		return nil, errors.Join(err, d.letGo())
	}
	return d, nil
}

// Close lets go of the disk; journals on it must be closed. The error tells
// whether it has ever failed in another way than it was told to.
func (d *Disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if open := d.vfs.unregister(); open > 0 {
		d.bad = errors.Join(d.bad, fmt.Errorf("%d files are still open", open))
	}
	return errors.Join(d.bad, d.letGo())
}

func (d *Disk) letGo() error {
	var err error
	for _, f := range d.files {
		err = errors.Join(err, f.held.Close())
	}
	d.files = nil
	return err
}

// Dir is the folder.
func (d *Disk) Dir() string { return d.dir }

// Arm makes a later write or flush fail and begins to count anew.
func (d *Disk) Arm(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.steps, d.fired = f, 0, 0
}

// Disarm ends the failing; it tells how many writes and flushes there were
// since Arm and how many of them failed.
func (d *Disk) Disarm() (steps, fired int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = Fault{}
	return d.steps, d.fired
}

// Fired tells how many writes and flushes have failed since Arm.
func (d *Disk) Fired() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fired
}

// Fill makes the disk full, or gives room again.
func (d *Disk) Fill(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

// Lie makes every flush of SQLite's say that it is done and do nothing, as the
// worst of disks do. Nothing can be promised on such a disk: it shows whether
// somebody looks.
func (d *Disk) Lie() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lies = true
}

// CutAt has the power go at a later write or flush: what is left is put in
// another folder at that moment. What the journal does on this disk after it
// happens to nobody.
func (d *Disk) CutAt(c Cut) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut, d.until = &c, c.At
}

// Spare takes back a cut that has not come yet.
func (d *Disk) Spare() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut = nil
}

// Gone tells whether the power went.
func (d *Disk) Gone() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gone
}

// Image puts what would be left, if the power went now, in another folder.
func (d *Disk) Image(to string, loss Loss) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.image(to, loss)
}

// step does one write or flush under the faults that are set. flush says that
// it makes lasting what was written before.
func (d *Disk) step(flush, beside bool, do func() error, failed func()) (fails bool, how How, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fails = d.counts(beside)
	how = d.fault.How
	last := d.cut != nil && d.until <= 1
	if d.cut != nil {
		d.until--
	}
	if last && flush {
		d.power()
	}
	if !fails || how == DoneAndError {
		err = do()
	} else if failed != nil {
		failed()
	}
	if last && !flush {
		d.power()
	}
	return fails, how, err
}

func (d *Disk) counts(beside bool) bool {
	if beside && !d.fault.Files && d.fired == 0 {
		return false
	}
	d.steps++
	f := d.fault
	if f.At == 0 || d.steps < f.At || (d.steps > f.At && !f.Sticky) {
		return false
	}
	d.fired++
	return true
}

// power goes.
func (d *Disk) power() {
	c := d.cut
	d.cut, d.gone = nil, true
	d.bad = errors.Join(d.bad, d.image(c.To, c.Loss))
}

// VFS names this disk to SQLite.
func (d *Disk) VFS() string { return d.vfs.name }

// Free tells of plenty, or of nothing when the disk is full.
func (d *Disk) Free(string) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return 0, nil
	}
	return 1 << 40, nil
}

// Create writes a new file and refuses one that exists.
func (d *Disk) Create(path string, data []byte) error {
	if err := d.write(path, data, os.O_CREATE|os.O_EXCL|os.O_WRONLY); err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(path))
}

// Replace writes a file whole or leaves the old one.
func (d *Disk) Replace(path string, data []byte) error {
	beside := path + ".new"
	if err := d.write(beside, data, os.O_CREATE|os.O_TRUNC|os.O_WRONLY); err != nil {
		return err
	}
	err := d.beside(false, func() error { return os.Rename(beside, path) })
	if err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(path))
}

// write writes a small file and flushes it, in two steps.
func (d *Disk) write(path string, data []byte, flags int) error {
	var f *file
	err := d.beside(false, func() error {
		if d.full {
			return syscall.ENOSPC
		}
		if flags&os.O_TRUNC != 0 { // begun anew, so that what was flushed before stays what it was
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		out, err := os.OpenFile(path, flags, 0o600)
		if err != nil {
			return err
		}
		_, err = out.Write(data)
		if err = errors.Join(err, out.Close()); err != nil {
			return err
		}
		if f, err = d.hold(path); err == nil {
			f.changes = append(f.changes, change{after: data})
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.beside(true, func() error { f.flushed(); return nil })
}

// SyncFolder flushes a folder's list of names.
func (d *Disk) SyncFolder(path string) error {
	return d.beside(true, func() error { return d.flushNames(path) })
}

func (d *Disk) beside(flush bool, do func() error) error {
	fails, _, err := d.step(flush, true, do, nil)
	if fails {
		return ErrFault
	}
	return err
}
