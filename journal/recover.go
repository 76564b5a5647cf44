package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/root"
)

// recoveryRow is where a journal keeps the organisation's private key, closed
// for its holders: a copy of the journal and their pages bring all back. Other
// keys of site nodes stand in rows of their own, under their names.
const (
	recoveryRow  = "recovery-1"
	recoveryName = "recovery "
)

// recoveryRoots names the roots for whose holders the keys are closed; without
// it those of the genesis.
const recoveryRoots = "recovery-roots"

// closedFor gives the roots for whose holders the keys in a file are closed.
func closedFor(c *sqlConn, chain fact.Chain) (fact.RootSet, error) {
	row, err := c.oneBytes("SELECT value FROM meta WHERE name=?", recoveryRoots)
	if err != nil {
		return fact.RootSet{}, err
	}
	name := fact.Hash(chain.Org())
	if row != nil {
		copy(name[:], row)
	}
	set, ok := chain.Set(name)
	if !ok {
		return set, errors.New("the organisation's keys are closed for roots that are not here")
	}
	return set, nil
}

// keepRecovery closes the keys of site nodes for the organisation's holders,
// each once. After an exchange they are closed for the new holders, and what was
// closed for those before goes; while two exchanges made apart wait for each
// other they stay closed for those who held them last here.
func (j *Journal) keepRecovery(c *sqlConn, chain fact.Chain) error {
	if j.epoch == nil {
		return nil
	}
	was, err := closedFor(c, chain)
	if err != nil {
		return err
	}
	g, ok := chain.InForce()
	if !ok {
		g = was
	}
	if len(g.Recovery) == 0 {
		return nil
	}
	if g.Name != was.Name {
		if err := errors.Join(
			c.exec("DELETE FROM meta WHERE name=? OR name LIKE 'recovery %'", recoveryRow),
			c.exec("INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)", recoveryRoots, g.Name[:]),
		); err != nil {
			return err
		}
	}
	first, err := j.epoch.Bytes()
	if err != nil {
		return err
	}
	if err := keepRow(c, recoveryRow, func() ([]byte, error) { return root.SealEpoch(g, 1, first) }); err != nil {
		return err
	}
	secrets := map[string][]byte{}
	if j.vault.first != nil {
		private, err := j.vault.first.Bytes()
		if err != nil {
			return err
		}
		secrets[keyVault] = private
	}
	for _, e := range j.epochs.Load().all[1:] {
		secrets[epochFile(e.hash)] = e.raw
	}
	for name, secret := range secrets {
		if err := keepRow(c, recoveryName+name, func() ([]byte, error) { return root.SealKey(g, name, secret) }); err != nil {
			return err
		}
	}
	return nil
}

// keepRow closes one key in a row, unless it stands there.
func keepRow(c *sqlConn, row string, closed func() ([]byte, error)) error {
	if have, err := c.oneBytes("SELECT value FROM meta WHERE name=?", row); err != nil || have != nil {
		return err
	}
	sealed, err := closed()
	if err != nil {
		return err
	}
	return c.exec("INSERT INTO meta(name, value) VALUES(?, ?)", row, sealed)
}

// Recovery is what brings an organisation back from a copy of a journal.
type Recovery struct {
	From    string        // folder with a copy of a site node's journal; it is only read
	Held    []root.Secret // of enough holders
	Name    string        // of the new device
	Domain  string
	Genesis fact.Genesis // filled in by Recover
	Set     fact.RootSet // likewise: the roots whose pages bring it back
	Wrong   []byte       // likewise: numbers of pages given that don't fit the others
	Lacking []string     // filled in by Recover: keys that the copy did not hold, by name

	// Unproved goes on with a key that the organisation's own entries in the copy
	// do not name: the copy is damaged there, or somebody put a key of theirs into
	// it and would read all that is written from then on.
	Unproved bool
}

// recoveredKeys are the keys of a site node that pages and a copy bring back.
type recoveredKeys struct {
	epoch hpke.PrivateKey
	more  map[string][]byte // by the name of their file, as they lie in it
}

// GenesisIn reads which organisation a copy of a journal belongs to. It needs
// no key.
func GenesisIn(dir string) (_ fact.Genesis, err error) {
	c, err := copyIn(dir)
	if err != nil {
		return fact.Genesis{}, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	signed, err := onePaper(c, paperGenesis)
	if err != nil {
		return fact.Genesis{}, err
	}
	return fact.OpenGenesis(signed)
}

// RootsIn reads an organisation's roots in a copy of a journal, and those of
// them whose pages bring that copy back. It needs no key.
func RootsIn(dir string) (_ fact.Chain, _ fact.RootSet, err error) {
	c, err := copyIn(dir)
	if err != nil {
		return fact.Chain{}, fact.RootSet{}, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	p, set, err := papersIn(c)
	return p.chain, set, err
}

// papersIn reads genesis and roots of a copy, and finds the roots in force, or
// where there are none those for whose holders its keys are closed.
func papersIn(c *sqlConn) (p papers, set fact.RootSet, err error) {
	if p.signedGenesis, err = onePaper(c, paperGenesis); err != nil {
		return p, set, err
	}
	if p.genesis, err = fact.OpenGenesis(p.signedGenesis); err != nil {
		return p, set, err
	}
	if err := eachPaper(c, paperRoots, func(s fact.Signed) error {
		p.signedRoots = append(p.signedRoots, s)
		return nil
	}); err != nil {
		return p, set, err
	}
	if p.chain, err = fact.NewChain(p.genesis, p.signedRoots...); err != nil {
		return p, set, err
	}
	set, ok := p.chain.InForce()
	if !ok {
		set, err = closedFor(c, p.chain)
	}
	return p, set, err
}

func copyIn(dir string) (*sqlConn, error) {
	current, err := currentFile(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(current.path); errors.Is(err, fs.ErrNotExist) {
		return nil, refusal.Newf(refusal.Missing, "There is no journal in %s.", dir)
	}
	return openConn(current.path, Disk{}.VFS(), "ro")
}

// Recover makes an empty folder a new site node of an organisation whose
// devices are lost, from a copy of one's journal and the keys that people and
// paper hold. The report says what of the copied journal does not hold.
func Recover(ctx context.Context, o Options, r *Recovery) (Report, error) {
	o, err := o.complete()
	if err != nil {
		return Report{}, err
	}
	from, err := copyIn(r.From)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = from.close() }() // it was only read
	back, err := openRecovery(from, r)
	if err != nil {
		return Report{}, err
	}
	request, err := Ask(ctx, o, fact.SiteNode, r.Name, r.Domain)
	if err != nil {
		return Report{}, err
	}
	held, err := holdFolder(o.Dir)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = held.release() }()
	report, err := recovered(ctx, o, r, from, back, request)
	if err != nil {
		return report, fmt.Errorf("bring the organisation back: %w", err)
	}
	return report, errors.Join(os.Remove(filepath.Join(o.Dir, foundingMarker)), o.Store.SyncFolder(o.Dir), ctx.Err())
}

func openRecovery(from *sqlConn, r *Recovery) (back recoveredKeys, err error) {
	p, set, err := papersIn(from)
	if err != nil {
		return back, err
	}
	r.Genesis, r.Set = p.genesis, set
	var key hpke.PrivateKey
	if key, r.Wrong, err = root.Recover(r.Set, r.Held); err != nil {
		return back, err
	}
	sealed, err := from.oneBytes("SELECT value FROM meta WHERE name=?", recoveryRow)
	if err != nil {
		return back, err
	}
	if sealed == nil {
		return back, refusal.New(refusal.Missing, "This copy lacks the organisation's sealed key: it is a desk's. Take a site node's.")
	}
	if back.epoch, err = root.OpenEpoch(r.Set, 1, key, sealed); err != nil {
		return back, err
	}
	back.more = map[string][]byte{}
	err = from.each("SELECT name, value FROM meta WHERE name LIKE 'recovery %'", func(v []driverValue) error {
		name := strings.TrimPrefix(v[0].(string), recoveryName)
		one, err := root.OpenKey(r.Set, name, key, v[1].([]byte))
		if err == nil {
			err = isRecovered(name, one)
		}
		if err != nil { // one that is damaged keeps nobody from the rest
			r.Lacking = append(r.Lacking, name)
			return nil
		}
		back.more[name] = one
		return nil
	})
	if _, ok := back.more[keyVault]; !ok && !slices.Contains(r.Lacking, keyVault) { // written before it was kept so
		r.Lacking = append(r.Lacking, keyVault)
	}
	return back, err
}

// isRecovered tells whether a recovered key is what its name says.
func isRecovered(name string, secret []byte) error {
	if name == keyVault {
		_, err := hpke.MLKEM768X25519().NewPrivateKey(secret)
		return err
	}
	if !isEpochFile(name) {
		return errors.New("a key of another program")
	}
	e, err := openEpochSecret(secret)
	if err == nil && epochFile(e.hash) != name {
		err = errors.New("another epoch's key")
	}
	return err
}

// recovered fills the folder: keys, the copied journal, and in it the new
// device's card, enrolment and first incarnation.
func recovered(ctx context.Context, o Options, r *Recovery, from *sqlConn, back recoveredKeys, request Request) (Report, error) {
	keys, err := openKeybox(filepath.Join(o.Dir, keysFolder), o, o.Store)
	if err != nil {
		return Report{}, err
	}
	device, err := keys.signing(keyDevice)
	if err != nil {
		return Report{}, err
	}
	if err := back.keep(o, keys); err != nil {
		return Report{}, err
	}
	p, _, err := papersIn(from)
	if err != nil {
		return Report{}, err
	}
	if p.signedCard, err = recoveredCard(o, r, request); err != nil {
		return Report{}, err
	}
	if err := p.admit(); err != nil {
		return Report{}, err
	}
	file, err := createFile(filepath.Join(o.Dir, firstFile), o.Store)
	if err != nil {
		return Report{}, err
	}
	report, err := fillRecovered(ctx, o, r, from, file, p, keys, device)
	return report, errors.Join(err, file.close(), o.Store.SyncFolder(o.Dir))
}

// keep writes the keys into the new folder.
func (b recoveredKeys) keep(o Options, keys *keybox) error {
	first, err := b.epoch.Bytes()
	if err != nil {
		return err
	}
	if err := keys.keep(o, keyEpoch, first); err != nil {
		return err
	}
	for name, secret := range b.more {
		if err := keys.keep(o, name, secret); err != nil {
			return err
		}
	}
	return nil
}

func recoveredCard(o Options, r *Recovery, request Request) (fact.Signed, error) {
	card := fact.DeviceCard{Suite: fact.Suite, Org: r.Set.Org, Device: request.Device, Kind: request.Kind, Name: request.Name, Key: request.Key, Issued: fact.At(o.Clock())}
	var by []ed25519.PrivateKey
	for _, s := range r.Held {
		by = append(by, s.Key())
	}
	return fact.SignCardFor(card, r.Set, by...)
}

func fillRecovered(ctx context.Context, o Options, r *Recovery, from *sqlConn, file *dbFile, p papers, keys *keybox, device ed25519.PrivateKey) (Report, error) {
	if err := copyTables(from, file.write); err != nil {
		return Report{}, err
	}
	epochs, err := keys.epochs()
	if err != nil {
		return Report{}, err
	}
	rings, err := ringsOf(epochs, nil, p.org)
	if err != nil {
		return Report{}, err
	}
	// A journal of its own for reading alone, to find what the first facts follow.
	j := &Journal{
		o: o, papers: p, keys: keys, device: device, epoch: epochs[0].private, branches: newBranches(), cache: newCache(o.CacheFacts),
		subjects: newSubjectKeys(p.org, rings, o.Random), given: given{by: map[int64]givenReceipt{}},
	}
	j.house.Store(&house{})
	if err := j.admitCertificates(file.write); err != nil {
		return Report{}, err
	}
	if err := j.loadBranches(file.write); err != nil {
		return Report{}, err
	}
	seen, err := j.frontierFromFile(file, p.genesis.About)
	if err != nil {
		return Report{}, err
	}
	named, err := j.namesEpoch(file, epochs[0].private.PublicKey().Bytes())
	if err != nil {
		return Report{}, err
	}
	if !named && !r.Unproved {
		return Report{}, errUnproved
	}
	last, err := file.write.oneInt("SELECT coalesce(max(pos),0) FROM facts")
	if err != nil {
		return Report{}, err
	}
	b := beginning{
		o: o, file: file, papers: p, keys: keys, device: device, subjects: j.subjects, branches: j.branches, receipts: &receipts{},
		pos: last, seen: seen,
		drafts: []fact.Draft{fact.Say(p.genesis.About, DeviceEnrolled{Card: p.signedCard, Domain: r.Domain})},
	}
	if err := makeStartFolder(o.Dir, o.Store); err != nil {
		return Report{}, err
	}
	if _, err := b.begin(b.startKeys().nextNumber(0), "first", nil); err != nil {
		return Report{}, err
	}
	if _, _, err := checkpoint(file.write, "TRUNCATE"); err != nil {
		return Report{}, err
	}
	return inspect(file.write, &openers{ctx: ctx, epochs: epochs, device: device.Public().(ed25519.PublicKey)}), nil
}

// errUnproved says that a copy's key is not the organisation's as far as its own
// entries tell.
var errUnproved = refusal.New(refusal.Invalid, "The key in this copy is not the one that the organisation's own entries name. Somebody may have put it there to read what you write from now on, or the copy is damaged. Take another copy; if there is none, go on with --unproved and revoke every device afterwards.")

// namesEpoch tells whether the organisation's own entries, signed by its devices,
// name this public key as its first. They open only with keys that the right one
// closed.
func (j *Journal) namesEpoch(file *dbFile, public []byte) (bool, error) {
	all, err := j.readSubject(file, j.papers.genesis.About)
	for _, p := range all {
		if e, bad := fact.Read[EpochBegan](p.fact); bad == nil && bytes.Equal(e.Public, public) {
			return true, err
		}
	}
	return false, err
}
