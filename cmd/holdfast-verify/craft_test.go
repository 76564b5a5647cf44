package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/export"
	"holdfast/fact"
	"holdfast/journal"
)

// noted is a fact for tests.
type noted struct {
	Text string `cbor:"1,keyasint"`
	Less int    `cbor:"2,keyasint"`
}

func (noted) FactKind() fact.Kind {
	return fact.Kind{Number: 999, Version: 1, Lane: fact.Care, Name: "noted", Join: fact.Grow}
}

// even is a source of "random" bytes that is the same in every run.
type even struct {
	mu sync.Mutex
	of *rand.ChaCha8
}

func (e *even) Read(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.of.Read(p)
}

// house is a journal with what it was made from.
type house struct {
	t testing.TB
	o journal.Options
}

const passphrase = "correct horse battery staple"

var subject = fact.Subject{0x11, 0x22}

// newHouse founds an organisation and says n things about one subject, the
// first with a letter attached.
func newHouse(t testing.TB, n int) house {
	t.Helper()
	tick := time.UnixMilli(1_785_000_000_000).UTC()
	var mu sync.Mutex
	o := journal.Options{
		Dir: t.TempDir(), Demo: true, Reserve: 1 << 20, Random: &even{of: rand.NewChaCha8([32]byte{7})},
		Clock: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			tick = tick.Add(time.Second)
			return tick
		},
	}
	f := journal.Founding{Name: "Example 111", ODS: "ABC12", DeviceName: "node 1", Domain: "cellar"}
	if err := journal.Found(t.Context(), o, f); err != nil {
		t.Fatal(err)
	}
	h := house{t: t, o: o}
	h.say(0, n)
	return h
}

func (h house) say(from, to int) {
	h.t.Helper()
	j, err := journal.Open(h.t.Context(), h.o)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := from; i < to; i++ {
		d := fact.Say(subject, noted{Text: fmt.Sprintf("said %d", i), Less: -i})
		if i == 0 {
			d.Attach = []fact.Blob{{Bytes: []byte("a scanned letter")}}
		}
		_, err := j.Do(h.t.Context(), fact.Author{Person: fact.Subject{9}, Role: "clinician"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
			return []fact.Draft{d, fact.Say(subject, noted{Text: "and so", Less: -1})}, nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		h.t.Fatal(err)
	}
}

// export writes an export and gives its folder.
func (h house) export(keys bool) string {
	h.t.Helper()
	source, err := journal.OpenExport(h.t.Context(), h.o.Dir, h.o)
	if err != nil {
		h.t.Fatal(err)
	}
	o := export.Options{Clock: h.o.Clock, Random: h.o.Random}
	if keys {
		o.Passphrase = []byte(passphrase)
	}
	out := filepath.Join(h.t.TempDir(), "export")
	if _, err := export.Write(h.t.Context(), source, out, o); err != nil {
		h.t.Fatal(err)
	}
	if err := source.Close(); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// key reads one of the house's open keys.
func (h house) key(name string) ed25519.PrivateKey {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(h.o.Dir, name+".key"))
	if err != nil || len(b) != 4+ed25519.SeedSize {
		h.t.Fatal(len(b), err)
	}
	return ed25519.NewKeyFromSeed(b[4:])
}

// folder is an export in memory, to be changed as a forger would.
type folder map[string][]byte

func read(t testing.TB, dir string) folder {
	t.Helper()
	out := folder{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		out[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (f folder) write(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range f {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (f folder) records(name string) [][]byte {
	var out [][]byte
	for b := f[name][8:]; len(b) > 0; {
		n := binary.BigEndian.Uint32(b)
		out, b = append(out, bytes.Clone(b[4:4+n])), b[4+n:]
	}
	return out
}

func (f folder) set(name, tag string, records [][]byte) {
	b := []byte(tag)
	for _, r := range records {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(r))), r...)
	}
	f[name] = b
}

// rehash makes the manifest fit the files and signs it when there is a key.
func (f folder) rehash(t testing.TB, key ed25519.PrivateKey) {
	t.Helper()
	m, err := readManifest(f[fileManifest])
	if err != nil {
		t.Fatal(err)
	}
	m.files, m.ends, m.counts = nil, nil, [7]uint64{}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if name == fileManifest {
			continue
		}
		m.files = append(m.files, fileLine{sum: sha256.Sum256(f[name]), size: uint64(len(f[name])), name: name})
		n := uint64(len(f.records(name)))
		for at, what := range []string{".facts", "", ".heads", filePapers, fileWraps, fileReceipts, fileAttachments} {
			if name == what || strings.HasPrefix(what, ".") && strings.HasSuffix(name, what) {
				m.counts[at] += n
			}
		}
	}
	for _, b := range branchesOf(f) {
		m.counts[1]++
		end := branchEnd{name: b}
		if facts := f.records(b.file("facts")); len(facts) > 0 {
			end.first = big64(facts[0][72:])
		}
		if heads := f.records(b.file("heads")); len(heads) > 0 {
			last := heads[len(heads)-1]
			end.size, end.root = big64(last[68:]), hash(last[76:108])
		}
		m.ends = append(m.ends, end)
	}
	b := m.write()
	if key != nil {
		m.sig = fact.SignLabelled(key, "holdfast/export/1", b)
	}
	f[fileManifest] = fmt.Appendf(b, "signature %x\n", m.sig)
}

func branchesOf(f folder) []branchName {
	names := map[string]bool{}
	for name := range f {
		names[name] = true
	}
	return branchNames(names)
}

// careFeed is the branch of the care lane.
func (f folder) careFeed(t testing.TB) branchName {
	t.Helper()
	for _, b := range branchesOf(f) {
		if facts := f.records(b.file("facts")); len(facts) > 0 && facts[0][4] == 2 {
			return b
		}
	}
	t.Fatal("there is no care feed")
	return branchName{}
}

// inspect runs the inspection without a process.
func inspect(t testing.TB, args ...string) (report, int) {
	t.Helper()
	w, err := readArgs(args)
	if err != nil {
		t.Fatal(err)
	}
	r, err := w.do(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return *r, w.tell(r, io.Discard, io.Discard)
}

// says tells whether a finding at a place says something.
func says(f findings, place, what string) bool {
	for _, one := range f.List {
		if strings.Contains(one.Place, place) && strings.Contains(one.What, what) {
			return true
		}
	}
	return false
}

func wantFailure(t testing.TB, r report, place, what string) {
	t.Helper()
	if !says(r.Failures, place, what) {
		t.Errorf("no failure at %q says %q: %+v", place, what, r.Failures.List)
	}
}

func wantMissing(t testing.TB, r report, place, what string) {
	t.Helper()
	if !says(r.Missing, place, what) {
		t.Errorf("nothing missing at %q says %q: %+v", place, what, r.Missing.List)
	}
}
