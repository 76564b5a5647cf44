// Package house_test keeps the rules of the house: who may import whom, that
// the README's map is true, that every kind of fact has its page, and that no
// package keeps state of its own.
package house_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"holdfast/access"
	"holdfast/content"
	"holdfast/directory"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/record/entry"
	"holdfast/stock"
	"holdfast/task"
	"holdfast/urgent"
)

// law says which packages of ours a package may import. "X…" stands for X and
// everything below it. A package that is not listed may not exist.
func law() map[string]string {
	level0 := "codes fact fact/refusal fact/root fact/seal fact/share fhir"
	level1 := level0 + " content access task"
	level2 := level1 + " record record/entry directory exchange triage"
	return map[string]string{
		"codes":                   "fact/refusal",
		"fact/refusal":            "",
		"fhir":                    "fact/refusal",
		"fact":                    "fact/refusal codes",
		"fact/seal":               "fact fact/refusal codes",
		"fact/root":               "fact fact/refusal",
		"fact/facttest":           "fact fact/refusal codes",
		"journal":                 level0,
		"export":                  level0 + " journal",
		"content":                 level0,
		"access":                  level0,
		"task":                    level0 + " access",
		"web":                     level1,
		"replicate":               level0 + " journal",
		"replicate/carrier":       level0 + " journal replicate",
		"replicate/replicatetest": level0 + " journal replicate",
		"record":                  level1,
		"directory":               level1,
		"triage":                  level1 + " triage/sheet",
		"triage/sheet":            level0,
		"exchange":                level1 + " record directory",
		"exchange/bars":           level1 + " record directory exchange",
		"exchange/itk":            level1 + " record directory exchange",
		"exchange/exchangetest":   "exchange fact",
		"exchange/outbox":         level1 + " record directory exchange",
		"exchange/direct":         level1 + " record directory exchange",
		"exchange/pds":            level1 + " record",
		"exchange/pds/pdstest":    level1 + " record exchange/pds",
		"record/recordweb":        level1 + " record record/recorddb journal web",
		"urgent":                  level2,
		"access/accessdb":         level0 + " access journal",
		"access/accessweb":        level1 + " access/accessdb journal web",
		"record/recorddb":         level1 + " record journal",
		"record/entry":            level1 + " record",
		"record/entrydb":          level1 + " record record/entry journal",
		"record/entryweb":         level1 + " record record/entry record/entrydb journal web",
		"directory/directorydb":   level1 + " directory journal",
		"task/taskdb":             level0 + " access task journal",
		"exchange/exchangedb":     level1 + " record directory exchange journal task",
		"triage/triageweb":        level1 + " triage journal web",
		"urgent/urgentdb":         level2 + " urgent journal",
		"urgent/urgentweb":        level2 + " urgent urgent/urgentdb journal web triage/triageweb record/recordweb directory/directoryweb exchange/exchangeweb",
		"incident":                level0,
		"incident/incidentweb":    level1 + " incident web",
		"cmd/…":                   "…",
		"sim/…":                   "…",
		"fact/share":              "fact fact/refusal codes",
		"stock":                   level1,
		"stock/stockdb":           level1 + " stock journal",
		"stock/stockweb":          level1 + " stock stock/stockdb journal web",
	}
}

func TestImportLaw(t *testing.T) {
	rules := law()
	for pkg, imports := range ourImports(t) {
		rule, ok := rules[pkg]
		if !ok {
			top, _, _ := strings.Cut(pkg, "/")
			rule, ok = rules[top+"/…"]
		}
		if !ok {
			t.Errorf("%s has no place in the import law: see docs/design.md", pkg)
			continue
		}
		for _, i := range imports {
			if rule != "…" && !contains(strings.Fields(rule), i) {
				t.Errorf("%s may not import %s", pkg, i)
			}
		}
	}
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// goFiles walks all Go files of ours that are not tests.
func goFiles(t *testing.T, see func(path string, f *ast.File, set *token.FileSet)) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "build" || d.Name() == "testdata" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		see(path, f, set)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func ourImports(t *testing.T) map[string][]string {
	out := map[string][]string{}
	goFiles(t, func(path string, f *ast.File, _ *token.FileSet) {
		pkg := filepath.ToSlash(filepath.Dir(path))
		if out[pkg] == nil {
			out[pkg] = []string{}
		}
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if ours, ok := strings.CutPrefix(name, "holdfast/"); ok && !contains(out[pkg], ours) {
				out[pkg] = append(out[pkg], ours)
			}
		}
	})
	return out
}

// A package may hold errors, embedded files, and tables that are made once
// and never changed; nothing else outlives a call.
func TestNoPackageState(t *testing.T) {
	goFiles(t, func(path string, f *ast.File, set *token.FileSet) {
		for _, d := range f.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				v := spec.(*ast.ValueSpec)
				if !mayStand(v, gen.Doc) {
					t.Errorf("%s: %s is state of a package", set.Position(v.Pos()), v.Names[0].Name)
				}
			}
		}
	})
}

func mayStand(v *ast.ValueSpec, doc *ast.CommentGroup) bool {
	name := v.Names[0].Name
	if name == "_" || strings.HasPrefix(strings.ToLower(name), "err") {
		return true
	}
	if doc != nil && strings.Contains(commentText(doc), "go:embed") {
		return true
	}
	if v.Doc != nil && strings.Contains(commentText(v.Doc), "go:embed") {
		return true
	}
	if len(v.Values) == 0 {
		return false
	}
	switch value := v.Values[0].(type) {
	case *ast.CompositeLit: // a table
		return true
	case *ast.CallExpr: // made once: regexp.MustCompile, sync.OnceValue, encoders from constant options
		return len(v.Names) >= 1 && !returnsLock(value)
	case *ast.FuncLit, *ast.BasicLit:
		return true
	}
	return false
}

func returnsLock(c *ast.CallExpr) bool {
	id, ok := c.Fun.(*ast.Ident)
	return ok && (id.Name == "make" || id.Name == "new")
}

func commentText(g *ast.CommentGroup) string {
	var b strings.Builder
	for _, c := range g.List {
		b.WriteString(c.Text)
	}
	return b.String()
}

func TestReadmeMapIsTrue(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || strings.HasPrefix(name, ".") || name == "build" || name == "node_modules" {
			continue
		}
		if !strings.Contains(string(readme), "`"+name+"/`") {
			t.Errorf("the README's map does not explain %s/", name)
		}
	}
	for _, line := range strings.Split(string(readme), "\n") {
		if name, ok := strings.CutPrefix(line, "| `"); ok {
			folder, _, _ := strings.Cut(name, "/`")
			if _, err := os.Stat(folder); err != nil && strings.Contains(line, "/`") {
				t.Errorf("the README's map explains %s/, which is not there", folder)
			}
		}
	}
}

// allKinds lists every kind of fact of every package.
func allKinds() []fact.Kind {
	return slices.Concat(
		journal.Kinds(), access.Kinds(), record.Kinds(), entry.Kinds(), urgent.Kinds(), exchange.Kinds(), task.Kinds(), directory.Kinds(), stock.Kinds(),
	)
}

// What a clinician reads and signs is what the program does: every kind stands
// in the table of joins with the join that its code declares, and no other.
func TestEveryKindStandsInTheTableOfJoins(t *testing.T) {
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	joins, err := content.LoadJoins(set)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[uint32]fact.Kind{}
	for _, k := range allKinds() {
		kinds[k.Number] = k
		row, ok := joins.Of(fact.Matter{Kind: k.Number})
		if !ok {
			t.Errorf("kind %d, %s, is not in the table of joins", k.Number, k.Name)
			continue
		}
		if row.Name != k.Name || row.Join != k.Join {
			t.Errorf("kind %d: the table says %s, %s; the code %s, %s", k.Number, row.Name, row.Join, k.Name, k.Join)
		}
	}
	hazards, err := os.ReadFile("docs/safety/hazards.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range joins.All() {
		if k, ok := kinds[row.Matter.Kind]; !ok || k.Name != row.Name {
			t.Errorf("the table of joins has kind %d, %s, which no program writes", row.Matter.Kind, row.Name)
		}
		if row.Hazard != "" && !strings.Contains(string(hazards), "| "+row.Hazard+" |") {
			t.Errorf("kind %d %s: %s is not in the hazard log", row.Matter.Kind, row.Matter.Part, row.Hazard)
		}
		for _, role := range row.Settles {
			if !slices.Contains(access.Roles(), access.Role(role)) {
				t.Errorf("kind %d %s: %s is no role", row.Matter.Kind, row.Matter.Part, role)
			}
		}
	}
}

func TestEveryKindOfFactHasItsPage(t *testing.T) {
	seen := map[uint32]string{}
	for _, k := range allKinds() {
		if was, twice := seen[k.Number]; twice {
			t.Errorf("kind %d is both %s and %s", k.Number, was, k.Name)
		}
		seen[k.Number] = k.Name
		checkPage(t, k)
	}
	pages, err := filepath.Glob("docs/facts/[0-9]*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		number, err := strconv.ParseUint(filepath.Base(p)[:3], 10, 32)
		if err != nil || seen[uint32(number)] == "" {
			t.Errorf("%s describes a kind that no program writes", p)
		}
	}
}

func checkPage(t *testing.T, k fact.Kind) {
	t.Helper()
	path := fmt.Sprintf("docs/facts/%03d-%s.md", k.Number, k.Name)
	page, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("kind %d has no page: %v", k.Number, err)
		return
	}
	for _, want := range []string{k.Lane.String(), string(k.Join), "Who may write it", "What it never means"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	var bare []string
	goFiles(t, func(path string, f *ast.File, set *token.FileSet) {
		if strings.HasSuffix(path, "_templ.go") || f.Name.Name == "main" {
			return
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					bare = append(bare, set.Position(d.Pos()).String()+" "+d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
						bare = append(bare, set.Position(ts.Pos()).String()+" "+ts.Name.Name)
					}
				}
			}
		}
	})
	sort.Strings(bare)
	for _, b := range bare {
		t.Errorf("no doc comment: %s", b)
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	expr := d.Recv.List[0].Type
	if star, ok := expr.(*ast.StarExpr); ok {
		expr = star.X
	}
	if index, ok := expr.(*ast.IndexExpr); ok {
		expr = index.X
	}
	id, ok := expr.(*ast.Ident)
	return ok && id.IsExported()
}

// Every hazard has one row and a number of its own: a number that stood for
// something else once would send a reader to the wrong control.
func TestHazardsHaveNumbersOfTheirOwn(t *testing.T) {
	b, err := os.ReadFile("docs/safety/hazards.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, line := range strings.Split(string(b), "\n") {
		number, _, row := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if !row || !strings.HasPrefix(number, "H-") {
			continue
		}
		if seen[number] {
			t.Errorf("hazard %s has two rows", number)
		}
		seen[number] = true
	}
	if len(seen) < 100 {
		t.Errorf("only %d hazards are listed", len(seen))
	}
}
