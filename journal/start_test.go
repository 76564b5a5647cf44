package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/sim/disk"
)

// TestANewIncarnationAfter covers every way in which a folder can turn out not
// to be the one that was last running.
func TestANewIncarnationAfter(t *testing.T) {
	for _, c := range []struct {
		name  string
		wrong func(t *testing.T, o Options, backup string, care fact.FeedID)
		want  uint32
	}{
		{"a plain restart", func(*testing.T, Options, string, fact.FeedID) {}, 1},
		{"a backup without the start folder", func(t *testing.T, o Options, _ string, _ fact.FeedID) {
			if err := os.RemoveAll(filepath.Join(o.Dir, startFolder)); err != nil {
				t.Fatal(err)
			}
		}, 2},
		{"an older journal put back", func(t *testing.T, o Options, backup string, _ fact.FeedID) {
			putBack(t, backup, o.Dir, firstFile)
		}, 2},
		{"an older journal of the same run put back", func(t *testing.T, o Options, backup string, care fact.FeedID) {
			putBack(t, backup, o.Dir, firstFile)
			putBack(t, backup, o.Dir, "start/token")
			note, err := readStart(o.Dir)
			if err != nil {
				t.Fatal(err)
			}
			note.Feeds = []fact.After{{Feed: care, Size: 1}} // what the start folder remembers is more than the journal holds
			if err := writeStart(o.Dir, Disk{}, note); err != nil {
				t.Fatal(err)
			}
		}, 2},
		{"another machine's start folder", func(t *testing.T, o Options, _ string, _ fact.FeedID) {
			other := testOptions(t)
			if err := Found(t.Context(), other, testFounding()); err != nil {
				t.Fatal(err)
			}
			putBack(t, other.Dir, o.Dir, "start/token")
		}, 2},
		{"a damaged start token", func(t *testing.T, o Options, _ string, _ fact.FeedID) {
			if err := os.WriteFile(startPath(o.Dir), []byte{0xff}, 0o600); err != nil {
				t.Fatal(err)
			}
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := testOptions(t)
			if err := Found(t.Context(), o, testFounding()); err != nil {
				t.Fatal(err)
			}
			backup := t.TempDir()
			copyFolder(t, o.Dir, backup)
			j, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			s := newSubject(t, j)
			care := say(t, j, s, "before").Header.Feed
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			c.wrong(t, o, backup, care)
			j = reopen(t, o)
			if h := j.Health(); h.Incarnation != c.want {
				t.Errorf("incarnation %d, want %d", h.Incarnation, c.want)
			}
			say(t, j, s, "after")
			began := incarnations(t, j)
			if len(began) != int(c.want) {
				t.Errorf("%d incarnations are stated as facts", len(began))
			}
			if last := began[len(began)-1]; c.want == 2 && (last.Why != "restored" || len(last.After) != 3) {
				t.Errorf("the certificate says %q after %v", last.Why, last.After)
			}
		})
	}
}

func putBack(t *testing.T, backup, dir, name string) {
	t.Helper()
	for _, end := range []string{"-wal", "-shm"} {
		if err := removeIfThere(filepath.Join(dir, name+end)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(filepath.Join(backup, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func incarnations(t *testing.T, j *Journal) []fact.Incarnation {
	t.Helper()
	h, err := j.History(t.Context(), j.OrgSubject())
	if err != nil {
		t.Fatal(err)
	}
	_, card, _ := j.Device().Enrolment()
	var out []fact.Incarnation
	for _, f := range h.Facts() {
		c, err := fact.Read[IncarnationBegan](f)
		if err != nil {
			continue
		}
		i, err := fact.OpenIncarnation(c.Certificate, card, j.Device().Card())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, i)
	}
	return out
}

// TestStartFolderStaysOutOfBackups: the tag is the one backup programs know.
func TestStartFolderStaysOutOfBackups(t *testing.T) {
	o := testOptions(t)
	newJournal(t, o)
	b, err := os.ReadFile(filepath.Join(o.Dir, startFolder, "CACHEDIR.TAG"))
	if err != nil || !strings.HasPrefix(string(b), "Signature: 8a477f597d28d172789f06886806bc55") {
		t.Errorf("the tag is %q, %v", b, err)
	}
}

// TestFoundingStatesEverything: genesis, epoch, device and incarnation are the
// first facts, word for word.
func TestFoundingStatesEverything(t *testing.T) {
	o := testOptions(t)
	j := newJournal(t, o)
	h, err := j.History(t.Context(), j.OrgSubject())
	if err != nil {
		t.Fatal(err)
	}
	if h.Len() != 4 {
		t.Fatalf("%d facts", h.Len())
	}
	founded, err := fact.Read[Founded](h.Facts()[0])
	if err != nil {
		t.Fatal(err)
	}
	genesis, err := fact.OpenGenesis(founded.Genesis)
	if err != nil || genesis.Name != "Test 111" || genesis.ODS != "ABC" {
		t.Errorf("genesis %+v, %v", genesis, err)
	}
	if org, err := genesis.ID(); err != nil || org != j.Org() {
		t.Errorf("organisation %s, %v", org, err)
	}
	epoch, err := fact.Read[EpochBegan](h.Facts()[1])
	if err != nil || string(epoch.Public) != string(j.Device().EpochPublic()) {
		t.Errorf("epoch: %v", err)
	}
	device, err := fact.Read[DeviceEnrolled](h.Facts()[2])
	if err != nil || device.Domain != "cellar" {
		t.Errorf("device: %+v, %v", device, err)
	}
	if _, err := fact.OpenCard(device.Card, genesis); err != nil {
		t.Error(err)
	}
	if began := incarnations(t, j); len(began) != 1 || began[0].Why != "first" {
		t.Errorf("incarnations: %+v", began)
	}
}

// TestAnUnfinishedFoundingIsClearedAway: a founding that was cut off leaves
// nothing that could be mistaken for a journal.
func TestAnUnfinishedFoundingIsClearedAway(t *testing.T) {
	base := testOptions(t)
	for at := 1; ; at += 3 * slower {
		o := base
		o.Dir = t.TempDir()
		faults := faulty(t, o.Dir)
		o.Store = faults
		faults.Arm(disk.Fault{At: at, How: disk.NotDone, Sticky: true, Files: true})
		err := Found(t.Context(), o, testFounding())
		if _, fired := faults.Disarm(); fired == 0 {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if err == nil && Here(o.Dir) {
			t.Logf("step %d failed after the founding was whole", at)
		} else if err == nil {
			t.Fatalf("step %d failed and founding says nothing", at)
		}
		if Here(o.Dir) {
			continue
		}
		if _, err := Open(t.Context(), o); !refusal.Is(err, refusal.Missing) {
			t.Fatalf("step %d: opening an unfinished founding gave %v", at, err)
		}
		if err := Found(t.Context(), o, testFounding()); err != nil {
			t.Fatalf("step %d: founding again: %v", at, err)
		}
		holds(t, o)
		if at > 500 {
			t.Fatal("founding takes no end of writes")
		}
	}
}
