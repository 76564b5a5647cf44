package main

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"holdfast/access/accessdb"
)

// providerSettings is one identity provider in a configuration file; docs/openid.md
// says what each key means.
type providerSettings struct {
	Name         string              `yaml:"name"`
	Title        string              `yaml:"title"`
	Issuer       string              `yaml:"issuer"`
	ClientID     string              `yaml:"client_id"`
	SecretFile   string              `yaml:"client_secret_file"` // beside this file
	KeyFile      string              `yaml:"key_file"`           // PEM, beside this file: private_key_jwt
	KeyID        string              `yaml:"key_id"`
	KeyAlgorithm string              `yaml:"key_algorithm"`
	KeyAudience  string              `yaml:"key_audience"`
	Scopes       []string            `yaml:"scopes"`
	Claim        string              `yaml:"claim"`
	ACR          []string            `yaml:"acr"`
	Require      map[string][]string `yaml:"require"`
	SingleSignOn bool                `yaml:"single_sign_on"`
	CAFile       string              `yaml:"ca_file"` // beside this file
}

// providers reads the identity providers of a configuration with the files they
// name. A secret that others on this machine can read is refused.
func (s settings) providers() ([]accessdb.Provider, error) {
	var out []accessdb.Provider
	for _, one := range s.Providers {
		p, err := one.read(s.dir)
		if err != nil {
			return nil, fmt.Errorf("%w: provider %q: %w", errUsage, one.Name, err)
		}
		out = append(out, p)
	}
	return out, nil
}

func (p providerSettings) read(dir string) (accessdb.Provider, error) {
	out := accessdb.Provider{
		Name: p.Name, Title: p.Title, Issuer: p.Issuer, ClientID: p.ClientID, KeyID: p.KeyID, KeyAlg: p.KeyAlgorithm, KeyFor: p.KeyAudience,
		Scopes: p.Scopes, Claim: p.Claim, Classes: p.ACR, Require: p.Require, SingleSignOn: p.SingleSignOn,
	}
	if p.SecretFile != "" {
		raw, err := secretFile(beside(dir, p.SecretFile))
		if err != nil {
			return out, err
		}
		if out.Secret = string(bytes.TrimSpace(raw)); out.Secret == "" {
			return out, errors.New("its client secret is empty")
		}
	}
	if p.KeyFile != "" {
		raw, err := secretFile(beside(dir, p.KeyFile))
		if err == nil {
			out.Key, err = privateKey(raw)
		}
		if err != nil {
			return out, err
		}
	}
	if p.CAFile != "" {
		raw, err := os.ReadFile(beside(dir, p.CAFile))
		if err != nil {
			return out, err
		}
		if out.Roots = x509.NewCertPool(); !out.Roots.AppendCertsFromPEM(raw) {
			return out, fmt.Errorf("%s holds no certificate", filepath.Base(p.CAFile))
		}
	}
	return out, nil
}

func secretFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others on this machine: give it the rights 600", filepath.Base(path))
	}
	return os.ReadFile(path)
}

// privateKey reads a key as openssl writes it (RFC 7468, PKCS #8), or an older one
// of RSA or EC alone.
func privateKey(raw []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("its key is not PEM")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, errors.New("its key can't be read")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("its key can't sign")
	}
	return signer, nil
}

// readProviders reads a file that holds providers alone: for a demo.
func readProviders(path string) ([]accessdb.Provider, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	s := settings{dir: filepath.Dir(path)}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errUsage, path, err)
	}
	return s.providers()
}
