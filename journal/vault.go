package journal

import (
	"crypto/hpke"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/seal"
)

// The files of the vault's key pair. The private half lies on site nodes only
// and is no part of an export; a desk has the public half.
const (
	keyVault    = "vault-1"
	vaultPublic = "vault-1.pub"
)

// Vault seals what must not be opened by the keys that open a person's record:
// entry codes of homes. Its key pair is drawn apart from the organisation's
// epoch and nothing is derived from one to the other. Every device can put
// something in; only a site node can take something out.
type Vault struct {
	first hpke.PrivateKey // nil at a desk

	mu    sync.Mutex
	out   hpke.PublicKey // nil: this device was never told
	opens []hpke.PrivateKey
}

// keys gives what it seals to and what it opens with, the newest first.
func (v *Vault) keys() (hpke.PublicKey, []hpke.PrivateKey) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.out, v.opens
}

// turn puts another key in use. What was sealed to those before still opens.
func (v *Vault) turn(out hpke.PublicKey, opens []hpke.PrivateKey) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.opens = opens; out != nil {
		v.out = out
	}
}

// Vault is this device's part of the vault.
func (j *Journal) Vault() *Vault { return &j.vault }

// Opens tells whether this device can open what lies in the vault.
func (v *Vault) Opens() bool {
	_, opens := v.keys()
	return len(opens) > 0
}

// Seal closes plain for the vault under this info (HPKE base mode, ML-KEM-768 +
// X25519, HKDF-SHA256, AES-256-GCM). This device cannot open it again unless it
// is a site node. It refuses when this device was never told the vault's key.
func (v *Vault) Seal(info, plain []byte) ([]byte, error) {
	public, _ := v.keys()
	if public == nil {
		return nil, refusal.New(refusal.Unavailable, "This device has no key of the vault for entry codes. Write the code at a site node, or enrol this device anew.")
	}
	return hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), info, plain)
}

// Open opens what was sealed for the vault under this info. It refuses on a
// device that has no private half.
func (v *Vault) Open(info, sealed []byte) ([]byte, error) {
	_, opens := v.keys()
	if len(opens) == 0 {
		return nil, refusal.New(refusal.Unavailable, "This device cannot open entry codes: it is not kept on it how to. Ring the coordinator, who opens it at the site.")
	}
	for _, private := range opens {
		if plain, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), info, sealed); err == nil {
			return plain, nil
		}
	}
	return nil, seal.ErrOpen
}

// open reads the vault's first keys; a device that has none works without.
func (v *Vault) open(k *keybox, random io.Reader) error {
	public, err := v.read(k, random)
	if err == nil && public != nil {
		v.out = public
	}
	if err == nil && v.first != nil {
		v.opens = []hpke.PrivateKey{v.first}
	}
	return err
}

func (v *Vault) read(k *keybox, random io.Reader) (hpke.PublicKey, error) {
	secret, err := k.open(keyVault)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := k.open(keyRoot); err == nil { // founded before there was a vault
			if v.first, err = k.newHPKE(random, keyVault); err != nil {
				return nil, err
			}
			return v.first.PublicKey(), nil
		}
		public, err := os.ReadFile(filepath.Join(k.dir, vaultPublic))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return hpke.MLKEM768X25519().NewPublicKey(public)
	}
	if err != nil {
		return nil, err
	}
	if v.first, err = hpke.MLKEM768X25519().NewPrivateKey(secret); err != nil {
		return nil, err
	}
	return v.first.PublicKey(), nil
}

// admit puts into an admission what the new device gets of the vault: a site
// node the first key, sealed to it alone (later ones come with their epochs), a
// desk the public half.
func (v *Vault) admit(a *Admission, kind fact.DeviceKind, to hpke.PublicKey) error {
	public, _ := v.keys()
	if kind != fact.SiteNode {
		if public != nil {
			a.Vault = public.Bytes()
		}
		return nil
	}
	if v.first == nil {
		return nil
	}
	secret, err := v.first.Bytes()
	if err == nil {
		a.Vault, err = hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(admitVaultLabel), secret)
	}
	return err
}

const admitVaultLabel = "holdfast/admission-vault/1"

// takeVault keeps what an admission brings of the vault.
func (k *keybox) takeVault(o Options, a Admission, kind fact.DeviceKind, private hpke.PrivateKey) error {
	if len(a.Vault) == 0 {
		return nil
	}
	if kind != fact.SiteNode {
		if _, err := hpke.MLKEM768X25519().NewPublicKey(a.Vault); err != nil {
			return err
		}
		return k.keepFile(vaultPublic, a.Vault)
	}
	secret, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(admitVaultLabel), a.Vault)
	if err != nil {
		return refusal.New(refusal.Invalid, "This answer was not sealed to this device.").Because(err)
	}
	if _, err := hpke.MLKEM768X25519().NewPrivateKey(secret); err != nil {
		return err
	}
	return k.keep(o, keyVault, secret)
}

// mayHave tells whether another device is given a key: never a desk one of the
// class of entry codes, whatever it asks for. Those that it minted it has.
func (j *Journal) mayHave(to fact.Subject, class fact.KeyClass) bool {
	return class != fact.ClassEntry || !j.isDesk(to)
}

func (j *Journal) isDesk(device fact.Subject) bool {
	if e, ok := j.house.Load().Devices[device]; ok {
		return e.Card.Kind == fact.Desk
	}
	return j.isCardOfDesk(device)
}
