package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/sha256"
	"errors"
	"fmt"
)

var errClosed = errors.New("it does not open")

// openXAES opens XAES-256-GCM (C2SP): nonce (24), ciphertext, tag (16).
func openXAES(key [32]byte, sealed, context []byte) ([]byte, error) {
	if len(sealed) < 24+16 {
		return nil, errClosed
	}
	outer, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	var mask [16]byte // CMAC's first subkey (NIST SP 800-38B)
	outer.Encrypt(mask[:], mask[:])
	top := mask[0] >> 7
	for i := range 15 {
		mask[i] = mask[i]<<1 | mask[i+1]>>7
	}
	mask[15] = mask[15]<<1 ^ top*0x87
	var derived [32]byte
	for half := range 2 {
		block := [16]byte{0, byte(half + 1), 'X', 0}
		copy(block[4:], sealed[:12])
		for i := range block {
			block[i] ^= mask[i]
		}
		outer.Encrypt(derived[16*half:], block[:])
	}
	inner, err := aes.NewCipher(derived[:])
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(inner)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, sealed[12:24], sealed[24:], context)
	if err != nil {
		return nil, errClosed
	}
	return plain, nil
}

// The key file: tag, rounds (4), salt (32), organisation (32), then sealed
// under a key that PBKDF2-SHA256 makes of the passphrase: for each epoch its
// number (4), a length (4) and the private half.
const (
	keysHead   = 8 + 4 + 32 + 32
	mostRounds = 20_000_000
)

// wrapper is an epoch's key that wraps subject keys.
type wrapper struct {
	id  [16]byte
	key [32]byte
}

// openKeys opens a key file and derives the wrapping keys.
func openKeys(b, passphrase []byte) (org hash, out []wrapper, err error) {
	if len(b) < keysHead || string(b[:8]) != "HFXKEYS1" {
		return org, nil, errors.New("this is not a key file of a Holdfast export")
	}
	rounds := big32(b[8:])
	if rounds == 0 || rounds > mostRounds {
		return org, nil, fmt.Errorf("the key file asks for %d rounds", rounds)
	}
	key, err := pbkdf2.Key(sha256.New, string(passphrase), b[12:44], int(rounds), 32)
	if err != nil {
		return org, nil, err
	}
	plain, err := openXAES([32]byte(key), b[keysHead:], b[:keysHead])
	if err != nil {
		return org, nil, errors.New("the passphrase does not open the key file, or the file is damaged")
	}
	copy(org[:], b[44:])
	for len(plain) > 0 {
		if len(plain) < 8 || uint64(big32(plain[4:])) > uint64(len(plain)-8) {
			return org, nil, errors.New("the key file holds something else than keys")
		}
		n := big32(plain[4:])
		for _, label := range []string{"holdfast/epoch-wrap/1", "holdfast/kept-wrap/1"} {
			w, err := wrapperOf(org, plain[8:8+n], label)
			if err != nil {
				return org, nil, err
			}
			out = append(out, w)
		}
		plain = plain[8+n:]
	}
	return org, out, nil
}

// wrapperOf derives one of the two keys with which an epoch closes subject keys:
// those minted while it was in use, and those known before.
func wrapperOf(org hash, private []byte, label string) (wrapper, error) {
	key, err := hkdf.Key(sha256.New, private, org[:], label, 32)
	if err != nil {
		return wrapper{}, err
	}
	id := hashOf("holdfast/wrapper/1", key)
	return wrapper{id: [16]byte(id[:16]), key: [32]byte(key)}, nil
}

const wrapSize = 144

// keyName is subject and key id: the first 32 bytes of a wrap.
type keyName [32]byte

type subjectKey struct {
	class byte
	key   [32]byte
}

// checkWrap tells without keys whether a wrap is whole.
func checkWrap(w []byte) error {
	switch {
	case len(w) != wrapSize:
		return fmt.Errorf("it has %d bytes, not %d", len(w), wrapSize)
	case !bytes.Equal(w[49:56], make([]byte, 7)):
		return errors.New("reserved bytes are set")
	}
	if sum := hashOf("holdfast/wrap/1", w[:128]); !bytes.Equal(sum[:16], w[128:]) {
		return errors.New("its check bytes do not hold")
	}
	return nil
}

// unwrap opens a wrap that checkWrap accepted and that is for this wrapper.
func (w wrapper) unwrap(org hash, wrap []byte) (subjectKey, error) {
	plain, err := openXAES(w.key, wrap[56:128], append(org[:], wrap[:56]...))
	if err != nil {
		return subjectKey{}, err
	}
	if len(plain) != 32 {
		return subjectKey{}, errors.New("it holds something else than a key")
	}
	if id := hashOf("holdfast/subject-key/1", plain); !bytes.Equal(id[:16], wrap[16:32]) {
		return subjectKey{}, errors.New("its key is not the one that it names")
	}
	return subjectKey{class: wrap[48], key: [32]byte(plain)}, nil
}
