package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// manifest is what the export says of itself.
type manifest struct {
	org, signer hash
	taken       int64
	counts      [7]uint64
	ends        []branchEnd
	files       []fileLine
	text        []byte // what is signed
	sig         []byte
}

// branchEnd is how far one branch reaches by its newest head.
type branchEnd struct {
	name  branchName
	first uint64
	size  uint64
	root  hash
}

type fileLine struct {
	sum  hash
	size uint64
	name string
}

func countNames() []string {
	return []string{"facts", "branches", "heads", "papers", "wraps", "receipts", "attachments"}
}

// readManifest reads the lines and refuses any form but the one that is
// written: what it read, written again, must be the same bytes.
func readManifest(b []byte) (manifest, error) {
	m := manifest{}
	for _, line := range strings.Split(string(b), "\n") {
		words := strings.Split(line, " ")
		if err := m.line(words[0], words[1:]); err != nil {
			return m, err
		}
	}
	m.text = m.write()
	if again := fmt.Appendf(bytes.Clone(m.text), "signature %x\n", m.sig); !bytes.Equal(again, b) {
		return m, errors.New("it is not written as a manifest is")
	}
	return m, nil
}

func (m *manifest) line(what string, words []string) error {
	p := parser{words: words}
	switch what {
	case "holdfast", "": // compared as a whole afterwards
	case "organisation":
		m.org = p.hash()
	case "signer":
		m.signer = p.hash()
	case "taken":
		m.taken = p.signed()
	case "end":
		m.ends = append(m.ends, branchEnd{branchName{p.hash(), int(p.number())}, p.number(), p.number(), p.hash()})
	case "file":
		m.files = append(m.files, fileLine{p.hash(), p.number(), p.word()})
	case "signature":
		m.sig, p.err = hex.DecodeString(p.word())
	default:
		p.err = errors.New("unknown")
		for i, name := range countNames() {
			if name == what {
				p.err, m.counts[i] = nil, p.number()
			}
		}
	}
	if p.err != nil {
		return fmt.Errorf("its line %q can't be read", clean(what))
	}
	return nil
}

func (m *manifest) write() []byte {
	b := fmt.Appendf(nil, "holdfast export 1\norganisation %x\nsigner %x\ntaken %d\n", m.org, m.signer, m.taken)
	for i, name := range countNames() {
		b = fmt.Appendf(b, "%s %d\n", name, m.counts[i])
	}
	for _, e := range m.ends {
		b = fmt.Appendf(b, "end %x %d %d %d %x\n", e.name.feed, e.name.number, e.first, e.size, e.root)
	}
	for _, f := range m.files {
		b = fmt.Appendf(b, "file %x %d %s\n", f.sum, f.size, f.name)
	}
	return b
}

// parser takes words one by one and remembers the first that is wrong.
type parser struct {
	words []string
	err   error
}

func (p *parser) word() string {
	if len(p.words) == 0 {
		p.err = errors.New("words are missing")
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

func (p *parser) hash() hash {
	h, ok := parseHash(p.word())
	if !ok {
		p.err = errors.New("no hash")
	}
	return h
}

func (p *parser) number() uint64 {
	n, err := strconv.ParseUint(p.word(), 10, 63)
	if err != nil {
		p.err = err
	}
	return n
}

func (p *parser) signed() int64 {
	n, err := strconv.ParseInt(p.word(), 10, 64)
	if err != nil {
		p.err = err
	}
	return n
}

// readOwnWord takes in the manifest and compares it with the files.
func (in *inspection) readOwnWord() {
	if !in.files[fileManifest] {
		in.r.Missing.add(fileManifest, "an export without it is not whole")
		return
	}
	b, err := in.root.ReadFile(fileManifest)
	if err != nil {
		in.r.fail(fileManifest, "can't be read: %v", err)
		return
	}
	if in.m, err = readManifest(b); err != nil {
		in.r.fail(fileManifest, "%v", err)
		return
	}
	in.r.Taken = in.m.taken
	listed := map[string]bool{fileManifest: true}
	for _, f := range in.m.files {
		if listed[f.name] {
			in.r.fail(fileManifest, "it lists %s twice", clean(f.name))
		}
		listed[f.name] = true
		in.compareFile(f)
	}
	for _, name := range slices.Sorted(maps.Keys(in.files)) {
		if !listed[name] {
			in.r.fail(clean(name), "the manifest does not list this file")
		}
	}
}

func (in *inspection) compareFile(f fileLine) {
	if !in.files[f.name] {
		in.r.Missing.add(clean(f.name), "the manifest lists this file")
		return
	}
	sum, size, err := in.sumOf(f.name)
	switch {
	case err != nil:
		in.r.fail(f.name, "can't be read: %v", err)
	case size != f.size:
		in.r.fail(f.name, "it has %d bytes and the manifest says %d", size, f.size)
	case sum != f.sum:
		in.r.fail(f.name, "its bytes are not the ones that the manifest names")
	}
}

// judgeManifest checks the signature once papers are read, and the counts once
// everything is.
func (in *inspection) judgeManifest() {
	if in.m.text == nil {
		return
	}
	card, ok := in.cards[in.m.signer]
	switch {
	case in.m.org != in.org:
		in.r.fail(fileManifest, "it names another organisation than the genesis is")
	case !ok:
		in.r.fail(fileManifest, "it is signed for a device whose card is not among the papers")
	case !signed(card.key, in.m.sig, "holdfast/export/1", in.m.text):
		in.r.fail(fileManifest, "the device that it names has not signed it")
	}
	r := in.r
	for i, got := range []int{r.Facts, r.Branches, r.Heads, r.Papers, r.Wraps, r.Receipts, r.Attachments} {
		if uint64(got) != in.m.counts[i] {
			r.fail(fileManifest, "it counts %d %s and there are %d", in.m.counts[i], countNames()[i], got)
		}
	}
	for _, end := range in.m.ends {
		if got, ok := in.ends[end.name]; !ok || got != end {
			r.fail(fileManifest, "feed %x, branch %d does not end where it says", end.name.feed[:4], end.name.number)
		}
	}
	if len(in.m.ends) != len(in.ends) {
		r.fail(fileManifest, "it names the ends of %d branches and there are %d", len(in.m.ends), len(in.ends))
	}
}
