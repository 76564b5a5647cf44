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

// TestOneTooFewTellNothing: whatever the secret is, any k-1 parts take each
// value that they can have exactly once over all choices of chance, so that what
// is seen of them speaks for no secret more than for another.
func TestOneTooFewTellNothing(t *testing.T) {
	const n = 4
	for _, k := range []int{2, 3} {
		choices := 1 << (8 * (k - 1))
		for _, secret := range []byte{0, 1, 0x3c, 0xff} {
			seen := map[[2]int][]bool{} // by the numbers of the k-1 parts
			for from := 0; from < choices; from += 32 {
				var chance []byte // each of the 32 bytes of a secret has a choice of its own
				for c := range k - 1 {
					for at := range 32 {
						chance = append(chance, byte((from+at)>>(8*c)))
					}
				}
				parts, err := Split(bytes.NewReader(chance), [32]byte(bytes.Repeat([]byte{secret}, 32)), n, k)
				if err != nil {
					t.Fatal(err)
				}
				for one := range n {
					for two := one; two < n; two++ {
						if (k == 2) != (one == two) {
							continue
						}
						set := [2]int{one, two}
						if seen[set] == nil {
							seen[set] = make([]bool, choices)
						}
						for at := range 32 {
							value := int(parts[one].Bytes[at])
							if k == 3 {
								value |= int(parts[two].Bytes[at]) << 8
							}
							if seen[set][value] {
								t.Fatalf("%d needed, secret %d: parts %v have the value %x twice", k, secret, set, value)
							}
							seen[set][value] = true
						}
					}
				}
			}
		}
	}
}

func TestAPartHasANumber(t *testing.T) {
	for _, parts := range [][]Part{nil, {{}}, {{}, {Number: 1}}, {{Number: 1}, {}}, {{Number: 2}, {Number: 2}}} {
		if _, err := Combine(parts); err == nil {
			t.Errorf("%v combined", parts)
		}
	}
	if got, err := Combine([]Part{{Number: 3, Bytes: [32]byte{7}}}); err != nil || got != [32]byte{7} {
		t.Errorf("one part of one: %v, %v", got, err)
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
