package content

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"holdfast/fact/refusal"
)

// Audience is who is shown the content at work.
type Audience string

// The audiences that content is signed for, one by one.
const (
	Public      Audience = "public"
	CallHandler Audience = "call-handler"
	Clinician   Audience = "clinician"
)

// Nation is where the content is used: clocks and thresholds differ.
type Nation string

// The nations that content is signed for, one by one.
const (
	England         Nation = "England"
	Wales           Nation = "Wales"
	Scotland        Nation = "Scotland"
	NorthernIreland Nation = "Northern Ireland"
)

const approvalHead = "holdfast content approval 1"

// Approval is a clinical safety officer's signature over exact files, for one
// audience in one nation. It lies beside the content as a text file:
//
//	holdfast content approval 1
//	organisation: NDX12
//	audience: call-handler
//	nation: England
//	signer: Dr A. Example, clinical safety officer
//	signed: 2026-11-01
//	file: <sha256 in hex> triage/chest-pain.triage
//	signature: <Ed25519 over every byte above, base64>
type Approval struct {
	Organisation string // ODS code of the deploying organisation
	Audience     Audience
	Nation       Nation
	Signer       string // name and post, for people
	Signed       string // date as YYYY-MM-DD, for people
	Files        []Entry
}

func (a Approval) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\norganisation: %s\naudience: %s\nnation: %s\nsigner: %s\nsigned: %s\n",
		approvalHead, a.Organisation, a.Audience, a.Nation, a.Signer, a.Signed)
	for _, f := range a.Files {
		fmt.Fprintf(&b, "file: %s %s\n", f.Hash, f.Path)
	}
	return b.Bytes()
}

// Sign writes the approval as a file, signed with the safety officer's key. A
// line break inside a value is refused: it could forge another line.
func (a Approval) Sign(key ed25519.PrivateKey) ([]byte, error) {
	for _, v := range []string{a.Organisation, string(a.Audience), string(a.Nation), a.Signer, a.Signed} {
		if v == "" || strings.ContainsAny(v, "\n\r") {
			return nil, refusal.New(refusal.Invalid, "every line of an approval needs one line of text")
		}
	}
	for _, f := range a.Files {
		if strings.ContainsAny(f.Path, "\n\r") {
			return nil, refusal.New(refusal.Invalid, "a file name with a line break cannot be approved")
		}
	}
	text := a.text()
	sum := base64.StdEncoding.EncodeToString(ed25519.Sign(key, text))
	return fmt.Appendf(text, "signature: %s\n", sum), nil
}

// ReadApproval checks the signature first and reads the approval after. It
// refuses one made by another key or for another organisation.
func ReadApproval(raw []byte, organisation string, key ed25519.PublicKey) (Approval, error) {
	at := bytes.LastIndex(raw, []byte("signature: "))
	if at < 0 || len(key) != ed25519.PublicKeySize {
		return Approval{}, refusal.New(refusal.Invalid, "the approval has no signature line, or there is no key to check it with")
	}
	line, whole := strings.CutSuffix(string(raw[at+len("signature: "):]), "\n")
	sum, err := base64.StdEncoding.Strict().DecodeString(line)
	if err != nil || !whole || strings.Contains(line, "\n") || !ed25519.Verify(key, raw[:at], sum) {
		return Approval{}, refusal.New(refusal.Forbidden, "the approval is not signed by this organisation's clinical safety officer")
	}
	a, err := parseApproval(string(raw[:at]))
	if err != nil {
		return Approval{}, err
	}
	if a.Organisation != organisation {
		return Approval{}, refusal.New(refusal.Forbidden, "the approval was given for another organisation")
	}
	return a, nil
}

func parseApproval(text string) (Approval, error) {
	var a Approval
	bad := refusal.New(refusal.Invalid, "the approval file is not in the form this program reads")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != approvalHead {
		return a, bad
	}
	single := map[string]*string{"organisation": &a.Organisation, "audience": (*string)(&a.Audience),
		"nation": (*string)(&a.Nation), "signer": &a.Signer, "signed": &a.Signed}
	for _, line := range lines[1:] {
		key, value, _ := strings.Cut(line, ": ")
		if into := single[key]; into != nil {
			*into = value
			continue
		}
		sum, name, ok := strings.Cut(value, " ")
		raw, err := hex.DecodeString(sum)
		if key != "file" || !ok || err != nil || len(raw) != len(Hash{}) {
			return a, bad
		}
		a.Files = append(a.Files, Entry{Path: name, Hash: Hash(raw)})
	}
	if !bytes.Equal(a.text(), []byte(text)) {
		return a, bad
	}
	return a, nil
}

func (a Approval) covers(f File) bool {
	for _, e := range a.Files {
		if e.Path == f.Path && e.Hash == f.Hash {
			return true
		}
	}
	return false
}

// WithApprovals gives the same files with approvals that ReadApproval has
// passed. The set itself is not changed.
func (s *Set) WithApprovals(approvals ...Approval) *Set {
	return &Set{files: s.files, approvals: append(s.approvals[:len(s.approvals):len(s.approvals)], approvals...)}
}

// MayRun says whether the named files may be used for this audience and
// nation: always in a demonstration or rehearsal, elsewhere only when the
// clinical safety officer has signed these exact bytes. No names means every
// file. The refusal names the first file that is not signed.
func (s *Set) MayRun(audience Audience, nation Nation, rehearsalOrDemo bool, paths ...string) error {
	if err := known(audience, nation); err != nil || rehearsalOrDemo {
		return err
	}
	if len(paths) == 0 {
		for _, f := range s.files {
			paths = append(paths, f.Path)
		}
	}
	for _, p := range paths {
		f, err := s.File(p)
		if err != nil {
			return err
		}
		if !s.approved(f, audience, nation) {
			return refusal.Newf(refusal.Forbidden, "%s, version %d, is not signed for %s use in %s. "+
				"Ask your clinical safety officer; until then a clinician decides without it", f.Path, f.Version, audience, nation)
		}
	}
	return nil
}

func (s *Set) approved(f File, audience Audience, nation Nation) bool {
	for _, a := range s.approvals {
		if a.Audience == audience && a.Nation == nation && a.covers(f) {
			return true
		}
	}
	return false
}

func known(audience Audience, nation Nation) error {
	switch audience {
	case Public, CallHandler, Clinician:
	default:
		return refusal.New(refusal.Invalid, "content runs for the public, for call handlers or for clinicians: say which")
	}
	switch nation {
	case England, Wales, Scotland, NorthernIreland:
		return nil
	}
	return refusal.New(refusal.Invalid, "content is signed for each nation: say England, Wales, Scotland or Northern Ireland")
}

// Unsigned counts the named files that no approval covers, for any audience
// or nation. No names means every file.
func (s *Set) Unsigned(paths ...string) int {
	n := 0
	for _, f := range s.files {
		named := len(paths) == 0 || slices.Contains(paths, f.Path)
		if named && !slices.ContainsFunc(s.approvals, func(a Approval) bool { return a.covers(f) }) {
			n++
		}
	}
	return n
}
