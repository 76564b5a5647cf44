package journal

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"holdfast/sim/faultfs"
)

// namesFolder names, for the child process, the folder to write in.
const namesFolder = "HOLDFAST_NAMES_FOLDER"

// writeNames creates one file and replaces another, each in a folder of its
// own, and ends.
func writeNames(dir string) {
	d := Disk{}
	err := errors.Join(
		d.Create(filepath.Join(dir, "created", "file"), []byte("created")),
		d.Replace(filepath.Join(dir, "replaced", "file"), []byte("replaced")),
	)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// TestNamesAreFlushed: when Create and Replace have returned, no power cut
// takes the file, its bytes or its name.
func TestNamesAreFlushed(t *testing.T) {
	o := faultfs.Options{Backing: t.TempDir(), Mount: t.TempDir(), Record: true}
	for _, folder := range []string{"created", "replaced"} {
		if err := os.Mkdir(filepath.Join(o.Backing, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(o.Backing, "replaced", "file"), []byte("former"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := faultfs.Mount(o)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), namesFolder+"="+o.Mount)
	said, err := child.CombinedOutput()
	if err := errors.Join(err, d.Unmount()); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	r, err := d.Recording()
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
	}
	left := t.TempDir()
	if err := r.Cut(left, faultfs.All, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"created", "replaced"} {
		if got, err := os.ReadFile(filepath.Join(left, want, "file")); err != nil || string(got) != want {
			t.Errorf("after a power cut the file that was %s holds %q: %v", want, got, err)
		}
	}
}
