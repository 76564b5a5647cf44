package journal

import (
	"context"
	"crypto/hpke"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast/fact"
)

// keysPatience is how long a device leaves to another what that one is nearer
// to doing: where two do the same nothing is lost, it is only done twice.
const keysPatience = 30 * time.Second

// tended is what KeepKeys remembers.
type tended struct {
	mu        sync.Mutex
	since     map[string]time.Time // since when something is left to others
	recovered int                  // epochs closed for the holders; the writer's
}

// KeepKeys does what is due about the organisation's keys. A site node says
// where to seal for it; begins a new epoch when a site node that knows the
// present one is cut off; brings epochs to site nodes that lack them; and begins
// fresh keys within an epoch when a desk is cut off. A desk
// makes itself another wrapping key when the one it has was sealed to an epoch
// that is known to one that is cut off. It is called after every commit and now
// and then, and mostly finds nothing to do.
//
// Any site node may do all of it. Two that do so apart do it twice, and both
// hold: each goes on with an epoch that nobody knows who is cut off.
func (j *Journal) KeepKeys(ctx context.Context) error {
	j.tended.mu.Lock()
	defer j.tended.mu.Unlock()
	h := j.House()
	self := j.papers.card.Device
	if _, enrolled := h.Devices[self]; !enrolled || h.CutOff(self) {
		return ctx.Err() // what it says now would be held back, or can't be judged
	}
	if j.epoch == nil {
		return j.keepDeskKey(ctx, h)
	}
	if err := j.saySealing(ctx, h); err != nil {
		return err
	}
	left := map[string]time.Time{}
	if err := j.beginEpoch(ctx, left); err != nil {
		return err
	}
	if err := j.giveEpochs(ctx, left); err != nil {
		return err
	}
	if err := j.beginFresh(ctx, left); err != nil {
		return err
	}
	j.tended.since = left
	return nil
}

// stateKeys says something about the organisation's keys, if it is still due.
func (j *Journal) stateKeys(ctx context.Context, due func(h House) []fact.Content) error {
	_, err := j.Do(ctx, fact.Author{Role: "device"}, nil, func(tx *Tx) ([]fact.Draft, error) {
		if _, err := tx.History(j.papers.genesis.About); err != nil {
			return nil, err
		}
		var out []fact.Draft
		for _, c := range due(j.House()) {
			out = append(out, fact.Say(j.papers.genesis.About, c))
		}
		return out, nil
	})
	return err
}

// saySealing makes this site node's sealing key known.
func (j *Journal) saySealing(ctx context.Context, h House) error {
	self := j.papers.card.Device
	if len(h.Sealing[self]) > 0 {
		return nil
	}
	private, err := j.sealingKey()
	if err != nil {
		return err
	}
	k := SealingKey{Device: self, Public: private.PublicKey().Bytes()}
	k.Sig = j.Device().Sign(labelSealingKey, k.signed(j.papers.org))
	return j.stateKeys(ctx, func(h House) []fact.Content {
		if len(h.Sealing[self]) > 0 {
			return nil
		}
		return []fact.Content{k}
	})
}

func (j *Journal) sealingKey() (hpke.PrivateKey, error) {
	secret, err := j.keys.open(keySeal)
	if errors.Is(err, fs.ErrNotExist) { // the device that founded the organisation
		return j.keys.newHPKE(j.o.Random, keySeal)
	}
	if err != nil {
		return nil, err
	}
	return hpke.MLKEM768X25519().NewPrivateKey(secret)
}

// left tells whether something is left to another device for now.
func (j *Journal) left(to map[string]time.Time, what string, mine bool) bool {
	if mine {
		return false
	}
	now := j.o.Clock()
	since, ok := j.tended.since[what]
	if !ok {
		since = now
	}
	to[what] = since
	return now.Sub(since) < keysPatience
}

// own tells whether a feed is one of this device's.
func (j *Journal) own(feed fact.FeedID) bool {
	device, ok := j.DeviceOf(feed)
	return ok && device == j.papers.card.Device
}

// epochDue tells whether every epoch that counts and is held here is known to a
// device that is cut off.
func (j *Journal) epochDue(h House) bool {
	if len(h.keptFrom()) == 0 {
		return false
	}
	for _, e := range h.Epochs {
		if _, have := j.epochs.Load().find(e.Hash); have && !e.Held && !h.Spent(e) {
			return false
		}
	}
	return true
}

func (j *Journal) beginEpoch(ctx context.Context, left map[string]time.Time) error {
	h := j.House()
	if !j.epochDue(h) {
		return nil
	}
	mine := false
	for _, c := range h.Cuts {
		mine = mine || !c.Over && !c.Says.Device.Zero() && j.own(c.Feed)
	}
	if j.left(left, "epoch", mine) {
		return nil
	}
	epoch, vault, secret, err := j.drawEpoch()
	if err != nil {
		return err
	}
	var failed error
	err = j.stateKeys(ctx, func(h House) []fact.Content {
		if !j.epochDue(h) {
			return nil
		}
		var out []fact.Content
		out, failed = j.epochBegun(h, epoch, vault, secret)
		return out
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		j.o.Log.Warn("a new key of the organisation is in use: one that a device which is cut off may know closes nothing more")
	}
	return err
}

// drawEpoch draws the key pairs of a new epoch and of its vault.
func (j *Journal) drawEpoch() (epoch, vault hpke.PublicKey, secret []byte, err error) {
	var s epochSecret
	for _, one := range []struct {
		public *hpke.PublicKey
		bytes  *[]byte
	}{{&epoch, &s.Epoch}, {&vault, &s.Vault}} {
		private, err := drawHPKE(j.o.Random)
		if err != nil {
			return nil, nil, nil, err
		}
		*one.public = private.PublicKey()
		if *one.bytes, err = private.Bytes(); err != nil {
			return nil, nil, nil, err
		}
	}
	secret, err = fact.Encode(s)
	return epoch, vault, secret, err
}

// epochBegun is what makes a new epoch known, and brings it to every site node
// that is not cut off and has said where to seal for it.
func (j *Journal) epochBegun(h House, epoch, vault hpke.PublicKey, secret []byte) ([]fact.Content, error) {
	self := j.papers.card.Device
	began := EpochBegan{Number: 1, Public: epoch.Bytes(), Vault: vault.Bytes(), Without: h.keptFrom(), By: self[:]}
	for _, e := range h.Epochs {
		if e.Number < 1<<31 {
			began.Number = max(began.Number, e.Number+1)
		}
	}
	signed, err := began.signed(j.papers.org)
	if err != nil {
		return nil, err
	}
	began.Sig = j.Device().Sign(labelEpochBegan, signed)
	out := []fact.Content{began}
	for _, device := range slices.SortedFunc(maps.Keys(h.Sealing), bySubject) {
		if !h.atWork(device) {
			continue
		}
		given, err := j.given1(h, epochHash(began.Public), device, secret)
		if err != nil && device == self {
			return nil, err
		}
		if err == nil { // a key that is none keeps nobody else from theirs
			out = append(out, given)
		}
	}
	return out, nil
}

// atWork tells whether a device is a site node of the organisation that is not
// cut off.
func (o House) atWork(device fact.Subject) bool {
	e, ok := o.Devices[device]
	return ok && e.Card.Kind == fact.SiteNode && !o.CutOff(device)
}

func (j *Journal) given1(h House, epoch fact.Hash, to fact.Subject, secret []byte) (EpochGiven, error) {
	public, err := hpke.MLKEM768X25519().NewPublicKey(h.Sealing[to])
	if err != nil {
		return EpochGiven{}, err
	}
	sealed, err := hpke.Seal(public, hpke.HKDFSHA256(), hpke.AES256GCM(), givenInfo(j.papers.org, epoch, to), secret)
	return EpochGiven{Epoch: epoch, Device: to, Sealed: sealed}, err
}

// mostGivenAtOnce keeps one act well below the most that one may hold.
const mostGivenAtOnce = 100

// giveEpochs brings the later epochs to site nodes that lack them: new ones,
// readmitted ones, and those that had not said yet where to seal for them. The
// one that began the epoch, or lifted the cut, does it at once; others when it
// was not done for a while.
func (j *Journal) giveEpochs(ctx context.Context, left map[string]time.Time) error {
	return j.stateIf(ctx, func(h House) (out []fact.Content) {
		self := j.papers.card.Device
		for _, e := range h.Epochs {
			held, have := j.epochs.Load().find(e.Hash)
			if !have || held.raw == nil || e.Held {
				continue
			}
			for _, device := range slices.SortedFunc(maps.Keys(h.Sealing), bySubject) {
				if device == self || e.Given[device] || !h.atWork(device) || len(out) == mostGivenAtOnce {
					continue
				}
				mine := e.By == self
				for _, c := range h.Cuts {
					mine = mine || c.Over && c.Says.Device == device && j.own(c.Lift)
				}
				if j.left(left, "give "+e.Hash.String()+device.String(), mine) {
					continue
				}
				if given, err := j.given1(h, e.Hash, device, held.raw); err == nil {
					out = append(out, given)
				}
			}
		}
		return out
	})
}

// stateIf asks first whether there is anything to say.
func (j *Journal) stateIf(ctx context.Context, due func(h House) []fact.Content) error {
	if len(due(j.House())) == 0 {
		return nil
	}
	return j.stateKeys(ctx, due)
}

// keepDeskKey makes this desk another wrapping key, when an epoch is there that
// nobody knows who is cut off and the one its key was sealed to is not.
func (j *Journal) keepDeskKey(ctx context.Context, h House) error {
	e, ok := h.Newest()
	now := j.subjects.rings.Load().now
	if present, known := h.epochOf(now.of); !ok || !known || !present.Held && !h.Spent(present) {
		return nil
	}
	key, err := j.deskSecretFor(ctx, e.Hash)
	if err != nil {
		return err
	}
	to, err := hpke.MLKEM768X25519().NewPublicKey(e.Public)
	if err != nil {
		return err
	}
	k := DeskKey{Device: j.papers.card.Device, Epoch: e.Hash}
	if k.Wrap, err = hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), deskKeyInfo(k.Device, k.Epoch), key); err != nil {
		return err
	}
	k.Sig = j.Device().Sign(labelDeskKey, k.signed(j.papers.org))
	return j.stateKeys(ctx, func(House) []fact.Content { return []fact.Content{k} })
}

// deskSecretFor gives the desk's key for an epoch. It is on the disk before
// anybody is told of it.
func (j *Journal) deskSecretFor(ctx context.Context, epoch fact.Hash) (key []byte, err error) {
	err = j.control1(ctx, func(*writer) error {
		for _, s := range j.desk.secrets {
			if s.Epoch == epoch {
				key = s.Key
				return nil
			}
		}
		s := deskSecret{Epoch: epoch, Key: make([]byte, 32)}
		if _, err := io.ReadFull(j.o.Random, s.Key); err != nil {
			return err
		}
		raw, err := fact.Encode(s)
		if err != nil {
			return err
		}
		if err := j.keys.create(j.o.Random, deskFile(epoch), raw); err != nil {
			return err
		}
		j.desk.secrets = append(j.desk.secrets, s)
		key = s.Key
		return nil
	})
	return key, err
}

func bySubject(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) }
