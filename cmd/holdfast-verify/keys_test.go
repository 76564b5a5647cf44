package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/seal"
	"holdfast/journal"
)

func secretFile(t testing.TB, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// keyed is a house and the folder of its export, with a key file that opens
// quickly.
type keyed struct {
	house
	f    folder
	args []string
}

func newKeyed(t testing.TB, h house) keyed {
	t.Helper()
	k := keyed{house: h, f: read(t, h.export(false))}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, k.keyFile(t, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	k.args = []string{"--keys", path, "--passphrase-file", secretFile(t, passphrase)}
	return k
}

func (k keyed) keyFile(t testing.TB, rounds uint32) []byte {
	t.Helper()
	epoch, err := os.ReadFile(filepath.Join(k.o.Dir, "keys", "epoch-1.key"))
	if err != nil {
		t.Fatal(err)
	}
	epoch = epoch[4:]
	org := k.org(t)
	head := binary.BigEndian.AppendUint32([]byte("HFXKEYS1"), rounds)
	salt := bytes.Repeat([]byte{3}, 32)
	head = append(append(head, salt...), org[:]...)
	key, err := pbkdf2.Key(sha256.New, passphrase, salt, int(rounds), 32)
	if err != nil {
		t.Fatal(err)
	}
	plain := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 1}, uint32(len(epoch)))
	return append(head, seal.NewBox(seal.Key(key)).SealWith([24]byte{4}, append(plain, epoch...), head)...)
}

func (k keyed) org(t testing.TB) hash {
	t.Helper()
	m, err := readManifest(k.f[fileManifest])
	if err != nil {
		t.Fatal(err)
	}
	return m.org
}

func (k keyed) inspect(more ...string) (report, int) {
	k.t.Helper()
	return inspect(k.t, append(append(k.args, more...), k.f.write(k.t))...)
}

// forge gives the newest care fact another body and signs its head anew, as
// the device itself could.
func (k keyed) forge(change func(h *fact.Header, plain []byte) []byte, box *seal.Box) {
	k.t.Helper()
	care := k.f.careFeed(k.t)
	facts, heads := k.f.records(care.file("facts")), k.f.records(care.file("heads"))
	last := facts[len(facts)-1]
	h, err := fact.ParseHeader(last[:headerSize])
	if err != nil {
		k.t.Fatal(err)
	}
	plain, err := k.box(h).Open(last[headerSize:], h.SealContext())
	if err != nil {
		k.t.Fatal(err)
	}
	plain = change(&h, plain)
	if box == nil {
		box = k.box(h)
	}
	sealed := box.SealWith([24]byte{5}, plain, h.SealContext())
	h.BodyLen, h.BodyHash = uint32(len(sealed)), fact.BodyHashOf(sealed)
	var grown tree
	for _, b := range facts[:len(facts)-1] {
		grown.add(b[:headerSize])
	}
	grown.add(h.Marshal())
	facts[len(facts)-1] = append(h.Marshal(), sealed...)
	head := fact.Head{Org: h.Org, Feed: h.Feed, Size: grown.size, Root: fact.Hash(grown.root()), LastID: h.ID()}
	heads[len(heads)-1] = head.Sign(k.key("start/incarnation-1"))
	k.f.set(care.file("facts"), tagFacts, facts)
	k.f.set(care.file("heads"), tagHeads, heads)
	k.f.rehash(k.t, k.key("keys/device"))
}

func (k keyed) box(h fact.Header) *seal.Box {
	k.t.Helper()
	org, wrappers, err := openKeys(k.keyFile(k.t, 1), []byte(passphrase))
	if err != nil {
		k.t.Fatal(err)
	}
	for _, wrap := range k.f.records(fileWraps) {
		if bytes.Equal(wrap[16:32], h.Key[:]) {
			key, err := wrappers[0].unwrap(org, wrap)
			if err != nil {
				k.t.Fatal(err)
			}
			return seal.NewBox(seal.Key(key.key))
		}
	}
	k.t.Fatal("no key")
	return nil
}

// What a device writes wrongly inside a sealed body shows only with keys.
func TestForgedBodiesAreNamed(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(h *fact.Header, plain []byte) []byte
	}{
		{"", func(_ *fact.Header, plain []byte) []byte { return plain }},
		{"not the one committed to", func(_ *fact.Header, plain []byte) []byte { plain[10] ^= 1; return plain }},
		{"padding is not zero", func(h *fact.Header, plain []byte) []byte {
			plain[len(plain)-1] = 1
			h.Commit = fact.CommitOf(plain)
			return plain
		}},
		{"not CBOR as Holdfast writes it", func(h *fact.Header, plain []byte) []byte {
			plain[4] = 0xbf // of no stated length
			h.Commit = fact.CommitOf(plain)
			return plain
		}},
		{"field 5 is missing or of another form", func(h *fact.Header, plain []byte) []byte {
			at := bytes.Index(plain, []byte{0x05, 0x50})
			plain = append(append(bytes.Clone(plain[:at]), 0x05, 0x4f), plain[at+3:]...)
			binary.BigEndian.PutUint32(plain, binary.BigEndian.Uint32(plain)-1)
			plain = append(plain, make([]byte, 64-len(plain)%64)...)
			h.Commit = fact.CommitOf(plain)
			return plain
		}},
	} {
		k := newKeyed(t, newHouse(t, 1))
		k.forge(c.change, nil)
		r, status := k.inspect()
		if c.what == "" {
			if status != allHolds || r.Opened != r.Facts {
				t.Fatalf("unchanged: %d %+v", status, r)
			}
			continue
		}
		wantFailure(t, r, "care, seq 1", c.what)
	}
	k := newKeyed(t, newHouse(t, 1))
	k.forge(func(_ *fact.Header, plain []byte) []byte { return plain }, seal.NewBox(seal.Key{1}))
	r, _ := k.inspect()
	wantFailure(t, r, "care, seq 1", "its body does not open")
}

func TestWhatStaysClosedIsNamed(t *testing.T) {
	k := newKeyed(t, newHouse(t, 1))
	wraps := k.f.records(fileWraps)
	mine := slices.IndexFunc(wraps, func(w []byte) bool { return bytes.Equal(w[:16], subject[:]) })
	wraps[mine][32] ^= 1 // for another holder
	mend(wraps[mine])
	k.f.set(fileWraps, tagWraps, wraps)
	k.f.rehash(t, k.key("keys/device"))
	r, status := k.inspect()
	if status != allHolds || r.Opened != r.Facts-2 || !says(r.NotOpened, "care, seq 1", "closed for another holder") {
		t.Errorf("%d %+v", status, r)
	}
	wraps[mine][32] ^= 1
	wraps[mine][60] ^= 1 // the sealed key itself
	mend(wraps[mine])
	k.f.set(fileWraps, tagWraps, wraps)
	r, _ = k.inspect()
	wantFailure(t, r, fmt.Sprintf("wraps, record %d", mine), "it does not open")
}

// mend makes the check bytes of a wrap fit, as a forger would.
func mend(wrap []byte) {
	sum := hashOf("holdfast/wrap/1", wrap[:128])
	copy(wrap[128:], sum[:16])
}

func TestACitedFactThatIsNotHereIsNamed(t *testing.T) {
	h := newHouse(t, 1)
	h.do(fact.Author{Role: "clinician", Access: []fact.ID{{0xaa, 0xbb}}}, fact.Say(subject, noted{Text: "on what grant?"}))
	k := newKeyed(t, h)
	r, status := k.inspect()
	if status != notHolds || len(r.Missing.List) != 1 {
		t.Errorf("%d %+v", status, r)
	}
	wantMissing(t, r, "care, seq 2", "rests on the grant aabb0000")
}

func TestEntryCodesAreNotPrintedAlong(t *testing.T) {
	h := newHouse(t, 1)
	d := fact.Say(subject, noted{Text: "key safe 4711"})
	d.Class = fact.ClassEntry
	h.do(fact.Author{Role: "carer"}, d)
	k := newKeyed(t, h)
	for _, asked := range []bool{false, true} {
		args := append(append([]string{}, k.args...), "--print", hex.EncodeToString(subject[:]))
		if asked {
			args = append(args, "--entry-codes")
		}
		var out bytes.Buffer
		if status := run(append(args, k.f.write(t)), &out, io.Discard); status != allHolds {
			t.Errorf("%d", status)
		}
		if strings.Contains(out.String(), "4711") != asked || !strings.Contains(out.String(), "said 0") {
			t.Errorf("asked %v: %s", asked, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("not JSON: %s", line)
			}
		}
	}
}

// A damaged key file opens nothing, whichever byte it is.
func TestEveryByteOfTheKeyFileCounts(t *testing.T) {
	k := newKeyed(t, newHouse(t, 1))
	good := k.keyFile(t, 100)
	if _, w, err := openKeys(good, []byte(passphrase)); err != nil || len(w) != 2 { // an epoch closes in two ways
		t.Fatal(len(w), err)
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 1
		if i >= 8 && i < 11 {
			continue // the number of rounds: only slow
		}
		if _, _, err := openKeys(b, []byte(passphrase)); err == nil {
			t.Errorf("byte %d", i)
		}
	}
	for n := range good {
		if _, _, err := openKeys(good[:n], []byte(passphrase)); err == nil {
			t.Errorf("cut to %d", n)
		}
	}
	binary.BigEndian.PutUint32(good[8:], mostRounds+1)
	if _, _, err := openKeys(good, []byte(passphrase)); err == nil {
		t.Error("rounds without end")
	}
}

// The papers must be signed by as many roots as the genesis says.
func TestPapersOfAForeignRootAreRefused(t *testing.T) {
	k := newKeyed(t, newHouse(t, 1))
	foreign := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	papers := k.f.records(filePapers)
	var s fact.Signed
	if err := fact.Decode(papers[1][1:], &s); err != nil {
		t.Fatal(err)
	}
	s.Sigs[0] = fact.SignLabelled(foreign, "holdfast/device/1", s.Bytes)
	b, err := fact.Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	papers[1] = append([]byte{2}, b...)
	k.f.set(filePapers, tagPapers, papers)
	k.f.rehash(t, k.key("keys/device"))
	r, status := k.inspect()
	if status != notHolds {
		t.Error(status)
	}
	wantFailure(t, r, "papers, record 1", "signature 1 does not hold")
	wantFailure(t, r, "papers, record 2", "without a card")
}

// do states one thing.
func (h house) do(by fact.Author, d fact.Draft) {
	h.t.Helper()
	j, err := journal.Open(h.t.Context(), h.o)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := j.Do(h.t.Context(), by, nil, func(*journal.Tx) ([]fact.Draft, error) { return []fact.Draft{d}, nil }); err != nil {
		h.t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		h.t.Fatal(err)
	}
}
