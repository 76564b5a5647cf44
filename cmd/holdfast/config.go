package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"holdfast/codes"
	"holdfast/content"
)

// settings is the configuration file of a site node, in YAML. Flags win.
type settings struct {
	Listen        string   `yaml:"listen"`              // HOST:PORT of the pages
	Doors         string   `yaml:"doors"`               // HOST:PORT of the message doors
	Devices       string   `yaml:"devices"`             // HOST:PORT where the organisation's other devices knock
	Peers         []string `yaml:"peers"`               // HOST:PORT of other devices of the organisation
	Name          string   `yaml:"name"`                // host name under which both are reached
	Domain        string   `yaml:"domain"`              // parent domain of passkeys; the name unless told
	Security      string   `yaml:"security_contact"`    // mailto:, https: or tel: where weaknesses are reported; none: security.txt is not there
	Service       string   `yaml:"service"`             // our service in the Directory of Services
	Volume        string   `yaml:"volume"`              // encrypted-by-host, when this machine cannot see it itself
	SafetyOfficer string   `yaml:"safety_officer"`      // Ed25519 public key in base64
	Approvals     []string `yaml:"approvals"`           // files signed by the safety officer, beside this one
	Passphrase    string   `yaml:"passphrase_file"`     // beside this one
	SecondChoice  bool     `yaml:"second_choice"`       // a password with an authenticator code may be used where a passkey can't
	Telephone     string   `yaml:"telephone"`           // name of the telephone exchange that speaks at the message doors (docs/telephone.md); its certificate is written at start
	ByProvider    bool     `yaml:"sign_in_by_provider"` // accounts at the providers below may be one of two factors

	Providers []providerSettings `yaml:"providers"`
	Index     indexSettings      `yaml:"national_index"`

	Texts   wireSettings `yaml:"texts"`   // docs/outbox.md
	Reports wireSettings `yaml:"reports"` // likewise
	Mail    mailSettings `yaml:"mail"`    // likewise

	demo  bool   // said on the command line
	clock string // likewise
	dir   string // of the file
}

// encryptedByHost says that whoever runs the host answers for disk encryption.
const encryptedByHost = "encrypted-by-host"

// readSettings reads a configuration file; no path gives none. Keys that are
// not known are refused: a misspelt one must not pass unseen.
func readSettings(path string) (settings, error) {
	var s settings
	if path == "" {
		return s, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("%w: %w", errUsage, err)
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("%w: %s: %w", errUsage, path, err)
	}
	if s.Volume != "" && s.Volume != encryptedByHost {
		return s, fmt.Errorf("%w: %s: volume can be %s or left out", errUsage, path, encryptedByHost)
	}
	if s.Telephone != "" && !soundExchange(s.Telephone) {
		return s, fmt.Errorf("%w: %s: telephone is a name of a-z, 0-9 and -, as aldermoor", errUsage, path)
	}
	dir := filepath.Dir(path)
	s.dir = dir
	for i, a := range s.Approvals {
		s.Approvals[i] = beside(dir, a)
	}
	if s.Passphrase != "" {
		s.Passphrase = beside(dir, s.Passphrase)
	}
	return s, nil
}

func beside(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// approvals reads what the clinical safety officer has signed.
func (s settings) approvals(ods codes.ODS) ([]content.Approval, error) {
	if len(s.Approvals) == 0 {
		return nil, nil
	}
	key, err := base64.StdEncoding.DecodeString(s.SafetyOfficer)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%w: safety_officer must be an Ed25519 public key in base64", errUsage)
	}
	var out []content.Approval
	for _, path := range s.Approvals {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		a, err := content.ReadApproval(raw, string(ods), key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, a)
	}
	return out, nil
}
