package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A wire that is named and can't be used stops the start: it must not seem
// that there is one.
func TestWiresInTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	put("key", "secret\n", 0o600)
	put("open", "secret\n", 0o644)
	read := func(lines string) (settings, error) {
		put("c.yaml", lines, 0o600)
		return readSettings(filepath.Join(dir, "c.yaml"))
	}
	s, err := read("texts: {url: \"https://texts.example.org/v1\", key_file: key}\nmail: {server: \"mail.example.org:587\", from: advice@example.org, user: us, secret_file: key}\n")
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.wires(nil)
	if err != nil || w.Texts == nil || w.Reports != nil || w.Mail == nil || w.Mail.Secret != "secret" || w.Mail.Local || w.Texts.Key != "secret" {
		t.Fatalf("%v %+v", err, w)
	}
	if s, err = read("name: x\n"); err != nil {
		t.Fatal(err)
	}
	if w, err = s.wires(nil); err != nil || w.Texts != nil || w.Reports != nil || w.Mail != nil {
		t.Fatalf("%v %+v", err, w)
	}
	for lines, says := range map[string]string{
		"texts: {url: \"http://texts.example.org\", key_file: key}":                            "https",
		"texts: {url: \"https://texts.example.org\", key_file: open}":                          "rights 600",
		"texts: {url: \"https://texts.example.org\", key_file: none}":                          "no such file",
		"reports: {url: \"https://u:p@r.example.org\", key_file: key}":                         "https",
		"mail: {server: mail.example.org, from: advice@example.org}":                           "HOST:PORT",
		"mail: {server: \"mail.example.org:25\", from: nobody}":                                "address",
		"mail: {server: \"mail.example.org:25\", from: advice@example.org, secret_file: open}": "rights 600",
		"texts: {url: \"https://texts.example.org\"}":                                          "key_file is missing",
	} {
		s, err := read(lines + "\n")
		if err != nil {
			t.Fatal(lines, err)
		}
		if _, err := s.wires(nil); !errors.Is(err, errUsage) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret\n") {
			t.Errorf("%s: %v", lines, err)
		}
	}
}
