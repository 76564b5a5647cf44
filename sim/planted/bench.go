package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	atOnce  = 2  // builds or tests at the same time
	mostSay = 20 // lines of a test's output that are shown unasked
)

// bench builds and runs catchers with and without bugs.
type bench struct {
	tree
	temp    string
	out     io.Writer
	verbose bool
}

// result is what became of one bug.
type result struct {
	bug
	took time.Duration // to build and to catch it
	said string        // by the catcher
	err  error         // nil: caught
}

// all runs every catcher without its bug, then every bug.
func (b bench) all(ctx context.Context, bugs []bug) []result {
	fmt.Fprintf(b.out, "%d planted bugs: first what catches them, without them\n", len(bugs))
	bad := b.unsound(ctx, bugs)
	out := make([]result, len(bugs))
	var saying sync.Mutex
	inParallel(len(bugs), func(i int) {
		r := result{bug: bugs[i], err: bad[bugs[i].by]}
		if r.err == nil {
			r = b.try(ctx, bugs[i])
		}
		out[i] = r
		saying.Lock()
		defer saying.Unlock()
		b.say(r)
	})
	return out
}

func inParallel(n int, do func(i int)) {
	var wait sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	wait.Wait()
}

// unsound runs every catcher on the tree as it is and tells why those that do
// not pass there are worth nothing. What has one program is built once.
func (b bench) unsound(ctx context.Context, bugs []bug) map[catcher]error {
	of := map[string][]catcher{} // by package
	var packages []string
	seen := map[catcher]bool{}
	for _, g := range bugs {
		if seen[g.by] {
			continue
		}
		if of[g.by.pkg] == nil {
			packages = append(packages, g.by.pkg)
		}
		seen[g.by], of[g.by.pkg] = true, append(of[g.by.pkg], g.by)
	}
	out := map[catcher]error{}
	var writing sync.Mutex
	inParallel(len(packages), func(i int) {
		binary := filepath.Join(b.temp, fmt.Sprintf("sound-%d.test", i))
		err := b.build(ctx, of[packages[i]][0], binary, "")
		for _, c := range of[packages[i]] {
			bad := err
			if bad == nil {
				bad = b.passes(ctx, c, binary)
			}
			writing.Lock()
			out[c] = bad
			writing.Unlock()
		}
	})
	return out
}

func (b bench) passes(ctx context.Context, c catcher, binary string) error {
	said, ended := b.run(ctx, c, binary)
	passed, err := c.passed(said, ended)
	if err == nil && !passed {
		err = fmt.Errorf("%s fails without the bug too:\n%s", c, tail(said))
	}
	return err
}

// try plants one bug and runs its catcher, which must fail.
func (b bench) try(ctx context.Context, g bug) result {
	began := time.Now()
	folder := filepath.Join(b.temp, filepath.Base(g.patch))
	binary := filepath.Join(folder, "planted.test")
	overlay, err := b.plant(ctx, g, folder)
	if err == nil {
		err = b.build(ctx, g.by, binary, overlay)
	}
	r := result{bug: g, err: err}
	if err == nil {
		var ended error
		r.said, ended = b.run(ctx, g.by, binary)
		var passed bool
		if passed, r.err = g.by.passed(r.said, ended); passed {
			r.err = errors.New("it survives: " + g.by.String() + " passes")
		}
	}
	r.took = time.Since(began)
	return r
}

func (b bench) build(ctx context.Context, c catcher, binary, overlay string) error {
	build := exec.CommandContext(ctx, "go", c.build(binary, overlay)...)
	build.Dir = b.root
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("it does not build: %s", tail(string(said)))
	}
	return nil
}

func (b bench) run(ctx context.Context, c catcher, binary string) (said string, ended error) {
	ctx, cancel := context.WithTimeout(ctx, patient+10*time.Second)
	defer cancel()
	out, err := c.command(ctx, b.root, b.temp, binary).CombinedOutput()
	return string(out), err
}

func tail(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return strings.Join(lines[max(0, len(lines)-mostSay):], "\n")
}
