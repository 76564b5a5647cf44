package accessdb

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/access"
)

// Whoever deletes the file of a desk's authority, or puts an older one back, and
// sets the clock back gains nothing by it: what the desk has written says what the
// time is at least.
func TestNoFileAndNoClockGiveAFreshLease(t *testing.T) {
	f, ctx := open(t), t.Context()
	dir := t.TempDir()
	path := filepath.Join(dir, leaseFile)
	l := f.desk(t, dir)
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f.forward(11 * time.Hour)
	f.with(t, "C. Ndlovu", access.CallHandler) // the desk is at work
	f.forward(-11 * time.Hour)
	for what, put := range map[string]func() error{
		"deleted":  func() error { return os.Remove(path) },
		"put back": func() error { return os.WriteFile(path, fresh, 0o600) },
	} {
		for again := range 2 { // what was written with the clock set back takes nothing back
			if err := put(); err != nil {
				t.Fatal(err)
			}
			if left := f.desk(t, dir).now().Left(l.Rules); left > time.Hour+time.Minute {
				t.Errorf("%s, time %d: %v are left", what, again, left)
			}
			f.with(t, "D. Amis", access.CallHandler)
			if err := f.Leases.Note(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Once it is on record that it ran out, no older file says otherwise.
	l = f.desk(t, dir)
	f.forward(13 * time.Hour)
	if !l.Standing().Out {
		t.Fatal("still in time")
	}
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	f.forward(-13 * time.Hour)
	if err := os.WriteFile(path, fresh, 0o600); err != nil {
		t.Fatal(err)
	}
	if l = f.desk(t, dir); !l.Standing().Out {
		t.Error("a file from before renews what ran out on record")
	}
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	if _, ways := f.renewals(t); len(ways) != 0 {
		t.Errorf("and it is stated: renewed by %v", ways)
	}
}

// A clock that went wrong while the desk was at work, and was set right again,
// ends nothing at the next start: only what was written after the lease counts.
func TestAClockThatWasWrongEndsNoLeaseLater(t *testing.T) {
	f, ctx := open(t), t.Context()
	dir := t.TempDir()
	l := f.desk(t, dir)
	f.forward(24 * 365 * time.Hour)
	f.with(t, "C. Ndlovu", access.CallHandler)
	f.forward(-24 * 365 * time.Hour)
	l.mu.Lock()
	l.is = access.NewLease(l.Now(), access.LeaseBySite, 0) // as a site node that was heard since
	l.mu.Unlock()
	if err := l.keep(true); err != nil {
		t.Fatal(err)
	}
	f.forward(time.Hour)
	if err := l.Note(ctx); err != nil {
		t.Fatal(err)
	}
	if left := f.desk(t, dir).now().Left(l.Rules); left != 11*time.Hour {
		t.Errorf("%v are left", left)
	}
}
