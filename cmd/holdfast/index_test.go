package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/cmd/node"
)

// A node asks no index unless its configuration names one, whole.
func TestTheIndexIsConfiguredWhole(t *testing.T) {
	lib, err := node.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if c, err := (indexSettings{}).client(dir, lib); c != nil || err != nil {
		t.Fatal(c, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := indexSettings{URL: "https://index.invalid/FHIR/R4", TokenURL: "https://index.invalid/oauth2/token", APIKey: "app", KeyID: "k1", KeyFile: "key.pem"}
	for name, change := range map[string]func(*indexSettings){
		"in clear":      func(s *indexSettings) { s.URL = "http://index.invalid" },
		"no token":      func(s *indexSettings) { s.TokenURL = "" },
		"no name":       func(s *indexSettings) { s.APIKey = "" },
		"no key":        func(s *indexSettings) { s.KeyFile = "other.pem" },
		"a key of sand": func(*indexSettings) {},
	} {
		s := whole
		change(&s)
		c, err := s.client(dir, lib)
		if err == nil || c != nil || strings.Contains(err.Error(), "nothing") {
			t.Errorf("%s: %v", name, err)
		}
		if name != "no key" && !errors.Is(err, errUsage) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
