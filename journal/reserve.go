package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// reserve is a file that holds disk space back, so that a full disk is met
// while there is still room to end in order.
type reserve struct {
	path  string
	size  int64
	store Store
	held  bool
}

func openReserve(o Options) (*reserve, error) {
	r := &reserve{path: filepath.Join(o.Dir, "reserve"), size: o.Reserve, store: o.Store}
	if r.size < 0 {
		r.size = 0
	}
	info, err := os.Stat(r.path)
	if err == nil && info.Size() == r.size {
		r.held = true
		return r, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := r.take(); err != nil && !errors.Is(err, syscall.ENOSPC) {
		return nil, fmt.Errorf("hold disk space back: %w", err)
	}
	return r, nil
}

func (r *reserve) take() error {
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if r.size > 0 {
		err = syscall.Fallocate(int(f.Fd()), 0, 0, r.size)
	}
	if err = errors.Join(err, f.Truncate(r.size), f.Close()); err != nil {
		return errors.Join(err, os.Remove(r.path))
	}
	r.held = true
	return nil
}

// low tells whether the disk is too full to begin a commit. An unknown answer
// of the disk is left to the commit to find out.
func (r *reserve) low() bool {
	if r.size == 0 {
		return false
	}
	free, err := r.store.Free(filepath.Dir(r.path))
	return err == nil && free < r.size/16
}

// release gives the space back, so that what is under way can end in order.
func (r *reserve) release() {
	if r.held && os.Remove(r.path) == nil {
		r.held = false
	}
}

// restore takes the space again; true means that saving may go on.
func (r *reserve) restore() bool {
	if !r.held && r.take() != nil {
		return false
	}
	return !r.low()
}
