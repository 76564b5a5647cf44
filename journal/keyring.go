package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/seal"
)

// closer closes subject keys for another device. Site nodes share their rings,
// and can open those of desks: between them a wrap goes as it is.
type closer struct {
	desk *ring // nil: for a site node, or from a desk
}

func (j *Journal) closerFor(to fact.Subject) (closer, error) {
	e, ok := j.house.Load().Devices[to]
	if !ok && j.isCardOfDesk(to) {
		return closer{}, fmt.Errorf("%w: the enrolment of this desk has not come here yet", ErrPaper)
	}
	if !ok || e.Card.Kind != fact.Desk || j.epoch == nil {
		return closer{}, nil
	}
	r, ok := j.house.Load().desks[to]
	if !ok {
		return closer{}, fmt.Errorf("the wrapping key of desk %s does not open", e.Card.Name)
	}
	return closer{&r}, nil
}

// wrap closes a key. A desk is given with its own wrapper what was minted in the
// epoch that its ring belongs to: with such a key it may go on sealing. All
// else only opens there what is there.
func (c closer) wrap(s *subjectKeys, k *heldKey) ([]byte, error) {
	if c.desk == nil {
		return k.wrap, nil
	}
	w := c.desk.kept
	switch use := s.rings.Load().byID[wrapperIn(k.wrap)]; {
	case !use.own || use.ring.of != c.desk.of:
	case use.ring.fresh == fact.Hash{}:
		w = c.desk.own
	default:
		r, err := c.desk.afresh(s.org, use.ring.fresh)
		if err != nil {
			return nil, err
		}
		w = r.own
	}
	return w.Wrap(s.random, s.org, k.SubjectKey)
}

// isCardOfDesk tells whether a device is a desk, by a card alone: what enrolled
// it, and with it the key that it opens wraps with, may come later.
func (j *Journal) isCardOfDesk(device fact.Subject) bool {
	for _, signed := range j.cards() {
		if c, err := j.chain().OpenCard(signed); err == nil && c.Device == device {
			return c.Kind == fact.Desk
		}
	}
	return false
}

// Wraps gives key wraps closed for another device. Keys that are not held,
// whose subject is erased, or that the device may not have are left out.
func (j *Journal) Wraps(ctx context.Context, to fact.Subject, refs []KeyRef) ([][]byte, error) {
	c, err := j.closerFor(to)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	var subjects []fact.Subject
	f := j.file.Load()
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if j.erased(ref.Subject) {
			continue
		}
		held, err := j.subjects.find(f, ref)
		if err != nil {
			return nil, err
		}
		if held == nil || !j.mayHave(to, held.Class) {
			continue
		}
		wrap, err := c.wrap(j.subjects, held)
		if err != nil {
			return nil, err
		}
		out, subjects = append(out, wrap), append(subjects, ref.Subject)
	}
	if c.desk != nil && j.house.Load().CutOff(to) { // asked when the keys are found: one that is fresh was minted after the cut was known
		return nil, refusal.New(refusal.Forbidden, "This device is cut off from the organisation.").Because(ErrCutOff)
	}
	if len(out) > 0 && c.desk != nil {
		j.noteGiven(ctx, to, subjects)
	}
	return out, nil
}

// find gives a key that is held, or nil.
func (s *subjectKeys) find(f *dbFile, ref KeyRef) (*heldKey, error) {
	set, err := s.keyset(f, ref.Subject, false)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range set.keys {
		if k.ID == ref.Key {
			return k, nil
		}
	}
	return nil, nil
}

// wrapsFor gives the wraps of the keys that facts need, closed for another
// device. Bodies stay closed: what they point to is found by who takes them in.
func (j *Journal) wrapsFor(ctx context.Context, headers [][]byte, to fact.Subject) ([][]byte, error) {
	var refs []KeyRef
	seen := map[KeyRef]bool{}
	for _, raw := range headers {
		h, err := fact.ParseHeader(raw)
		if err != nil {
			return nil, err
		}
		if ref := (KeyRef{Subject: h.Subject, Key: h.Key}); !seen[ref] {
			seen[ref] = true
			refs = append(refs, ref)
		}
	}
	return j.Wraps(ctx, to, refs)
}

// TakeWraps takes in key wraps from another device; those of erased subjects
// are refused in silence.
func (j *Journal) TakeWraps(ctx context.Context, wraps [][]byte) error {
	keys, err := j.openWraps(wraps, false)
	if err != nil || len(keys) == 0 {
		return err
	}
	return j.keepKeys(ctx, keys)
}

// keepKeys writes keys that came without a fact of their own.
func (j *Journal) keepKeys(ctx context.Context, keys []*heldKey) error {
	if err := j.control1(ctx, func(w *writer) error { return j.writeLateKeys(w, keys) }); err != nil {
		return err
	}
	return ctx.Err()
}

// subjectsOf lists the subjects of keys, each once.
func subjectsOf(keys []*heldKey) (out []fact.Subject) {
	for _, k := range keys {
		if !slices.Contains(out, k.Subject) {
			out = append(out, k.Subject)
		}
	}
	return out
}

// writeLateKeys does it between two commits, and has taken in anew what can be
// opened only now.
func (j *Journal) writeLateKeys(w *writer, keys []*heldKey) error {
	_, err := w.transaction(func(c *sqlConn) error {
		for _, k := range keys {
			if err := owe(c, k.Subject); err != nil {
				return err
			}
		}
		return w.writeKeys(c, keys)
	})
	if err != nil {
		return err
	}
	j.work.put(w.returned)
	about := false
	for _, k := range keys {
		k.stored.Store(!w.gone(k.Subject))
		about = about || k.Subject == j.papers.genesis.About
		j.cache.forget(k.Subject) // what could not be opened before now can
	}
	j.views.again(subjectsOf(keys)) // before a checkpoint can find the lists level
	if about {                      // a cut or an enrolment may be readable only now
		return j.houseMoved(w, nil)
	}
	return nil
}

// keyringSums remembers the sums of the keyring's parts. Every link asks for
// them every few seconds; only parts that were written to are read again.
type keyringSums struct {
	mu    sync.Mutex
	sums  [256]fact.Hash
	known [256]atomic.Bool // the sum is of all that was written when it was taken
}

// written says that wraps of a subject were written or deleted.
func (k *keyringSums) written(s fact.Subject) {
	if k != nil {
		k.known[s[0]].Store(false)
	}
}

// forget has every part read again.
func (k *keyringSums) forget() {
	for i := range k.known {
		k.known[i].Store(false)
	}
}

// KeyringDigests sums up which keys are held, by the first byte of their
// subject, so that two devices find quickly where they differ.
func (j *Journal) KeyringDigests(ctx context.Context) ([256]fact.Hash, error) {
	k := &j.keyring
	k.mu.Lock()
	defer k.mu.Unlock()
	for bucket := range k.sums {
		if k.known[bucket].Swap(true) { // set before it is read: what is written meanwhile unsets it
			continue
		}
		sum, err := j.keyringDigest(ctx, byte(bucket))
		if err != nil {
			k.known[bucket].Store(false)
			return k.sums, err
		}
		k.sums[bucket] = sum
	}
	return k.sums, nil
}

// keyringDigest sums up one part; zero when it is empty.
func (j *Journal) keyringDigest(ctx context.Context, bucket byte) (sum fact.Hash, err error) {
	refs, err := j.KeyringList(ctx, bucket)
	if err != nil || len(refs) == 0 {
		return sum, err
	}
	h := sha256.New()
	for _, ref := range refs {
		h.Write(ref.Subject[:])
		h.Write(ref.Key[:])
	}
	h.Sum(sum[:0])
	return sum, ctx.Err()
}

// KeyringList lists the keys held for the subjects that begin with a byte.
func (j *Journal) KeyringList(_ context.Context, bucket byte) ([]KeyRef, error) {
	var out []KeyRef
	from, to := []byte{bucket}, []byte{bucket + 1}
	if bucket == 255 {
		to = bytes.Repeat([]byte{255}, len(fact.Subject{})+1)
	}
	err := j.file.Load().read(func(c *sqlConn) error {
		return eachKey(c, "WHERE subject>=? AND subject<?", []driverValue{from, to}, func(subject, kid []byte) error {
			var ref KeyRef
			copy(ref.Subject[:], subject)
			copy(ref.Key[:], kid)
			out = append(out, ref)
			return nil
		})
	})
	return out, err
}

// eachKey hands over the keys of which a wrap is here whole, each once. One
// that is damaged is as good as missing: it comes again from another device.
func eachKey(c *sqlConn, where string, args []driverValue, see func(subject, kid []byte) error) error {
	var last []byte
	return c.each("SELECT subject, kid, wrap FROM wraps "+where+" ORDER BY subject, kid", func(v []driverValue) error {
		subject, kid := v[0].([]byte), v[1].([]byte)
		name := append(append([]byte(nil), subject...), kid...)
		if bytes.Equal(name, last) || seal.CheckWrap(v[2].([]byte)) != nil {
			return nil
		}
		last = name
		return see(subject, kid)
	}, args...)
}

// MissingKeys lists keys that facts kept here need and that are not here.
func (j *Journal) MissingKeys(_ context.Context, most int) ([]KeyRef, error) {
	var out []KeyRef
	err := j.waiting(needKey, most, func(what []byte) {
		var ref KeyRef
		copy(ref.Subject[:], what)
		copy(ref.Key[:], what[16:])
		if !j.erased(ref.Subject) {
			out = append(out, ref)
		}
	})
	return out, err
}

// MissingBlobs lists attachments that facts kept here point to and that are
// not here.
func (j *Journal) MissingBlobs(_ context.Context, most int) ([]fact.Hash, error) {
	var out []fact.Hash
	err := j.waiting(needBlob, most, func(what []byte) { out = append(out, fact.Hash(what)) })
	return out, err
}

func (j *Journal) waiting(sort int64, most int, each func(what []byte)) error {
	return j.file.Load().read(func(c *sqlConn) error {
		return c.each("SELECT DISTINCT what FROM waiting WHERE sort=? ORDER BY what LIMIT ?", func(v []driverValue) error {
			each(v[0].([]byte))
			return nil
		}, sort, int64(most))
	})
}

// ReadBlob gives an attachment's sealed bytes.
func (j *Journal) ReadBlob(_ context.Context, hash fact.Hash) ([]byte, error) {
	var sealed []byte
	err := j.file.Load().read(func(c *sqlConn) (err error) {
		sealed, err = c.oneBytes("SELECT sealed FROM attachments WHERE hash=?", hash[:])
		return err
	})
	if err != nil {
		return nil, err
	}
	if sealed == nil || seal.AttachmentHash(sealed) != hash {
		return nil, refusal.New(refusal.Missing, "This attachment is not kept whole on this device.")
	}
	return sealed, nil
}

// mostBlob bounds one attachment.
const mostBlob = 32 << 20

// TakeBlob keeps an attachment's sealed bytes, if a fact here needs them.
func (j *Journal) TakeBlob(ctx context.Context, sealed []byte) error {
	if len(sealed) > mostBlob {
		return bad("an attachment of %d bytes", len(sealed))
	}
	hash := seal.AttachmentHash(sealed)
	return j.control1(ctx, func(w *writer) error {
		needed, err := w.file.write.oneInt("SELECT count(*) FROM waiting WHERE what=?", hash[:])
		if err != nil || needed == 0 {
			return err
		}
		_, err = w.transaction(func(c *sqlConn) error {
			err := c.exec("INSERT OR IGNORE INTO attachments(hash, sealed) VALUES(?, ?)", hash[:], sealed)
			return errors.Join(err, c.exec("DELETE FROM waiting WHERE what=?", hash[:]))
		})
		return err
	})
}

// sound checks that a fact's bytes are the ones that its id names.
func sound(header, body, id []byte) error {
	h, err := fact.ParseHeader(header)
	if err != nil {
		return err
	}
	have := h.ID()
	if !bytes.Equal(have[:], id) || int(h.BodyLen) != len(body) || fact.BodyHashOf(body) != h.BodyHash {
		return errors.New("bytes are changed")
	}
	return nil
}
