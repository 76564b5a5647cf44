// Package root is what people and paper hold of an organisation: a signing key
// each, of which a number together admit devices, and a part each of the key
// that recovers the record when every device is lost.
//
// Its law: no disk and no network; the one secret that is split is the
// recovery key; what is typed by hand is checked word by word.
package root

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"fmt"
	"io"
	mathbits "math/bits"
	"strconv"
	"strings"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Secret is what one holder has. It leaves memory only as the holder's page, or
// sealed under the holder's own passphrase.
type Secret struct {
	Number byte     // from 1; the place among the keys of its roots
	Seed   [32]byte // of the Ed25519 key that signs for the organisation
	Part   [32]byte // of the recovery key
}

// Key is the holder's signing key.
func (s Secret) Key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(s.Seed[:]) }

// Made is a root as it is made once: its secrets go to the holders and nowhere
// else.
type Made struct {
	Secrets   []Secret
	Threshold int
	Recovery  []byte // HPKE public key, ML-KEM-768 + X25519
}

// mostHolders bounds a root; more pages than this are lost, not held.
const mostHolders = 16

// Make draws the keys of n holders of whom k must agree.
func Make(random io.Reader, n, k int) (Made, error) {
	if n < 1 || n > mostHolders || k < 1 || k > n {
		return Made{}, refusal.Newf(refusal.Invalid, "A root has 1 to %d holders, and no more of them must agree than there are.", mostHolders)
	}
	if n > 1 && k < 2 {
		return Made{}, refusal.New(refusal.Invalid, "Where several hold the root, at least two of them must agree: else each of them alone could take the organisation.")
	}
	var secret [32]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return Made{}, err
	}
	recovery, err := recoveryKey(secret)
	if err != nil {
		return Made{}, err
	}
	parts, err := Split(random, secret, n, k)
	if err != nil {
		return Made{}, err
	}
	m := Made{Threshold: k, Recovery: recovery.PublicKey().Bytes()}
	for _, p := range parts {
		s := Secret{Number: p.Number, Part: p.Bytes}
		if _, err := io.ReadFull(random, s.Seed[:]); err != nil {
			return Made{}, err
		}
		m.Secrets = append(m.Secrets, s)
	}
	return m, nil
}

// Publics lists the holders' public keys in the order of their numbers.
func (m Made) Publics() [][]byte {
	var out [][]byte
	for _, s := range m.Secrets {
		out = append(out, s.Key().Public().(ed25519.PublicKey))
	}
	return out
}

func recoveryKey(secret [32]byte) (hpke.PrivateKey, error) {
	ikm, err := hkdf.Key(sha256.New, secret[:], nil, "holdfast/recovery/1", 64)
	if err != nil {
		return nil, err
	}
	return hpke.MLKEM768X25519().DeriveKeyPair(ikm)
}

// Fits tells whether a holder's secret belongs to an organisation, by its signing
// key: of its part of the recovery key only Recover can tell.
func (s Secret) Fits(g fact.RootSet) error {
	n := int(s.Number)
	if n < 1 || n > len(g.Keys) || !s.Key().Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(g.Keys[n-1])) {
		return refusal.Newf(refusal.Invalid, "Page %d does not belong to %s: it was made for another organisation, or is void.", s.Number, g.Title)
	}
	return nil
}

// Distinct checks that the secrets belong to an organisation, each to another
// holder, and are as many as must agree.
func Distinct(g fact.RootSet, held []Secret) error {
	seen := map[byte]bool{}
	for _, s := range held {
		if err := s.Fits(g); err != nil {
			return err
		}
		if seen[s.Number] {
			return refusal.Newf(refusal.Invalid, "Page %d was given twice. The pages of different holders are needed.", s.Number)
		}
		seen[s.Number] = true
	}
	if len(held) < int(g.Threshold) {
		return refusal.Newf(refusal.Invalid, "%d of the organisation's %d keys must agree; %d were given.", g.Threshold, len(g.Keys), len(held))
	}
	return nil
}

// Recover brings the recovery key back from enough holders. Where more pages are
// given than are needed it finds those that fit together, and lists the numbers
// of pages that don't: they have a slip, or a line of another page.
func Recover(g fact.RootSet, held []Secret) (key hpke.PrivateKey, wrong []byte, err error) {
	if len(g.Recovery) == 0 {
		return nil, nil, refusal.New(refusal.Missing, "This organisation has no recovery key: its root is held by one device.")
	}
	if err := Distinct(g, held); err != nil {
		return nil, nil, err
	}
	k := int(g.Threshold)
	for set := range 1 << len(held) { // of at most 16 holders: 12,870 choices where 8 are needed
		if mathbits.OnesCount(uint(set)) != k {
			continue
		}
		var parts []Part
		for i, s := range held {
			if set>>i&1 == 1 {
				parts = append(parts, Part{s.Number, s.Part})
			}
		}
		if key, err = fitting(g, parts); err != nil {
			return nil, nil, err
		}
		if key != nil {
			wrong, err = unlike(parts, held)
			return key, wrong, err
		}
	}
	if len(held) > k {
		return nil, nil, refusal.Newf(refusal.Invalid, "No %d of these %d pages fit together: more than one has a slip in its lines 5 to 8, or such a line of another page. Compare those lines with the pages word by word, or give a further page.", k, len(held))
	}
	return nil, nil, refusal.Newf(refusal.Invalid, "Pages %s don't fit together: at least one has a slip in its lines 5 to 8, or such a line of another page. Compare those lines with the pages word by word, or give a further page as well, which tells which one it is.", numbers(held))
}

// fitting gives the recovery key when the parts bring it back, else nil.
func fitting(g fact.RootSet, parts []Part) (hpke.PrivateKey, error) {
	secret, err := Combine(parts)
	if err != nil {
		return nil, err
	}
	key, err := recoveryKey(secret)
	if err != nil || string(key.PublicKey().Bytes()) != string(g.Recovery) {
		return nil, err
	}
	return key, nil
}

// unlike lists the pages whose part is another than the good ones make it.
func unlike(good []Part, held []Secret) (wrong []byte, err error) {
	for _, s := range held {
		want, err := valueAt(good, s.Number)
		if err != nil {
			return nil, err
		}
		if want != s.Part {
			wrong = append(wrong, s.Number)
		}
	}
	return wrong, nil
}

func numbers(held []Secret) string {
	var out []string
	for _, s := range held {
		out = append(out, strconv.Itoa(int(s.Number)))
	}
	return strings.Join(out, ", ")
}

const epochLabel = "holdfast/epoch-for-recovery/1"

// epochInfo binds a sealed epoch to its organisation and number.
func epochInfo(org fact.OrgID, number uint32) []byte {
	return fmt.Appendf(nil, "%s\x00%x\x00%d", epochLabel, org[:], number)
}

// SealEpoch closes the private half of an organisation's epoch for its holders.
func SealEpoch(g fact.RootSet, number uint32, private []byte) ([]byte, error) {
	to, err := hpke.MLKEM768X25519().NewPublicKey(g.Recovery)
	if err != nil {
		return nil, err
	}
	return hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), epochInfo(g.Org, number), private)
}

// OpenEpoch opens it again.
func OpenEpoch(g fact.RootSet, number uint32, recovery hpke.PrivateKey, sealed []byte) (hpke.PrivateKey, error) {
	raw, err := hpke.Open(recovery, hpke.HKDFSHA256(), hpke.AES256GCM(), epochInfo(g.Org, number), sealed)
	if err != nil {
		return nil, refusal.New(refusal.Invalid, "The sealed key in this copy is damaged, or another organisation's. Try another copy.").Because(err)
	}
	return hpke.MLKEM768X25519().NewPrivateKey(raw)
}

const keyLabel = "holdfast/key-for-recovery/1"

// keyInfo binds another sealed key to its organisation and its name.
func keyInfo(org fact.OrgID, name string) []byte {
	return fmt.Appendf(nil, "%s\x00%x\x00%s", keyLabel, org[:], name)
}

// SealKey closes another secret of site nodes for an organisation's holders, under its
// name: the vault's, or a later epoch's.
func SealKey(g fact.RootSet, name string, private []byte) ([]byte, error) {
	to, err := hpke.MLKEM768X25519().NewPublicKey(g.Recovery)
	if err != nil {
		return nil, err
	}
	return hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), keyInfo(g.Org, name), private)
}

// OpenKey opens it again; only under the same name.
func OpenKey(g fact.RootSet, name string, recovery hpke.PrivateKey, sealed []byte) ([]byte, error) {
	raw, err := hpke.Open(recovery, hpke.HKDFSHA256(), hpke.AES256GCM(), keyInfo(g.Org, name), sealed)
	if err != nil {
		return nil, refusal.Newf(refusal.Invalid, "The sealed key %q in this copy is damaged, or another organisation's. Try another copy.", name).Because(err)
	}
	return raw, nil
}
