package house_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The table of requirements names tests that are there, covers every requirement
// of levels 1 and 2 of ASVS 5.0.0, and gives a reason wherever it names no test.
func TestTheTableOfRequirementsIsTrue(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("docs", "security", "asvs.csv"))
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(string(raw)))
	r.Comment, r.FieldsPerRecord = '#', 5
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{}
	names := regexp.MustCompile(`(?:^|; )([a-z/.-]+) ((?:Test|Fuzz)[A-Za-z0-9_]+)`)
	levels, seen := map[string]int{}, map[string]bool{}
	for _, row := range rows[1:] {
		id, level, state, by := row[0], row[1], row[2], row[4]
		if seen[id] || !regexp.MustCompile(`^V\d+\.\d+\.\d+$`).MatchString(id) || row[3] == "" {
			t.Errorf("%v", row)
		}
		seen[id] = true
		levels[level]++
		named := names.FindAllStringSubmatch(by, -1)
		for _, n := range named {
			if !hasTest(t, tests, n[1], n[2]) {
				t.Errorf("%s: there is no %s in %s", id, n[2], n[1])
			}
		}
		for _, doc := range regexp.MustCompile(`[A-Za-z0-9/-]+\.md`).FindAllString(by, -1) {
			if _, err := os.Stat(doc); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		switch state {
		case "met", "partly":
			if len(named) == 0 && !strings.Contains(by, ".md") && !strings.HasPrefix(by, "reason: ") {
				t.Errorf("%s is %s by neither a test nor a reason: %q", id, state, by)
			}
		case "open", "none":
			if len(by) < 5 {
				t.Errorf("%s is %s without a reason", id, state)
			}
		default:
			t.Errorf("%s: state %q", id, state)
		}
	}
	if levels["1"] != 70 || levels["2"] != 183 || len(levels) != 2 {
		t.Errorf("requirements by level: %v; ASVS 5.0.0 has 70 and 183", levels)
	}
}

func hasTest(t *testing.T, known map[string]string, pkg, name string) bool {
	t.Helper()
	if known[pkg] == "" {
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(pkg), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(raw)
		}
		known[pkg] = all.String() + "\n"
	}
	return strings.Contains(known[pkg], "func "+name+"(")
}

// Every module and package that the project asks for by name has its line in
// docs/dependencies.md, and every line is still asked for.
func TestEveryDependencyHasItsReason(t *testing.T) {
	read := func(path string) string {
		t.Helper()
		raw, err := os.ReadFile(filepath.FromSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	asked := map[string]bool{}
	for _, line := range strings.Split(read("go.mod"), "\n") {
		if m := regexp.MustCompile(`^\t(\S+) v\S+$`).FindStringSubmatch(line); m != nil { // without "// indirect"
			asked[m[1]] = true
		}
		if m := regexp.MustCompile(`^\t(\S+/cmd/\S+)$`).FindStringSubmatch(line); m != nil {
			tool, _, _ := strings.Cut(m[1], "/cmd/")
			asked[tool] = true
		}
	}
	var stories struct {
		Dependencies map[string]string
	}
	if err := json.Unmarshal([]byte(read("web/stories/package.json")), &stories); err != nil {
		t.Fatal(err)
	}
	for name, version := range stories.Dependencies {
		asked[name] = true
		if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(version) {
			t.Errorf("%s is not pinned: %s", name, version)
		}
	}
	reasons := map[string]bool{}
	for _, line := range strings.Split(read("docs/dependencies.md"), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || !strings.Contains(cells[1], "`") {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			reasons[m[1]] = strings.TrimSpace(cells[2]) != ""
		}
	}
	for name := range asked {
		if !reasons[name] {
			t.Errorf("%s is asked for and docs/dependencies.md gives no reason", name)
		}
	}
	for name := range reasons {
		if !asked[name] && !strings.HasPrefix(name, "sumdb/") {
			t.Errorf("docs/dependencies.md explains %s, which nothing asks for", name)
		}
	}
}
