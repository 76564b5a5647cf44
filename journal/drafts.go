package journal

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/seal"
)

// Bounds of half-typed forms.
const (
	mostDraft  = 256 << 10
	mostDrafts = 2000
	draftLife  = 30 * 24 * time.Hour
)

// drafts keeps half-typed forms on this device only, each sealed in a file of
// its own. They are no facts.
type drafts struct {
	mu    sync.Mutex
	o     Options
	dir   string
	box   *seal.Box
	count int
}

type draft struct {
	Saved fact.Millis `cbor:"1,keyasint"`
	Data  []byte      `cbor:"2,keyasint"`
	Key   string      `cbor:"3,keyasint,omitempty"` // what it is kept under: says what it is about
}

func openDrafts(o Options, device ed25519.PrivateKey) (*drafts, error) {
	key, err := hkdf.Key(sha256.New, device.Seed(), nil, "holdfast/drafts/1", 32)
	if err != nil {
		return nil, err
	}
	d := &drafts{o: o, dir: filepath.Join(o.Dir, "drafts"), box: seal.NewBox(seal.Key(key))}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(e.Name(), ".new") || o.Clock().Sub(info.ModTime()) > draftLife {
			if err := removeIfThere(filepath.Join(d.dir, e.Name())); err != nil {
				return nil, err
			}
			continue
		}
		d.count++
	}
	return d, nil
}

// place names a form's file; the name alone, which lies open, opens nothing.
func (d *drafts) place(key string) (path string, context []byte) {
	name := fact.Labelled("holdfast/draft/1", []byte(key)).String()[:32]
	return filepath.Join(d.dir, name), []byte(name)
}

// read opens a file of a half-typed form.
func (d *drafts) read(path string) (draft, error) {
	var out draft
	sealed, err := os.ReadFile(path)
	if err != nil {
		return out, err
	}
	plain, err := d.box.Open(sealed, []byte(filepath.Base(path)))
	if err != nil {
		return out, err
	}
	return out, fact.Decode(plain, &out)
}

// keyOf tells what a file was kept under.
func (d *drafts) keyOf(path string) (string, bool) {
	one, err := d.read(path)
	return one.Key, err == nil && one.Key != ""
}

// SaveDraft keeps a half-typed form under a key until it is dropped, 30 days
// at most. It returns when it is flushed.
func (j *Journal) SaveDraft(ctx context.Context, key string, data []byte) error {
	d := j.drafts
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(data) > mostDraft {
		return refusal.New(refusal.Invalid, "This is too long to keep half-typed. Save it in parts.")
	}
	enc, err := fact.Encode(draft{Saved: fact.At(d.o.Clock()), Data: data, Key: key})
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	path, context := d.place(key)
	_, err = os.Stat(path)
	isNew := errors.Is(err, fs.ErrNotExist)
	if isNew && d.count >= mostDrafts {
		return refusal.New(refusal.Unavailable, "Too many half-typed forms are kept on this machine. Finish or discard some.")
	}
	sealed, err := d.box.Seal(d.o.Random, enc, context)
	if err != nil {
		return err
	}
	if err := d.o.Store.Replace(path, sealed); err != nil {
		return refusal.New(refusal.Unavailable, "What you typed could not be kept on this machine.").Because(err)
	}
	if isNew {
		d.count++
	}
	return nil
}

// LoadDraft gives a half-typed form and when it was kept; Missing if there is
// none, or if it can't be read.
func (j *Journal) LoadDraft(ctx context.Context, key string) ([]byte, time.Time, error) {
	d := j.drafts
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, err
	}
	none := refusal.New(refusal.Missing, "Nothing half-typed is kept here.")
	d.mu.Lock()
	defer d.mu.Unlock()
	path, _ := d.place(key)
	out, err := d.read(path)
	if err != nil {
		return nil, time.Time{}, none.Because(err)
	}
	return out.Data, out.Saved.Time(), nil
}

// DropDraft forgets a half-typed form; one that is not there is no error.
func (j *Journal) DropDraft(ctx context.Context, key string) error {
	d := j.drafts
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	path, _ := d.place(key)
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		d.count--
	}
	return err
}

// all opens every half-typed form; those that don't open are left out.
func (d *drafts) all() ([]draft, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return nil, err
	}
	var out []draft
	for _, e := range entries {
		if one, err := d.read(filepath.Join(d.dir, e.Name())); err == nil {
			out = append(out, one)
		}
	}
	return out, nil
}

// names notes every subject that a form names: in what it is kept under, or in
// itself, as the form of a screen that locked does.
func (d draft) names(into map[fact.Subject]bool) {
	for _, text := range []string{d.Key, string(d.Data)} {
		run := 0 // of hexadecimal digits that end here
		for i := range len(text) {
			if c := text[i]; c < '0' || c > '9' && c < 'a' || c > 'f' {
				run = 0
				continue
			}
			if run++; run < 2*len(fact.Subject{}) {
				continue
			}
			if s, err := fact.ParseSubject(text[i+1-2*len(fact.Subject{}) : i+1]); err == nil {
				into[s] = true
			}
		}
	}
}

func (d draft) lainSince(gone map[fact.Subject]workMark, idle time.Duration) bool {
	named := map[fact.Subject]bool{}
	d.names(named)
	for s := range named {
		if m, ok := gone[s]; ok && !d.Saved.Time().After(m.Gone.Time().Add(-idle)) {
			return true
		}
	}
	return false
}

// dropAbout drops the half-typed forms about subjects that were let go of, as far
// as they had lain for idle by then.
func (d *drafts) dropAbout(gone map[fact.Subject]workMark, idle time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(d.dir, e.Name())
		one, err := d.read(path)
		if err != nil || !one.lainSince(gone, idle) {
			continue
		}
		if err := removeIfThere(path); err != nil {
			return err
		}
		d.count--
	}
	return nil
}
