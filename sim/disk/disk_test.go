package disk

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"
)

// folder gives a test a disk on an empty folder.
func folder(t testing.TB) (*Disk, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "life")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return on(t, dir), dir
}

func on(t testing.TB, dir string) *Disk {
	t.Helper()
	d, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func base(t testing.TB, d *Disk, synchronous string) *sql.DB {
	t.Helper()
	q := url.Values{"vfs": {d.VFS()}, "_pragma": {"journal_mode(wal)", "synchronous(" + synchronous + ")"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.Dir(), "base.db")+"?"+q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

// count tells how many rows are there; 0 when there is no table.
func count(t testing.TB, d *Disk) int {
	t.Helper()
	db := base(t, d, "full")
	var ok string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&ok); err != nil || ok != "ok" {
		t.Fatalf("integrity: %q, %v", ok, err)
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil {
		return 0
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

// cutRun writes rows until the power goes at a step; it gives how many were
// acknowledged before, the folder that is left, and whether the power went.
func cutRun(t testing.TB, synchronous string, at int, loss Loss) (acked int, left string, gone bool) {
	t.Helper()
	d, dir := folder(t)
	left = filepath.Join(filepath.Dir(dir), "left")
	d.CutAt(Cut{At: at, To: left, Loss: loss})
	db := base(t, d, synchronous)
	for i := range 6 {
		if i == 0 {
			_, err := db.Exec("CREATE TABLE t(x BLOB)")
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := db.Exec("INSERT INTO t VALUES(randomblob(3000))"); err != nil {
			t.Fatal(err)
		}
		if !d.Gone() {
			acked++
		}
		if i == 3 {
			if _, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return acked, left, d.Gone()
}

// TestPowerCutAtEveryStep: SQLite as the journal uses it loses nothing that it
// acknowledged, wherever the power goes and whatever of the unflushed is lost.
func TestPowerCutAtEveryStep(t *testing.T) {
	steps := 0
	for at := 1; ; at++ {
		for loss := Nothing; loss < 6; loss++ {
			acked, left, gone := cutRun(t, "full", at, loss)
			if !gone {
				if at < 30 {
					t.Fatalf("only %d steps", at)
				}
				t.Logf("%d places to cut at, %d runs", at-1, steps)
				return
			}
			steps++
			if n := count(t, on(t, left)); n < acked || n > acked+1 {
				t.Fatalf("cut at %d, loss %d: %d rows were acknowledged, %d are there", at, loss, acked, n)
			}
		}
	}
}

// TestTheDiskIsUnkind: what was never flushed is lost, and torn.
func TestTheDiskIsUnkind(t *testing.T) {
	less := 0
	for at := 10; at < 40; at++ {
		acked, left, gone := cutRun(t, "off", at, Unflushed)
		if gone && count(t, on(t, left)) < acked {
			less++
		}
	}
	if less == 0 {
		t.Error("without flushes nothing was ever lost")
	}
}

func TestNamesLastOnceTheFolderIsFlushed(t *testing.T) {
	d, dir := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "unflushed"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(filepath.Dir(dir), "left")
	if err := d.Image(left, Unflushed); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(left, "unflushed")); err == nil {
		t.Error("a name outlasts a power cut although its folder was not flushed")
	}
	if err := d.SyncFolder(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "unflushed"), filepath.Join(dir, "renamed")); err != nil {
		t.Fatal(err)
	}
	if err := d.Image(left+"2", Unflushed); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(left+"2", "unflushed")); err != nil {
		t.Error("a rename outlasts a power cut although its folder was not flushed")
	}
}

// TestReplaceIsWholeOrNot cuts the power at every step of Replace.
func TestReplaceIsWholeOrNot(t *testing.T) {
	for at := 1; at <= 6; at++ {
		for loss := Nothing; loss < 20; loss++ {
			d, dir := folder(t)
			path := filepath.Join(dir, "note")
			if err := d.Create(path, []byte("old")); err != nil {
				t.Fatal(err)
			}
			left := filepath.Join(filepath.Dir(dir), "left")
			d.CutAt(Cut{At: at, To: left, Loss: loss})
			if err := d.Replace(path, []byte("newer")); err != nil {
				t.Fatal(err)
			}
			want, gone := "old", d.Gone()
			if !gone {
				want = "newer"
				if err := d.Image(left, loss); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(filepath.Join(left, "note"))
			if err != nil || (string(b) != want && (string(b) != "newer" || !gone)) {
				t.Fatalf("cut at %d, loss %d: %q, %v", at, loss, b, err)
			}
		}
	}
}

// TestAFailedFlushIsNeverMadeGood: asked again, it says that all is well, and
// what it should have flushed is lost all the same.
func TestAFailedFlushIsNeverMadeGood(t *testing.T) {
	f := &file{changes: []change{{after: []byte("a")}}}
	f.flushFailed()
	f.flushed()
	if len(f.changes) != 1 || f.changes[0].lasting {
		t.Errorf("%+v", f.changes)
	}
}

func TestFailures(t *testing.T) {
	for _, how := range []How{NotDone, DoneAndError} {
		t.Run(fmt.Sprint(how), func(t *testing.T) {
			d, dir := folder(t)
			d.Arm(Fault{At: 1, How: how, Files: true})
			path := filepath.Join(dir, "note")
			if err := d.Create(path, []byte("x")); !errors.Is(err, ErrFault) {
				t.Fatalf("creating gave %v", err)
			}
			if _, err := os.Stat(path); (err == nil) != (how == DoneAndError) {
				t.Errorf("the file: %v", err)
			}
			if steps, fired := d.Disarm(); steps != 1 || fired != 1 {
				t.Errorf("%d steps, %d failed", steps, fired)
			}
		})
	}
	d, _ := folder(t)
	db := base(t, d, "full")
	if _, err := db.Exec("CREATE TABLE t(x)"); err != nil {
		t.Fatal(err)
	}
	d.Fill(true)
	if _, err := db.Exec("INSERT INTO t VALUES(1)"); err == nil {
		t.Error("a full disk takes a row")
	}
	if free, err := d.Free(""); free != 0 || err != nil {
		t.Errorf("a full disk has %d bytes free, %v", free, err)
	}
	d.Fill(false)
	if _, err := db.Exec("INSERT INTO t VALUES(1)"); err != nil {
		t.Error(err)
	}
}
