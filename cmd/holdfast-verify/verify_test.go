package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"go/build"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// built is the program as people run it.
func built(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holdfast-verify")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// process runs it and gives standard output and the exit status.
func process(t testing.TB, program string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func reportOf(t testing.TB, line string) report {
	t.Helper()
	var r report
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		t.Fatalf("%v: %q", err, line)
	}
	return r
}

// The second pair of eyes shares nothing with the first.
func TestImportsTheStandardLibraryAlone(t *testing.T) {
	pkg, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(pkg.Imports) == 0 || len(pkg.CgoFiles) > 0 {
		t.Fatalf("%d imports, %v", len(pkg.Imports), pkg.CgoFiles)
	}
	for _, name := range pkg.Imports {
		found, err := build.Import(name, ".", build.FindOnly)
		if err != nil || !found.Goroot || strings.HasPrefix(name, "holdfast") || strings.Contains(name, ".") {
			t.Errorf("it imports %s (%v)", name, err)
		}
	}
}

func TestAnExportHolds(t *testing.T) {
	program := built(t)
	h := newHouse(t, 3)
	out := h.export(true)
	line, status := process(t, program, "--json", out)
	r := reportOf(t, line)
	if status != allHolds || !r.Holds || r.Facts < 9 || r.Opened != 0 || r.Branches != 3 || r.Papers != 3 || r.Attachments != 1 || r.Name != "Example 111" {
		t.Errorf("%d %+v", status, r)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(passphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	line, status = process(t, program, "--json", "--org", r.Organisation, "--keys", out+".keys", "--passphrase-file", secret, out)
	r = reportOf(t, line)
	if status != allHolds || r.Opened != r.Facts || r.NotOpened.count() != 0 {
		t.Errorf("%d %+v", status, r)
	}
	if _, status = process(t, program, "--org", strings.Repeat("0", 64), out); status != notHolds {
		t.Errorf("another organisation: %d", status)
	}
	text, status := process(t, program, "--print", subject.String(), "--keys", out+".keys", "--passphrase-file", secret, out)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if status != allHolds || len(lines) != 6 {
		t.Fatalf("%d: %s", status, text)
	}
	var first struct {
		Kind        int            `json:"kind"`
		Role        string         `json:"role"`
		Content     map[string]any `json:"content"`
		Attachments [][]any        `json:"attachments"`
	}
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
		t.Fatal(err)
	}
	if first.Kind != 999 || first.Role != "clinician" || first.Content["1"] != "said 0" || len(first.Attachments) != 1 || len(first.Attachments[0]) != 2 {
		t.Errorf("%+v", first)
	}
	if strings.Contains(text, `"salt"`) || !strings.Contains(lines[4], `"2":-2`) {
		t.Error(text)
	}
}

func TestUnusableArguments(t *testing.T) {
	program := built(t)
	h := newHouse(t, 1)
	out := h.export(true)
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("not the passphrase at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{}, {"--older"}, {out, out}, {"--print", subject.String(), out}, {out + ".keys"}, {filepath.Join(out, "none")},
		{"--org", "12", out}, {"--keys", out + ".keys", out}, {"--keys", out + ".keys", "--passphrase-file", wrong, out},
		{"--older", filepath.Join(out, "none"), out},
	} {
		if text, status := process(t, program, args...); status != unusable || text != "" {
			t.Errorf("%q: %d %q", args, status, text)
		}
	}
}

// TestEveryByteCounts changes each byte of a small export, one at a time: each
// is named, at the file that it stands in.
func TestEveryByteCounts(t *testing.T) {
	h := newHouse(t, 1)
	good := read(t, h.export(false))
	dir := good.write(t)
	changed, named := 0, 0
	for _, name := range slices.Sorted(maps.Keys(good)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		for i := 0; i < len(good[name]); i += flipStep {
			b := bytes.Clone(good[name])
			b[i] ^= 1 << (i % 8)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			changed++
			r, status := inspect(t, dir)
			if status == notHolds && (says(r.Failures, name, "") || says(r.Missing, name, "")) {
				named++
				continue
			}
			t.Errorf("%s, byte %d: %d %+v", name, i, status, r.Failures.List)
		}
		if err := os.WriteFile(path, good[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d changed bytes named", named, changed)
	if _, status := inspect(t, dir); status != allHolds || changed == 0 {
		t.Errorf("%d changes; at the end %d", changed, status)
	}
}

// The same by the program itself, with the manifest made to fit and signed:
// what a thief of the device's key could do.
func TestChangesBeneathASignedManifestAreNamed(t *testing.T) {
	h := newHouse(t, 1)
	good := read(t, h.export(false))
	device := h.key("keys/device")
	for _, name := range slices.Sorted(maps.Keys(good)) {
		if name == fileManifest {
			continue
		}
		for i := 8; i < len(good[name]); i += 41 {
			f := maps.Clone(good)
			f[name] = bytes.Clone(good[name])
			f[name][i] ^= 0x10
			if !readable(f[name]) {
				continue // a length: the file can't be counted, the manifest can't fit
			}
			f.rehash(t, device)
			if r, status := inspect(t, f.write(t)); status != notHolds || r.Failures.count()+r.Missing.count() == 0 {
				t.Errorf("%s, byte %d: %d", name, i, status)
			}
		}
	}
}

func readable(b []byte) bool {
	for b = b[8:]; len(b) > 0; {
		if len(b) < 4 || uint64(big32(b))+4 > uint64(len(b)) {
			return false
		}
		b = b[4+big32(b):]
	}
	return true
}

func TestTruncatedAndMissingFiles(t *testing.T) {
	program := built(t)
	h := newHouse(t, 2)
	good := read(t, h.export(false))
	for name, b := range good {
		f := maps.Clone(good)
		delete(f, name)
		line, status := process(t, program, "--json", f.write(t))
		if r := reportOf(t, line); status != notHolds || !says(r.Missing, name, "") {
			t.Errorf("%s is missing: %d %+v", name, status, r)
		}
		if len(b) < 12 {
			continue
		}
		for _, size := range []int{0, 7, 8, 11, len(b) / 2, len(b) - 1} {
			f[name] = b[:size]
			if r, status := inspect(t, f.write(t)); status != notHolds || !says(r.Failures, name, "") {
				t.Errorf("%s cut to %d: %d %+v", name, size, status, r)
			}
		}
	}
	f := maps.Clone(good)
	f["feeds/more"] = []byte("more")
	if r, status := inspect(t, f.write(t)); status != notHolds || !says(r.Failures, "feeds/more", "") {
		t.Errorf("a stranger: %d %+v", status, r)
	}
	dir := good.write(t) // a file that never ends is not opened
	if err := os.Remove(filepath.Join(dir, fileWraps)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, fileWraps), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, status := inspect(t, dir); status != notHolds || !says(r.Failures, fileWraps, "does not belong") {
		t.Errorf("a pipe: %d %+v", status, r)
	}
	if err := os.Remove(filepath.Join(dir, fileWraps)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, fileWraps)); err != nil {
		t.Fatal(err)
	}
	if r, status := inspect(t, dir); status != notHolds || !says(r.Failures, fileWraps, "does not belong") {
		t.Errorf("a link: %d %+v", status, r)
	}
}

// TestARemovedFactIsNamed takes one fact out, the manifest made to fit: not
// signed, signed by a stranger, and signed by the device itself.
func TestARemovedFactIsNamed(t *testing.T) {
	program := built(t)
	h := newHouse(t, 3)
	good := read(t, h.export(false))
	care := good.careFeed(t)
	stranger := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for _, signer := range []string{"nobody", "a stranger", "the device"} {
		f := maps.Clone(good)
		facts := f.records(care.file("facts"))
		f.set(care.file("facts"), tagFacts, append(facts[:3:3], facts[4:]...))
		switch signer {
		case "nobody":
			f.rehash(t, nil)
		case "a stranger":
			f.rehash(t, stranger)
		case "the device":
			f.rehash(t, h.key("keys/device"))
		}
		line, status := process(t, program, "--json", f.write(t))
		r := reportOf(t, line)
		if status != notHolds {
			t.Errorf("signed by %s: %d", signer, status)
		}
		wantMissing(t, r, "care, seq 3", "facts 3 to 3 are not here")
		if forged := says(r.Failures, fileManifest, "has not signed it"); forged != (signer != "the device") {
			t.Errorf("signed by %s: %+v", signer, r.Failures.List)
		}
	}
}
