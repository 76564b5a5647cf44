package faultfs

import (
	"context"
	"path/filepath"
	"syscall"

	gofs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// node is a file or folder on the faulty disk: all that changes anything goes
// through the disk, all else straight to the backing folder.
type node struct {
	gofs.LoopbackNode
	disk *Disk
}

func (n *node) name() string { return n.Path(n.RootData.RootNode.EmbeddedInode()) }

func (n *node) below(name string) string { return filepath.Join(n.name(), name) }

func (n *node) real(name string) string { return filepath.Join(n.disk.o.Backing, n.below(name)) }

// Statfs tells the space that the disk's limit leaves.
func (n *node) Statfs(ctx context.Context, out *fuse.StatfsOut) syscall.Errno {
	errno := n.LoopbackNode.Statfs(ctx, out)
	if errno == 0 {
		out.Bavail = n.disk.free(out.Bavail, uint64(out.Bsize))
		out.Bfree = n.disk.free(out.Bfree, uint64(out.Bsize))
	}
	return errno
}

// Mkdir makes a folder.
func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*gofs.Inode, syscall.Errno) {
	var made *gofs.Inode
	errno := n.disk.do(&Step{Act: MakeFolder, Path: n.below(name)}, 0, func() error {
		inode, errno := n.LoopbackNode.Mkdir(ctx, name, mode, out)
		made = inode
		return orNil(errno)
	}, nil)
	return made, errno
}

// Rmdir removes a folder.
func (n *node) Rmdir(ctx context.Context, name string) syscall.Errno {
	return n.disk.do(&Step{Act: Remove, Path: n.below(name)}, 0, func() error { return orNil(n.LoopbackNode.Rmdir(ctx, name)) }, nil)
}

// Unlink removes a name.
func (n *node) Unlink(ctx context.Context, name string) syscall.Errno {
	var st syscall.Stat_t
	if err := syscall.Lstat(n.real(name), &st); err != nil {
		return gofs.ToErrno(err)
	}
	return n.disk.do(&Step{Act: Remove, Path: n.below(name), File: st.Ino}, -st.Size, func() error {
		return orNil(n.LoopbackNode.Unlink(ctx, name))
	}, nil)
}

// Rename gives a file another name. Exchanging two is not offered.
func (n *node) Rename(ctx context.Context, name string, parent gofs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	to, ok := parent.(*node)
	if !ok || flags&gofs.RENAME_EXCHANGE != 0 {
		return syscall.ENOTSUP
	}
	var grow int64
	var st, old syscall.Stat_t
	if err := syscall.Lstat(n.real(name), &st); err != nil {
		return gofs.ToErrno(err)
	}
	if st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
		return syscall.ENOTSUP // Holdfast renames no folders
	}
	if syscall.Lstat(to.real(newName), &old) == nil {
		grow = -old.Size // what stood there goes
	}
	return n.disk.do(&Step{Act: Rename, Path: n.below(name), To: to.below(newName), File: st.Ino}, grow, func() error {
		return orNil(n.LoopbackNode.Rename(ctx, name, parent, newName, flags))
	}, nil)
}

// Link and Symlink are not offered: Holdfast makes none.
func (n *node) Link(context.Context, gofs.InodeEmbedder, string, *fuse.EntryOut) (*gofs.Inode, syscall.Errno) {
	return nil, syscall.ENOTSUP
}

// Symlink is not offered.
func (n *node) Symlink(context.Context, string, string, *fuse.EntryOut) (*gofs.Inode, syscall.Errno) {
	return nil, syscall.ENOTSUP
}

// CopyFileRange is not offered, so that all bytes come as writes.
func (n *node) CopyFileRange(context.Context, gofs.FileHandle, uint64, *gofs.Inode, gofs.FileHandle, uint64, uint64, uint64) (uint32, syscall.Errno) {
	return 0, syscall.ENOTSUP
}

// Create makes and opens a file.
func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*gofs.Inode, gofs.FileHandle, uint32, syscall.Errno) {
	if err := syscall.Access(n.real(name), 0); err == nil { // it is there: not made, only opened
		inode, errno := n.Lookup(ctx, name, out)
		if errno != 0 {
			return nil, nil, 0, errno
		}
		handle, fuseFlags, errno := inode.Operations().(*node).Open(ctx, flags&^uint32(syscall.O_CREAT|syscall.O_EXCL))
		return inode, handle, fuseFlags, errno
	}
	fd, err := -1, error(nil)
	var st syscall.Stat_t
	step := &Step{Act: Create, Path: n.below(name)}
	errno := n.disk.do(step, 0, func() error {
		fd, err = syscall.Open(n.real(name), syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, mode)
		if err == nil {
			err = syscall.Fstat(fd, &st)
			step.File = st.Ino
		}
		return err
	}, nil)
	if errno != 0 {
		if fd >= 0 {
			_ = syscall.Close(fd) // the process was told that there is no such file
		}
		return nil, nil, 0, errno
	}
	out.FromStat(&st)
	child := n.NewInode(ctx, &node{LoopbackNode: gofs.LoopbackNode{RootData: n.RootData}, disk: n.disk}, gofs.StableAttr{Mode: st.Mode, Gen: 1, Ino: n.inodeOf(&st)})
	return child, n.handle(child, fd, st.Ino), 0, 0
}

// inodeOf numbers an inode as go-fuse's loopback does.
func (n *node) inodeOf(st *syscall.Stat_t) uint64 {
	swap := func(v uint64) uint64 { return v<<32 | v>>32 }
	return swap(uint64(st.Dev)) ^ swap(n.RootData.Dev) ^ st.Ino
}

// Open opens a file; emptying it is a step of its own.
func (n *node) Open(_ context.Context, flags uint32) (gofs.FileHandle, uint32, syscall.Errno) {
	empty := flags&syscall.O_TRUNC != 0
	mode := int(flags) &^ (syscall.O_APPEND | syscall.O_TRUNC)
	fd, err := syscall.Open(n.real(""), mode|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, 0, gofs.ToErrno(err)
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		_ = syscall.Close(fd)
		return nil, 0, gofs.ToErrno(err)
	}
	h := n.handle(n.EmbeddedInode(), fd, st.Ino)
	if empty {
		if errno := h.resize(0); errno != 0 {
			_ = syscall.Close(fd)
			return nil, 0, errno
		}
	}
	return h, 0, 0
}

// Setattr changes size through the disk and all else straight.
func (n *node) Setattr(ctx context.Context, f gofs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		h, own := f.(*file)
		if !own {
			handle, _, errno := n.Open(ctx, syscall.O_RDWR)
			if errno != 0 {
				return errno
			}
			h = handle.(*file)
			defer h.Release(ctx)
		}
		if errno := h.resize(int64(size)); errno != 0 {
			return errno
		}
	}
	rest := *in
	rest.Valid &^= fuse.FATTR_SIZE
	return n.LoopbackNode.Setattr(ctx, nil, &rest, out)
}

// OpendirHandle opens a folder whose flush is a step.
func (n *node) OpendirHandle(ctx context.Context, flags uint32) (gofs.FileHandle, uint32, syscall.Errno) {
	handle, fuseFlags, errno := n.LoopbackNode.OpendirHandle(ctx, flags)
	if errno != 0 {
		return nil, 0, errno
	}
	list, ok := handle.(listing)
	if !ok {
		return nil, 0, syscall.ENOTSUP
	}
	return &folder{list, n}, fuseFlags, 0
}

// listing is how go-fuse gives a folder's names.
type listing interface {
	gofs.FileReaddirenter
	gofs.FileSeekdirer
	gofs.FileReleasedirer
}

type folder struct {
	listing
	node *node
}

// Fsyncdir is a step.
func (f *folder) Fsyncdir(context.Context, uint32) syscall.Errno {
	return f.node.disk.do(&Step{Act: FlushNames, Path: f.node.name()}, 0, func() error { return nil }, nil)
}

func orNil(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}
