package fact_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"holdfast/fact"
)

func TestBodyComesBack(t *testing.T) {
	for n := range 300 {
		g := golden(t)
		g.body.Role = strings.Repeat("x", n)
		p, err := g.body.Plaintext()
		check(t, err)
		if len(p)%64 != 0 {
			t.Fatalf("%d bytes", len(p))
		}
		back, err := fact.ParseBody(p)
		check(t, err)
		again, err := back.Plaintext()
		check(t, err)
		if !bytes.Equal(again, p) {
			t.Fatalf("role of %d: written otherwise", n)
		}
	}
}

func TestBodyIsBounded(t *testing.T) {
	b := golden(t).body
	b.Role = strings.Repeat("x", fact.MaxPlaintext)
	if _, err := b.Plaintext(); !errors.Is(err, fact.ErrBody) {
		t.Errorf("got %v", err)
	}
}

// framed gives an encoding the frame of a plaintext.
func framed(enc []byte) []byte {
	out := make([]byte, (4+len(enc)+63)/64*64)
	binary.BigEndian.PutUint32(out, uint32(len(enc)))
	copy(out[4:], enc)
	return out
}

func TestBodyRefusals(t *testing.T) {
	good := golden(t).plaintext
	enc := good[4 : 4+binary.BigEndian.Uint32(good)]
	for name, b := range map[string][]byte{
		"nothing":             nil,
		"all zero":            make([]byte, 64),
		"not in steps":        good[:len(good)-1],
		"a step too many":     append(bytes.Clone(good), make([]byte, 64)...),
		"too long":            make([]byte, fact.MaxPlaintext+64),
		"padding not zero":    append(bytes.Clone(good[:len(good)-1]), 1),
		"length beyond":       append([]byte{0xff, 0xff, 0xff, 0xff}, good[4:]...),
		"not a map":           framed([]byte{0x80}),
		"empty map":           framed([]byte{0xa0}),
		"short salt":          framed(append(append([]byte{enc[0], 1, 0x41, 7}, enc[36:]...), 0)[:len(enc)-32]),
		"a float in content":  framed(bytes.Replace(enc, []byte{0x02, 0x19, 0x01, 0x77}, []byte{0x02, 0xf9, 0x01, 0x77}, 1)),
		"an empty must":       framed(withEmptyMust(enc)),
		"a number for a role": framed(bytes.Replace(enc, []byte("\x06\x69clinician"), []byte{6, 0}, 1)),
	} {
		if _, err := fact.ParseBody(b); !errors.Is(err, fact.ErrBody) {
			t.Errorf("%s gave %v", name, err)
		}
	}
	if _, err := fact.ParseBody(framed(enc)); err != nil {
		t.Errorf("the frame of this test is wrong: %v", err)
	}
}

// withEmptyMust adds key 10 with an empty list, which is never written.
func withEmptyMust(enc []byte) []byte {
	at := bytes.Index(enc, []byte{0x0b, 0x81, 0x83}) // key 11: one attachment of three values
	out := append([]byte{enc[0] + 1}, enc[1:at]...)
	return append(append(out, 0x0a, 0x80), enc[at:]...)
}

// TestANewerKeyIsPassedOver: a reader of this version reads what it knows.
func TestANewerKeyIsPassedOver(t *testing.T) {
	good := golden(t).plaintext
	enc := good[4 : 4+binary.BigEndian.Uint32(good)]
	newer := append(append([]byte{enc[0] + 1}, enc[1:]...), 0x0e, 0x61, 'x')
	b, err := fact.ParseBody(framed(newer))
	if err != nil || b.Role != "clinician" {
		t.Errorf("got %+v, %v", b, err)
	}
}

// TestReadRefusesWhatItDoesNotKnow: kind, version, must-understand.
func TestReadRefusesWhatItDoesNotKnow(t *testing.T) {
	g := golden(t)
	f := fact.Fact{ID: g.header.ID(), Header: g.header, Body: g.body}
	if _, err := fact.Read[note](f); err != nil {
		t.Fatal(err)
	}
	newer := f
	newer.Body.Version = 3
	if _, err := fact.Read[note](newer); !errors.Is(err, fact.ErrNewer) {
		t.Errorf("a newer version gave %v", err)
	}
	must := f
	must.Body.Must = []uint32{77}
	if _, err := fact.Read[note](must); !errors.Is(err, fact.ErrNewer) {
		t.Errorf("must-understand gave %v", err)
	}
	other := f
	other.Body.Kind = 998
	if _, err := fact.Read[note](other); err == nil || errors.Is(err, fact.ErrNewer) {
		t.Errorf("another kind gave %v", err)
	}
	closed := f
	closed.Body = fact.Body{}
	if _, err := fact.Read[note](closed); err == nil {
		t.Error("a closed body is read")
	}
}

func FuzzParseBody(f *testing.F) {
	f.Add(golden(f).plaintext)
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, p []byte) {
		b, err := fact.ParseBody(p)
		if err != nil {
			return
		}
		again, err := b.Plaintext()
		if err != nil || len(again) > len(p) {
			t.Errorf("%x is read and written as %x, %v", p, again, err)
		}
	})
}
