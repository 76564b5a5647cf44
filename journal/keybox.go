package journal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/crypto/argon2"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/seal"
)

// keybox is the folder of keys at rest. Files are written once and never
// again; outside a demo each is sealed under the passphrase.
type keybox struct {
	dir   string
	box   *seal.Box // nil: keys lie open (demo)
	store Store
}

// lock says how the keys are closed; it stands in keys/lock.
type lock struct {
	Demo    bool     `cbor:"1,keyasint"`
	Salt    [32]byte `cbor:"2,keyasint"`
	Passes  uint32   `cbor:"3,keyasint"` // Argon2id (RFC 9106)
	Memory  uint32   `cbor:"4,keyasint"` // KiB
	Threads uint8    `cbor:"5,keyasint"`
	Check   []byte   `cbor:"6,keyasint"` // known bytes, sealed: tells a wrong passphrase from damage
}

const lockCheck = "holdfast/lock/1"

// The names of the files of keys.
const (
	keyRoot   = "root-1"
	keyEpoch  = "epoch-1"
	keyDevice = "device"
)

func keyIncarnation(number uint32) string { return fmt.Sprintf("incarnation-%d", number) }

func (l lock) box(passphrase []byte) *seal.Box {
	key := argon2.IDKey(passphrase, l.Salt[:], l.Passes, l.Memory, l.Threads, 32)
	return seal.NewBox(seal.Key(key))
}

// createKeybox makes the folder and its lock.
func createKeybox(dir string, o Options, store Store) (*keybox, error) {
	if !o.Demo && len(o.Passphrase) < 12 {
		return nil, refusal.New(refusal.Invalid, "Keys need a passphrase of at least 12 characters, unless the folder is a demo.")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	l := lock{Demo: o.Demo, Passes: 3, Memory: 64 << 10, Threads: 4}
	if _, err := io.ReadFull(o.Random, l.Salt[:]); err != nil {
		return nil, err
	}
	k := &keybox{dir: dir, store: store}
	if !o.Demo {
		k.box = l.box(o.Passphrase)
		var err error
		if l.Check, err = k.box.Seal(o.Random, []byte(lockCheck), []byte("lock")); err != nil {
			return nil, err
		}
	}
	enc, err := fact.Encode(l)
	if err != nil {
		return nil, err
	}
	return k, store.Create(filepath.Join(dir, "lock"), enc)
}

func readLock(dir string) (lock, error) {
	var l lock
	b, err := os.ReadFile(filepath.Join(dir, "lock"))
	if err != nil {
		return lock{}, err
	}
	if err := fact.Decode(b, &l); err != nil {
		return lock{}, fmt.Errorf("keys/lock: %w", err)
	}
	return l, nil
}

// openKeybox refuses a demo's keys for work and the other way round.
func openKeybox(dir string, o Options, store Store) (*keybox, error) {
	l, err := readLock(dir)
	if err != nil {
		return nil, err
	}
	if l.Demo != o.Demo {
		if l.Demo {
			return nil, refusal.New(refusal.Forbidden, "This folder was made as a demo or rehearsal: its keys lie open. It can't be used for work.")
		}
		return nil, refusal.New(refusal.Forbidden, "This folder holds real work. It can't be opened as a demo.")
	}
	k := &keybox{dir: dir, store: store}
	if l.Demo {
		return k, nil
	}
	if l.Passes == 0 || l.Threads == 0 || l.Memory == 0 || l.Memory > 4<<20 || l.Passes > 1000 {
		return nil, errors.New("keys/lock: impossible values")
	}
	k.box = l.box(o.Passphrase)
	if check, err := k.box.Open(l.Check, []byte("lock")); err != nil || string(check) != lockCheck {
		return nil, refusal.New(refusal.Forbidden, "The passphrase does not open the keys in this folder.")
	}
	return k, nil
}

func (k *keybox) create(random io.Reader, name string, secret []byte) error {
	out := append([]byte("HK\x01\x00"), secret...)
	if k.box != nil {
		sealed, err := k.box.Seal(random, secret, []byte(name))
		if err != nil {
			return err
		}
		out = append([]byte("HK\x01\x01"), sealed...)
	}
	return k.store.Create(filepath.Join(k.dir, name+".key"), out)
}

func (k *keybox) open(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(k.dir, name+".key"))
	if err != nil {
		return nil, err
	}
	want := "HK\x01\x00"
	if k.box != nil {
		want = "HK\x01\x01"
	}
	if len(b) < 4 || string(b[:4]) != want {
		return nil, fmt.Errorf("key file %s is not of the form this folder uses", name)
	}
	if k.box == nil {
		return b[4:], nil
	}
	secret, err := k.box.Open(b[4:], []byte(name))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", name, err)
	}
	return secret, nil
}

func (k *keybox) signing(name string) (ed25519.PrivateKey, error) {
	seed, err := k.open(name)
	if err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("key file %s has %d bytes", name, len(seed))
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

func (k *keybox) newSigning(random io.Reader, name string) (ed25519.PrivateKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), k.create(random, name, seed)
}

func (k *keybox) epoch() (hpke.PrivateKey, error) {
	b, err := k.open(keyEpoch)
	if err != nil {
		return nil, err
	}
	return hpke.MLKEM768X25519().NewPrivateKey(b)
}

func (k *keybox) newEpoch(random io.Reader) (hpke.PrivateKey, error) {
	return k.newHPKE(random, keyEpoch)
}

func (k *keybox) newHPKE(random io.Reader, name string) (hpke.PrivateKey, error) {
	private, err := drawHPKE(random)
	if err != nil {
		return nil, err
	}
	b, err := private.Bytes()
	if err != nil {
		return nil, err
	}
	return private, k.create(random, name, b)
}

// drawHPKE draws a key pair.
func drawHPKE(random io.Reader) (hpke.PrivateKey, error) {
	ikm := make([]byte, 64)
	if _, err := io.ReadFull(random, ikm); err != nil {
		return nil, err
	}
	return hpke.MLKEM768X25519().DeriveKeyPair(ikm)
}

// wrapperOf derives the key that wraps subject keys from the private half of
// the organisation's epoch.
func wrapperOf(epoch hpke.PrivateKey, org fact.OrgID) (seal.Wrapper, error) {
	secret, err := epoch.Bytes()
	if err != nil {
		return seal.Wrapper{}, err
	}
	key, err := hkdf.Key(sha256.New, secret, org[:], "holdfast/epoch-wrap/1", 32)
	if err != nil {
		return seal.Wrapper{}, err
	}
	return seal.NewWrapper(seal.Key(key)), nil
}
