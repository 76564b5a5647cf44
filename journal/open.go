package journal

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/seal"
)

// Journal is the facts of one organisation on one device.
type Journal struct {
	o      Options
	held   *folderLock
	papers papers
	keys   *keybox
	device ed25519.PrivateKey
	epoch  hpke.PrivateKey // the first; nil at a desk

	epochs     atomic.Pointer[heldEpochs] // of a site node
	desk       deskState                  // of a desk
	vault      Vault
	unopened   shutWraps
	freshNames freshNames // of desks, at a site node; the writer's
	tended     tended

	roots    atomic.Pointer[fact.Chain] // in force; nil while there is no writer yet: those of papers
	branches *branches
	receipts receipts
	given    given
	gave     givenKeys // to desks
	lost     lostSet
	house    atomic.Pointer[house]
	asides   atomic.Pointer[asides] // at a desk
	work     work                   // at a desk
	commits  commits                // the writer's
	keyring  keyringSums
	check    *checkpoints // the writer's

	subjects *subjectKeys
	cache    *cache
	file     atomic.Pointer[dbFile]
	hand     atomic.Pointer[hand]
	old      []*dbFile // files that failed, kept open so that nothing writes them again

	queue   chan *act
	control chan func(w *writer) (*writer, error) // work for the writer between commits
	stopped chan struct{}
	closing chan struct{}
	closed  sync.Once
	failed  error // of closing

	state   state
	views   *views
	drafts  *drafts
	turns   turns
	reserve *reserve
}

// Open opens a folder for work. A journal whose own feeds do not hold together
// goes on in a new incarnation, and what is damaged is mended from other
// devices as far as they have it; a folder that came back from a backup or an image begins a new
// incarnation; views that do not fit are rebuilt before Open returns, because
// an empty list is worse than a late start.
func Open(ctx context.Context, o Options) (*Journal, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if !Here(o.Dir) {
		return nil, refusal.Newf(refusal.Missing, "There is no journal in %s.", o.Dir)
	}
	held, err := holdFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	j := &Journal{
		o: o, held: held, queue: make(chan *act, 2*mostFacts), control: make(chan func(*writer) (*writer, error)),
		stopped: make(chan struct{}), closing: make(chan struct{}), cache: newCache(o.CacheFacts), branches: newBranches(),
		given: given{by: map[int64]givenReceipt{}},
	}
	j.house.Store(&house{})
	w, err := j.open(ctx)
	if err != nil {
		return nil, errors.Join(err, j.closeFiles(), held.release())
	}
	go j.run(w)
	return j, nil
}

// closeFiles closes the present journal file and those that failed.
func (j *Journal) closeFiles() error {
	var err error
	if f := j.file.Load(); f != nil {
		err = f.close()
	}
	for _, f := range j.old {
		err = errors.Join(err, f.close())
	}
	return err
}

// Here tells whether a folder holds a journal that was founded to the end.
func Here(dir string) bool {
	_, unfinished := os.Stat(filepath.Join(dir, foundingMarker))
	_, err := os.Stat(filepath.Join(dir, firstFile))
	return err == nil && unfinished != nil
}

// IsDemo tells whether a folder was founded as a demo or rehearsal.
func IsDemo(dir string) (bool, error) {
	l, err := readLock(filepath.Join(dir, keysFolder))
	return l.Demo, err
}

func (j *Journal) open(ctx context.Context) (*writer, error) {
	current, err := currentFile(j.o.Dir)
	if err != nil {
		return nil, err
	}
	if err := j.openKeys(); err != nil {
		return nil, err
	}
	damaged, err := j.keepDamagedLog(current.path)
	if err != nil {
		return nil, err
	}
	file, err := openExisting(current.path, j.o.Store)
	if err != nil {
		return nil, err
	}
	j.file.Store(file)
	if err := j.admitPapers(file); err != nil {
		return nil, err
	}
	if err := j.loadBranches(file.write); err != nil {
		return nil, err
	}
	if err := j.loadReceipts(file.write); err != nil {
		return nil, err
	}
	w, err := j.takeUp(file)
	if err != nil {
		return nil, err
	}
	if current.failed || damaged {
		if w, err = j.moveHouse(w, "disk error"); err != nil {
			return nil, err
		}
	}
	j.settle(w)
	if damaged {
		j.state.resumed(j.o.Clock(), "Part of what was saved here last can't be read: this machine's disk is damaged. Other devices have what is safe. Have the disk looked at.")
	}
	if err := j.openHouse(w); err != nil {
		return nil, err
	}
	if err := j.rootsStand(w); err != nil {
		return nil, err
	}
	if j.reserve, err = openReserve(j.o); err != nil {
		return nil, err
	}
	if j.drafts, err = openDrafts(j.o, j.device); err != nil {
		return nil, err
	}
	j.views, err = openViews(ctx, j, w.pos)
	return w, err
}

func (j *Journal) openKeys() error {
	var err error
	if j.keys, err = openKeybox(filepath.Join(j.o.Dir, keysFolder), j.o, j.o.Store); err != nil {
		return err
	}
	if j.device, err = j.keys.signing(keyDevice); err != nil {
		return err
	}
	if err = j.vault.open(j.keys, j.o.Random); err != nil {
		return err
	}
	j.epochs.Store(&heldEpochs{})
	if _, err = j.keys.open(keyWrap); err == nil {
		if j.desk.public, err = os.ReadFile(filepath.Join(j.keys.dir, epochPublic)); err == nil {
			j.desk.secrets, err = j.keys.deskSecrets(j.desk.public)
		}
		return err
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	all, err := j.keys.epochs()
	if err == nil {
		j.epoch = all[0].private
		j.epochs.Store(&heldEpochs{all: all, now: all[0].hash})
	}
	return err
}

// admitPapers reads and checks genesis and device card.
func (j *Journal) admitPapers(f *dbFile) error {
	var err error
	if j.papers.signedGenesis, err = onePaper(f.write, paperGenesis); err != nil {
		return err
	}
	if j.papers.signedCard, err = ownCard(f.write, j.device.Public().(ed25519.PublicKey)); err != nil {
		return err
	}
	if err := eachPaper(f.write, paperRoots, func(s fact.Signed) error {
		j.papers.signedRoots = append(j.papers.signedRoots, s)
		return nil
	}); err != nil {
		return err
	}
	if err := j.papers.admit(); err != nil {
		return err
	}
	j.roots.Store(&j.papers.chain)
	if err := j.admitCertificates(f.write); err != nil {
		return err
	}
	rings, err := ringsOf(j.epochs.Load().all, j.desk.secrets, j.papers.org)
	if err != nil {
		return err
	}
	j.subjects = newSubjectKeys(j.papers.org, rings, j.o.Random)
	return nil
}

func onePaper(c *sqlConn, sort int64) (fact.Signed, error) {
	b, err := c.oneBytes("SELECT signed FROM papers WHERE sort=? ORDER BY hash LIMIT 1", sort)
	if err != nil {
		return fact.Signed{}, err
	}
	var s fact.Signed
	if b == nil {
		return s, fmt.Errorf("paper of sort %d is missing", sort)
	}
	return s, fact.Decode(b, &s)
}

// takeUp goes on with the last incarnation, or begins a new one when this is
// not the start that the journal remembers, or when its feeds are damaged.
func (j *Journal) takeUp(file *dbFile) (*writer, error) {
	c := file.write
	inc, certificate, err := j.lastIncarnation(c)
	if err != nil {
		return nil, err
	}
	w := newWriter(j.papers.org, j.o.Clock, file, j.branches, &j.receipts)
	if w.hand, err = newHand(inc, certificate, nil); err != nil {
		return nil, err
	}
	sizes, damaged := map[fact.FeedID]uint64{}, false
	for _, name := range fact.Lanes() {
		feed := w.hand.feeds[name]
		num, err := c.oneInt("SELECT num FROM feeds WHERE feed=? AND lane=? AND branch=0", feed[:], int64(name))
		if err != nil || num == 0 {
			return nil, errors.Join(err, fmt.Errorf("feed %s of the last incarnation is not listed", feed.Short()))
		}
		l, err := loadLane(c, num, feed, inc.Key)
		if err != nil {
			j.o.Log.Error("a feed of this device does not hold together", "feed", feed.Short(), "err", err)
			damaged = true
			continue
		}
		w.lanes[name], sizes[feed] = l, l.tree.size
	}
	if w.pos, err = c.oneInt("SELECT max(pos) FROM facts"); err != nil {
		return nil, err
	}
	if damaged {
		return j.reincarnate(w, "damaged")
	}
	return j.rememberStart(w, inc, sizes)
}

// hasFeeds tells whether the three feeds of a certificate are listed here.
func hasFeeds(c *sqlConn, certificate fact.Signed) (bool, error) {
	for _, name := range fact.Lanes() {
		feed, err := fact.FeedOf(certificate, name)
		if err != nil {
			return false, err
		}
		n, err := c.oneInt("SELECT count(*) FROM feeds WHERE feed=?", feed[:])
		if err != nil || n == 0 {
			return false, err
		}
	}
	return true, nil
}

func (j *Journal) lastIncarnation(c *sqlConn) (fact.Incarnation, fact.Signed, error) {
	var last fact.Incarnation
	var certificate fact.Signed
	mine := false
	start := j.keys.in(filepath.Join(j.o.Dir, startFolder))
	err := c.each("SELECT signed FROM papers WHERE sort=?", func(v []driverValue) error {
		var s fact.Signed
		if err := fact.Decode(v[0].([]byte), &s); err != nil {
			return err
		}
		i, err := fact.OpenIncarnation(s, j.papers.signedCard, j.papers.card)
		if err != nil {
			return nil // another device's
		}
		key, err := start.signing(keyIncarnation(i.Number))
		own := err == nil && key.Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(i.Key))
		if begun, err := hasFeeds(c, s); err != nil || !begun {
			return err // a clone's, of which no fact is here yet
		}
		if own && !mine || own == mine && i.Number >= last.Number {
			last, certificate, mine = i, s, own // a clone's incarnation has a key that is not here
		}
		return nil
	}, int64(paperIncarnation))
	if err == nil && last.Number == 0 {
		err = errors.New("the journal has no incarnation")
	}
	return last, certificate, err
}

func (j *Journal) rememberStart(w *writer, inc fact.Incarnation, sizes map[fact.FeedID]uint64) (*writer, error) {
	note, err := readStart(j.o.Dir)
	if err != nil {
		return nil, err
	}
	stored, err := w.file.write.oneBytes("SELECT value FROM meta WHERE name='start'")
	if err != nil {
		return nil, err
	}
	start := j.keys.in(filepath.Join(j.o.Dir, startFolder))
	key, keyErr := start.signing(keyIncarnation(inc.Number))
	same := len(stored) == 32 && note.matches(fact.Hash(stored), sizes) &&
		keyErr == nil && key.Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(inc.Key))
	if !same {
		j.o.Log.Warn("this folder was restored or copied: a new incarnation begins", "after", inc.Number)
		return j.reincarnate(w, "restored")
	}
	w.hand.key = key
	_, err = renewStart(j.o, j.o.Store, w.file.write, note, w.feeds())
	return w, err
}

// reincarnate begins a new incarnation in w's file.
func (j *Journal) reincarnate(w *writer, why string) (*writer, error) {
	if err := makeStartFolder(j.o.Dir, j.o.Store); err != nil {
		return nil, err
	}
	seen, err := j.frontierFromFile(w.file, j.papers.genesis.About)
	if err != nil {
		return nil, err
	}
	b := beginning{
		o: j.o, file: w.file, papers: j.papers, keys: j.keys, device: j.device, subjects: j.subjects, pos: w.pos, seen: seen,
		branches: j.branches, receipts: &j.receipts,
	}
	return b.begin(b.startKeys().nextNumber(w.hand.number), why, w.feeds())
}

func (j *Journal) frontierFromFile(f *dbFile, s fact.Subject) ([]fact.ID, error) {
	all, err := j.readSubject(f, s)
	if err != nil {
		return nil, err
	}
	e := arrange(s, all, nil)
	frontier := e.history.Frontier()
	if len(frontier) > mostSeen {
		frontier = frontier[:mostSeen]
	}
	return frontier, nil
}

// settle makes a writer's file and incarnation the present ones.
func (j *Journal) settle(w *writer) {
	w.last = func(s fact.Subject) (int64, error) {
		if at, ok := j.cache.last(s); ok {
			return at, nil
		}
		return w.file.write.oneInt("SELECT max(pos) FROM facts WHERE subject=(SELECT num FROM subjects WHERE subject=?)", s[:])
	}
	j.file.Store(w.file)
	w.keyring, w.work = &j.keyring, &j.work
	w.key = func(ref KeyRef) (*heldKey, error) { return j.subjects.find(w.file, ref) }
	w.erased = func(s fact.Subject) bool {
		if !j.erased(s) {
			return false
		}
		j.subjects.forget(s)
		return true
	}
	j.keyring.forget()
	j.loadWork(w.file)
	j.hand.Store(w.hand)
	j.branches.setOwn(w.hand)
	j.branches.moved(w)
	j.state.settled(w, j.o.Clock())
}

// Org names the organisation.
func (j *Journal) Org() fact.OrgID { return j.papers.org }

// OrgSubject is the organisation as a subject of facts.
func (j *Journal) OrgSubject() fact.Subject { return j.papers.genesis.About }

// Genesis is what founded the organisation.
func (j *Journal) Genesis() fact.Genesis { return j.papers.genesis }

// Device is this device's identity towards others.
func (j *Journal) Device() *Device {
	return &Device{journal: j}
}

// Device signs for this device and opens what is sealed to its organisation.
type Device struct{ journal *Journal }

// Sign signs label ‖ 0 ‖ parts with the key on the device card.
func (d *Device) Sign(label string, parts ...[]byte) []byte {
	return fact.SignLabelled(d.journal.device, label, parts...)
}

// Public is the Ed25519 key on the device card.
func (d *Device) Public() ed25519.PublicKey { return d.journal.device.Public().(ed25519.PublicKey) }

// Card is the device card, opened.
func (d *Device) Card() fact.DeviceCard { return d.journal.papers.card }

// Enrolment gives the exact signed bytes from the organisation down to the
// present incarnation.
func (d *Device) Enrolment() (genesis, card, incarnation fact.Signed) {
	p := d.journal.papers
	return p.signedGenesis, p.signedCard, d.journal.hand.Load().certificate
}

// EpochPublic is the organisation's HPKE public key (ML-KEM-768 + X25519) to
// which others seal now.
func (d *Device) EpochPublic() []byte { return d.journal.sealTo() }

// EpochPublics are all public keys of the organisation whose private halves are
// here, the first first: partners may know an older one. A desk has none.
func (d *Device) EpochPublics() [][]byte {
	var out [][]byte
	for _, e := range d.journal.epochs.Load().all {
		out = append(out, e.private.PublicKey().Bytes())
	}
	return out
}

// OpenSealed opens what was sealed to the organisation (HPKE base mode,
// ML-KEM-768 + X25519, HKDF-SHA256, AES-256-GCM) under this info.
// Only a site node can.
func (d *Device) OpenSealed(info, sealed []byte) ([]byte, error) {
	_, plain, err := d.journal.openSealed(info, sealed)
	return plain, err
}

// openSealed tells as well to which epoch it was sealed.
func (j *Journal) openSealed(info, sealed []byte) (fact.Hash, []byte, error) {
	for _, e := range j.epochs.Load().all {
		if plain, err := hpke.Open(e.private, hpke.HKDFSHA256(), hpke.AES256GCM(), info, sealed); err == nil {
			return e.hash, plain, nil
		}
	}
	return fact.Hash{}, nil, seal.ErrOpen
}

// folderLock keeps a second process out of the folder.
type folderLock struct{ file *os.File }

func holdFolder(dir string) (*folderLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(refusal.New(refusal.Taken, "Holdfast is already running on this folder.").Because(err), f.Close())
	}
	return &folderLock{f}, nil
}

func (l *folderLock) release() error { return l.file.Close() }

func offsetOf(t time.Time) int16 {
	_, seconds := t.Zone()
	return int16(seconds / 60)
}

// Views is a reading handle on the tables of all views. It only reads.
func (j *Journal) Views() *sql.DB { return j.views.reading }
