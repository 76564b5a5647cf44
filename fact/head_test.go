package fact_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"

	"holdfast/fact"
)

func TestEveryHeadByteCounts(t *testing.T) {
	g := golden(t)
	key := goldenKey(3)
	good := g.head.Sign(key)
	if h, err := fact.OpenHead(good, public(key)); err != nil || h != g.head {
		t.Fatalf("%+v, %v", h, err)
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 0x10
		if _, err := fact.OpenHead(b, public(key)); !errors.Is(err, fact.ErrHead) {
			t.Errorf("byte %d gave %v", i, err)
		}
	}
	for _, key := range []ed25519.PublicKey{nil, make([]byte, 31), public(goldenKey(4))} {
		if _, err := fact.OpenHead(good, key); !errors.Is(err, fact.ErrHead) {
			t.Errorf("key %x gave %v", key, err)
		}
	}
	if _, err := fact.OpenHead(good[:len(good)-1], public(key)); !errors.Is(err, fact.ErrHead) {
		t.Errorf("cut short gave %v", err)
	}
}

func TestEveryReceiptByteCounts(t *testing.T) {
	g := golden(t)
	for _, domain := range []string{"", "cellar", string(make([]byte, 255))} {
		r := fact.Receipt{Head: g.head, Holder: fact.FeedID{1}, Domain: domain}
		good := r.Sign(goldenKey(2))
		if back, err := fact.OpenReceipt(good, public(goldenKey(2))); err != nil || back != r {
			t.Fatalf("%+v, %v", back, err)
		}
		for i := range good {
			b := bytes.Clone(good)
			b[i] ^= 0x10
			if _, err := fact.OpenReceipt(b, public(goldenKey(2))); !errors.Is(err, fact.ErrHead) {
				t.Errorf("byte %d of %q gave %v", i, domain, err)
			}
		}
	}
}

// TestAHeadIsNoReceipt: the same bytes under another label are not signed.
func TestAHeadIsNoReceipt(t *testing.T) {
	g := golden(t)
	b := []byte("bytes")
	sig := fact.SignLabelled(goldenKey(2), "holdfast/head/1", b)
	if fact.VerifyLabelled(public(goldenKey(2)), sig, "holdfast/receipt/1", b) {
		t.Error("one label stands for another")
	}
	if _, err := fact.OpenReceipt(g.head.Sign(goldenKey(2)), public(goldenKey(2))); err == nil {
		t.Error("a head is read as a receipt")
	}
}

func FuzzOpenHead(f *testing.F) {
	g := golden(f)
	f.Add(g.head.Sign(goldenKey(3)))
	f.Add(fact.Receipt{Head: g.head, Domain: "x"}.Sign(goldenKey(3)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := fact.OpenHead(b, public(goldenKey(3))); err == nil && !bytes.Equal(h.Sign(goldenKey(3)), b) {
			t.Errorf("%x is a head that we would write otherwise", b)
		}
		if r, err := fact.OpenReceipt(b, public(goldenKey(3))); err == nil && !bytes.Equal(r.Sign(goldenKey(3)), b) {
			t.Errorf("%x is a receipt that we would write otherwise", b)
		}
	})
}
