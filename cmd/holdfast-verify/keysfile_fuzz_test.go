package main

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"holdfast/fact/seal"
)

// A key file is opened by somebody who got it from elsewhere: whatever stands in
// it, it opens with its own passphrase alone and never harms the reader.
func FuzzKeyFile(f *testing.F) {
	head := append([]byte("HFXKEYS1"), 0, 0, 0, 3)
	head = append(head, make([]byte, 64)...)
	key, err := pbkdf2.Key(sha256.New, "correct horse", head[12:44], 3, 32)
	if err != nil {
		f.Fatal(err)
	}
	plain := binary.BigEndian.AppendUint32(nil, 1)
	plain = append(binary.BigEndian.AppendUint32(plain, 32), make([]byte, 32)...)
	genuine := append(head[:keysHead:keysHead], seal.NewBox(seal.Key(key)).SealWith([24]byte{1, 23: 2}, plain, head)...)
	if _, keys, err := openKeys(genuine, []byte("correct horse")); err != nil || len(keys) != 2 {
		f.Fatalf("the seed does not open: %v", err)
	}
	f.Add(genuine, "correct horse")
	f.Add(genuine[:80], "x")
	f.Fuzz(func(t *testing.T, b []byte, passphrase string) {
		if len(b) > 12 && binary.BigEndian.Uint32(b[8:]) > 100 {
			return // only slow: the reader has a limit
		}
		_, _, err := openKeys(b, []byte(passphrase))
		if same := string(b) == string(genuine) && passphrase == "correct horse"; (err == nil) != same {
			t.Errorf("%x with %q: %v", b, passphrase, err)
		}
	})
}
