package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// catcher is what catches a bug: a test of a package or, under the package
// name "drill", a drill of the whole program.
type catcher struct{ pkg, name string }

const (
	drills  = "drill"
	patient = 4 * time.Minute // with one test or drill
)

// String names it as the table does.
func (c catcher) String() string { return c.pkg + " " + c.name }

// build is how the program that runs it is built; all of one package share it.
func (c catcher) build(binary, overlay string) []string {
	args := []string{"test", "-c", "-vet=off"}
	target := "./" + c.pkg
	if c.pkg == drills {
		args, target = []string{"build"}, "./cmd/holdfast"
	}
	args = append(args, "-ldflags=-s -w", "-o", binary)
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	return append(args, target)
}

// command runs it.
func (c catcher) command(ctx context.Context, root, temp, binary string) *exec.Cmd {
	if c.pkg == drills {
		run := exec.CommandContext(ctx, binary, "drill", c.name, "--json", "--temp", temp)
		run.Dir = temp
		run.Cancel = func() error { return run.Process.Signal(os.Interrupt) } // so that it takes its disks down
		run.WaitDelay = 20 * time.Second
		return run
	}
	run := exec.CommandContext(ctx, binary, "-test.v", "-test.count=1", "-test.timeout="+patient.String(), "-test.run="+pattern(c.name))
	run.Dir = filepath.Join(root, c.pkg)
	return run
}

// passed tells whether it passed or failed. Whatever is neither is an error: a
// test that is not there, that hangs, or that ends without failing.
func (c catcher) passed(said string, ended error) (bool, error) {
	if c.pkg == drills {
		return c.drillPassed(said, ended)
	}
	name, _, _ := strings.Cut(c.name, "/")
	switch {
	case ended == nil && strings.Contains(said, "--- PASS: "+name+" "):
		return true, nil
	case ended == nil:
		return false, fmt.Errorf("there is no test %s", c)
	case strings.Contains(said, "panic: test timed out"):
		return false, errors.New("the test hangs instead of failing")
	case strings.Contains(said, "--- FAIL: "+name+" "):
		return false, nil
	}
	return false, fmt.Errorf("the test ends without failing: %w", ended)
}

func (c catcher) drillPassed(said string, ended error) (bool, error) {
	for line := range strings.Lines(said) {
		var r struct {
			Drill string
			Pass  bool
		}
		if json.Unmarshal([]byte(line), &r) == nil && r.Drill == c.name && r.Pass == (ended == nil) {
			return r.Pass, nil
		}
	}
	return false, fmt.Errorf("the drill gives no result: %v", ended)
}

// pattern matches one test, or one part of a test, exactly.
func pattern(test string) string {
	return "^" + strings.Join(strings.Split(test, "/"), "$/^") + "$"
}
