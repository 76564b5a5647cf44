package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Store is the disk under a journal. The journal's own file is written by
// SQLite through the named VFS; everything else through the other methods.
// Each returns only when what it wrote, and the folder it stands in, is
// flushed; after an error the outcome is not known.
type Store interface {
	// VFS names the SQLite VFS; "" is the operating system's.
	VFS() string
	// Create writes a new file and refuses one that exists.
	Create(path string, data []byte) error
	// Replace writes a file whole or leaves the old one.
	Replace(path string, data []byte) error
	// SyncFolder flushes a folder's list of names.
	SyncFolder(path string) error
	// Free tells how many bytes may still be written in a folder.
	Free(dir string) (int64, error)
}

// Disk is the operating system's own disk.
type Disk struct{}

// VFS is the operating system's.
func (Disk) VFS() string { return "" }

// Create writes a new file and flushes it and its folder.
func (d Disk) Create(path string, data []byte) error {
	if err := writeFlushed(path, data, os.O_CREATE|os.O_EXCL|os.O_WRONLY); err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(path))
}

// Replace writes beside, flushes, renames and flushes the folder.
func (d Disk) Replace(path string, data []byte) error {
	beside := path + ".new"
	if err := writeFlushed(beside, data, os.O_CREATE|os.O_TRUNC|os.O_WRONLY); err != nil {
		return err
	}
	if err := os.Rename(beside, path); err != nil {
		return err
	}
	return d.SyncFolder(filepath.Dir(path))
}

// SyncFolder flushes a folder's list of names.
func (Disk) SyncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Free asks the file system.
func (Disk) Free(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

func writeFlushed(path string, data []byte, flags int) error {
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
