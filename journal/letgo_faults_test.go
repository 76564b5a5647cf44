package journal

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"holdfast/fact"
)

// wrapsOf gives the closed keys of a subject as they lie in a file.
func wrapsOf(t *testing.T, j *Journal, s fact.Subject) [][]byte {
	t.Helper()
	var out [][]byte
	err := j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT wrap FROM wraps WHERE subject=?", func(v []driverValue) error {
			out = append(out, bytes.Clone(v[0].([]byte)[80:128]))
			return nil
		}, s[:])
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lieIn names the files below a folder in which any of these bytes stand.
func lieIn(t *testing.T, dir string, all ...[]byte) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if slices.ContainsFunc(all, func(one []byte) bool { return bytes.Contains(raw, one) }) {
			out = append(out, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Of a key that is deleted no copy stays, though rows moved between pages.
func TestNoCopyOfAKeyStaysInTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.db")
	f, err := createFile(path, Disk{})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	c := f.write
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	gone := map[fact.Subject]workMark{}
	var keys [][]byte
	must(c.exec("BEGIN IMMEDIATE"))
	for n := range 4000 {
		if n%200 == 199 {
			must(c.exec("COMMIT"))
			must(c.exec("BEGIN IMMEDIATE"))
		}
		wrap := make([]byte, 144)
		for i := range wrap {
			wrap[i] = byte(random.Uint32())
		}
		s := fact.Subject(wrap[:16])
		must(c.exec("INSERT INTO wraps(subject, kid, wrapper, wrap) VALUES(?, ?, ?, ?)", s[:], wrap[16:32], wrap[32:48], wrap))
		if n%4 > 0 {
			gone[s] = workMark{}
			keys = append(keys, wrap[80:128])
		}
	}
	must(dropWraps(c, gone))
	must(c.exec("COMMIT"))
	_, _, err = checkpoint(c, "TRUNCATE")
	must(err)
	n, err := c.oneInt("SELECT count(*) FROM wraps")
	must(err)
	if n != 1000 {
		t.Errorf("%d are left", n)
	}
	raw, err := os.ReadFile(path)
	must(err)
	left := 0
	for _, k := range keys {
		if bytes.Contains(raw, k) {
			left++
		}
	}
	if left > 0 {
		t.Errorf("%d of %d lie in the file", left, len(keys))
	}
	must(f.close())
}

// Every write and flush of letting go may fail, undone or done (some of them, or
// with HOLDFAST_FAULTS=all each): whatever comes of
// it, nothing is said to be gone whose key lies in a file, all holds, and nothing
// that was safe or written is lost.
func TestLettingGoFailsAtEveryStep(t *testing.T) {
	w := newWard(t)
	all := w.cases(2)
	w.give(all...)
	say(t, w.desk, all[0], "an answer at the laptop")
	pull(t, w.desk, w.site)
	w.must(w.desk.NoteWork(t.Context(), nil, all))
	w.must(w.desk.FlushReceipts(t.Context()))
	keys := map[fact.Subject][][]byte{}
	for _, s := range all {
		keys[s] = wrapsOf(t, w.desk, s)
	}
	w.must(w.desk.Close())
	stride := 5 * slower
	if os.Getenv("HOLDFAST_FAULTS") == "all" {
		stride = 1
	}
	steps := 0
	for at := 1; ; at += stride {
		fired := false
		for _, done := range []bool{false, true} {
			dir := t.TempDir()
			copyFolder(t, w.o.Dir, dir)
			o := w.o
			o.Dir = dir
			d := faulty(t, dir)
			o.Store = d
			desk, err := Open(t.Context(), o)
			w.must(err)
			w.desk = desk
			w.level()
			d.Arm(failing(at, done, false))
			_, failed := w.letGo(all...)
			w.moved()
			hit := d.Fired() > 0
			fired = fired || hit
			d.Disarm()
			w.checkLetGo(fmt.Sprintf("step %d, done %v", at, done), o, all, keys, hit, failed)
		}
		if !fired {
			break
		}
		if steps = at; steps > 300 {
			t.Fatal("it never ends")
		}
	}
	if t.Logf("up to %d writes and flushes", steps); steps < 20 && stride < 20 {
		t.Error("too few")
	}
}

// moved waits until a journal whose disk failed writes again.
func (w *ward) moved() {
	w.t.Helper()
	end := time.Now().Add(20 * time.Second)
	for w.desk.control1(context.Background(), func(*writer) error { return nil }) != nil {
		if time.Now().After(end) {
			w.t.Fatal("the journal never writes again")
		}
		time.Sleep(time.Millisecond)
	}
}

func (w *ward) checkLetGo(where string, o Options, all []fact.Subject, keys map[fact.Subject][][]byte, hit bool, failed error) {
	t := w.t
	t.Helper()
	check := func(when string) (said int) {
		t.Helper()
		h, err := w.desk.History(t.Context(), w.id)
		w.must(err)
		for _, f := range h.Facts() {
			g, err := fact.Read[SubjectsLetGo](f)
			if err != nil {
				continue
			}
			said += len(g.Let)
			for _, one := range g.Let {
				if lies := lieIn(t, o.Dir, keys[one.Subject]...); len(lies) > 0 {
					t.Fatalf("%s, %s: said to be gone, and a key lies in %q (%v)", where, when, lies, failed)
				}
			}
		}
		for _, s := range all {
			for _, got := range texts(t, w.desk, s) {
				if got != "a case" && got != "an answer at the laptop" && got != "" {
					t.Fatalf("%s, %s: %q", where, when, got)
				}
			}
			if _, gone := w.desk.LetGoAt(s); !gone && len(wrapsOf(t, w.desk, s)) == 0 {
				t.Fatalf("%s, %s: a key is gone, and the desk does not know it", where, when)
			}
		}
		return said
	}
	check("at once")
	w.must(w.desk.Close())
	o.Store = nil
	if r := holds(t, o); len(r.Failures) > 0 {
		t.Fatalf("%s: %v", where, r.Failures)
	}
	desk, err := Open(t.Context(), o)
	w.must(err)
	w.desk = desk
	w.level()
	check("after a restart")
	_, err = w.letGo(all...)
	old, _ := filepath.Glob(filepath.Join(o.Dir, "journal-*.db"))
	switch said := check("after another try"); {
	case len(old) == 0 && (err != nil || said != len(all)):
		t.Fatalf("%s: another try said %d: %v", where, said, err)
	}
	if !hit && failed != nil {
		t.Fatalf("%s: nothing failed, and yet: %v", where, failed)
	}
	w.must(w.desk.Close())
}
