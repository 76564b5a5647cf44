package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A value is one CBOR item of the form that Holdfast writes (RFC 8949, section
// 4.2, and no floating point, tags or indefinite lengths): uint64, negative,
// []byte, string, list, table, bool or nil.
type value any

// negative n stands for -1-n.
type negative uint64

type list []value

type entry struct{ key, value value }

// table is a map, in the order of its encoded keys.
type table []entry

const mostNested = 32

var errCBOR = errors.New("not CBOR as Holdfast writes it")

func bad(why string) error { return fmt.Errorf("%w: %s", errCBOR, why) }

// decode reads exactly one item.
func decode(b []byte) (value, error) {
	v, rest, err := item(b, 0)
	if err == nil && len(rest) != 0 {
		err = bad("bytes follow")
	}
	return v, err
}

func item(b []byte, depth int) (value, []byte, error) {
	if depth > mostNested {
		return nil, nil, bad("nested too deeply")
	}
	major, n, b, err := start(b)
	if err != nil {
		return nil, nil, err
	}
	switch major {
	case 0:
		return n, b, nil
	case 1:
		return negative(n), b, nil
	case 2, 3:
		return textOrBytes(major, n, b)
	case 4:
		return items(n, b, depth)
	case 5:
		return entries(n, b, depth)
	}
	switch {
	case major == 7 && (n == 20 || n == 21):
		return n == 21, b, nil
	case major == 7 && n == 22:
		return nil, b, nil
	}
	return nil, nil, bad("tag, float or unknown value")
}

// start reads an item's first byte and the number after it.
func start(b []byte) (major byte, n uint64, rest []byte, err error) {
	if len(b) == 0 {
		return 0, 0, nil, bad("cut short")
	}
	major, low := b[0]>>5, b[0]&31
	b = b[1:]
	if low < 24 {
		return major, uint64(low), b, nil
	}
	if low > 27 || major == 7 {
		return 0, 0, nil, bad("length or value")
	}
	width := 1 << (low - 24)
	if len(b) < width {
		return 0, 0, nil, bad("cut short")
	}
	for _, c := range b[:width] {
		n = n<<8 | uint64(c)
	}
	if n < []uint64{24, 1 << 8, 1 << 16, 1 << 32}[low-24] {
		return 0, 0, nil, bad("a number is not in its shortest form")
	}
	return major, n, b[width:], nil
}

func textOrBytes(major byte, n uint64, b []byte) (value, []byte, error) {
	if n > uint64(len(b)) {
		return nil, nil, bad("cut short")
	}
	if major == 2 {
		return b[:n], b[n:], nil
	}
	if !utf8.Valid(b[:n]) {
		return nil, nil, bad("text is not UTF-8")
	}
	return string(b[:n]), b[n:], nil
}

func items(n uint64, b []byte, depth int) (value, []byte, error) {
	if n > uint64(len(b)) {
		return nil, nil, bad("cut short")
	}
	out := make(list, 0, n)
	for range n {
		v, rest, err := item(b, depth+1)
		if err != nil {
			return nil, nil, err
		}
		out, b = append(out, v), rest
	}
	return out, b, nil
}

func entries(n uint64, b []byte, depth int) (value, []byte, error) {
	if n > uint64(len(b)) {
		return nil, nil, bad("cut short")
	}
	out := make(table, 0, n)
	var before []byte
	for range n {
		key, afterKey, err := item(b, depth+1)
		if err != nil {
			return nil, nil, err
		}
		encoded := b[:len(b)-len(afterKey)]
		if before != nil && bytes.Compare(before, encoded) >= 0 {
			return nil, nil, bad("keys out of order or twice")
		}
		before = encoded
		v, rest, err := item(afterKey, depth+1)
		if err != nil {
			return nil, nil, err
		}
		out, b = append(out, entry{key, v}), rest
	}
	return out, b, nil
}

// fields reads a map with small numbers as keys and remembers the first thing
// that is not as it should be.
type fields struct {
	of  table
	err error
}

func fieldsOf(b []byte) *fields {
	v, err := decode(b)
	t, ok := v.(table)
	if err == nil && !ok {
		err = bad("no map")
	}
	return &fields{of: t, err: err}
}

func (f *fields) get(key uint64) (value, bool) {
	for _, e := range f.of {
		if e.key == value(key) {
			return e.value, true
		}
	}
	return nil, false
}

func (f *fields) wrong(key uint64) {
	if f.err == nil {
		f.err = bad(fmt.Sprintf("field %d is missing or of another form", key))
	}
}

// bytes gives a string of bytes; size 0 means of any length.
func (f *fields) bytes(key uint64, size int) []byte {
	v, _ := f.get(key)
	b, ok := v.([]byte)
	if !ok || size != 0 && len(b) != size {
		f.wrong(key)
	}
	return b
}

func (f *fields) text(key uint64) string {
	v, _ := f.get(key)
	s, ok := v.(string)
	if !ok {
		f.wrong(key)
	}
	return s
}

func (f *fields) number(key, most uint64) uint64 {
	v, _ := f.get(key)
	n, ok := v.(uint64)
	if !ok || n > most {
		f.wrong(key)
	}
	return n
}

// time gives milliseconds since 1970, which may be negative.
func (f *fields) time(key uint64) {
	if v, _ := f.get(key); !whole(v) {
		f.wrong(key)
	}
}

func whole(v value) bool {
	switch n := v.(type) {
	case uint64:
		return n < 1<<63
	case negative:
		return n < 1<<63
	}
	return false
}

func (f *fields) list(key uint64) list {
	v, _ := f.get(key)
	l, ok := v.(list)
	if !ok {
		f.wrong(key)
	}
	return l
}

// hashes gives a list of byte strings of one size.
func (f *fields) hashes(key uint64, size int) [][]byte {
	var out [][]byte
	for _, v := range f.list(key) {
		b, ok := v.([]byte)
		if !ok || len(b) != size {
			f.wrong(key)
			return nil
		}
		out = append(out, b)
	}
	return out
}

// appendJSON writes an item for people and programs: byte strings become
// {"hex": "…"}, so that they differ from text; keys become text.
func appendJSON(out []byte, v value) []byte {
	switch v := v.(type) {
	case uint64:
		return strconv.AppendUint(out, v, 10)
	case negative:
		if v == 1<<64-1 {
			return append(out, "-18446744073709551616"...)
		}
		return strconv.AppendUint(append(out, '-'), uint64(v)+1, 10)
	case []byte:
		return append(hex.AppendEncode(append(out, `{"hex":"`...), v), `"}`...)
	case string:
		return appendText(out, v)
	case bool:
		return strconv.AppendBool(out, v)
	case list:
		out = append(out, '[')
		for i, one := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendJSON(out, one)
		}
		return append(out, ']')
	case table:
		out = append(out, '{')
		for i, e := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(appendKey(out, e.key), ':')
			out = appendJSON(out, e.value)
		}
		return append(out, '}')
	}
	return append(out, "null"...)
}

func appendKey(out []byte, key value) []byte {
	if s, ok := key.(string); ok {
		return appendText(out, s)
	}
	return appendText(out, string(appendJSON(nil, key)))
}

func big64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

func big32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
