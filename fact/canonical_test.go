package fact_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"holdfast/fact"
)

// TestCanonicalRefusals lists forms of CBOR that Holdfast never writes.
func TestCanonicalRefusals(t *testing.T) {
	for _, c := range []struct{ name, hex string }{
		{"empty", ""},
		{"number in two bytes that fits one", "1817"},
		{"number in three bytes that fits two", "1900ff"},
		{"number in five bytes that fits three", "1a0000ffff"},
		{"number in nine bytes that fits five", "1b00000000ffffffff"},
		{"negative number too long", "3817"},
		{"string length too long", "780161"},
		{"byte string length too long", "580141"},
		{"array length too long", "980100"},
		{"map length too long", "b8010000"},
		{"keys out of order", "a2020001 00"},
		{"key twice", "a201000100"},
		{"text key before number key", "a261610001 00"},
		{"indefinite array", "9f00ff"},
		{"indefinite map", "bf0000ff"},
		{"indefinite bytes", "5f4100ff"},
		{"indefinite text", "7f6161ff"},
		{"tag", "c100"},
		{"half float", "f93c00"},
		{"float", "fa3f800000"},
		{"double", "fb3ff0000000000000"},
		{"undefined", "f7"},
		{"simple value", "f0"},
		{"simple value in two bytes", "f820"},
		{"break alone", "ff"},
		{"reserved length", "1c"},
		{"bytes cut short", "4200"},
		{"array cut short", "8200"},
		{"map without its value", "a100"},
		{"length beyond all memory", "5bffffffffffffffff"},
		{"array beyond all memory", "9bffffffffffffffff"},
		{"something after the end", "0000"},
		{"nested too deeply", strings.Repeat("81", 40) + "00"},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.hex, " ", ""))
		if err != nil {
			t.Fatal(c.name, err)
		}
		if err := fact.Canonical(b); !errors.Is(err, fact.ErrNotCanonical) {
			t.Errorf("%s (%s) gave %v", c.name, c.hex, err)
		}
		var into any
		if err := fact.Decode(b, &into); err == nil {
			t.Errorf("%s is decoded as %v", c.name, into)
		}
	}
}

func TestCanonicalForms(t *testing.T) {
	for _, s := range []string{
		"00", "17", "1818", "18ff", "190100", "1a00010000", "1b0000000100000000", "20", "3863", "40", "4161", "60", "6161",
		"80", "8200f6", "a0", "a2000001 00", "a2010002 00", "a2006161 6161 00", "f4", "f5", "f6", strings.Repeat("81", 32) + "00",
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if err := fact.Canonical(b); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestFloatsAreNotWritten(t *testing.T) {
	for _, v := range []any{1.5, float32(1), map[int]any{1: 37.5}, []any{math.NaN()}} {
		if b, err := fact.Encode(v); err == nil {
			t.Errorf("%v is written as %x", v, b)
		}
	}
}

// TestEncodeSorts: one value has one form, whatever the order of a map.
func TestEncodeSorts(t *testing.T) {
	want, err := fact.Encode(map[string]int{"a": 1, "b": 2, "cc": 3, "ä": 4})
	check(t, err)
	for range 50 {
		got, err := fact.Encode(map[string]int{"ä": 4, "cc": 3, "b": 2, "a": 1})
		check(t, err)
		if !bytes.Equal(got, want) {
			t.Fatalf("%x and %x", got, want)
		}
	}
	empty, err := fact.Encode(struct {
		A []int `cbor:"1,keyasint"`
	}{})
	check(t, err)
	if hex.EncodeToString(empty) != "a10180" {
		t.Errorf("no list is written as %x, want an empty one", empty)
	}
}

func FuzzCanonical(f *testing.F) {
	body, err := readHex("plaintext")
	check(f, err)
	f.Add(body[4:])
	f.Add([]byte{0xa2, 1, 0, 2, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if fact.Canonical(b) != nil {
			return
		}
		var v any
		if fact.Decode(b, &v) != nil {
			return // canonical in form, but not for this reader: invalid UTF-8, say
		}
		again, err := fact.Encode(v)
		if err == nil && !bytes.Equal(again, b) {
			t.Errorf("%x is canonical and written again as %x", b, again)
		}
	})
}

// A text that no reader would take back is refused when it is written, not
// found out when somebody needs it.
func TestTextThatNobodyCouldReadIsRefused(t *testing.T) {
	for _, text := range []string{"a\xffb", "cut \xe2\x82", "surrogate \xed\xa0\x80"} {
		if _, err := fact.Encode(note{Text: text}); !errors.Is(err, fact.ErrNotCanonical) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := fact.Encode(note{Text: "37,5 °C, 日本"}); err != nil {
		t.Error(err)
	}
}
