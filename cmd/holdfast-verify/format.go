package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
)

// The fixed layouts of docs/format.md, read by offsets.
const (
	headerSize = 224
	headSize   = 148 + 2 + ed25519.SignatureSize
	maxSealed  = 64<<10 + 24 + 16
)

// header is the clear part of a fact.
type header struct {
	raw      []byte
	lane     byte
	more     bool // the act goes on in the next fact of the feed
	org      hash
	feed     hash
	seq      uint64
	prev     hash
	recorded int64
	key      keyName
	bodyLen  uint32
	bodyHash hash
	commit   hash
}

func readHeader(b []byte) (header, error) {
	switch {
	case len(b) != headerSize:
		return header{}, fmt.Errorf("the header has %d bytes", len(b))
	case string(b[:4]) != "HF\x01\x01":
		return header{}, errors.New("the header is of another form, version or suite")
	case b[4] < 1 || b[4] > 3 || b[5] > 1 || !bytes.Equal(b[6:8], []byte{0, 0}) || big32(b[156:]) != 0:
		return header{}, errors.New("lane, flags or reserved bytes of the header")
	}
	return header{
		raw: b, lane: b[4], more: b[5] == 1, org: hash(b[8:40]), feed: hash(b[40:72]), seq: big64(b[72:]), prev: hash(b[80:112]),
		recorded: int64(big64(b[112:])), key: keyName(b[120:152]), bodyLen: big32(b[152:]), bodyHash: hash(b[160:192]), commit: hash(b[192:224]),
	}, nil
}

func (h header) subject() []byte { return h.key[:16] }

// sealContext is the additional data of the body's seal.
func (h header) sealContext() []byte {
	b := bytes.Clone(h.raw)
	clear(b[72:112])
	clear(b[152:192])
	return b
}

// statement is what somebody signed about a feed: at this size it had this
// root. Heads, receipts, certificates and older exports make statements.
type statement struct {
	org, feed hash
	size      uint64
	root      hash
	last      hash
	by        string
	held      bool // a branch of this export has that root at that size
}

// readUpToTime reads the 148 bytes that heads and receipts begin with.
func readUpToTime(b []byte) (statement, error) {
	if string(b[:4]) != "HH\x01\x01" {
		return statement{}, errors.New("it is of another form, version or suite")
	}
	return statement{org: hash(b[4:36]), feed: hash(b[36:68]), size: big64(b[68:]), root: hash(b[76:108]), last: hash(b[108:140])}, nil
}

func readHead(b, key []byte) (statement, error) {
	if len(b) != headSize || b[148] != 0 || b[149] != ed25519.SignatureSize {
		return statement{}, errors.New("it is not as long as a head")
	}
	s, err := readUpToTime(b)
	if err == nil && !signed(key, b[150:], "holdfast/head/1", b[:148]) {
		err = errors.New("the feed's key has not signed it")
	}
	return s, err
}

// readReceipt reads a receipt; the holder's key is asked for by its feed.
func readReceipt(b []byte, keyOf func(holder hash) ([]byte, bool)) (statement, error) {
	const fixed = 148 + 32 + 1
	if len(b) < fixed+ed25519.SignatureSize || len(b) != fixed+int(b[fixed-1])+ed25519.SignatureSize {
		return statement{}, errors.New("it is not as long as a receipt")
	}
	s, err := readUpToTime(b)
	if err != nil {
		return s, err
	}
	holder := hash(b[148:180])
	key, ok := keyOf(holder)
	if !ok {
		return s, fmt.Errorf("the papers hold no certificate of its holder %x", holder[:4])
	}
	end := len(b) - ed25519.SignatureSize
	if !signed(key, b[end:], "holdfast/receipt/1", b[:end]) {
		return s, errors.New("its holder has not signed it")
	}
	s.by = fmt.Sprintf("the receipt of %x (%s)", holder[:4], clean(string(b[fixed:end])))
	return s, nil
}

func signed(key, sig []byte, label string, parts ...[]byte) bool {
	return len(key) == ed25519.PublicKeySize && len(sig) == ed25519.SignatureSize && ed25519.Verify(key, labelled(label, parts...), sig)
}

func laneName(lane byte) string {
	if lane < 1 || lane > 3 {
		return fmt.Sprintf("lane %d", lane)
	}
	return []string{"control", "care", "looks"}[lane-1]
}

// parseHash reads 64 small hex digits.
func parseHash(s string) (hash, bool) {
	var h hash
	n, err := hex.Decode(h[:], []byte(s[:min(len(s), 64)]))
	return h, err == nil && n == 32 && s == hex.EncodeToString(h[:])
}
