package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// faults is a disk that fails when told to: at one write or flush, or from
// there on; and each failure comes in two forms, "not done" and "done but said
// it failed". SQLite reaches it through a VFS of its own that hands everything
// on to the operating system's.
type faults struct {
	Disk
	vfs string

	mu     sync.Mutex
	armed  bool
	count  int  // writes and flushes since it was armed
	at     int  // the one that fails; 0: none
	sticky bool // all after it fail too
	done   bool // what fails is done all the same
	full   bool // the failure is a full disk
	files  bool // writes beside SQLite's count too, not only after the first failure
	fired  int

	keep []any // what C code points to
}

var errFault = errors.New("injected fault")

// vfsNumber gives every faulty disk a name of its own; SQLite's list of VFS is
// one per process.
var vfsNumber atomic.Int64

type (
	openFunc  = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	writeFunc = func(tls *libc.TLS, file, buf uintptr, amount int32, offset int64) int32
	syncFunc  = func(tls *libc.TLS, file uintptr, flags int32) int32
	truncFunc = func(tls *libc.TLS, file uintptr, size int64) int32
)

// pointerTo gives a Go function the form in which translated C calls it; the
// function must be kept alive.
func pointerTo[F any](f *F) uintptr { return *(*uintptr)(unsafe.Pointer(f)) }

// functionAt is the other way round.
func functionAt[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// at sees memory of SQLite's as a T.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

func newFaults(t testing.TB) *faults {
	t.Helper()
	f := &faults{vfs: fmt.Sprintf("faulty-%d", vfsNumber.Add(1))}
	tls := libc.NewTLS()
	real := at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
	place := malloc[sqlite3.Tsqlite3_vfs](t, tls)
	own := at[sqlite3.Tsqlite3_vfs](place)
	*own = *real
	name, err := libc.CString(f.vfs)
	if err != nil {
		t.Fatal(err)
	}
	own.FzName, own.FpNext = name, 0
	methods := map[uintptr]uintptr{}
	realOpen := functionAt[openFunc](real.FxOpen)
	open := openFunc(func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
		rc := realOpen(tls, vfs, name, file, flags, outFlags)
		opened := at[sqlite3.Tsqlite3_file](file)
		if rc == sqlite3.SQLITE_OK && opened.FpMethods != 0 {
			f.mu.Lock()
			defer f.mu.Unlock()
			if methods[opened.FpMethods] == 0 {
				methods[opened.FpMethods] = f.wrap(t, tls, at[sqlite3.Tsqlite3_io_methods](opened.FpMethods))
			}
			opened.FpMethods = methods[opened.FpMethods]
		}
		return rc
	})
	own.FxOpen = pointerTo(&open)
	f.keep = append(f.keep, &open, methods)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, place, 0); rc != 0 {
		t.Fatalf("register: %d", rc)
	}
	t.Cleanup(func() {
		sqlite3.Xsqlite3_vfs_unregister(tls, place)
		for _, m := range methods {
			libc.Xfree(tls, m)
		}
		libc.Xfree(tls, place)
		libc.Xfree(tls, name)
		tls.Close()
		f.keep = nil
	})
	return f
}

// malloc gives SQLite memory of its own kind for a T.
func malloc[T any](t testing.TB, tls *libc.TLS) uintptr {
	var none T
	p := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(none)))
	if p == 0 {
		t.Fatal("no memory")
	}
	return p
}

func (f *faults) wrap(t testing.TB, tls *libc.TLS, real *sqlite3.Tsqlite3_io_methods) uintptr {
	place := malloc[sqlite3.Tsqlite3_io_methods](t, tls)
	own := at[sqlite3.Tsqlite3_io_methods](place)
	*own = *real
	realWrite, realSync := functionAt[writeFunc](real.FxWrite), functionAt[syncFunc](real.FxSync)
	realTrunc := functionAt[truncFunc](real.FxTruncate)
	write := writeFunc(func(tls *libc.TLS, file, buf uintptr, amount int32, offset int64) int32 {
		return f.step(sqlite3.SQLITE_IOERR_WRITE, func() int32 { return realWrite(tls, file, buf, amount, offset) })
	})
	flush := syncFunc(func(tls *libc.TLS, file uintptr, flags int32) int32 {
		return f.step(sqlite3.SQLITE_IOERR_FSYNC, func() int32 { return realSync(tls, file, flags) })
	})
	trunc := truncFunc(func(tls *libc.TLS, file uintptr, size int64) int32 {
		return f.step(sqlite3.SQLITE_IOERR_TRUNCATE, func() int32 { return realTrunc(tls, file, size) })
	})
	own.FxWrite, own.FxSync, own.FxTruncate = pointerTo(&write), pointerTo(&flush), pointerTo(&trunc)
	f.keep = append(f.keep, &write, &flush, &trunc)
	return place
}

// fails counts a write or flush and tells whether it is one that fails, and
// whether it is done all the same.
func (f *faults) fails(file bool) (fails, done, full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.armed || (file && !f.files && f.fired == 0) {
		return false, true, false
	}
	f.count++
	if f.at == 0 || f.count < f.at || (f.count > f.at && !f.sticky) {
		return false, true, false
	}
	f.fired++
	return true, f.done, f.full
}

func (f *faults) step(code int32, do func() int32) int32 {
	fails, done, full := f.fails(false)
	rc := int32(sqlite3.SQLITE_OK)
	if done {
		rc = do()
	}
	if fails && full {
		return sqlite3.SQLITE_FULL
	}
	if fails {
		return code
	}
	return rc
}

func (f *faults) fileStep(do func() error) error {
	fails, done, _ := f.fails(true)
	var err error
	if done {
		err = do()
	}
	if fails {
		return errFault
	}
	return err
}

func (f *faults) arm(at int, done, sticky bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.count, f.fired, f.at, f.done, f.sticky = true, 0, 0, at, done, sticky
}

func (f *faults) disarm() (count, fired int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = false
	return f.count, f.fired
}

// VFS is the faulty one.
func (f *faults) VFS() string { return f.vfs }

// Create may fail.
func (f *faults) Create(path string, data []byte) error {
	return f.fileStep(func() error { return f.Disk.Create(path, data) })
}

// Replace may fail.
func (f *faults) Replace(path string, data []byte) error {
	return f.fileStep(func() error { return f.Disk.Replace(path, data) })
}

// SyncFolder may fail.
func (f *faults) SyncFolder(path string) error {
	return f.fileStep(func() error { return f.Disk.SyncFolder(path) })
}

// copyFolder gives a test a folder of its own with what stands in another.
func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
