package main

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"holdfast/content"
	"holdfast/triage"
)

// Content with which the program would not start does not pass: each file that
// it reads at its start is broken in turn.
func TestContentThatNoProgramStartsWithDoesNotPass(t *testing.T) {
	shipped := fstest.MapFS{}
	files := content.ShippedFiles()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		shipped[path] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	problems := func(f fs.FS) []triage.Problem {
		var r triage.Report
		checkParts(f, &r)
		if r.Failures != len(r.Problems) {
			t.Errorf("%d failures and %d problems", r.Failures, len(r.Problems))
		}
		return r.Problems
	}
	if all := problems(shipped); len(all) > 0 {
		t.Fatal(all)
	}
	for path, row := range map[string]string{
		"looking.csv": "call-handler,-1,10,yes,x", "looking-numbers.csv": "no-such-number,1,minutes,x", "step-up.csv": "see a case,5,care is never asked",
		"unusual.csv": "no such rule", "erasure.csv": "delay,1,too soon", "retention.csv": "x", "signin.csv": "no-such,1,x", "entry.csv": "shown,1,x,y",
		"disclosure.csv": "x", "joins.csv": "x",
	} {
		broken := fstest.MapFS{}
		for p, f := range shipped {
			broken[p] = f
		}
		if shipped[path] == nil {
			t.Errorf("%s is not shipped", path)
			continue
		}
		broken[path] = &fstest.MapFile{Data: []byte(strings.TrimRight(string(shipped[path].Data), "\n") + "\n" + row + "\n")}
		if all := problems(broken); len(all) != 1 || all[0].What == "" {
			t.Errorf("%s with %q: %v", path, row, all)
		}
	}
}
