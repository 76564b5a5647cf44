package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// vfs is a disk as SQLite reaches it: the operating system's VFS with the
// methods that write replaced.
type vfs struct {
	name    string
	disk    *Disk
	tls     *libc.TLS
	place   uintptr
	cname   uintptr
	methods map[uintptr]uintptr // the operating system's to ours
	open    map[uintptr]*file   // by SQLite's file
	keep    []any               // what C code points to
}

type (
	openFunc   = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	deleteFunc = func(tls *libc.TLS, vfs, name uintptr, syncFolder int32) int32
	writeFunc  = func(tls *libc.TLS, file, buf uintptr, amount int32, offset int64) int32
	syncFunc   = func(tls *libc.TLS, file uintptr, flags int32) int32
	truncFunc  = func(tls *libc.TLS, file uintptr, size int64) int32
	closeFunc  = func(tls *libc.TLS, file uintptr) int32
)

// pointerTo gives a Go function the form in which translated C calls it; the
// function must be kept alive.
func pointerTo[F any](f *F) uintptr { return *(*uintptr)(unsafe.Pointer(f)) }

// functionAt is the other way round.
func functionAt[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// at sees memory of SQLite's as a T.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// bytesAt sees memory of SQLite's as bytes.
func bytesAt(p uintptr, n int32) []byte { return unsafe.Slice(at[byte](p), n) }

// register makes a disk known to SQLite under a name of its own.
func register(d *Disk) (*vfs, error) {
	v := &vfs{name: "disk:" + d.dir, disk: d, tls: libc.NewTLS(), methods: map[uintptr]uintptr{}, open: map[uintptr]*file{}}
	real := at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(v.tls, 0))
	var err error
	if v.cname, err = libc.CString(v.name); err != nil {
		return nil, err
	}
	if v.place, err = malloc[sqlite3.Tsqlite3_vfs](v.tls); err != nil {
		return nil, err
	}
	own := at[sqlite3.Tsqlite3_vfs](v.place)
	*own = sqlite3.Tsqlite3_vfs{ // all but what links the list, which others may be changing
		FiVersion: real.FiVersion, FszOsFile: real.FszOsFile, FmxPathname: real.FmxPathname, FzName: v.cname, FpAppData: real.FpAppData,
		FxAccess: real.FxAccess, FxFullPathname: real.FxFullPathname, FxDlOpen: real.FxDlOpen, FxDlError: real.FxDlError,
		FxDlSym: real.FxDlSym, FxDlClose: real.FxDlClose, FxRandomness: real.FxRandomness, FxSleep: real.FxSleep,
		FxCurrentTime: real.FxCurrentTime, FxGetLastError: real.FxGetLastError, FxCurrentTimeInt64: real.FxCurrentTimeInt64,
		FxSetSystemCall: real.FxSetSystemCall, FxGetSystemCall: real.FxGetSystemCall, FxNextSystemCall: real.FxNextSystemCall,
	}
	open, remove := v.opening(functionAt[openFunc](real.FxOpen)), v.deleting(functionAt[deleteFunc](real.FxDelete))
	own.FxOpen, own.FxDelete = pointerTo(&open), pointerTo(&remove)
	v.keep = append(v.keep, &open, &remove)
	if rc := sqlite3.Xsqlite3_vfs_register(v.tls, v.place, 0); rc != sqlite3.SQLITE_OK {
		return nil, fmt.Errorf("SQLite does not take the disk: %d", rc)
	}
	return v, nil
}

// unregister tells how many files SQLite still has open; what they use is not
// given back then.
func (v *vfs) unregister() (open int) {
	sqlite3.Xsqlite3_vfs_unregister(v.tls, v.place)
	if len(v.open) > 0 {
		return len(v.open)
	}
	for _, m := range v.methods {
		libc.Xfree(v.tls, m)
	}
	libc.Xfree(v.tls, v.place)
	libc.Xfree(v.tls, v.cname)
	v.tls.Close()
	v.keep = nil
	return 0
}

// malloc gives SQLite memory of its own kind for a T.
func malloc[T any](tls *libc.TLS) (uintptr, error) {
	var none T
	p := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(none)))
	if p == 0 {
		return 0, errors.New("SQLite has no memory")
	}
	return p, nil
}

func (v *vfs) opening(real openFunc) openFunc {
	return func(tls *libc.TLS, vfs, name, handle uintptr, flags int32, outFlags uintptr) int32 {
		v.disk.mu.Lock()
		defer v.disk.mu.Unlock()
		path := ""
		if name != 0 {
			path = libc.GoString(name)
		}
		_, missing := os.Lstat(path)
		rc := real(tls, vfs, name, handle, flags, outFlags)
		opened := at[sqlite3.Tsqlite3_file](handle)
		if rc != sqlite3.SQLITE_OK || opened.FpMethods == 0 || path == "" {
			return rc
		}
		f, err := v.disk.hold(path)
		if err == nil {
			opened.FpMethods, err = v.own(opened.FpMethods)
		}
		if err != nil {
			v.disk.bad = errors.Join(v.disk.bad, err)
			return rc
		}
		f.fresh = f.fresh || (missing != nil && flags&(sqlite3.SQLITE_OPEN_WAL|sqlite3.SQLITE_OPEN_MAIN_JOURNAL|sqlite3.SQLITE_OPEN_SUPER_JOURNAL) != 0)
		v.open[handle] = f
		return rc
	}
}

func (v *vfs) deleting(real deleteFunc) deleteFunc {
	return func(tls *libc.TLS, vfs, name uintptr, syncFolder int32) int32 {
		rc := v.step(false, sqlite3.SQLITE_IOERR_DELETE, func() int32 { return real(tls, vfs, name, 0) }, nil)
		if rc != sqlite3.SQLITE_OK || syncFolder == 0 {
			return rc
		}
		folder := filepath.Dir(libc.GoString(name))
		return v.step(true, sqlite3.SQLITE_IOERR_DIR_FSYNC, func() int32 { return v.flushNames(folder) }, nil)
	}
}

func (v *vfs) flushNames(folder string) int32 {
	if v.disk.flushNames(folder) != nil {
		return sqlite3.SQLITE_IOERR_DIR_FSYNC
	}
	return sqlite3.SQLITE_OK
}

// own gives our methods for files whose methods are the operating system's.
func (v *vfs) own(of uintptr) (uintptr, error) {
	if place := v.methods[of]; place != 0 {
		return place, nil
	}
	place, err := malloc[sqlite3.Tsqlite3_io_methods](v.tls)
	if err != nil {
		return 0, err
	}
	real, own := at[sqlite3.Tsqlite3_io_methods](of), at[sqlite3.Tsqlite3_io_methods](place)
	*own = *real
	write, trunc := v.writing(functionAt[writeFunc](real.FxWrite)), v.truncating(functionAt[truncFunc](real.FxTruncate))
	flush, end := v.flushing(), v.closing(functionAt[closeFunc](real.FxClose))
	own.FxWrite, own.FxTruncate, own.FxSync, own.FxClose = pointerTo(&write), pointerTo(&trunc), pointerTo(&flush), pointerTo(&end)
	v.keep = append(v.keep, &write, &trunc, &flush, &end)
	v.methods[of] = place
	return place, nil
}

func (v *vfs) writing(real writeFunc) writeFunc {
	return func(tls *libc.TLS, handle, buf uintptr, amount int32, offset int64) int32 {
		return v.step(false, sqlite3.SQLITE_IOERR_WRITE, func() int32 {
			if v.disk.full {
				return sqlite3.SQLITE_FULL
			}
			if err := v.open[handle].writes(offset, bytesAt(buf, amount)); err != nil {
				return sqlite3.SQLITE_IOERR_WRITE
			}
			return real(tls, handle, buf, amount, offset)
		}, nil)
	}
}

func (v *vfs) truncating(real truncFunc) truncFunc {
	return func(tls *libc.TLS, handle uintptr, size int64) int32 {
		return v.step(false, sqlite3.SQLITE_IOERR_TRUNCATE, func() int32 {
			if err := v.open[handle].cuts(size); err != nil {
				return sqlite3.SQLITE_IOERR_TRUNCATE
			}
			return real(tls, handle, size)
		}, nil)
	}
}

// flushing spares the operating system the work: what lasts is our own note.
func (v *vfs) flushing() syncFunc {
	return func(_ *libc.TLS, handle uintptr, _ int32) int32 {
		f := func() *file { return v.open[handle] }
		return v.step(true, sqlite3.SQLITE_IOERR_FSYNC, func() int32 {
			if v.disk.lies {
				return sqlite3.SQLITE_OK
			}
			f().flushed()
			if !f().fresh {
				return sqlite3.SQLITE_OK
			}
			f().fresh = false
			return v.flushNames(v.disk.dir)
		}, func() { f().flushFailed() })
	}
}

func (v *vfs) closing(real closeFunc) closeFunc {
	return func(tls *libc.TLS, handle uintptr) int32 {
		v.disk.mu.Lock()
		defer v.disk.mu.Unlock()
		delete(v.open, handle)
		return real(tls, handle)
	}
}

// step does one write or flush of SQLite's; code is what it says when it fails.
func (v *vfs) step(flush bool, code int32, do func() int32, failed func()) int32 {
	rc := int32(sqlite3.SQLITE_OK)
	fails, how, _ := v.disk.step(flush, false, func() error { rc = do(); return nil }, failed)
	switch {
	case fails && how == NoRoom:
		return sqlite3.SQLITE_FULL
	case fails:
		return code
	}
	return rc
}
