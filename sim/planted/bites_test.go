package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small is a program of one function with a test of it that looks at one side
// only, and planted bugs on both.
var small = map[string]string{
	"go.mod": "module small\n\ngo 1.26\n",
	"a/a.go": "package a\n\n// Sign tells the sign.\nfunc Sign(n int) int {\n\tif n < 0 {\n\t\treturn -1\n\t}\n\treturn 1\n}\n",
	"a/a_test.go": "package a\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestSign(t *testing.T) {\n\tif Sign(-2) != -1 {\n\t\tt.Error(\"wrong\")\n\t}\n}\n\n" +
		"func TestFails(t *testing.T) { t.Error(\"always\") }\n\nfunc TestEnds(t *testing.T) {\n\tif Sign(-2) != -1 {\n\t\tos.Exit(3)\n\t}\n}\n",
}

// planted gives a patch of the small program, line by line.
func planted(old, new string) string {
	return "--- a/a/a.go\n+++ b/a/a.go\n@@ -3,6 +3,6 @@\n // Sign tells the sign.\n func Sign(n int) int {\n \tif n < 0 {\n" +
		"-\t\treturn " + old + "\n+\t\treturn " + new + "\n \t}\n \treturn 1\n"
}

// unseen is a patch on the side that the test does not look at.
const unseen = "--- a/a/a.go\n+++ b/a/a.go\n@@ -5,5 +5,5 @@\n \tif n < 0 {\n \t\treturn -1\n \t}\n-\treturn 1\n+\treturn 7\n }\n"

// TestOnlyAFailingTestCatches plants bugs in a small program: one is caught;
// everything else that can go wrong is told as what it is and never as a catch.
func TestOnlyAFailingTestCatches(t *testing.T) {
	for _, c := range []struct{ name, patch, catcher, want string }{
		{"caught", planted("-1", "1"), "TestSign", ""},
		{"survives", unseen, "TestSign", "it survives"},
		{"does-not-apply", planted("-2", "1"), "TestSign", "no longer applies"},
		{"does-not-build", planted("-1", "wrong"), "TestSign", "does not build"},
		{"no-such-test", planted("-1", "1"), "TestNobody", "there is no test"},
		{"fails-anyhow", planted("-1", "1"), "TestFails", "fails without the bug too"},
		{"ends-early", planted("-1", "1"), "TestEnds", "ends without failing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := tree{root: t.TempDir()}
			put(t, at.root, small)
			put(t, at.folder(), map[string]string{
				"planted.csv":             "number,name,bug,package,catcher,hazard\n1," + c.name + ",a bug,a," + c.catcher + ",H-001\n",
				"01-" + c.name + ".patch": c.patch,
			})
			all, err := at.bugs()
			if err != nil {
				t.Fatal(err)
			}
			got := bench{tree: at, temp: t.TempDir(), out: io.Discard}.all(t.Context(), all)[0].err
			switch {
			case c.want == "" && got != nil:
				t.Errorf("not caught: %v", got)
			case c.want != "" && (got == nil || !strings.Contains(got.Error(), c.want)):
				t.Errorf("%v, want %q", got, c.want)
			}
			if now, err := os.ReadFile(filepath.Join(at.root, "a", "a.go")); err != nil || string(now) != small["a/a.go"] {
				t.Errorf("the tree was changed: %v", err)
			}
		})
	}
}

// TestAPatchNeedsItsLine: a patch that nobody runs is told.
func TestAPatchNeedsItsLine(t *testing.T) {
	at := tree{root: t.TempDir()}
	put(t, at.folder(), map[string]string{"planted.csv": "number,name,bug,package,catcher,hazard\n", "01-x.patch": planted("-1", "1")})
	if _, err := at.bugs(); err == nil || !strings.Contains(err.Error(), "has no line") {
		t.Errorf("%v", err)
	}
}

func put(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
