package journal

import (
	"context"
	"errors"
	"testing"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// TestAnAnswerComesAfterTheLastFlush lets the writes and flushes of one act
// fail, each in turn on a folder of its own: the last thing before an answer
// must be a flush, or a power cut takes what was answered as saved.
func TestAnAnswerComesAfterTheLastFlush(t *testing.T) {
	base := testOptions(t)
	if err := Found(t.Context(), base, testFounding()); err != nil {
		t.Fatal(err)
	}
	var last error
	for at := 1; ; at++ {
		err, fired := failingAct(t, base, at)
		if !fired {
			break
		}
		if err == nil {
			t.Fatalf("step %d failed and the act was answered as saved", at)
		}
		last = err
	}
	var e *sqlite.Error
	if !errors.As(last, &e) || e.Code() != sqlite3.SQLITE_IOERR_FSYNC {
		t.Errorf("the last thing before an answer was no flush: it failed with %v", last)
	}
	if !refusal.Is(last, refusal.Unknown) {
		t.Errorf("a commit whose flush failed may be there or not, and was told as: %v", last)
	}
}

// failingAct makes one act on a copy of a folder, with one write or flush of
// it failing, and tells whether there was one to fail.
func failingAct(t *testing.T, base Options, at int) (err error, fired bool) {
	t.Helper()
	o := base
	o.Dir = t.TempDir()
	copyFolder(t, base.Dir, o.Dir)
	faults := faulty(t, o.Dir)
	o.Store = faults
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, j)
	faults.Arm(failing(at, false, false))
	_, err = j.Do(context.Background(), fact.Author{Role: "tester"}, nil, func(*Tx) ([]fact.Draft, error) {
		return []fact.Draft{fact.Say(s, said{"one"})}, nil
	})
	settled(t, j, faults)
	_, n := faults.Disarm()
	if n > 0 {
		_ = j.Close() // the disk that failed may show once more here
		return err, true
	}
	return errors.Join(err, j.Close()), false
}
