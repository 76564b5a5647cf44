package journal

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// Request is what a new device asks to be enrolled with. It holds no secret.
type Request struct {
	Kind   fact.DeviceKind `cbor:"1,keyasint"`
	Name   string          `cbor:"2,keyasint"`
	Domain string          `cbor:"3,keyasint"` // failure domain: what would be lost together with it
	Key    []byte          `cbor:"4,keyasint"` // Ed25519, of the device card
	Seal   []byte          `cbor:"5,keyasint"` // HPKE public key to which the answer is sealed
	Device fact.Subject    `cbor:"6,keyasint"`
}

// Admission answers a request: the organisation's papers, the new device's card
// and, sealed to it alone, the key it works with.
type Admission struct {
	Genesis fact.Signed `cbor:"1,keyasint"`
	Card    fact.Signed `cbor:"2,keyasint"`
	Epoch   []byte      `cbor:"3,keyasint"` // HPKE public key of the organisation
	Sealed  []byte      `cbor:"4,keyasint"` // a site node's epoch key, or a desk's wrapping key

	Enrolled []byte `cbor:"5,keyasint,omitempty"` // DeviceEnrolled as it was stated
	Vault    []byte `cbor:"6,keyasint,omitempty"` // of the vault: its key, sealed, for a site node; its public half for a desk

	Roots []fact.Signed `cbor:"7,keyasint,omitempty"` // exchanges of roots since the genesis
}

const (
	requestFile  = "request"
	keySeal      = "seal"
	keyWrap      = "wrap"
	epochPublic  = "epoch-1.pub"
	admitLabel   = "holdfast/admission/1"
	mostNameSize = 100
)

// Ask makes the keys of a new device in an empty folder and gives the request
// that an organisation's site node answers.
func Ask(ctx context.Context, o Options, kind fact.DeviceKind, name, domain string) (Request, error) {
	o, err := o.complete()
	if err != nil {
		return Request{}, err
	}
	name, domain = strings.TrimSpace(name), strings.TrimSpace(domain)
	if name == "" || domain == "" || len(name) > mostNameSize || len(domain) > mostNameSize || (kind != fact.SiteNode && kind != fact.Desk) {
		return Request{}, refusal.New(refusal.Invalid, "A new device needs a kind (site or desk), a name, and the place that would be lost with it.")
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return Request{}, err
	}
	held, err := holdFolder(o.Dir)
	if err != nil {
		return Request{}, err
	}
	defer held.release()
	if err := clearFailedFounding(o.Dir); err != nil {
		return Request{}, err
	}
	if err := o.Store.Create(filepath.Join(o.Dir, foundingMarker), nil); err != nil {
		return Request{}, err
	}
	r, err := ask(o, kind, name, domain)
	return r, errors.Join(err, ctx.Err())
}

func ask(o Options, kind fact.DeviceKind, name, domain string) (Request, error) {
	keys, err := createKeybox(filepath.Join(o.Dir, keysFolder), o, o.Store)
	if err != nil {
		return Request{}, err
	}
	device, err := keys.newSigning(o.Random, keyDevice)
	if err != nil {
		return Request{}, err
	}
	sealing, err := keys.newHPKE(o.Random, keySeal)
	if err != nil {
		return Request{}, err
	}
	r := Request{Kind: kind, Name: name, Domain: domain, Key: device.Public().(ed25519.PublicKey), Seal: sealing.PublicKey().Bytes()}
	if r.Device, err = fact.NewSubject(o.Random); err != nil {
		return Request{}, err
	}
	enc, err := fact.Encode(r)
	if err != nil {
		return Request{}, err
	}
	return r, o.Store.Create(filepath.Join(o.Dir, keysFolder, requestFile), enc)
}

// Enrol admits a new device with the root key that lies on this one.
func (j *Journal) Enrol(ctx context.Context, by fact.Author, r Request) (Admission, error) {
	card, err := j.CardFor(r)
	if err != nil {
		return Admission{}, err
	}
	set, err := j.inForce()
	if err != nil {
		return Admission{}, err
	}
	root, err := j.keys.signing(keyRoot)
	if errors.Is(err, fs.ErrNotExist) && len(set.Recovery) > 0 {
		return Admission{}, refusal.Newf(refusal.Forbidden, "People and paper hold this organisation's keys: %d of %d must sign for a new device (holdfast org enrol --key).", set.Threshold, len(set.Keys))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Admission{}, refusal.New(refusal.Forbidden, "The organisation's root key is not kept on this device. Enrol at the one where it was founded.")
	}
	if err != nil {
		return Admission{}, err
	}
	if err := fact.Cosign(&card, set, root); err != nil {
		return Admission{}, err
	}
	return j.EnrolSigned(ctx, by, r, card)
}

// CardFor writes the card that a request asks for. Nobody has signed it: the
// organisation's holders do (fact.Cosign), apart or together.
func (j *Journal) CardFor(r Request) (fact.Signed, error) {
	if j.epoch == nil {
		return fact.Signed{}, refusal.New(refusal.Forbidden, "A desk can't enrol devices. Do this at a site node.")
	}
	if r.Name == "" || r.Domain == "" || len(r.Key) != ed25519.PublicKeySize || r.Device.Zero() || (r.Kind != fact.SiteNode && r.Kind != fact.Desk) {
		return fact.Signed{}, refusal.New(refusal.Invalid, "This is not a device's request.")
	}
	set, err := j.inForce()
	if err != nil {
		return fact.Signed{}, err
	}
	card := fact.DeviceCard{Suite: fact.Suite, Org: j.papers.org, Device: r.Device, Kind: r.Kind, Name: r.Name, Key: r.Key, Issued: fact.At(j.o.Clock())}
	return fact.SignCardFor(card, set)
}

// EnrolSigned admits a new device by a card that enough of the organisation's
// holders signed: the card becomes a fact.
func (j *Journal) EnrolSigned(ctx context.Context, by fact.Author, r Request, signed fact.Signed) (Admission, error) {
	if _, err := j.CardFor(r); err != nil {
		return Admission{}, err
	}
	chain := j.chain()
	card, err := chain.OpenCard(signed)
	if err != nil {
		set, none := j.inForce()
		return Admission{}, errors.Join(none, refusal.Newf(refusal.Forbidden, "%d of the organisation's %d keys must sign the card of a new device.", set.Threshold, len(set.Keys)).Because(err))
	}
	if err := chain.Admits(signed); err != nil {
		return Admission{}, notAdmitted(err)
	}
	if card.Device != r.Device || card.Kind != r.Kind || card.Name != r.Name || string(card.Key) != string(r.Key) {
		return Admission{}, refusal.New(refusal.Invalid, "The card that was signed is not the one that this request asks for.")
	}
	to, err := hpke.MLKEM768X25519().NewPublicKey(r.Seal)
	if err != nil {
		return Admission{}, refusal.New(refusal.Invalid, "This is not a device's request.").Because(err)
	}
	a := Admission{Genesis: j.papers.signedGenesis, Roots: chain.Signed(), Card: signed, Epoch: j.epoch.PublicKey().Bytes()}
	if r.Kind == fact.Desk {
		a.Epoch = j.Device().EpochPublic()
	}
	enrolled := DeviceEnrolled{Card: signed, Domain: r.Domain}
	secret, err := j.admissionKey(r, &enrolled)
	if err != nil {
		return Admission{}, err
	}
	if a.Enrolled, err = fact.Encode(enrolled); err != nil {
		return Admission{}, err
	}
	if a.Sealed, err = hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(admitLabel), secret); err != nil {
		return Admission{}, err
	}
	if err := j.vault.admit(&a, r.Kind, to); err != nil {
		return Admission{}, err
	}
	if err := j.keepCard(ctx, signed); err != nil { // first: once the fact is saved, the answer must reach the new device
		return Admission{}, err
	}
	_, err = j.Do(ctx, by, nil, func(tx *Tx) ([]fact.Draft, error) {
		again, err := j.statedIn(tx, r.Device)
		if err != nil {
			return nil, err
		}
		if again {
			return nil, refusal.New(refusal.Taken, "This device is enrolled already.")
		}
		return []fact.Draft{fact.Say(j.papers.genesis.About, enrolled)}, nil
	})
	if err != nil {
		return Admission{}, err
	}
	return a, nil
}

// admissionKey is what the new device works with: the organisation's first
// epoch, whose facts bring it the later ones, or for a desk a wrapping key of
// its own, which the site nodes can open too.
func (j *Journal) admissionKey(r Request, enrolled *DeviceEnrolled) ([]byte, error) {
	if r.Kind == fact.SiteNode {
		return j.epoch.Bytes()
	}
	key := make([]byte, 32)
	if _, err := io.ReadFull(j.o.Random, key); err != nil {
		return nil, err
	}
	to, err := hpke.MLKEM768X25519().NewPublicKey(j.Device().EpochPublic())
	if err != nil {
		return nil, err
	}
	enrolled.Wrap, err = hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), wrapInfo(r.Device), key)
	return key, err
}

// Join completes the folder in which Ask made the keys: the device begins its
// first incarnation and can work. What others know comes by catching up. A
// folder is joined once: what a device has saved since is never begun anew.
func Join(ctx context.Context, o Options, a Admission) error {
	o, err := o.complete()
	if err != nil {
		return err
	}
	held, err := holdFolder(o.Dir)
	if err != nil {
		return err
	}
	defer held.release()
	raw, err := os.ReadFile(filepath.Join(o.Dir, keysFolder, requestFile))
	if err != nil {
		return refusal.New(refusal.Missing, "There is no request in this folder. Make one first.").Because(err)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, foundingMarker)); errors.Is(err, fs.ErrNotExist) {
		return refusal.New(refusal.Taken, "This device has joined already, and its folder holds what it saved since. Start it; for another device make a request in an empty folder.")
	} else if err != nil {
		return err
	}
	if o.Demo, err = IsDemo(o.Dir); err != nil {
		return err
	}
	var r Request
	if err := fact.Decode(raw, &r); err != nil {
		return err
	}
	if err := join(o, a, r); err != nil {
		return fmt.Errorf("join the organisation: %w", err)
	}
	if err := os.Remove(filepath.Join(o.Dir, foundingMarker)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(o.Store.SyncFolder(o.Dir), ctx.Err())
}

func join(o Options, a Admission, r Request) error {
	keys, err := openKeybox(filepath.Join(o.Dir, keysFolder), o, o.Store)
	if err != nil {
		return err
	}
	device, err := keys.signing(keyDevice)
	if err != nil {
		return err
	}
	p := papers{signedGenesis: a.Genesis, signedRoots: a.Roots, signedCard: a.Card}
	if err := p.admit(); err != nil {
		return err
	}
	if p.card.Device != r.Device || !device.Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(p.card.Key)) {
		return refusal.New(refusal.Invalid, "This answer is for another device.")
	}
	rings, err := keys.takeKey(o, a, p)
	if err != nil {
		return err
	}
	if len(a.Enrolled) > 0 {
		if err := keys.keepFile(enrolledFile, a.Enrolled); err != nil {
			return err
		}
	}
	if err := makeStartFolder(o.Dir, o.Store); err != nil {
		return err
	}
	for _, part := range []string{firstFile, firstFile + "-wal", firstFile + "-shm"} {
		if err := removeIfThere(filepath.Join(o.Dir, part)); err != nil {
			return err
		}
	}
	file, err := createFile(filepath.Join(o.Dir, firstFile), o.Store)
	if err != nil {
		return err
	}
	b := beginning{
		o: o, file: file, papers: p, keys: keys, device: device, subjects: newSubjectKeys(p.org, rings, o.Random), branches: newBranches(), receipts: &receipts{},
	}
	_, err = b.begin(b.startKeys().nextNumber(0), "first", nil)
	if err == nil {
		_, _, err = checkpoint(file.write, "TRUNCATE")
	}
	return errors.Join(err, file.close(), o.Store.SyncFolder(o.Dir))
}

// takeKey opens the key in an admission and keeps it.
func (k *keybox) takeKey(o Options, a Admission, p papers) (*rings, error) {
	raw, err := k.open(keySeal)
	if err != nil {
		return nil, err
	}
	private, err := hpke.MLKEM768X25519().NewPrivateKey(raw)
	if err != nil {
		return nil, err
	}
	secret, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(admitLabel), a.Sealed)
	if err != nil {
		return nil, refusal.New(refusal.Invalid, "This answer was not sealed to this device.").Because(err)
	}
	if err := k.takeVault(o, a, p.card.Kind, private); err != nil {
		return nil, err
	}
	if p.card.Kind == fact.Desk {
		r, err := ringsOf(nil, []deskSecret{{Epoch: epochHash(a.Epoch), Key: secret}}, p.org)
		if err != nil {
			return nil, err
		}
		return r, errors.Join(k.keep(o, keyWrap, secret), k.keepFile(epochPublic, a.Epoch))
	}
	epoch, err := hpke.MLKEM768X25519().NewPrivateKey(secret)
	if err != nil {
		return nil, err
	}
	if string(epoch.PublicKey().Bytes()) != string(a.Epoch) {
		return nil, errors.New("the organisation's key is not the one it shows")
	}
	r, err := ringsOf([]heldEpoch{{private: epoch}}, nil, p.org)
	return r, errors.Join(err, k.keep(o, keyEpoch, secret))
}

// keep writes a key file, unless a joining that was cut short left the same.
func (k *keybox) keep(o Options, name string, secret []byte) error {
	if have, err := k.open(name); err == nil && string(have) == string(secret) {
		return nil
	}
	return k.create(o.Random, name, secret)
}

func (k *keybox) keepFile(name string, data []byte) error {
	path := filepath.Join(k.dir, name)
	if have, err := os.ReadFile(path); err == nil && string(have) == string(data) {
		return nil
	}
	return k.store.Create(path, data)
}
