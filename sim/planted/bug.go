package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tree is the source tree that bugs are planted in.
type tree struct{ root string }

// bug is one line of planted.csv with its patch.
type bug struct {
	number  int
	name    string
	what    string   // in plain words
	by      catcher  // passes without it and fails with it
	hazard  string   // in docs/safety/hazards.md
	patch   string   // path of the patch
	changes []string // files that the patch changes
}

var errNoSuchBug = errors.New("there is no planted bug of this name: see sim/planted/planted.csv")

// findTree finds the tree that a folder stands in.
func findTree(from string) (tree, error) {
	at, err := filepath.Abs(from)
	if err != nil {
		return tree{}, err
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return tree{root: at}, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return tree{}, errors.New("run this inside the source tree")
		}
		at = up
	}
}

func (t tree) folder() string { return filepath.Join(t.root, "sim", "planted") }

// bugs reads the table and the patches beside it; each needs the other.
func (t tree) bugs() ([]bug, error) {
	f, err := os.Open(filepath.Join(t.folder(), "planted.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("planted.csv: %w", err)
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != "number,name,bug,package,catcher,hazard" {
		return nil, errors.New("planted.csv: the columns are number,name,bug,package,catcher,hazard")
	}
	var out []bug
	for _, row := range rows[1:] {
		b, err := t.bug(row)
		if err != nil {
			return nil, fmt.Errorf("planted.csv: %s: %w", row[1], err)
		}
		out = append(out, b)
	}
	return out, t.noneLeftOver(out)
}

func (t tree) bug(row []string) (bug, error) {
	n, err := strconv.Atoi(row[0])
	if err != nil {
		return bug{}, err
	}
	b := bug{number: n, name: row[1], what: row[2], by: catcher{row[3], row[4]}, hazard: row[5]}
	b.patch = filepath.Join(t.folder(), fmt.Sprintf("%02d-%s.patch", n, b.name))
	raw, err := os.ReadFile(b.patch)
	if err != nil {
		return bug{}, err
	}
	b.changes = changes(string(raw))
	if len(b.changes) == 0 {
		return bug{}, errors.New("its patch changes no file")
	}
	return b, nil
}

// changes lists the files that a patch made by git diff changes.
func changes(patch string) (out []string) {
	for line := range strings.Lines(patch) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "+++ b/"); ok {
			out = append(out, name)
		}
	}
	return out
}

// noneLeftOver: every patch has its line in the table.
func (t tree) noneLeftOver(all []bug) error {
	patches, err := filepath.Glob(filepath.Join(t.folder(), "*.patch"))
	if err != nil {
		return err
	}
	for _, p := range patches {
		if !slices.ContainsFunc(all, func(b bug) bool { return b.patch == p }) {
			return fmt.Errorf("%s has no line in planted.csv", filepath.Base(p))
		}
	}
	return nil
}

// choose gives all bugs, or the one of this name or number.
func choose(all []bug, only string) ([]bug, error) {
	if only == "" {
		return all, nil
	}
	for _, b := range all {
		if n, err := strconv.Atoi(only); b.name == only || err == nil && b.number == n {
			return []bug{b}, nil
		}
	}
	return nil, fmt.Errorf("%q: %w", only, errNoSuchBug)
}
