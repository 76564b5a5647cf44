package fact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// ErrNotCanonical says that bytes are CBOR of a form that Holdfast never
// writes; such a fact is set aside, never guessed at.
var ErrNotCanonical = errors.New("not canonical")

// Encode writes deterministic CBOR (RFC 8949, section 4.2). It refuses
// floating point.
func Encode(v any) ([]byte, error) {
	b, err := encMode.Marshal(v)
	if err != nil {
		return nil, err
	}
	return b, Canonical(b)
}

// Decode reads canonical CBOR only. Unknown map keys are passed over: they
// belong to a newer version, and must-understand says whether that matters.
func Decode(b []byte, into any) error {
	if err := Canonical(b); err != nil {
		return err
	}
	return decMode.Unmarshal(b, into)
}

// StateHash is the fingerprint of a folded state: equal states, equal bytes.
func StateHash(state any) (Hash, error) {
	b, err := Encode(state)
	if err != nil {
		return Hash{}, err
	}
	return Labelled("holdfast/state/1", b), nil
}

var encMode, decMode = modes()

func modes() (cbor.EncMode, cbor.DecMode) {
	opts := cbor.CoreDetEncOptions()
	opts.NilContainers = cbor.NilContainerAsEmpty
	enc, err := opts.EncMode()
	if err != nil {
		panic(err) // options are constants
	}
	dec, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden,
		TagsMd: cbor.TagsForbidden, MaxNestedLevels: maxDepth, MaxArrayElements: 1 << 16, MaxMapPairs: 1 << 12,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
}

const maxDepth = 32

// Canonical checks that b is exactly one CBOR item as Encode writes it:
// shortest lengths, sorted unique keys, text in UTF-8, no tags, no floats, no
// indefinite lengths.
func Canonical(b []byte) error {
	rest, err := skip(b, 0)
	if err != nil {
		return err
	}
	if len(rest) != 0 {
		return fmt.Errorf("%w: %d bytes follow", ErrNotCanonical, len(rest))
	}
	return nil
}

func skip(b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: nested too deeply", ErrNotCanonical)
	}
	major, n, rest, err := readHead(b)
	if err != nil {
		return nil, err
	}
	switch major {
	case 0, 1:
		return rest, nil
	case 2, 3:
		if n > uint64(len(rest)) {
			return nil, fmt.Errorf("%w: cut short", ErrNotCanonical)
		}
		if major == 3 && !utf8.Valid(rest[:n]) {
			return nil, fmt.Errorf("%w: text is not UTF-8", ErrNotCanonical)
		}
		return rest[n:], nil
	case 4:
		for ; n > 0 && err == nil; n-- {
			rest, err = skip(rest, depth+1)
		}
		return rest, err
	case 5:
		return skipMap(rest, n, depth)
	case 7:
		if n >= 20 && n <= 22 {
			return rest, nil
		}
	}
	return nil, fmt.Errorf("%w: tag, float or unknown value", ErrNotCanonical)
}

func skipMap(b []byte, n uint64, depth int) ([]byte, error) {
	var before []byte
	for ; n > 0; n-- {
		afterKey, err := skip(b, depth+1)
		if err != nil {
			return nil, err
		}
		key := b[:len(b)-len(afterKey)]
		if before != nil && bytes.Compare(before, key) >= 0 {
			return nil, fmt.Errorf("%w: keys out of order or twice", ErrNotCanonical)
		}
		before = key
		if b, err = skip(afterKey, depth+1); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// readHead reads the first byte and the number after it, shortest form only.
func readHead(b []byte) (major byte, n uint64, rest []byte, err error) {
	if len(b) == 0 {
		return 0, 0, nil, fmt.Errorf("%w: cut short", ErrNotCanonical)
	}
	major, info := b[0]>>5, b[0]&31
	rest = b[1:]
	if info < 24 {
		return major, uint64(info), rest, nil
	}
	width := 1 << (info - 24)
	if info > 27 || major == 7 || len(rest) < width {
		return 0, 0, nil, fmt.Errorf("%w: length or value", ErrNotCanonical)
	}
	var full [8]byte
	copy(full[8-width:], rest[:width])
	n = binary.BigEndian.Uint64(full[:])
	if smallest := []uint64{24, 1 << 8, 1 << 16, 1 << 32}[info-24]; n < smallest {
		return 0, 0, nil, fmt.Errorf("%w: number not in its shortest form", ErrNotCanonical)
	}
	return major, n, rest[width:], nil
}
