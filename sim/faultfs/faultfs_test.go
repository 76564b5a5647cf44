package faultfs

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"database/sql"

	_ "modernc.org/sqlite"
)

const asChild = "HOLDFAST_FAULTFS_CHILD"

// TestMain lets the test's own binary be the process on the faulty disk: a
// process that served itself could wait for itself.
func TestMain(m *testing.M) {
	if what := os.Getenv(asChild); what != "" {
		if err := child(what, os.Args[1]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func child(what, dir string) error {
	path := filepath.Join(dir, "a")
	switch what {
	case "files":
		return writeFiles(dir)
	case "append":
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString("more")
		return errors.Join(err, f.Close())
	case "flush":
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	case "sqlite":
		return useSQLite(filepath.Join(dir, "x.db"))
	}
	return errors.New("unknown")
}

// writeFiles flushes "one", not "two"; and gives a flushed file a name that is
// flushed and one that is not.
func writeFiles(dir string) error {
	f, err := os.Create(filepath.Join(dir, "a"))
	if err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { _, err := f.WriteString("one"); return err },
		f.Sync, folder.Sync,
		func() error { _, err := f.WriteString("two"); return err },
		func() error { return os.WriteFile(filepath.Join(dir, "b.new"), []byte("b"), 0o600) },
		func() error { return os.Rename(filepath.Join(dir, "b.new"), filepath.Join(dir, "b")) },
		f.Close, folder.Close,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// useSQLite writes in WAL mode, whose index is memory shared through the file
// system, from two connections.
func useSQLite(path string) error {
	for n := range 2 {
		db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
		if err != nil {
			return err
		}
		db.SetMaxOpenConns(4)
		if _, err := db.Exec("CREATE TABLE IF NOT EXISTS t(n INTEGER)"); err != nil {
			return err
		}
		for i := range 20 {
			if _, err := db.Exec("INSERT INTO t VALUES(?)", 20*n+i); err != nil {
				return err
			}
		}
		defer db.Close()
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil || n != 40 {
		return fmt.Errorf("%d rows: %w", n, err)
	}
	return db.Close()
}

func run(t *testing.T, what, dir string) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), asChild+"="+what)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mount(t *testing.T, o Options) *Disk {
	t.Helper()
	if o.Backing == "" {
		o.Backing = t.TempDir()
	}
	o.Mount = t.TempDir()
	d, err := Mount(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func recording(t *testing.T, d *Disk) *Replay {
	t.Helper()
	r, err := d.Recording()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func cut(t *testing.T, r *Replay, loss Loss, seed uint64) map[string]string {
	t.Helper()
	into := t.TempDir()
	if err := r.Cut(into, loss, rand.New(rand.NewPCG(seed, 1))); err != nil {
		t.Fatal(err)
	}
	all, _, err := readFolder(into, true)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, o := range all {
		out[name] = string(o.data)
	}
	return out
}

func TestWhatWasNotFlushedIsLost(t *testing.T) {
	d := mount(t, Options{Record: true})
	if out, err := run(t, "files", d.o.Mount); err != nil {
		t.Fatal(err, out)
	}
	r := recording(t, d)
	flushed := false
	for r.Next() {
		s := r.Step(r.At() - 1)
		left := cut(t, r, All, 1)
		flushed = flushed || s.Act == FlushNames
		if want, there := left["a"]; (want == "one") != flushed || there != flushed {
			t.Errorf("after %s of %s: %q", s.Act, s.Path, left)
		}
		if left["b"] != "" || left["b.new"] != "" {
			t.Errorf("an unflushed name was there: %q", left)
		}
	}
	if !flushed {
		t.Fatal("the folder's flush was not seen")
	}
	whole, torn := 0, 0
	for seed := range uint64(40) {
		left := cut(t, r, Torn, seed)
		if _, ok := left["b.new"]; ok || !strings.HasPrefix("onetwo", left["a"]) || len(left["a"]) < 3 {
			t.Fatalf("%q", left)
		}
		if left["a"] == "onetwo" {
			whole++
		} else {
			torn++
		}
	}
	if whole == 0 || torn == 0 {
		t.Errorf("%d whole, %d torn", whole, torn)
	}
}

func TestSomeSectorsOfWhatWasNotFlushed(t *testing.T) {
	r := newReplay(map[string]original{"a": {file: 1, data: bytes.Repeat([]byte("-"), 4*sector)}},
		[]Step{{Act: Write, Path: "a", File: 1, Offset: 0, Data: bytes.Repeat([]byte("x"), 4*sector)}})
	for r.Next() {
	}
	seen := map[string]bool{}
	for seed := range uint64(60) {
		left := cut(t, r, Some, seed)["a"]
		form := ""
		for i := range 4 {
			one := left[i*sector : (i+1)*sector]
			if one != strings.Repeat(one[:1], sector) {
				t.Fatal("a sector is torn")
			}
			form += one[:1]
		}
		seen[form] = true
	}
	if len(seen) < 10 || !seen["x-x-"] && !seen["-x-x"] && !seen["--x-"] {
		t.Errorf("%v", seen)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		what    string
		act     Act
		fault   Fault
		told    string
		content string
	}{
		{"append", Write, Fault{Errno: syscall.EIO}, "input/output error", "one"},
		{"append", Write, Fault{Errno: syscall.EIO, Keep: 2}, "input/output error", "onemo"},
		{"append", Write, Fault{Errno: syscall.EIO, Done: true}, "input/output error", "onemore"},
		{"append", Write, Fault{Errno: syscall.ENOSPC}, "no space left", "one"},
		{"flush", Flush, Fault{Errno: syscall.EIO}, "input/output error", "one"},
	} {
		backing := t.TempDir()
		if err := os.WriteFile(filepath.Join(backing, "a"), []byte("one"), 0o600); err != nil {
			t.Fatal(err)
		}
		hits := 0
		d := mount(t, Options{Backing: backing, Fault: func(_ int, s Step) Fault {
			if s.Act == c.act && s.Path == "a" {
				hits++
				return c.fault
			}
			return Fault{}
		}})
		out, err := run(t, c.what, d.o.Mount)
		got, readErr := os.ReadFile(filepath.Join(backing, "a"))
		if err == nil || !strings.Contains(out, c.told) || hits != 1 || string(got) != c.content || readErr != nil {
			t.Errorf("%+v: %v %q, %d hits, left %q", c, err, out, hits, got)
		}
	}
}

// A second flush does not bring back what the failed one threw away.
func TestFailedFlushThrowsAway(t *testing.T) {
	r := newReplay(map[string]original{"a": {file: 1, data: []byte("one")}}, []Step{
		{Act: Write, Path: "a", File: 1, Offset: 3, Data: []byte("two")},
		{Act: Flush, Path: "a", File: 1, Failed: true},
		{Act: Flush, Path: "a", File: 1},
	})
	for r.Next() {
	}
	if left := cut(t, r, All, 1); left["a"] != "one" {
		t.Errorf("%q", left)
	}
}

func TestLimit(t *testing.T) {
	backing := t.TempDir()
	if err := os.WriteFile(filepath.Join(backing, "a"), []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := mount(t, Options{Backing: backing})
	d.Limit(5)
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.o.Mount, &s); err != nil || s.Bavail != 0 {
		t.Errorf("%d blocks free: %v", s.Bavail, err)
	}
	if out, err := run(t, "append", d.o.Mount); err == nil || !strings.Contains(out, "no space left") {
		t.Errorf("%v %s", err, out)
	}
	d.Limit(0)
	if out, err := run(t, "append", d.o.Mount); err != nil || d.Used() != 7 {
		t.Errorf("%v %s, %d used", err, out, d.Used())
	}
}

// SQLite's shared memory works through the mount.
func TestSQLiteInWALMode(t *testing.T) {
	d := mount(t, Options{Record: true})
	if out, err := run(t, "sqlite", d.o.Mount); err != nil {
		t.Fatal(err, out)
	}
	flushes := 0
	for r := recording(t, d); r.Next(); {
		if s := r.Step(r.At() - 1); s.Act == Flush && strings.HasSuffix(s.Path, "-wal") {
			flushes++
		}
	}
	if flushes < 40 {
		t.Errorf("only %d flushes of the log for 41 commits", flushes)
	}
}
