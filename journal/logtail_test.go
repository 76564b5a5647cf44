package journal

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// damagedLog gives a folder whose log, with several commits, was never copied
// home.
func damagedLog(t *testing.T, damage func(log []byte) []byte) (Options, []byte) {
	t.Helper()
	o := testOptions(t)
	j := newJournal(t, o)
	s := newSubject(t, j)
	for range 4 {
		say(t, j, s, "a")
	}
	log, err := os.ReadFile(j.file.Load().path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	other := o
	other.Dir = t.TempDir()
	if err := os.CopyFS(other.Dir, os.DirFS(o.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other.Dir, "journal.db-wal"), damage(log), 0o600); err != nil {
		t.Fatal(err)
	}
	return other, log
}

// Damage in the middle of the log is not taken for its end.
func TestDamageInTheLogIsNotItsEnd(t *testing.T) {
	o, _ := damagedLog(t, func(log []byte) []byte {
		log[logHeaderSize+logFrameSize+100] ^= 1
		return log
	})
	j := reopen(t, o)
	if h := j.Health(); h.Incarnation < 2 || h.Sentence == "" || !h.Saving {
		t.Errorf("%+v", h)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "journal.db-wal.damaged-1")); err != nil {
		t.Error(err)
	}
}

// A power cut in the last commit is: at every byte of it.
func TestTheLastCommitMayBeTorn(t *testing.T) {
	_, log := damagedLog(t, func(log []byte) []byte { return log })
	if n := commitsBehindDamage(log); n != 0 {
		t.Fatalf("%d commits dropped of a sound log", n)
	}
	page := int(binary.BigEndian.Uint32(log[8:]))
	begin, next := 0, logHeaderSize
	for at := logHeaderSize; at+logFrameSize+page <= len(log); at += logFrameSize + page {
		if binary.BigEndian.Uint32(log[at+4:]) != 0 {
			begin, next = next, at+logFrameSize+page
		}
	}
	for at := begin; at < len(log); at += 7 {
		torn := append(append([]byte(nil), log[:at]...), make([]byte, len(log)-at)...)
		if commitsBehindDamage(torn) != 0 || commitsBehindDamage(log[:at]) != 0 {
			t.Fatalf("torn at byte %d", at)
		}
	}
	for at := 0; at < begin; at += 7 {
		rotten := append([]byte(nil), log...)
		rotten[at] ^= 1
		if commitsBehindDamage(rotten) == 0 {
			t.Fatalf("damage at byte %d of %d is not seen", at, len(log))
		}
	}
}
