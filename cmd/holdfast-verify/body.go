package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

// body is what a fact says.
type body struct {
	fields       *fields
	kind         uint64
	seen, access [][]byte
	attachments  []attachment
}

type attachment struct {
	hash hash
	size uint64
	key  [32]byte
}

const (
	padStep   = 64
	maxPlain  = 64 << 10
	mostSeen  = 32
	knownKeys = 13
)

// readBody reads a padded plaintext: length (4), a CBOR map, zeros.
func readBody(plain []byte) (body, error) {
	if len(plain) < padStep || len(plain)%padStep != 0 || len(plain) > maxPlain {
		return body{}, fmt.Errorf("the body has %d plain bytes", len(plain))
	}
	n := uint64(big32(plain))
	if n > uint64(len(plain)-4) || uint64(len(plain)-4)-n >= padStep {
		return body{}, errors.New("the body's length is not that of its padding")
	}
	if padding := plain[4+n:]; !bytes.Equal(padding, make([]byte, len(padding))) {
		return body{}, errors.New("the body's padding is not zero")
	}
	f := fieldsOf(plain[4 : 4+n])
	b := body{fields: f}
	f.bytes(1, 32)
	b.kind = f.number(2, 1<<32-1)
	f.number(3, 1<<32-1)
	f.span(4)
	f.bytes(5, 16)
	f.text(6)
	f.bytes(7, 16)
	b.seen, b.access = f.hashes(8, 32), f.hashes(9, 32)
	b.optional()
	if _, ok := f.get(13); !ok {
		f.wrong(13)
	}
	if len(b.seen) > mostSeen && f.err == nil {
		f.err = fmt.Errorf("it cites %d facts as seen, more than %d", len(b.seen), mostSeen)
	}
	return b, f.err
}

// span reads [from, to, minutes east of UTC].
func (f *fields) span(key uint64) {
	l := f.list(key)
	if len(l) != 3 || !whole(l[0]) || !whole(l[1]) || !minutes(l[2]) {
		f.wrong(key)
	}
}

func minutes(v value) bool {
	switch n := v.(type) {
	case uint64:
		return n < 1<<15
	case negative:
		return n < 1<<15
	}
	return false
}

// optional reads what is left out when it is empty.
func (b *body) optional() {
	f := b.fields
	for _, e := range f.of {
		key, ok := e.key.(uint64)
		switch {
		case !ok || key == 0:
			f.wrong(0)
		case key == 10:
			for _, v := range f.list(10) {
				if n, ok := v.(uint64); !ok || n > 1<<32-1 {
					f.wrong(10)
				}
			}
		case key == 11:
			b.pointers()
		case key == 12:
			f.bytes(12, 0)
		}
		if l, isList := e.value.(list); isList && len(l) == 0 && (key == 10 || key == 11) {
			f.wrong(key)
		}
		if s, isBytes := e.value.([]byte); isBytes && len(s) == 0 && key == 12 {
			f.wrong(key)
		}
	}
}

func (b *body) pointers() {
	for _, v := range b.fields.list(11) {
		l, _ := v.(list)
		if len(l) != 3 {
			b.fields.wrong(11)
			return
		}
		name, ok1 := l[0].([]byte)
		size, ok2 := l[1].(uint64)
		key, ok3 := l[2].([]byte)
		if !ok1 || !ok2 || !ok3 || len(name) != 32 || len(key) != 32 {
			b.fields.wrong(11)
			return
		}
		b.attachments = append(b.attachments, attachment{hash(name), size, [32]byte(key)})
	}
}

// openBodies reads all facts once more and opens them. It comes last, because
// a fact may cite any other.
func (in *inspection) openBodies() {
	slices.SortFunc(in.ids, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	for _, feed := range inOrder(in.walked) {
		for _, branch := range in.walked[feed] {
			in.openBranch(branch)
		}
	}
}

func (in *inspection) openBranch(w *branchWalk) {
	in.each(w.name.file("facts"), tagFacts, func(_ int, b []byte) {
		h, err := readHeader(b[:min(len(b), headerSize)])
		if err != nil {
			return // named by the walk
		}
		key, ok := in.openers.subjects[h.key]
		switch {
		case ok:
			in.openFact(w.place("seq", h.seq), h, b[headerSize:], key)
		case in.wraps[h.key]:
			in.r.NotOpened.add(w.place("seq", h.seq), "the key of its body is closed for another holder")
		}
	})
}

func (in *inspection) openFact(place string, h header, sealed []byte, key subjectKey) {
	plain, err := openXAES(key.key, sealed, h.sealContext())
	if err != nil {
		in.r.fail(place, "its body does not open")
		return
	}
	if hashOf("holdfast/commit/1", plain) != h.commit {
		in.r.fail(place, "its body is not the one committed to")
	}
	b, err := readBody(plain)
	if err != nil {
		in.r.fail(place, "%v", err)
		return
	}
	in.r.Opened++
	for _, id := range b.seen {
		in.cited(place, "saw", id)
	}
	for _, id := range b.access {
		in.cited(place, "rests on the grant", id)
	}
	for _, a := range b.attachments {
		in.attachment(place, a)
	}
	if in.timeline != nil && bytes.Equal(h.subject(), in.timeline.subject[:]) {
		in.timeline.add(moment{place: place, id: sha256.Sum256(h.raw), header: h, body: b, class: key.class})
	}
}

// cited names a fact that another speaks of and that is not here. Ids are
// compared by their first half.
func (in *inspection) cited(place, how string, id []byte) {
	_, ok := slices.BinarySearchFunc(in.ids, [16]byte(id[:16]), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	if !ok {
		in.r.Missing.add(place, "it %s %x, a fact that is not here", how, id[:4])
	}
}
