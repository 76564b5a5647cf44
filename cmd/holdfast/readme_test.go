package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/sim/drill"
)

// The table of commands in README.md names every command of the program.
func TestTheReadmeNamesEveryCommand(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(b), "\n## Commands\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, c := range commands() {
		if c.name != drill.Helper && !strings.Contains(table, "`holdfast "+c.name) && !strings.Contains(table, "`"+c.name) {
			t.Errorf("holdfast %s is not in the table of commands", c.name)
		}
	}
}

// A bar inside a code span ends a cell of a table unless it is escaped.
func TestNoCodeSpanBreaksATable(t *testing.T) {
	root := filepath.Join("..", "..")
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			if !strings.HasPrefix(line, "|") {
				continue
			}
			for n, span := range strings.Split(line, "`") {
				if n%2 == 1 && strings.Contains(strings.ReplaceAll(span, `\|`, ""), "|") {
					t.Errorf("%s:%d: `%s` breaks its row", page, i+1, span)
				}
			}
		}
	}
}
