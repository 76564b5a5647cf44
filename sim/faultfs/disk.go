// Package faultfs is a disk that fails when told to, under a real process: a
// FUSE file system over a folder. It writes down every write, flush, rename
// and change of a folder in the order in which they came, so that the folder
// can be made again as a power cut after any of them would have left it.
//
// Its law: what it reports as flushed is what the process flushed and nothing
// else; without FUSE it refuses, it never pretends.
package faultfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	gofs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"holdfast/fact/refusal"
)

// Act is what a process did to the disk.
type Act string

// The acts that can be failed, and after each of which the power may fail.
const (
	Write      Act = "write"
	Resize     Act = "resize"
	Flush      Act = "flush"
	FlushNames Act = "flush-names" // of a folder
	Create     Act = "create"
	Rename     Act = "rename"
	Remove     Act = "remove"
	MakeFolder Act = "make-folder"
)

// Step is one act, in its place in the order of all.
type Step struct {
	Act    Act
	Path   string // below the mount
	To     string // of a rename
	File   uint64 // the same for one file under all its names
	Offset int64
	Data   []byte
	Size   int64 // of a resize
	Failed bool  // the process was told that it failed
}

// Fault is how a step fails.
type Fault struct {
	Errno syscall.Errno
	Done  bool // done all the same, and said to have failed
	Keep  int  // of a write that is not done: this many bytes reach the disk
}

// Options say what is mounted where.
type Options struct {
	Backing string // the folder that holds the bytes
	Mount   string // where the process finds it
	Record  bool   // keep every step
	// Fault looks at each step before it is done; nil, or an Errno of 0, lets
	// it pass. It is called in order, one step at a time.
	Fault func(n int, s Step) Fault
}

// mostRecorded bounds the bytes kept of all steps.
const mostRecorded = 1 << 30

// Disk is a mounted faulty disk.
type Disk struct {
	o      Options
	server *fuse.Server
	base   map[string]original

	mu       sync.Mutex
	count    int
	steps    []Step
	recorded int64
	capacity int64 // 0: what the backing disk has
	used     int64
	overrun  bool // more was written than may be recorded
}

// original is a file or folder as it lay flushed before the mount.
type original struct {
	folder bool
	file   uint64
	data   []byte
}

// Mount puts the disk over the backing folder. What lies there counts as
// flushed.
func Mount(o Options) (*Disk, error) {
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return nil, noFUSE(err)
	}
	d := &Disk{o: o}
	var err error
	if d.base, d.used, err = readFolder(o.Backing, o.Record); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Mount, 0o700); err != nil {
		return nil, err
	}
	root := &gofs.LoopbackRoot{Path: o.Backing}
	root.NewNode = func(r *gofs.LoopbackRoot, _ *gofs.Inode, _ string, _ *syscall.Stat_t) gofs.InodeEmbedder {
		return &node{LoopbackNode: gofs.LoopbackNode{RootData: r}, disk: d}
	}
	top := &node{LoopbackNode: gofs.LoopbackNode{RootData: root}, disk: d}
	root.RootNode = top
	forever := time.Hour // nobody changes the backing folder meanwhile
	d.server, err = gofs.Mount(o.Mount, top, &gofs.Options{
		AttrTimeout: &forever, EntryTimeout: &forever,
		MountOptions: fuse.MountOptions{
			FsName: "holdfast-drill", Name: "faulty", DisableXAttrs: true, MaxWrite: 1 << 20, DirectMount: os.Geteuid() == 0,
		},
	})
	if err != nil {
		return nil, noFUSE(err)
	}
	return d, nil
}

func noFUSE(err error) error {
	return refusal.New(refusal.Unavailable, "Disk faults need FUSE: install the package fuse3, let this user open /dev/fuse, and run the drill again.").Because(err)
}

// Unmount takes the disk away. Processes that still hold files on it must have
// ended.
func (d *Disk) Unmount() error {
	err := d.server.Unmount()
	for tries := 0; err != nil && tries < 20; tries++ { // a killed process lets go a moment later
		time.Sleep(50 * time.Millisecond)
		err = d.server.Unmount()
	}
	if err != nil {
		err = errors.Join(err, syscall.Unmount(d.o.Mount, syscall.MNT_DETACH))
	}
	return err
}

// Count tells how many steps there have been.
func (d *Disk) Count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// Limit sets how many bytes the disk holds; 0 lifts the limit.
func (d *Disk) Limit(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = bytes
}

// Used tells how many bytes all files hold.
func (d *Disk) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used
}

// Recording gives what was recorded so far, to be replayed.
func (d *Disk) Recording() (*Replay, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.o.Record {
		return nil, errors.New("this disk was mounted without recording")
	}
	if d.overrun {
		return nil, fmt.Errorf("more than %d bytes were written: too many to record", int64(mostRecorded))
	}
	return newReplay(d.base, append([]Step(nil), d.steps...)), nil
}

// do takes one step: it asks for a fault, acts, and records. grow is by how
// many bytes the step makes the files larger.
func (d *Disk) do(s *Step, grow int64, act func() error, part func(keep int)) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.count
	d.count++
	var f Fault
	if d.o.Fault != nil {
		f = d.o.Fault(n, *s)
	}
	if f.Errno == 0 && grow > 0 && d.capacity > 0 && d.used+grow > d.capacity {
		f = Fault{Errno: syscall.ENOSPC}
	}
	if f.Errno != 0 && !f.Done {
		if f.Keep > 0 && part != nil {
			keep := min(f.Keep, len(s.Data))
			part(keep)
			d.record(Step{Act: Write, Path: s.Path, File: s.File, Offset: s.Offset, Data: s.Data[:keep], Failed: true})
		} else if s.Act == Flush {
			s.Failed = true
			d.record(*s)
		}
		return f.Errno
	}
	if err := act(); err != nil {
		return gofs.ToErrno(err)
	}
	d.used += grow
	d.record(*s)
	return f.Errno
}

func (d *Disk) record(s Step) {
	if !d.o.Record || d.overrun {
		return
	}
	if d.recorded += int64(len(s.Data)); d.recorded > mostRecorded {
		d.overrun = true
		return
	}
	s.Data = append([]byte(nil), s.Data...)
	d.steps = append(d.steps, s)
}

func (d *Disk) free(have uint64, blockSize uint64) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.capacity == 0 {
		return have
	}
	return uint64(max(d.capacity-d.used, 0)) / blockSize
}

// readFolder reads what lies flushed in a folder.
func readFolder(dir string, whole bool) (map[string]original, int64, error) {
	all := map[string]original{}
	var used int64
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name == "." {
			return err
		}
		if e.IsDir() {
			all[name] = original{folder: true}
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		used += info.Size()
		one := original{file: info.Sys().(*syscall.Stat_t).Ino}
		if whole {
			if one.data, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		all[name] = one
		return nil
	})
	return all, used, err
}
