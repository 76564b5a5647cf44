package house_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fuzzed names what takes in bytes from outside, each with the fuzzer that tries it.
func fuzzed() map[string]string {
	return map[string]string{
		"CBOR of facts":                 "fact FuzzCanonical",
		"bodies of facts":               "fact FuzzParseBody",
		"headers":                       "fact FuzzParseHeader",
		"heads and receipts":            "fact FuzzOpenHead",
		"device cards and genesis":      "fact FuzzPapers",
		"exchanges of roots":            "fact FuzzRoots",
		"sealed bodies":                 "fact/seal FuzzOpen",
		"key wraps":                     "fact/seal FuzzUnwrap",
		"messages between devices":      "replicate FuzzTake",
		"ranges, into a real journal":   "sim/mutants FuzzRange",
		"envelopes":                     "exchange/direct FuzzOpen",
		"receipts of organisations":     "exchange/direct FuzzReceipt",
		"BaRS JSON":                     "exchange/bars FuzzRead",
		"ITK and CDA XML":               "exchange/itk FuzzRead",
		"FHIR":                          "fhir FuzzXML",
		"text from partners":            "exchange FuzzPlain",
		"forms":                         "web FuzzReadForm",
		"telephone events":              "urgent/urgentweb FuzzPhoneEvents",
		"cookies and paths":             "web FuzzCookiesAndPaths",
		"tokens and challenges":         "access/accessdb FuzzToken",
		"WebAuthn answers":              "access/accessdb FuzzPasskeyAnswers",
		"passphrase-sealed key files":   "cmd/holdfast-verify FuzzKeyFile",
		"exports, read by the verifier": "cmd/holdfast-verify FuzzDecodeAgrees",
	}
}

// fuzzers lists every fuzzer of the tree as "package Name".
func fuzzers(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "build" || d.Name() == ".git") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				out[filepath.ToSlash(filepath.Dir(path))+" "+fn.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhateverFacesOutsideIsFuzzed(t *testing.T) {
	all := fuzzers(t)
	for what, by := range fuzzed() {
		if !all[by] {
			t.Errorf("%s: there is no fuzzer %s", what, by)
		}
	}
}

// TestFuzzersFindNothing runs every fuzzer of the tree for as long as HOLDFAST_FUZZ
// says (a duration; without it none: their seeds run as ordinary tests).
func TestFuzzersFindNothing(t *testing.T) {
	each := os.Getenv("HOLDFAST_FUZZ")
	if each == "" {
		t.Skip("HOLDFAST_FUZZ is not set: only the seeds are run, by the packages' own tests")
	}
	if _, err := time.ParseDuration(each); err != nil {
		t.Fatal(err)
	}
	for one := range fuzzers(t) {
		pkg, name, _ := strings.Cut(one, " ")
		t.Run(one, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", "test", "-run", "^$", "-fuzz", fmt.Sprintf("^%s$", name), "-fuzztime", each, "./"+pkg)
			said, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
}
