package journal

import (
	"context"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

const (
	firstFile      = "journal.db"
	keysFolder     = "keys"
	foundingMarker = "founding"
)

// complete fills in what may be left out.
func (o Options) complete() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("no folder named for the journal")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, err
	}
	o.Dir = dir
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Store == nil {
		o.Store = Disk{}
	}
	if o.Reserve == 0 {
		o.Reserve = 64 << 20
	}
	if o.CheckpointPages == 0 {
		o.CheckpointPages = 4000
	}
	if o.CacheFacts == 0 {
		o.CacheFacts = 200_000
	}
	return o, nil
}

// Found creates a folder: genesis, root key, organisation epoch, device card,
// first incarnation, start token, and the journal with the facts that say so.
// It refuses a folder that already holds a journal.
func Found(ctx context.Context, o Options, f Founding) error {
	o, err := o.complete()
	if err != nil {
		return err
	}
	if strings.TrimSpace(f.Name) == "" || strings.TrimSpace(f.DeviceName) == "" {
		return refusal.New(refusal.Invalid, "An organisation and its first device need names.")
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return err
	}
	held, err := holdFolder(o.Dir)
	if err != nil {
		return err
	}
	defer held.release()
	if err := clearFailedFounding(o.Dir); err != nil {
		return err
	}
	marker := filepath.Join(o.Dir, foundingMarker)
	if err := o.Store.Create(marker, nil); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := found(o, f); err != nil {
		return fmt.Errorf("found an organisation: %w", err)
	}
	if err := os.Remove(marker); err != nil {
		return err
	}
	return o.Store.SyncFolder(o.Dir)
}

// clearFailedFounding refuses a folder in use. What a founding that never
// finished left behind is removed: nothing was ever saved under its keys.
func clearFailedFounding(dir string) error {
	_, err := os.Stat(filepath.Join(dir, foundingMarker))
	unfinished := err == nil
	for _, name := range []string{firstFile, keysFolder, startFolder} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if !unfinished {
			return refusal.New(refusal.Taken, "This folder already holds a journal or keys. Choose an empty one.")
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	if unfinished {
		return errors.Join(removeIfThere(filepath.Join(dir, firstFile+"-wal")), removeIfThere(filepath.Join(dir, firstFile+"-shm")),
			removeIfThere(filepath.Join(dir, foundingMarker)))
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func found(o Options, f Founding) error {
	keys, err := createKeybox(filepath.Join(o.Dir, keysFolder), o, o.Store)
	if err != nil {
		return err
	}
	if err := makeStartFolder(o.Dir, o.Store); err != nil {
		return err
	}
	roots, err := rootsOf(o, keys, &f)
	if err != nil {
		return err
	}
	epoch, err := keys.newEpoch(o.Random)
	if err != nil {
		return err
	}
	if _, err := keys.newHPKE(o.Random, keyVault); err != nil {
		return err
	}
	device, err := keys.newSigning(o.Random, keyDevice)
	if err != nil {
		return err
	}
	p, err := writePapers(o, f, roots, device)
	if err != nil {
		return err
	}
	if err := p.admit(); err != nil {
		return err
	}
	file, err := createFile(filepath.Join(o.Dir, firstFile), o.Store)
	if err != nil {
		return err
	}
	err = foundFacts(o, f, file, p, keys, device, epoch)
	return errors.Join(err, file.close(), o.Store.SyncFolder(o.Dir))
}

// rootsOf gives the keys that found the organisation: those of its holders,
// which are kept nowhere here, or one of this device.
func rootsOf(o Options, keys *keybox, f *Founding) ([]ed25519.PrivateKey, error) {
	if f.Root == nil {
		one, err := keys.newSigning(o.Random, keyRoot)
		return []ed25519.PrivateKey{one}, err
	}
	var out []ed25519.PrivateKey
	for _, s := range f.Root.Secrets {
		out = append(out, s.Key())
	}
	return out, nil
}

func writePapers(o Options, f Founding, roots []ed25519.PrivateKey, device ed25519.PrivateKey) (papers, error) {
	now := fact.At(o.Clock())
	about, err := fact.NewSubject(o.Random)
	if err != nil {
		return papers{}, err
	}
	g := fact.Genesis{
		Suite: fact.Suite, Name: f.Name, ODS: f.ODS, Threshold: 1, Founded: now, About: about,
	}
	for _, key := range roots {
		g.Roots = append(g.Roots, key.Public().(ed25519.PublicKey))
	}
	if f.Root != nil {
		g.Threshold, g.Recovery = uint32(f.Root.Threshold), f.Root.Recovery
	}
	if _, err := io.ReadFull(o.Random, g.Random[:]); err != nil {
		return papers{}, err
	}
	org, err := g.ID()
	if err != nil {
		return papers{}, err
	}
	deviceID, err := fact.NewSubject(o.Random)
	if err != nil {
		return papers{}, err
	}
	card := fact.DeviceCard{
		Suite: fact.Suite, Org: org, Device: deviceID, Kind: fact.SiteNode, Name: f.DeviceName,
		Key: device.Public().(ed25519.PublicKey), Issued: now,
	}
	var p papers
	if p.signedGenesis, err = fact.SignGenesis(g, roots...); err != nil {
		return papers{}, err
	}
	p.signedCard, err = fact.SignCard(card, g, roots...)
	return p, err
}

func foundFacts(o Options, f Founding, file *dbFile, p papers, keys *keybox, device ed25519.PrivateKey, epoch hpke.PrivateKey) error {
	rings, err := ringsOf([]heldEpoch{{private: epoch}}, nil, p.org)
	if err != nil {
		return err
	}
	b := beginning{
		o: o, file: file, papers: p, keys: keys, device: device,
		subjects: newSubjectKeys(p.org, rings, o.Random), branches: newBranches(), receipts: &receipts{},
		drafts: []fact.Draft{
			fact.Say(p.genesis.About, Founded{Genesis: p.signedGenesis}),
			fact.Say(p.genesis.About, EpochBegan{Number: 1, Public: epoch.PublicKey().Bytes()}),
			fact.Say(p.genesis.About, DeviceEnrolled{Card: p.signedCard, Domain: f.Domain}),
		},
	}
	if f.Root != nil {
		b.drafts = append(b.drafts, fact.Say(p.genesis.About, RootHeld{Holders: f.Holders, Threshold: p.genesis.Threshold}))
	}
	if _, err := b.begin(1, "first", nil); err != nil {
		return err
	}
	_, _, err = checkpoint(file.write, "TRUNCATE")
	return err
}
