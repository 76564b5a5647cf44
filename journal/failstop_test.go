package journal

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/sim/disk"
)

// attempt is what a test tried to say and what it was told.
type attempt struct {
	text string
	err  error
}

// talk makes acts until n are tried.
func talk(t testing.TB, j *Journal, s fact.Subject, n int) []attempt {
	t.Helper()
	var out []attempt
	for i := range n {
		text := fmt.Sprintf("act %d", i)
		_, err := j.Do(context.Background(), fact.Author{Role: "tester"}, nil, func(tx *Tx) ([]fact.Draft, error) {
			if _, err := tx.History(s); err != nil {
				return nil, err
			}
			d := fact.Say(s, said{text})
			if i%5 == 4 {
				d = d.With(fact.Blob{Media: "text/plain", Bytes: []byte(strings.Repeat("scan ", 300))})
			}
			return []fact.Draft{d, fact.Say(s, looked{text})}, nil
		})
		out = append(out, attempt{text, err})
	}
	return out
}

// agrees checks what was told against what is there.
func agrees(t testing.TB, tried []attempt, there []string) {
	t.Helper()
	count := map[string]int{}
	for _, s := range there {
		count[s]++
	}
	for _, a := range tried {
		n := count[a.text]
		switch {
		case a.err == nil && n != 1:
			t.Errorf("%s was saved and is there %d times", a.text, n)
		case refusal.Is(a.err, refusal.Unavailable) && n != 0:
			t.Errorf("%s was surely not saved and is there %d times", a.text, n)
		case refusal.Is(a.err, refusal.Unknown) && n > 1:
			t.Errorf("%s is there %d times", a.text, n)
		case a.err != nil && !refusal.Is(a.err, refusal.Unknown) && !refusal.Is(a.err, refusal.Unavailable):
			t.Errorf("%s: %v", a.text, a.err)
		}
	}
}

// TestEveryWriteAndFlushFails lets every single write and flush of a run fail
// once, each both "not done" and "done but said it failed", and at some of
// them all that follow too. Nothing that was answered as saved may be missing,
// nothing that was refused may be there, and the journal must hold.
func TestEveryWriteAndFlushFails(t *testing.T) {
	const acts = 12
	base := testOptions(t)
	base.CheckpointPages = 10
	if err := Found(t.Context(), base, testFounding()); err != nil {
		t.Fatal(err)
	}
	steps := countSteps(t, base, acts)
	if steps < 50 {
		t.Fatalf("a run takes only %d writes and flushes", steps)
	}
	stride := 9 * slower
	if os.Getenv("HOLDFAST_FAULTS") == "all" {
		stride = 1
	}
	moved := 0
	for at := 1; at <= steps; at += stride {
		for _, done := range []bool{false, true} {
			for _, sticky := range []bool{false, true} {
				if sticky && at%4 != 1 {
					continue
				}
				if failOnce(t, base, acts, at, done, sticky) {
					moved++
				}
				if t.Failed() {
					t.Fatalf("at step %d of %d, done %v, sticky %v", at, steps, done, sticky)
				}
			}
		}
	}
	if moved == 0 {
		t.Error("no run ever moved to a new file")
	}
	t.Logf("%d writes and flushes in a run, %d runs moved to a new file", steps, moved)
}

func countSteps(t *testing.T, base Options, acts int) int {
	o := base
	o.Dir = t.TempDir()
	copyFolder(t, base.Dir, o.Dir)
	faults := faulty(t, o.Dir)
	o.Store = faults
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	faults.Arm(failing(0, true, false))
	talk(t, j, newSubject(t, j), acts)
	count, _ := faults.Disarm()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return count
}

func failOnce(t *testing.T, base Options, acts, at int, done, sticky bool) (moved bool) {
	o := base
	o.Dir = filepath.Join(t.TempDir(), "f")
	copyFolder(t, base.Dir, o.Dir)
	defer os.RemoveAll(o.Dir)
	faults := faulty(t, o.Dir)
	o.Store = faults
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := newSubject(t, j)
	faults.Arm(failing(at, done, sticky))
	tried := talk(t, j, s, acts)
	settled(t, j, faults)
	_, fired := faults.Disarm()
	agrees(t, tried, texts(t, j, s))
	h := j.Health()
	checkHealth(t, h, fired, sticky)
	if h.Saving {
		say(t, j, s, "after")
	}
	_ = j.Close() // a failed disk may show once more here
	holds(t, o)

	again := o
	again.Store = nil
	j, err = Open(t.Context(), again)
	if err != nil {
		t.Fatalf("open again: %v", err)
	}
	agrees(t, tried, texts(t, j, s))
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	holds(t, again)
	return fired > 0 && h.Saving && h.Incarnation > 1
}

// settled waits until a journal whose disk failed has moved or given up.
func settled(t *testing.T, j *Journal, d *disk.Disk) {
	t.Helper()
	for range 5000 {
		fired := d.Fired()
		j.state.mu.Lock()
		over := !j.state.moving && (fired == 0 || j.state.sentence != "")
		j.state.mu.Unlock()
		if over {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the journal has not moved in five seconds")
}

// checkHealth: after a fault the device either goes on in a new incarnation
// and says so, or says that it can't save.
func checkHealth(t *testing.T, h Health, fired int, sticky bool) {
	t.Helper()
	switch {
	case fired == 0 && (!h.Saving || h.Incarnation != 1):
		t.Errorf("nothing failed and health says %+v", h)
	case fired > 0 && sticky && h.Saving:
		t.Errorf("everything fails and health says that it saves")
	case fired > 0 && !sticky && (!h.Saving || h.Incarnation != 2 || h.Sentence == ""):
		t.Errorf("one write failed: saving %v, incarnation %d, %q", h.Saving, h.Incarnation, h.Sentence)
	case !h.Saving && h.Sentence == "":
		t.Error("health does not say why nothing is saved")
	}
}

// TestFullDisk refuses before acknowledging and goes on when there is room.
func TestFullDisk(t *testing.T) {
	o := testOptions(t)
	faults := faulty(t, o.Dir)
	o.Store = faults
	j := newJournal(t, o)
	s := newSubject(t, j)
	say(t, j, s, "before")
	faults.Arm(disk.Fault{At: 1, How: disk.NoRoom, Sticky: true})
	tried := talk(t, j, s, 3)
	for _, a := range tried {
		if a.err == nil {
			t.Errorf("%s was answered as saved on a full disk", a.text)
		}
	}
	if h := j.Health(); h.Saving || !strings.Contains(h.Sentence, "disk is full") {
		t.Errorf("health on a full disk: %+v", h)
	}
	if got := texts(t, j, s); len(got) != 1 {
		t.Errorf("reading on a full disk gave %q", got)
	}
	faults.Disarm()
	say(t, j, s, "after")
	if h := j.Health(); !h.Saving || h.Incarnation != 1 {
		t.Errorf("health with room again: %+v", h)
	}
	if got := texts(t, j, s); len(got) != 2 || got[1] != "after" {
		t.Errorf("with room again: %q", got)
	}
}

// TestDamageDoesNotStopTheMove: a record that was already damaged is carried
// to the new file as it is; saving goes on and Verify names the place.
func TestDamageDoesNotStopTheMove(t *testing.T) {
	o := testOptions(t)
	faults := faulty(t, o.Dir)
	o.Store = faults
	if err := Found(t.Context(), o, testFounding()); err != nil {
		t.Fatal(err)
	}
	j, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s, damaged := newSubject(t, j), newSubject(t, j)
	bad := say(t, j, damaged, "damaged later")
	if err := change(filepath.Join(o.Dir, firstFile), "UPDATE facts SET body=zeroblob(length(body)) WHERE pos=5"); err != nil {
		t.Fatal(err)
	}
	faults.Arm(failing(1, false, false))
	talk(t, j, s, 1)
	settled(t, j, faults)
	faults.Disarm()
	say(t, j, s, "after")
	if h := j.Health(); !h.Saving || h.Incarnation != 2 {
		t.Errorf("saving %v, incarnation %d", h.Saving, h.Incarnation)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Verify(t.Context(), o.Dir, o)
	if err != nil {
		t.Fatal(err)
	}
	place := fmt.Sprintf("feed %s, care, seq %d", bad.Header.Feed.Short(), bad.Header.Seq)
	if len(r.Failures) != 1 || r.Failures[0].Place != place {
		t.Errorf("Verify says %+v, want only %s", r.Failures, place)
	}
}

// TestAFailedFlushBetweenCommitsEndsTheFileToo fails the writes that are no
// acts: receipts, papers, key wraps.
func TestAFailedFlushBetweenCommitsEndsTheFileToo(t *testing.T) {
	for _, done := range []bool{false, true} {
		dir := t.TempDir()
		d := faulty(t, dir)
		o := testOptions(t)
		o.Dir, o.Store = dir, d
		if err := Found(t.Context(), o, testFounding()); err != nil {
			t.Fatal(err)
		}
		a, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := sister(t, a, fact.SiteNode, "b")
		s := newSubject(t, b)
		one := say(t, b, s, "from b")
		pull(t, b, a)
		say(t, b, s, "more from b")
		d.Arm(failing(1, done, false))
		if err := a.FlushReceipts(t.Context()); err == nil {
			t.Error("a write that failed was called done")
		}
		settled(t, a, d)
		d.Disarm()
		say(t, a, s, "after it")
		if a.Health().Incarnation != 2 {
			t.Errorf("done %v: incarnation %d: the file that failed is written again", done, a.Health().Incarnation)
		}
		pull(t, b, a)
		if got := texts(t, a, s); len(got) != 3 || !a.Safe(one) {
			t.Errorf("done %v: has %q", done, got)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		holds(t, o)
	}
}

// almostFull is a disk of which only what was held back is left.
type almostFull struct {
	Store
	full atomic.Bool
}

func (d *almostFull) Free(dir string) (int64, error) {
	if d.full.Load() {
		return 0, nil
	}
	return d.Store.Free(dir)
}

// TestNobodyIsKeptFromLookingByAFullDisk: looks are written with the space that
// was held back, everything else is refused.
func TestNobodyIsKeptFromLookingByAFullDisk(t *testing.T) {
	o := testOptions(t)
	d := &almostFull{Store: Disk{}}
	o.Store, o.Reserve = d, 1<<20
	j := newJournal(t, o)
	s := newSubject(t, j)
	say(t, j, s, "before")
	d.full.Store(true)
	for _, a := range talk(t, j, s, 2) {
		if a.err == nil {
			t.Errorf("%s was answered as saved on a full disk", a.text)
		}
	}
	for range 3 {
		_, err := j.Do(t.Context(), fact.Author{Role: "tester"}, nil, func(*Tx) ([]fact.Draft, error) {
			return []fact.Draft{fact.Say(s, looked{"at it"})}, nil
		})
		if err != nil {
			t.Errorf("looking on a full disk: %v", err)
		}
	}
	mixed := []fact.Draft{fact.Say(s, looked{"at it"}), fact.Say(s, said{"and said"})}
	if _, err := j.Do(t.Context(), fact.Author{Role: "tester"}, nil, func(*Tx) ([]fact.Draft, error) { return mixed, nil }); err == nil {
		t.Error("a note beside a look was answered as saved on a full disk")
	}
	if h := j.Health(); h.Saving || !strings.Contains(h.Sentence, "disk is full") {
		t.Errorf("health on a full disk: %+v", h)
	}
	d.full.Store(false)
	say(t, j, s, "after")
	if h := j.Health(); !h.Saving || h.Incarnation != 1 {
		t.Errorf("health with room again: %+v", h)
	}
}
