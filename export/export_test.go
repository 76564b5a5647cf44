package export_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"holdfast/export"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/fact/seal"
	"holdfast/journal"
)

type noted struct {
	Text string `cbor:"1,keyasint"`
}

func (noted) FactKind() fact.Kind {
	return fact.Kind{Number: 999, Version: 1, Lane: fact.Care, Name: "noted", Join: fact.Grow}
}

func openJournal(t testing.TB, passphrase string) (*journal.Journal, journal.Options) {
	t.Helper()
	o := journal.Options{Dir: t.TempDir(), Demo: passphrase == "", Passphrase: []byte(passphrase), Reserve: 1 << 20}
	if err := journal.Found(t.Context(), o, journal.Founding{Name: "Test 111", ODS: "ABC", DeviceName: "node 1"}); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j, o
}

func say(t testing.TB, j *journal.Journal, text string, attach ...fact.Blob) fact.Fact {
	t.Helper()
	facts, err := j.Do(t.Context(), fact.Author{Role: "tester"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
		d := fact.Say(fact.Subject{5}, noted{text})
		d.Attach = attach
		return []fact.Draft{d}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return facts[0]
}

func source(t testing.TB, ctx context.Context, o journal.Options) *journal.ExportSource {
	t.Helper()
	s, err := journal.OpenExport(ctx, o.Dir, journal.Options{Passphrase: o.Passphrase})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func options() export.Options { return export.Options{Clock: time.Now, Random: rand.Reader} }

// An export of a journal in service is one moment of it: what is saved while
// it is written is not half in it.
func TestAnExportIsOneMomentOfARunningJournal(t *testing.T) {
	j, o := openJournal(t, "")
	say(t, j, "before")
	s := source(t, t.Context(), o)
	after := say(t, j, "after")
	out := filepath.Join(t.TempDir(), "out")
	var told []string
	with := options()
	with.Tell = func(doing string) { told = append(told, doing) }
	sum, err := export.Write(t.Context(), s, out, with)
	if err != nil {
		t.Fatal(err)
	}
	if sum.Facts == 0 || sum.Branches != 3 || len(told) == 0 {
		t.Errorf("%+v, told %q", sum, told)
	}
	facts, err := os.ReadFile(filepath.Join(out, "feeds", after.Header.Feed.String()+".0.facts"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(facts, after.Header.Marshal()) || len(facts) < 8+4+fact.HeaderSize {
		t.Error("a fact from after the beginning is in it")
	}
	for _, end := range sum.Ends {
		if end.Feed == after.Header.Feed && end.Size != after.Header.Seq {
			t.Errorf("the care feed ends at %d", end.Size)
		}
	}
}

// The writer gives the bytes as they were signed: each header and body, in
// the layout of docs/export.md.
func TestExportedBytesAreTheSignedOnes(t *testing.T) {
	j, o := openJournal(t, "")
	first := say(t, j, "one", fact.Blob{Bytes: []byte("letter")})
	second := say(t, j, "two")
	out := filepath.Join(t.TempDir(), "out")
	if _, err := export.Write(t.Context(), source(t, t.Context(), o), out, options()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(out, "feeds", first.Header.Feed.String()+".0.facts"))
	if err != nil {
		t.Fatal(err)
	}
	if string(b[:8]) != "HFXFACT1" {
		t.Errorf("%q", b[:8])
	}
	b = b[8:]
	for _, f := range []fact.Fact{first, second} {
		n := int(binary.BigEndian.Uint32(b))
		if n != fact.HeaderSize+int(f.Header.BodyLen) || !bytes.Equal(b[4:4+fact.HeaderSize], f.Header.Marshal()) ||
			fact.BodyHashOf(b[4+fact.HeaderSize:4+n]) != f.Header.BodyHash {
			t.Fatalf("fact %d is not as it was signed", f.Header.Seq)
		}
		b = b[4+n:]
	}
	blobs, err := os.ReadFile(filepath.Join(out, "attachments"))
	if err != nil {
		t.Fatal(err)
	}
	pointer := first.Body.Attachments[0]
	if !bytes.Equal(blobs[12:44], pointer.Hash[:]) {
		t.Error("the attachment is not filed under its hash")
	}
	if plain, err := seal.OpenAttachment(pointer, blobs[44:]); err != nil || string(plain) != "letter" {
		t.Errorf("%q, %v", plain, err)
	}
	checkManifest(t, out, o)
}

// checkManifest checks sums and signature with the device's key.
func checkManifest(t *testing.T, out string, o journal.Options) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, "manifest"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(o.Dir, "keys", "device.key"))
	if err != nil {
		t.Fatal(err)
	}
	text, last, _ := bytes.Cut(b, []byte("signature "))
	var sig []byte
	if _, err := fmt.Sscanf(string(last), "%x\n", &sig); err != nil {
		t.Fatal(err)
	}
	public := ed25519.NewKeyFromSeed(key[4:]).Public().(ed25519.PublicKey)
	if !fact.VerifyLabelled(public, sig, "holdfast/export/1", text) {
		t.Error("the device has not signed the manifest")
	}
	files := 0
	for line := range strings.Lines(string(text)) {
		var sum []byte
		var size int
		var name string
		if n, _ := fmt.Sscanf(line, "file %x %d %s\n", &sum, &size, &name); n != 3 {
			continue
		}
		files++
		content, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := sha256.Sum256(content); !bytes.Equal(got[:], sum) || len(content) != size {
			t.Errorf("%s is not as the manifest says", name)
		}
	}
	if files != 10 {
		t.Errorf("%d files", files)
	}
}

// Receipts of other devices leave as they are kept.
func TestReceiptsAreExported(t *testing.T) {
	j, o := openJournal(t, "")
	say(t, j, "one")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(o.Dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const rows = "INSERT INTO receipts(feed, holder, size, minute, receipt) VALUES(x'01', x'02', 1, 1, x'bbbb'), (x'01', x'01', 1, 1, x'aaaaaa')"
	if _, err := db.Exec(rows); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	sum, err := export.Write(t.Context(), source(t, t.Context(), o), out, options())
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(out, "receipts"))
	if err != nil {
		t.Fatal(err)
	}
	if sum.Receipts != 2 || string(b) != "HFXRCPT1\x00\x00\x00\x03\xaa\xaa\xaa\x00\x00\x00\x02\xbb\xbb" {
		t.Errorf("%d: %x", sum.Receipts, b)
	}
}

func TestABrokenOffExportLeavesNothing(t *testing.T) {
	j, o := openJournal(t, "")
	say(t, j, "one")
	folder := t.TempDir()
	out := filepath.Join(folder, "out")
	ctx, cancel := context.WithCancel(t.Context())
	with := options()
	with.Tell = func(doing string) {
		if strings.Contains(doing, "facts") {
			cancel()
		}
	}
	with.Passphrase = []byte("a passphrase for keys")
	if _, err := export.Write(ctx, source(t, ctx, o), out, with); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("%v %v", left, err)
	}
	for _, taken := range []string{"out", "out.part", "out.keys"} {
		path := filepath.Join(folder, taken)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := export.Write(t.Context(), source(t, t.Context(), o), out, options()); !refusal.Is(err, refusal.Taken) {
			t.Errorf("%s: %v", taken, err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
			t.Errorf("%s was touched: %v", taken, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeysAreWrittenOnlyOnDemandAndSealed(t *testing.T) {
	const folderPass, keyPass = "opens the folder only", "opens the keys elsewhere"
	j, o := openJournal(t, folderPass)
	say(t, j, "one")
	folder := t.TempDir()
	if _, err := journal.OpenExport(t.Context(), o.Dir, journal.Options{Passphrase: []byte("not the passphrase")}); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	s := source(t, t.Context(), o)
	epochs, err := s.Epochs()
	if err != nil || len(epochs[1]) == 0 {
		t.Fatal(err)
	}
	with := options()
	with.Passphrase = []byte("fifteen letters")
	if _, err := export.Write(t.Context(), s, filepath.Join(folder, "short"), with); !refusal.Is(err, refusal.Invalid) {
		t.Errorf("a short passphrase: %v", err)
	}
	if _, err := export.Write(t.Context(), s, filepath.Join(folder, "without"), options()); err != nil {
		t.Fatal(err)
	}
	with.Passphrase = []byte(keyPass)
	if _, err := export.Write(t.Context(), source(t, t.Context(), o), filepath.Join(folder, "with"), with); err != nil {
		t.Fatal(err)
	}
	noSecretsIn(t, folder, epochs[1])
	if _, err := os.Stat(filepath.Join(folder, "without.keys")); !os.IsNotExist(err) {
		t.Errorf("keys that nobody asked for: %v", err)
	}
	b, err := os.ReadFile(filepath.Join(folder, "with.keys"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := pbkdf2.Key(sha256.New, keyPass, b[12:44], int(binary.BigEndian.Uint32(b[8:])), 32)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := seal.NewBox(seal.Key(key)).Open(b[76:], b[:76])
	if err != nil || !bytes.Equal(plain[8:], epochs[1]) {
		t.Errorf("the keys do not open: %v", err)
	}
}

func noSecretsIn(t *testing.T, folder string, secret []byte) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, secret) {
			t.Errorf("%s holds the plain key", path)
		}
		return err
	})
	if err != nil || files < 20 {
		t.Errorf("%d files, %v", files, err)
	}
}
