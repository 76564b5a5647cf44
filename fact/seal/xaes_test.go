package seal

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// The vectors of C2SP/XAES-256-GCM.
func TestPublishedVectors(t *testing.T) {
	for _, v := range []struct {
		key            byte
		context, wants string
	}{
		{0x01, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{0x03, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		var key Key
		copy(key[:], bytes.Repeat([]byte{v.key}, 32))
		nonce := [NonceSize]byte([]byte("ABCDEFGHIJKLMNOPQRSTUVWX"))
		got := NewBox(key).SealWith(nonce, []byte("XAES-256-GCM"), []byte(v.context))
		if hex.EncodeToString(got[NonceSize:]) != v.wants {
			t.Errorf("key %02x: got %x, want %s", v.key, got[NonceSize:], v.wants)
		}
		plain, err := NewBox(key).Open(got, []byte(v.context))
		if err != nil || string(plain) != "XAES-256-GCM" {
			t.Errorf("key %02x: open gave %q, %v", v.key, plain, err)
		}
	}
}
