package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The secrets of providers come from files that this account alone can read; a
// configuration that can't be meant stops the start, and says why.
func TestProvidersInTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	put("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), 0o600)
	put("secret", "a client secret\n", 0o600)
	put("open", "a client secret\n", 0o644)
	put("empty", "\n", 0o600)
	read := func(lines string) (settings, error) {
		put("c.yaml", "sign_in_by_provider: true\nproviders:\n  - {name: trust, title: Trust, issuer: \"https://login.trust.example\", client_id: us, "+lines+"}\n", 0o600)
		return readSettings(filepath.Join(dir, "c.yaml"))
	}
	s, err := read(`client_secret_file: secret, acr: [AAL3_ANY], require: {id_assurance_level: ["3"]}`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.providers()
	if err != nil || !s.ByProvider || len(all) != 1 || all[0].Secret != "a client secret" || all[0].Classes[0] != "AAL3_ANY" || all[0].Require["id_assurance_level"][0] != "3" {
		t.Fatalf("%v %+v", err, all)
	}
	s, err = read("key_file: key.pem, key_id: \"1\"")
	if err != nil {
		t.Fatal(err)
	}
	if all, err = s.providers(); err != nil || all[0].Key == nil || all[0].KeyID != "1" {
		t.Fatalf("%v %+v", err, all)
	}
	for lines, says := range map[string]string{
		"client_secret_file: open": "rights 600", "client_secret_file: empty": "is empty", "client_secret_file: none": "no such file",
		"key_file: secret": "not PEM", "client_secret_file: secret, ca_file: secret": "no certificate",
	} {
		s, err := read(lines)
		if err == nil {
			_, err = s.providers()
		}
		if !errors.Is(err, errUsage) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "a client secret") {
			t.Errorf("%s: %v", lines, err)
		}
	}
	if _, err := read("client_secret: typed-here"); !errors.Is(err, errUsage) {
		t.Error("a key that is not known is taken", err)
	}
}

// aProvider writes a file with one identity provider, which is away: for a demo
// whose pages are to show all that is there.
func aProvider(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"secret": "a client secret", "providers.yaml": "providers:\n  - {name: away, title: Away Trust, issuer: \"http://127.0.0.1:1\", client_id: us, client_secret_file: secret}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "providers.yaml")
}
