package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A whole organisation, while it is in service, exported by one program and
// checked and opened by the other.
func TestAnExportOfARunningOrganisationHolds(t *testing.T) {
	folder := t.TempDir()
	verifier := filepath.Join(folder, "holdfast-verify")
	if out, err := exec.Command("go", "build", "-o", verifier, "../holdfast-verify").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	demo := filepath.Join(folder, "demo")
	p := startDemo(t, demo)
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte("a passphrase for an export\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(folder, "out")
	var printed, told bytes.Buffer
	args := []string{"org", "export", "--json", "--data", filepath.Join(demo, "hours"), "--out", out + "/", "--with-keys", secret}
	if status := run(t.Context(), args, &printed, &told); status != success {
		t.Fatalf("%d %s", status, told.String())
	}
	p.stop()
	var sum struct {
		Keys, Organisation string
		Facts              int
	}
	if err := json.Unmarshal(printed.Bytes(), &sum); err != nil {
		t.Fatal(err)
	}
	line, err := exec.Command(verifier, "--json", "--org", sum.Organisation, "--keys", sum.Keys, "--passphrase-file", secret, out).Output()
	if err != nil {
		t.Fatalf("%v %s", err, line)
	}
	var r struct {
		Holds         bool
		Facts, Opened int
	}
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatal(err)
	}
	if !r.Holds || r.Facts < 100 || r.Facts != sum.Facts || r.Opened != r.Facts {
		t.Errorf("%+v of %+v", r, sum)
	}
	var again bytes.Buffer
	if status := run(t.Context(), args, &printed, &again); status != failed || !strings.Contains(again.String(), "already something") {
		t.Errorf("over an export: %d %s", status, again.String())
	}
	if status := run(t.Context(), []string{"org", "export", "--data", demo}, &printed, &again); status != unusable {
		t.Errorf("without a place: %d", status)
	}
}
