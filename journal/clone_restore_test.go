package journal

import (
	"os"
	"path/filepath"
	"testing"
)

// TestARestoredMachineKnowsOfItsClone: a machine that knows the incarnation of
// its clone, but none of its facts, starts again from a backup.
func TestARestoredMachineKnowsOfItsClone(t *testing.T) {
	o := testOptions(t)
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	other := o
	other.Dir = filepath.Join(t.TempDir(), "clone")
	copyFolder(t, o.Dir, other.Dir)
	clone := reopen(t, other)
	if err := clone.Reincarnate(t.Context(), "cloned"); err != nil {
		t.Fatal(err)
	}
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	cards, certificates := clone.Papers()
	if err := j.AdmitPapers(t.Context(), cards, certificates); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(o.Dir, startFolder)); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, o)
	if h := again.Health(); !h.Saving || h.Incarnation < 2 {
		t.Errorf("saving %v, incarnation %d", h.Saving, h.Incarnation)
	}
	say(t, again, newSubject(t, again), "work goes on")
}
