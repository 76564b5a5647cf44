package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"syscall"
)

// file is one file, whatever its name, with what was done to it and may not
// last. It is held open so that its number is not given to another.
type file struct {
	held    *os.File
	changes []change
	fresh   bool // a log of SQLite's, made now: its first flush flushes the folder too
}

// change is one write, or one truncation, with what stood there before.
type change struct {
	at      int64
	before  []byte // what was overwritten or cut off
	after   []byte // what was written; nil: the file was cut at this place
	size    int64  // of the file before
	lasting bool   // flushed
	doomed  bool   // its flush failed: no later flush makes it last
}

// hold finds or opens the file of this name.
func (d *Disk) hold(path string) (*file, error) {
	held, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	number, err := inodeOf(held)
	if known := d.files[number]; err != nil || known != nil {
		return known, errors.Join(err, held.Close())
	}
	f := &file{held: held}
	d.files[number] = f
	return f, nil
}

func inodeOf(f *os.File) (uint64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return inode(info)
}

func inode(info fs.FileInfo) (uint64, error) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("%s has no inode", info.Name())
	}
	return s.Ino, nil
}

// writes notes a write before it is done.
func (f *file) writes(at int64, data []byte) error {
	return f.notes(change{at: at, after: append([]byte(nil), data...)}, int64(len(data)))
}

// cuts notes a truncation before it is done.
func (f *file) cuts(at int64) error { return f.notes(change{at: at}, 1<<62) }

func (f *file) notes(c change, long int64) error {
	info, err := f.held.Stat()
	if err != nil {
		return err
	}
	c.size = info.Size()
	if n := min(long, c.size-c.at); n > 0 {
		c.before = make([]byte, n)
		if _, err := f.held.ReadAt(c.before, c.at); err != nil {
			return err
		}
	}
	f.changes = append(f.changes, c)
	return nil
}

// flushed makes lasting what was written, but for what an earlier flush failed
// to.
func (f *file) flushed() {
	behind := 0
	for i := range f.changes {
		f.changes[i].lasting = !f.changes[i].doomed
		if behind == i && f.changes[i].lasting {
			behind++
		}
	}
	f.changes = f.changes[behind:]
	if len(f.changes) == 0 {
		f.changes = nil
	}
}

// flushFailed dooms what was not flushed yet.
func (f *file) flushFailed() {
	for i := range f.changes {
		f.changes[i].doomed = f.changes[i].doomed || !f.changes[i].lasting
	}
}

// left gives the bytes that a power cut would leave.
func (f *file) left(loss Loss, random *rand.Rand) ([]byte, error) {
	b, err := f.whole()
	if err != nil || len(f.changes) == 0 || loss == Nothing {
		return b, err
	}
	for i := len(f.changes) - 1; i >= 0; i-- {
		b = f.changes[i].undone(b)
	}
	keep := keeping(loss, random, len(f.changes))
	for i, c := range f.changes {
		switch {
		case c.lasting:
			b = c.done(b, len(c.after))
		case c.doomed && loss == Unflushed, keep[i] == lost:
		case keep[i] == torn && len(c.after) > 0:
			b = c.done(b, random.IntN(len(c.after)))
		default:
			b = c.done(b, len(c.after))
		}
	}
	return b, nil
}

func (f *file) whole() ([]byte, error) {
	info, err := f.held.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, info.Size())
	_, err = io.ReadFull(io.NewSectionReader(f.held, 0, info.Size()), b)
	return b, err
}

func (c change) undone(b []byte) []byte {
	b = resized(b, c.size)
	copy(b[min(c.at, int64(len(b))):], c.before)
	return b
}

// done does the first n bytes of a change.
func (c change) done(b []byte, n int) []byte {
	if c.after == nil {
		return resized(b, c.at)
	}
	if end := c.at + int64(n); n > 0 && end > int64(len(b)) {
		b = resized(b, end)
	}
	copy(b[min(c.at, int64(len(b))):], c.after[:n])
	return b
}

func resized(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}
