package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test's own binary be the helpers of a drill.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Helper {
		if err := RunHelper(context.Background(), os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func here(t *testing.T) Program {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Program{Path: exe}
}

// A drill passes only when nothing was wrong, and leaves nothing behind.
func TestADrillThatSawSomethingWrongHasNotPassed(t *testing.T) {
	for what, run := range map[string]func(context.Context, *Stage) error{
		"wrong":      func(_ context.Context, s *Stage) error { s.Wrong("it is %s", "wrong"); return nil },
		"failed":     func(context.Context, *Stage) error { return errors.New("it is failed") },
		"panicked":   func(context.Context, *Stage) error { panic("it is panicked") },
		"too little": func(_ context.Context, s *Stage) error { s.AtLeast("acts", 1); return nil },
		"undone late": func(_ context.Context, s *Stage) error {
			s.after(func() error { return errors.New("it is undone late") })
			return nil
		},
	} {
		temp := t.TempDir()
		r := Rehearse(t.Context(), Drill{Name: "x", run: run}, here(t), 1, temp)
		left, err := os.ReadDir(temp)
		if r.Pass || !strings.Contains(r.Seen, what) || len(left) != 0 || err != nil {
			t.Errorf("%s: %+v, left %v", what, r, left)
		}
	}
}

func TestEveryDrillIsFoundByNameAndNumber(t *testing.T) {
	for _, d := range Drills() {
		for _, name := range []string{d.Name, fmt.Sprint(d.Number)} {
			if found, err := Find([]string{name}); err != nil || len(found) != 1 || found[0].Number != d.Number {
				t.Errorf("%s: %v %v", name, found, err)
			}
		}
		if d.About == "" || d.Expected == "" || d.Hazard == "" {
			t.Errorf("%s does not say what it is for", d.Name)
		}
	}
	if _, err := Find([]string{"none"}); err == nil {
		t.Error("a drill was found that is not there")
	}
}

// A whole drill, with its processes and its failing disk.
func TestFullDiskDrill(t *testing.T) {
	found, err := Find([]string{"full"})
	if err != nil {
		t.Fatal(err)
	}
	if r := Rehearse(t.Context(), found[0], here(t), 1, t.TempDir()); !r.Pass {
		t.Errorf("%+v", r)
	}
}

// TestADrillThatIsStoppedLeavesNothingBehind: Ctrl-C in the middle of a drill
// that has mounted a disk and started processes.
func TestADrillThatIsStoppedLeavesNothingBehind(t *testing.T) {
	temp := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	mounts := func() int {
		raw, err := os.ReadFile("/proc/mounts")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(raw), temp)
	}
	go func() { // stop it as soon as a disk is mounted
		for ctx.Err() == nil && mounts() == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	r := Rehearse(ctx, fullDrill(), here(t), 1, temp)
	if r.Pass {
		t.Error("a drill that was stopped has passed")
	}
	if ctx.Err() == nil {
		t.Fatalf("it was not stopped in the middle: %s", r.Seen)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 || mounts() > 0 {
		t.Errorf("left behind: %v, %d mounts, %v", left, mounts(), err)
	}
	if own := children(t); own != "" {
		t.Errorf("processes are left: %s", own)
	}
}

// children lists the processes that this one has started and that still run.
func children(t *testing.T) string {
	t.Helper()
	all, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, path := range all {
		if raw, err := os.ReadFile(path); err == nil {
			out.Write(raw)
		}
	}
	return strings.TrimSpace(out.String())
}
