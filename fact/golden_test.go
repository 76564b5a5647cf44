package fact_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/fact"
	"holdfast/fact/seal"
)

// The fixed inputs of the golden files. docs/format.md names them, so that
// another program can be checked against the same bytes.
const goldenTime fact.Millis = 1_785_000_000_000

func goldenKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) []byte { return k.Public().(ed25519.PublicKey) }

// repeat is a source of "random" bytes that are all the same.
type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

type note struct {
	Text   string        `cbor:"1,keyasint"`
	Tenths int64         `cbor:"2,keyasint,omitempty"`
	Tags   []string      `cbor:"3,keyasint,omitempty"`
	About  *fact.Subject `cbor:"4,keyasint,omitempty"`
}

func (note) FactKind() fact.Kind {
	return fact.Kind{Number: 999, Version: 2, Lane: fact.Care, Name: "note"}
}

// goldenSet is one whole fact with everything around it.
type goldenSet struct {
	genesis     fact.Genesis
	signed      fact.Signed // genesis
	card        fact.DeviceCard
	signedCard  fact.Signed
	certificate fact.Signed
	org         fact.OrgID
	feed        fact.FeedID
	body        fact.Body
	plaintext   []byte
	key         seal.SubjectKey
	header      fact.Header
	sealed      []byte
	wrap        []byte
	head        fact.Head
	attachment  fact.Attachment
	attached    []byte
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func golden(t testing.TB) goldenSet {
	t.Helper()
	var g goldenSet
	var err error
	root, device, incarnation := goldenKey(1), goldenKey(2), goldenKey(3)
	g.genesis = fact.Genesis{
		Suite: 1, Name: "Example 111", ODS: "ABC12", Roots: [][]byte{public(root)}, Threshold: 1,
		Founded: goldenTime, Random: [32]byte{4}, About: fact.Subject{5},
	}
	g.signed, err = fact.SignGenesis(g.genesis, root)
	check(t, err)
	g.org, err = g.genesis.ID()
	check(t, err)
	g.card = fact.DeviceCard{
		Suite: 1, Org: g.org, Device: fact.Subject{6}, Kind: fact.SiteNode, Name: "node 1", Key: public(device), Issued: goldenTime + 1,
	}
	g.signedCard, err = fact.SignCard(g.card, g.genesis, root)
	check(t, err)
	cardHash, err := g.signedCard.Hash()
	check(t, err)
	g.certificate, err = fact.SignIncarnation(fact.Incarnation{
		Suite: 1, Org: g.org, Card: cardHash, Number: 2, Key: public(incarnation), Start: fact.Hash{7}, Began: goldenTime + 2,
		Why: "restored", After: []fact.After{{Feed: fact.FeedID{8}, Size: 41, Root: fact.Hash{9}}},
	}, device)
	check(t, err)
	g.feed, err = fact.FeedOf(g.certificate, fact.Care)
	check(t, err)
	goldenFact(t, &g)
	tree := fact.Hash{10}
	g.head = fact.Head{Org: g.org, Feed: g.feed, Size: 18, Root: tree, LastID: g.header.ID(), Time: goldenTime + 4}
	return g
}

func goldenFact(t testing.TB, g *goldenSet) {
	t.Helper()
	subject := fact.Subject{11}
	content, err := fact.Encode(note{Text: "Temperature", Tenths: 375, Tags: []string{"fever"}, About: &subject})
	check(t, err)
	g.attachment, g.attached, err = seal.Attachment(repeat(0x41), []byte("a scanned letter"))
	check(t, err)
	g.body = fact.Body{
		Salt: [32]byte{12}, Kind: 999, Version: 2, Happened: fact.Moment(goldenTime-60_000, 60), Person: fact.Subject{13},
		Role: "clinician", Session: fact.Subject{14}, Seen: []fact.ID{{15}}, Access: []fact.ID{{16}},
		Attachments: []fact.Attachment{g.attachment}, Content: content,
	}
	g.plaintext, err = g.body.Plaintext()
	check(t, err)
	g.key, err = seal.NewSubjectKey(repeat(0x42), subject, fact.ClassCare)
	check(t, err)
	g.header, g.sealed, err = seal.Body(repeat(0x43), g.key, seal.NewBox(g.key.Key), fact.Header{
		Lane: fact.Care, Flags: fact.FlagMore, Org: g.org, Feed: g.feed, Recorded: goldenTime + 3, Subject: subject,
	}, g.plaintext)
	check(t, err)
	g.header.Seq, g.header.Prev = 17, fact.ID{18}
	g.wrap, err = seal.NewWrapper(seal.Key{19}).Wrap(repeat(0x44), g.org, g.key)
	check(t, err)
}

// files are the bytes that must never change.
func (g goldenSet) files(t testing.TB) map[string][]byte {
	t.Helper()
	encode := func(v any) []byte {
		b, err := fact.Encode(v)
		check(t, err)
		return b
	}
	id := g.header.ID()
	receipt := fact.Receipt{Head: g.head, Holder: fact.FeedID{20}, Domain: "cellar"}
	return map[string][]byte{
		"genesis":     encode(g.signed),
		"card":        encode(g.signedCard),
		"incarnation": encode(g.certificate),
		"org":         g.org[:],
		"feed":        g.feed[:],
		"plaintext":   g.plaintext,
		"header":      g.header.Marshal(),
		"body":        g.sealed,
		"id":          id[:],
		"wrap":        g.wrap,
		"head":        g.head.Sign(goldenKey(3)),
		"receipt":     receipt.Sign(goldenKey(2)),
		"attachment":  g.attached,
	}
}

// TestGoldenFiles pins every byte of the format. A difference here means that
// facts already written would no longer be read: it needs a new version or
// suite byte, never a new golden file.
func TestGoldenFiles(t *testing.T) {
	have := golden(t).files(t)
	names, err := filepath.Glob(filepath.Join("testdata", "*.hex"))
	check(t, err)
	if len(names) != len(have) {
		t.Errorf("%d golden files, want %d", len(names), len(have))
	}
	for name, b := range have {
		want, err := readHex(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(want, b) {
			t.Errorf("%s is written otherwise than before:\n%x\nbefore:\n%x", name, b, want)
		}
	}
}

func readHex(name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join("testdata", name+".hex"))
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
}

// TestGoldenFilesAreRead opens the stored bytes, not the ones just made.
func TestGoldenFilesAreRead(t *testing.T) {
	g := golden(t)
	stored := map[string][]byte{}
	for name := range g.files(t) {
		b, err := readHex(name)
		check(t, err)
		stored[name] = b
	}
	var genesis, card, certificate fact.Signed
	check(t, fact.Decode(stored["genesis"], &genesis))
	check(t, fact.Decode(stored["card"], &card))
	check(t, fact.Decode(stored["incarnation"], &certificate))
	gen, err := fact.OpenGenesis(genesis)
	check(t, err)
	c, err := fact.OpenCard(card, gen)
	check(t, err)
	inc, err := fact.OpenIncarnation(certificate, card, c)
	check(t, err)
	if gen.Name != "Example 111" || c.Name != "node 1" || inc.Number != 2 || len(inc.After) != 1 {
		t.Errorf("papers: %+v %+v %+v", gen, c, inc)
	}
	h, err := fact.ParseHeader(stored["header"])
	check(t, err)
	if id := h.ID(); !bytes.Equal(id[:], stored["id"]) {
		t.Error("id")
	}
	key, err := seal.NewWrapper(seal.Key{19}).Unwrap(h.Org, stored["wrap"])
	check(t, err)
	body, err := seal.OpenBody(seal.NewBox(key.Key), h, stored["body"])
	check(t, err)
	n, err := fact.Read[note](fact.Fact{ID: h.ID(), Header: h, Body: body})
	check(t, err)
	if n.Text != "Temperature" || n.Tenths != 375 || body.Role != "clinician" {
		t.Errorf("content: %+v", n)
	}
	if _, err := fact.OpenHead(stored["head"], inc.Key); err != nil {
		t.Error(err)
	}
	if r, err := fact.OpenReceipt(stored["receipt"], c.Key); err != nil || r.Domain != "cellar" {
		t.Errorf("receipt %+v, %v", r, err)
	}
	if plain, err := seal.OpenAttachment(body.Attachments[0], stored["attachment"]); err != nil || string(plain) != "a scanned letter" {
		t.Errorf("attachment %q, %v", plain, err)
	}
}
