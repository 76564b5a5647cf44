package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdfast/sim/drill"
)

func here(t *testing.T) (tree, []bug) {
	t.Helper()
	at, err := findTree(".")
	if err != nil {
		t.Fatal(err)
	}
	all, err := at.bugs()
	if err != nil {
		t.Fatal(err)
	}
	return at, all
}

// TestEveryPatchApplies: a change of the program that leaves a planted bug
// behind is told at once, not at the next whole run.
func TestEveryPatchApplies(t *testing.T) {
	at, all := here(t)
	for _, b := range all {
		if _, err := at.plant(t.Context(), b, filepath.Join(t.TempDir(), b.name)); err != nil {
			t.Errorf("%02d %s: %v", b.number, b.name, err)
		}
		for _, file := range b.changes {
			if strings.HasSuffix(file, "_test.go") || !strings.HasSuffix(file, ".go") {
				t.Errorf("%02d %s changes %s: bugs are planted in the program", b.number, b.name, file)
			}
		}
	}
}

// TestTheTableIsSound: numbers and names are used once, catchers are there,
// hazards are in the log, and the page tells of every bug.
func TestTheTableIsSound(t *testing.T) {
	at, all := here(t)
	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(at.root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	hazards, page, called := read("docs/safety/hazards.md"), read("docs/planted.md"), map[string]bool{}
	if len(all) < 20 {
		t.Errorf("%d bugs are planted", len(all))
	}
	for i, b := range all {
		if b.number != i+1 || called[b.name] {
			t.Errorf("%02d %s: numbers go up by one and names are used once", b.number, b.name)
		}
		called[b.name] = true
		if !b.by.isThere(t, at) {
			t.Errorf("%02d %s: there is no %s", b.number, b.name, b.by)
		}
		if !strings.Contains(hazards, "| "+b.hazard+" |") {
			t.Errorf("%02d %s: the log has no hazard %s", b.number, b.name, b.hazard)
		}
		if !strings.Contains(page, b.what) || !strings.Contains(page, b.by.String()) {
			t.Errorf("%02d %s is not in docs/planted.md: make selftest writes it", b.number, b.name)
		}
	}
}

func (c catcher) isThere(t *testing.T, at tree) bool {
	t.Helper()
	if c.pkg == drills {
		return slices.ContainsFunc(drill.Drills(), func(d drill.Drill) bool { return d.Name == c.name })
	}
	name, _, _ := strings.Cut(c.name, "/")
	files, err := filepath.Glob(filepath.Join(at.root, c.pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	function := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(name) + `\(t \*testing\.T\)`)
	return slices.ContainsFunc(files, func(file string) bool {
		raw, err := os.ReadFile(file)
		return err == nil && function.Match(raw)
	})
}
