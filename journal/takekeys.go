package journal

import (
	"crypto/hpke"
	"errors"
	"slices"
	"sync"

	"holdfast/fact"
)

// heldEpochs are the epochs whose private halves are on this site node, the
// first first, and which of them closes what is minted. They never change; the
// writer puts others in their place.
type heldEpochs struct {
	all []heldEpoch
	now fact.Hash
}

func (h *heldEpochs) find(hash fact.Hash) (heldEpoch, bool) {
	i := slices.IndexFunc(h.all, func(e heldEpoch) bool { return e.hash == hash })
	if i < 0 {
		return heldEpoch{}, false
	}
	return h.all[i], true
}

// deskState is a desk's own keys; the writer's.
type deskState struct {
	public  []byte // of the epoch that it was enrolled in
	secrets []deskSecret
	turned  [16]byte // the wrapper under which what it was given has been closed anew
}

// takeKeys takes what the organisation's facts bring of keys, and puts in use
// the epoch that is to be used now. A key that does not open here is passed
// over: it was for somebody else, or it is none.
func (j *Journal) takeKeys(next *house) {
	if j.epoch == nil {
		j.useDeskKey(next)
		return
	}
	self := j.papers.card.Device
	for _, g := range next.given {
		if _, have := j.epochs.Load().find(g.Epoch); have || g.Device != self {
			continue
		}
		if err := j.takeEpoch(next.House, g); err != nil {
			j.o.Log.Warn("a key of the organisation that was sealed to this device can't be taken", "epoch", g.Epoch.String()[:8], "err", err)
		}
	}
	j.takeFresh(next.House)
	j.useEpoch(next.House)
}

func (j *Journal) takeEpoch(h House, g EpochGiven) error {
	e, ok := h.epochOf(g.Epoch)
	if !ok {
		return bad("it belongs to no epoch that is known here")
	}
	secret, err := j.keys.open(keySeal)
	if err != nil {
		return err
	}
	private, err := hpke.MLKEM768X25519().NewPrivateKey(secret)
	if err != nil {
		return err
	}
	raw, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.AES256GCM(), givenInfo(j.papers.org, g.Epoch, g.Device), g.Sealed)
	if err != nil {
		return err
	}
	one, err := openEpochSecret(raw)
	if err != nil {
		return err
	}
	if one.hash != g.Epoch || string(one.vault.PublicKey().Bytes()) != string(e.Vault) {
		return bad("it is not the key that the epoch shows")
	}
	r, err := ringOf(one.private, j.papers.org)
	if err != nil {
		return err
	}
	if err := j.keys.keep(j.o, epochFile(one.hash), raw); err != nil {
		return err
	}
	was := j.epochs.Load()
	j.epochs.Store(&heldEpochs{all: append(slices.Clip(was.all), one), now: was.now})
	j.subjects.rings.Store(j.subjects.rings.Load().with(r))
	return nil
}

// useEpoch chooses what closes subject keys from now on: the last epoch held
// here that counts and that nobody who is cut off knows. Where there is none,
// the last that counts, until one has begun; a device that is itself cut off
// goes on with the last that it has.
func (j *Journal) useEpoch(h House) {
	held := j.epochs.Load()
	cutOff := h.CutOff(j.papers.card.Device)
	var best, counts, last *Epoch
	for i := range h.Epochs {
		e := &h.Epochs[i]
		if _, have := held.find(e.Hash); !have {
			continue
		}
		last = e
		if !e.Held {
			counts = e
		}
		if !e.Held && !h.Spent(*e) {
			best = e
		}
	}
	switch {
	case cutOff:
		best = last
	case best == nil:
		best = counts
	}
	if best == nil {
		return // what said so has not come yet
	}
	if base, have := j.subjects.rings.Load().named[ringName{of: best.Hash}]; have {
		j.useRing(h, base)
	}
	if held.now != best.Hash {
		j.epochs.Store(&heldEpochs{all: held.all, now: best.Hash})
	}
	j.turnVault(best.Hash)
}

// turnVault seals for the vault with the key that began with an epoch, and opens
// with every one that is here.
func (j *Journal) turnVault(now fact.Hash) {
	var out hpke.PublicKey
	var opens []hpke.PrivateKey
	for _, e := range j.epochs.Load().all {
		if e.vault != nil {
			opens = append([]hpke.PrivateKey{e.vault}, opens...)
		}
		if e.hash == now && e.vault != nil {
			out = e.vault.PublicKey()
		}
	}
	if j.vault.first != nil {
		opens = append(opens, j.vault.first)
		if out == nil {
			out = j.vault.first.PublicKey()
		}
	}
	j.vault.turn(out, opens)
}

// useDeskKey puts the last key in use that this desk has stated.
func (j *Journal) useDeskKey(next *house) {
	use := j.subjects.rings.Load().first
	for i := len(next.deskKeys) - 1; i >= 0; i-- {
		k := next.deskKeys[i]
		at := slices.IndexFunc(j.desk.secrets, func(s deskSecret) bool { return s.Epoch == k.Epoch })
		if k.Device != j.papers.card.Device || at < 0 {
			continue
		}
		if r, err := deskRing(j.desk.secrets[at], j.papers.org); err == nil {
			j.subjects.rings.Store(j.subjects.rings.Load().with(r))
			use = r
		}
		break
	}
	j.takeFresh(next.House)
	j.useRing(next.House, use)
	if e, ok := next.Newest(); ok && len(e.Vault) > 0 {
		if public, err := hpke.MLKEM768X25519().NewPublicKey(e.Vault); err == nil {
			j.vault.turn(public, nil)
		}
	}
}

// sealTo is the organisation's public key to which others seal now.
func (j *Journal) sealTo() []byte {
	held := j.epochs.Load()
	if e, ok := held.find(held.now); ok {
		return e.private.PublicKey().Bytes()
	}
	if e, ok := j.house.Load().Newest(); ok {
		return e.Public
	}
	return j.desk.public
}

// keysMoved follows after the house was judged: keys that were taken are closed
// for the holders, and wraps that waited for one are opened.
func (j *Journal) keysMoved(w *writer) error {
	if n := len(j.epochs.Load().all); n != j.tended.recovered {
		if err := j.keepRecovery(w.file.write, j.chain()); err != nil {
			return err
		}
		j.tended.recovered = n
	}
	if err := j.turnGiven(w); err != nil {
		return err
	}
	wraps := j.unopened.take()
	if len(wraps) == 0 {
		return nil
	}
	keys, err := j.openWraps(wraps, true)
	if err != nil || len(keys) == 0 {
		return err
	}
	return j.writeLateKeys(w, keys)
}

// turnGiven closes with a desk's present key what it was given to read while it
// still had the one before: between a new epoch and the desk's own turn that may
// be keys which nobody who knows the key before has.
func (j *Journal) turnGiven(w *writer) error {
	rings := j.subjects.rings.Load()
	if j.epoch != nil || len(rings.all) < 2 || j.desk.turned == rings.now.kept.ID {
		return nil
	}
	var before [][]byte
	for _, r := range rings.all {
		if r.kept.ID == rings.now.kept.ID || r.fresh != (fact.Hash{}) { // a ring of fresh keys has the kept wrapper of the one it is made of
			continue
		}
		if err := w.file.write.each("SELECT wrap FROM wraps WHERE wrapper=?", func(v []driverValue) error {
			before = append(before, slices.Clone(v[0].([]byte)))
			return nil
		}, r.kept.ID[:]); err != nil {
			return err
		}
	}
	_, err := w.transaction(func(c *sqlConn) error {
		for _, old := range before {
			key, err := rings.unwrap(j.papers.org, old)
			if err != nil {
				continue // damaged: Verify names it
			}
			wrap, err := rings.now.kept.Wrap(j.o.Random, j.papers.org, key)
			if err != nil {
				return err
			}
			if err := errors.Join(
				c.exec("INSERT OR REPLACE INTO wraps(subject, kid, wrapper, wrap) VALUES(?, ?, ?, ?)", key.Subject[:], key.ID[:], wrap[32:48], wrap),
				c.exec("DELETE FROM wraps WHERE subject=? AND kid=? AND wrapper=?", key.Subject[:], key.ID[:], old[32:48]),
			); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		j.desk.turned = rings.now.kept.ID
	}
	return err
}

// mostShut bounds the wraps that wait; beyond it they are asked for again later.
const mostShut = 1 << 14

// shutWraps are wraps that came before the key that opens them.
type shutWraps struct {
	mu   sync.Mutex
	list [][]byte
}

func (s *shutWraps) put(wrap []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) < mostShut {
		s.list = append(s.list, slices.Clone(wrap))
	}
}

func (s *shutWraps) take() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.list
	s.list = nil
	return out
}
