// Package seal closes and opens bodies, attachments and keys.
//
// Its law: only published constructions (C2SP XAES-256-GCM, HKDF, HPKE), from
// the standard library, checked against published vectors; every seal is
// bound to its place by additional data; opening fails closed.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"io"
)

// Key is a 256-bit symmetric key.
type Key [32]byte

// NonceSize is the length of an XAES-256-GCM nonce; Overhead what sealing
// adds to a plaintext: the nonce before it and the tag after it.
const (
	NonceSize = 24
	Overhead  = NonceSize + 16
)

// ErrOpen says that sealed bytes do not open: another key, another place, or
// a byte is changed. It says no more on purpose.
var ErrOpen = errors.New("sealed bytes do not open with this key in this place")

// Box is XAES-256-GCM under one key (C2SP/XAES-256-GCM).
type Box struct {
	block cipher.Block
	k1    [16]byte
}

// NewBox prepares a key.
func NewBox(key Key) *Box {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	b := &Box{block: block}
	block.Encrypt(b.k1[:], b.k1[:])
	var carry byte
	for i := len(b.k1) - 1; i >= 0; i-- {
		next := b.k1[i] >> 7
		b.k1[i] = b.k1[i]<<1 | carry
		carry = next
	}
	b.k1[15] ^= carry * 0x87
	return b
}

func (b *Box) gcm(nonce []byte) cipher.AEAD {
	var derived [32]byte
	for half := range 2 {
		m := [16]byte{0, byte(half + 1), 'X', 0}
		copy(m[4:], nonce[:12])
		for i := range m {
			m[i] ^= b.k1[i]
		}
		b.block.Encrypt(derived[16*half:], m[:])
	}
	block, err := aes.NewCipher(derived[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// SealWith closes plain under a nonce that was never used with this key and
// gives nonce ‖ ciphertext ‖ tag.
func (b *Box) SealWith(nonce [NonceSize]byte, plain, context []byte) []byte {
	out := make([]byte, NonceSize, Overhead+len(plain))
	copy(out, nonce[:])
	return b.gcm(nonce[:]).Seal(out, nonce[12:], plain, context)
}

// Seal closes plain under a random nonce.
func (b *Box) Seal(random io.Reader, plain, context []byte) ([]byte, error) {
	var nonce [NonceSize]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return nil, err
	}
	return b.SealWith(nonce, plain, context), nil
}

// Open gives the plain bytes, or ErrOpen.
func (b *Box) Open(sealed, context []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, ErrOpen
	}
	plain, err := b.gcm(sealed[:NonceSize]).Open(nil, sealed[12:NonceSize], sealed[NonceSize:], context)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}
