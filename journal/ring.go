package journal

import (
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/fact"
	"holdfast/fact/seal"
)

// ring is one secret under which subject keys are closed: of an epoch of the
// organisation, or a desk's own. A key that is closed by own was minted while
// this ring was in use, so that only those know it who know the ring, and new
// facts may be sealed with it. What is closed by kept was known before, perhaps
// to others: it only opens what is there. Fresh keys begin another ring of the
// same secret, with an own wrapper of its own and the same kept one.
type ring struct {
	of     fact.Hash // the epoch; of a desk's key the one that it was sealed to
	fresh  fact.Hash // name of the fresh keys; zero: those that the secret began with
	own    seal.Wrapper
	kept   seal.Wrapper
	secret []byte
}

// ringName names a ring on one device.
type ringName struct{ of, fresh fact.Hash }

func (r ring) name() ringName { return ringName{r.of, r.fresh} }

// epochHash names an epoch by its public half: two that were begun apart may
// have the same number.
func epochHash(public []byte) fact.Hash { return fact.Labelled("holdfast/epoch/1", public) }

func hashOfEpoch(private hpke.PrivateKey) fact.Hash { return epochHash(private.PublicKey().Bytes()) }

// ringOf is the ring of an epoch.
func ringOf(epoch hpke.PrivateKey, org fact.OrgID) (ring, error) {
	own, err := wrapperOf(epoch, org)
	if err != nil {
		return ring{}, err
	}
	secret, err := epoch.Bytes()
	if err != nil {
		return ring{}, err
	}
	kept, err := keptWrapper(secret, org)
	return ring{of: hashOfEpoch(epoch), own: own, kept: kept, secret: secret}, err
}

// deskRing is the ring of a desk's key.
func deskRing(k deskSecret, org fact.OrgID) (ring, error) {
	if len(k.Key) != 32 {
		return ring{}, errors.New("the wrapping key has another length")
	}
	kept, err := keptWrapper(k.Key, org)
	return ring{of: k.Epoch, own: seal.NewWrapper(seal.Key(k.Key)), kept: kept, secret: k.Key}, err
}

// afresh is the ring of fresh keys under the same secret. Whoever has the secret
// and the name makes the same one.
func (r ring) afresh(org fact.OrgID, name fact.Hash) (ring, error) {
	if name == (fact.Hash{}) {
		return ring{}, errors.New("fresh keys without a name")
	}
	key, err := hkdf.Key(sha256.New, r.secret, append(org[:], name[:]...), "holdfast/fresh-wrap/1", 32)
	if err != nil {
		return ring{}, err
	}
	return ring{of: r.of, fresh: name, own: seal.NewWrapper(seal.Key(key)), kept: r.kept, secret: r.secret}, nil
}

func keptWrapper(secret []byte, org fact.OrgID) (seal.Wrapper, error) {
	key, err := hkdf.Key(sha256.New, secret, org[:], "holdfast/kept-wrap/1", 32)
	if err != nil {
		return seal.Wrapper{}, err
	}
	return seal.NewWrapper(seal.Key(key)), nil
}

// rings is what opens and closes subject keys on a device. It never changes;
// the writer puts another in its place.
type rings struct {
	first ring // closes what must be readable with what every device was given
	now   ring // closes what is minted
	all   []ring
	named map[ringName]ring
	byID  map[[16]byte]ringUse
}

// ringUse is one of the two wrappers of a ring.
type ringUse struct {
	ring ring
	w    seal.Wrapper
	own  bool
}

func newRings(first ring) *rings { return (&rings{first: first, now: first}).with(first) }

// with gives the rings with more of them.
func (r *rings) with(more ...ring) *rings {
	next := &rings{first: r.first, now: r.now, all: slices.Clip(r.all), named: maps.Clone(r.named), byID: maps.Clone(r.byID)}
	if next.named == nil {
		next.named, next.byID = map[ringName]ring{}, map[[16]byte]ringUse{}
	}
	for _, a := range more {
		if next.byID[a.own.ID].own {
			continue
		}
		next.all, next.named[a.name()] = append(next.all, a), a
		next.byID[a.own.ID], next.byID[a.kept.ID] = ringUse{a, a.own, true}, ringUse{a, a.kept, false}
	}
	if len(next.all) == len(r.all) {
		return r
	}
	return next
}

// using gives the rings with another one closing what is minted.
func (r *rings) using(one ring) *rings {
	next := *r.with(one)
	next.now = one
	return &next
}

// like gives the wrapper with which a site node keeps what a desk's wrapper
// closed: whoever knows the epoch that the desk's key was sealed to may know
// both, and nobody else.
func (r *rings) like(desk ringUse) seal.Wrapper {
	if one, have := r.named[desk.ring.name()]; have && desk.own {
		return one.own
	}
	if one, have := r.named[ringName{of: desk.ring.of}]; have {
		return one.kept
	}
	return r.now.kept // it opened, so its epoch is here
}

// unwrap opens a wrap with the wrapper that it names.
func (r *rings) unwrap(org fact.OrgID, wrap []byte) (seal.SubjectKey, error) {
	if err := seal.CheckWrap(wrap); err != nil {
		return seal.SubjectKey{}, err
	}
	use, ok := r.byID[wrapperIn(wrap)]
	if !ok {
		return seal.SubjectKey{}, fmt.Errorf("%w: closed for another holder", seal.ErrWrap)
	}
	return use.w.Unwrap(org, wrap)
}

// wrapperIn reads by whom a wrap is closed.
func wrapperIn(wrap []byte) [16]byte { return [16]byte(wrap[32:48]) }

// epochSecret is what a site node has of an epoch that began after the first.
// It is a key file, and what is sealed to a device or to the holders.
type epochSecret struct {
	Epoch []byte `cbor:"1,keyasint"` // private half
	Vault []byte `cbor:"2,keyasint"` // private half of the vault's key that began with it
}

// deskSecret is a desk's wrapping key and the epoch that it was sealed to.
type deskSecret struct {
	Epoch fact.Hash `cbor:"1,keyasint"`
	Key   []byte    `cbor:"2,keyasint"`
}

// heldEpoch is an epoch whose private half is here.
type heldEpoch struct {
	hash    fact.Hash
	private hpke.PrivateKey
	vault   hpke.PrivateKey // nil for the first epoch, whose vault has a file of its own
	raw     []byte          // epochSecret as it lies in the file; nil for the first
}

func openEpochSecret(raw []byte) (heldEpoch, error) {
	var s epochSecret
	if err := fact.Decode(raw, &s); err != nil {
		return heldEpoch{}, err
	}
	private, err := hpke.MLKEM768X25519().NewPrivateKey(s.Epoch)
	if err != nil {
		return heldEpoch{}, err
	}
	vault, err := hpke.MLKEM768X25519().NewPrivateKey(s.Vault)
	return heldEpoch{hash: hashOfEpoch(private), private: private, vault: vault, raw: raw}, err
}

// The files of later epochs and of a desk's later keys are named by the epoch.
func epochFile(epoch fact.Hash) string { return fmt.Sprintf("epoch-%x", epoch[:8]) }
func deskFile(epoch fact.Hash) string  { return fmt.Sprintf("wrap-%x", epoch[:8]) }

// isEpochFile tells whether a name is one that epochFile gives.
func isEpochFile(name string) bool {
	hex, ok := strings.CutPrefix(name, "epoch-")
	return ok && len(hex) == 16 && strings.Trim(hex, "0123456789abcdef") == ""
}

// named lists the key files of later epochs, or of a desk's later keys.
func (k *keybox) named(prefix string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(k.dir, prefix+"-????????????????.key"))
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(filepath.Base(f), ".key"))
	}
	slices.Sort(out)
	return out, err
}

// epochs opens the private halves of all epochs that are held, the first first.
func (k *keybox) epochs() ([]heldEpoch, error) {
	first, err := k.epoch()
	if err != nil {
		return nil, err
	}
	out := []heldEpoch{{hash: hashOfEpoch(first), private: first}}
	names, err := k.named("epoch")
	for _, name := range names {
		raw, err := k.open(name)
		if err != nil {
			return nil, err
		}
		one, err := openEpochSecret(raw)
		if err != nil {
			return nil, fmt.Errorf("key file %s: %w", name, err)
		}
		out = append(out, one)
	}
	return out, err
}

// deskSecrets opens a desk's wrapping keys, the one it was enrolled with first.
func (k *keybox) deskSecrets(public []byte) ([]deskSecret, error) {
	first, err := k.open(keyWrap)
	if err != nil {
		return nil, err
	}
	out := []deskSecret{{Epoch: epochHash(public), Key: first}}
	names, err := k.named("wrap")
	for _, name := range names {
		raw, err := k.open(name)
		if err != nil {
			return nil, err
		}
		var one deskSecret
		if err := fact.Decode(raw, &one); err != nil {
			return nil, fmt.Errorf("key file %s: %w", name, err)
		}
		out = append(out, one)
	}
	return out, err
}

// ringsOf makes the rings of a site node's epochs, or of a desk's keys.
func ringsOf(epochs []heldEpoch, desk []deskSecret, org fact.OrgID) (*rings, error) {
	var out *rings
	put := func(one ring, err error) error {
		if out == nil {
			out = newRings(one)
		} else {
			out = out.with(one)
		}
		return err
	}
	for _, e := range epochs {
		if err := put(ringOf(e.private, org)); err != nil {
			return nil, err
		}
	}
	for _, d := range desk {
		if err := put(deskRing(d, org)); err != nil {
			return nil, err
		}
	}
	if out == nil {
		return nil, errors.New("no key that closes subject keys is here")
	}
	return out, nil
}
