package faultfs

import (
	"context"
	"syscall"

	gofs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// file is an open file on the faulty disk.
type file struct {
	disk  *Disk
	inode *gofs.Inode
	root  *gofs.Inode
	fd    int
	id    uint64
}

func (n *node) handle(inode *gofs.Inode, fd int, id uint64) *file {
	return &file{disk: n.disk, inode: inode, root: n.RootData.RootNode.EmbeddedInode(), fd: fd, id: id}
}

func (f *file) step(act Act) Step { return Step{Act: act, Path: f.inode.Path(f.root), File: f.id} }

func (f *file) size() int64 {
	var st syscall.Stat_t
	if syscall.Fstat(f.fd, &st) != nil {
		return 0
	}
	return st.Size
}

// Read reads from the backing file.
func (f *file) Read(_ context.Context, into []byte, at int64) (fuse.ReadResult, syscall.Errno) {
	n, err := syscall.Pread(f.fd, into, at)
	if err != nil {
		return nil, gofs.ToErrno(err)
	}
	return fuse.ReadResultData(into[:n]), 0
}

// Write is a step.
func (f *file) Write(_ context.Context, data []byte, at int64) (uint32, syscall.Errno) {
	s := f.step(Write)
	s.Offset, s.Data = at, data
	grow := max(at+int64(len(data))-f.size(), 0)
	write := func(b []byte) error {
		for done := 0; done < len(b); {
			n, err := syscall.Pwrite(f.fd, b[done:], at+int64(done))
			if err != nil {
				return err
			}
			done += n
		}
		return nil
	}
	errno := f.disk.do(&s, grow, func() error { return write(data) }, func(keep int) { _ = write(data[:keep]) })
	if errno != 0 {
		return 0, errno
	}
	return uint32(len(data)), 0
}

func (f *file) resize(size int64) syscall.Errno {
	s := f.step(Resize)
	s.Size = size
	return f.disk.do(&s, size-f.size(), func() error { return syscall.Ftruncate(f.fd, size) }, nil)
}

// Allocate makes room; it counts as a change of size.
func (f *file) Allocate(_ context.Context, at, size uint64, mode uint32) syscall.Errno {
	if mode != 0 {
		return syscall.ENOTSUP
	}
	end := int64(at + size)
	if end <= f.size() {
		return 0
	}
	return f.resize(end)
}

// Fsync is a step. The backing file itself is not flushed: what counts as
// flushed is what is recorded here.
func (f *file) Fsync(context.Context, uint32) syscall.Errno {
	s := f.step(Flush)
	return f.disk.do(&s, 0, func() error { return nil }, nil)
}

// Flush is what a close does; it makes nothing safe.
func (f *file) Flush(context.Context) syscall.Errno { return 0 }

// Release lets go of the file.
func (f *file) Release(context.Context) syscall.Errno { return gofs.ToErrno(syscall.Close(f.fd)) }

// Getattr looks at the backing file.
func (f *file) Getattr(_ context.Context, out *fuse.AttrOut) syscall.Errno {
	var st syscall.Stat_t
	if err := syscall.Fstat(f.fd, &st); err != nil {
		return gofs.ToErrno(err)
	}
	out.FromStat(&st)
	return 0
}
