package root

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestTheFieldIsAField goes through all of GF(256): against multiplication by
// long division, and every inverse.
func TestTheFieldIsAField(t *testing.T) {
	slow := func(a, b byte) byte {
		var p uint16
		for i := range 8 {
			if b>>i&1 == 1 {
				p ^= uint16(a) << i
			}
		}
		for i := 15; i >= 8; i-- {
			if p>>i&1 == 1 {
				p ^= 0x11b << (i - 8)
			}
		}
		return byte(p)
	}
	for a := range 256 {
		for b := range 256 {
			if got, want := times(byte(a), byte(b)), slow(byte(a), byte(b)); got != want {
				t.Fatalf("%d × %d = %d, want %d", a, b, got, want)
			}
		}
		if a > 0 && times(byte(a), inverse(byte(a))) != 1 {
			t.Fatalf("%d × its inverse is not 1", a)
		}
	}
	if times(0x57, 0x83) != 0xc1 { // FIPS 197, section 4.2
		t.Error("not the field of AES")
	}
}

// TestAnyKOfNBringItBack tries every set of parts for every n up to 6: those
// with k or more bring the secret back, those with fewer do not.
func TestAnyKOfNBringItBack(t *testing.T) {
	secret := [32]byte{1, 0, 255, 7}
	for i := 4; i < 32; i++ {
		secret[i] = byte(i * 37)
	}
	chance := rand.NewChaCha8([32]byte{9})
	for n := 1; n <= 6; n++ {
		for k := 1; k <= n; k++ {
			parts, err := Split(chance, secret, n, k)
			if err != nil {
				t.Fatal(err)
			}
			for set := 1; set < 1<<n; set++ {
				var some []Part
				for i, p := range parts {
					if set>>i&1 == 1 {
						some = append(some, p)
					}
				}
				got, err := Combine(some)
				if err != nil {
					t.Fatal(err)
				}
				if (got == secret) != (len(some) >= k) {
					t.Fatalf("%d of %d, needed %d: brought back: %v", len(some), n, k, got == secret)
				}
			}
		}
	}
}

// TestOneTooFewTellNothing: for two of n and for three of n, whatever k-1 parts
// are known, every value of a secret byte fits exactly as many choices of the
// unknown coefficients as any other.
func TestOneTooFewTellNothing(t *testing.T) {
	for x := 1; x < 256; x++ { // k = 2: y = s + a·x
		for _, y := range []byte{0, 1, 0x53, 0xff} {
			var fits [256]int
			for a := range 256 {
				fits[y^times(byte(a), byte(x))]++
			}
			for s, n := range fits {
				if n != 1 {
					t.Fatalf("part %d: secret %d fits %d times", x, s, n)
				}
			}
		}
	}
	for _, x := range [][2]byte{{1, 2}, {3, 200}, {254, 255}} { // k = 3: two parts known
		x1, x2 := x[0], x[1]
		var fits [256]int
		for a := range 256 {
			for b := range 256 {
				s := byte(0x3c) ^ times(byte(a), x1) ^ times(byte(b), times(x1, x1))
				if s^times(byte(a), x2)^times(byte(b), times(x2, x2)) == 0xa7 {
					fits[s]++
				}
			}
		}
		for s, n := range fits {
			if n != 1 {
				t.Fatalf("parts %v: secret %d fits %d times", x, s, n)
			}
		}
	}
}

// FuzzCombine: any parts give a value or a refusal, never more.
func FuzzCombine(f *testing.F) {
	f.Add(bytes.Repeat([]byte{1}, 66))
	f.Fuzz(func(t *testing.T, b []byte) {
		var parts []Part
		for ; len(b) >= 33 && len(parts) < 8; b = b[33:] {
			parts = append(parts, Part{b[0], [32]byte(b[1:33])})
		}
		_, _ = Combine(parts)
	})
}

func TestNothingIsSharedOutWithoutRandomness(t *testing.T) {
	if _, err := Split(bytes.NewReader(make([]byte, 31)), [32]byte{}, 3, 2); err == nil {
		t.Error("shared out with 31 random bytes")
	}
	for _, c := range [][2]int{{0, 0}, {2, 3}, {256, 2}, {3, 0}} {
		if _, err := Split(bytes.NewReader(make([]byte, 1000)), [32]byte{}, c[0], c[1]); err == nil {
			t.Errorf("%v accepted", c)
		}
	}
}
