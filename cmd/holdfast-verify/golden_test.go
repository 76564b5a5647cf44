package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden export anew")

// The golden export was made once; every later program must read it.
func TestTheGoldenExportIsRead(t *testing.T) {
	dir := filepath.Join("testdata", "golden-1")
	if *update {
		writeGolden(t, dir)
	}
	line, status := process(t, built(t), "--json", "--keys", dir+".keys", "--passphrase-file", dir+".passphrase", dir)
	want, err := os.ReadFile(dir + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if status != allHolds || line != string(want) {
		t.Errorf("%d\n%s\nwant\n%s", status, line, want)
	}
}

func writeGolden(t *testing.T, dir string) {
	t.Helper()
	h := newHouse(t, 2)
	out := h.export(true)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(out)); err != nil {
		t.Fatal(err)
	}
	keys, err := os.ReadFile(out + ".keys")
	if err != nil {
		t.Fatal(err)
	}
	line, _ := process(t, built(t), "--json", "--keys", out+".keys", "--passphrase-file", secretFile(t, passphrase), out)
	line = strings.Replace(line, out, filepath.ToSlash(dir), 1)
	for name, b := range map[string][]byte{".keys": keys, ".passphrase": []byte(passphrase + "\n"), ".json": []byte(line)} {
		if err := os.WriteFile(dir+name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Two exports of the same moment are the same bytes, the time apart.
func TestAnExportIsTheSameEachTime(t *testing.T) {
	h := newHouse(t, 2)
	one, two := read(t, h.export(false)), read(t, h.export(false))
	if len(one) != len(two) {
		t.Errorf("%d files and %d", len(one), len(two))
	}
	for name := range one {
		if name != fileManifest && !bytes.Equal(one[name], two[name]) {
			t.Errorf("%s differs", name)
		}
	}
}
