package main

import (
	"os"
	"path/filepath"
	"testing"
)

// A service is given its device's passphrase by the machine's own key store;
// a file that is named comes before that, and one that is too short is refused
// wherever it comes from.
func TestTheMachinesKeyStoreHandsThePassphrase(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "pass")
	put := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if got, err := deviceSecret(""); err != nil || got != nil {
		t.Fatal("nothing was handed over:", got, err)
	}
	put(filepath.Join(dir, credential), "opened by the machine\n")
	put(other, "the one that was named\n")
	if got, err := deviceSecret(""); err != nil || string(got) != "opened by the machine" {
		t.Fatal(string(got), err)
	}
	if got, err := deviceSecret(other); err != nil || string(got) != "the one that was named" {
		t.Fatal(string(got), err)
	}
	if got, err := passphrase(""); err != nil || got != nil {
		t.Fatal("the passphrase of an export is never the device's:", string(got), err)
	}
	if err := os.Remove(filepath.Join(dir, credential)); err != nil {
		t.Fatal(err)
	}
	put(filepath.Join(dir, credential), "short")
	if _, err := deviceSecret(""); err == nil {
		t.Fatal("a short passphrase is taken")
	}
}
