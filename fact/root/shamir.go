package root

import (
	"errors"
	"io"
)

// Part is one point of a shared secret: nothing of it can be told from fewer
// parts than were set as needed.
type Part struct {
	Number byte // 1 to 255
	Bytes  [32]byte
}

// Split shares a secret out to n parts of which any k bring it back (Shamir,
// 1979), byte by byte over GF(256) with the polynomial of AES.
func Split(random io.Reader, secret [32]byte, n, k int) ([]Part, error) {
	if k < 1 || k > n || n > 255 {
		return nil, errors.New("a secret is shared out to at most 255 parts, and at least one of them is needed")
	}
	higher := make([][32]byte, k-1) // the coefficients of x, x², …
	for i := range higher {
		if _, err := io.ReadFull(random, higher[i][:]); err != nil {
			return nil, err
		}
	}
	parts := make([]Part, n)
	for i := range parts {
		parts[i].Number = byte(i + 1)
		for at := range secret {
			var y byte
			for c := len(higher) - 1; c >= 0; c-- {
				y = times(y^higher[c][at], parts[i].Number)
			}
			parts[i].Bytes[at] = y ^ secret[at]
		}
	}
	return parts, nil
}

// Combine brings a secret back from parts. With too few of them, or a wrong
// one, it gives another value: the caller checks it against a public key.
func Combine(parts []Part) ([32]byte, error) { return valueAt(parts, 0) }

// valueAt gives what parts say that the part with a number is; number 0 is the
// secret.
func valueAt(parts []Part, number byte) ([32]byte, error) {
	var out [32]byte
	if len(parts) == 0 {
		return out, errors.New("no parts")
	}
	for i, p := range parts {
		if p.Number == 0 {
			return out, errors.New("a part without a number")
		}
		weight := byte(1)
		for k, q := range parts {
			if i == k {
				continue
			}
			if p.Number == q.Number {
				return out, errors.New("two parts with the same number")
			}
			weight = times(weight, times(number^q.Number, inverse(p.Number^q.Number)))
		}
		for at := range out {
			out[at] ^= times(p.Bytes[at], weight)
		}
	}
	return out, nil
}

// times multiplies in GF(256), the same steps whatever the values are.
func times(a, b byte) byte {
	var out byte
	for range 8 {
		out ^= a & -(b & 1)
		b >>= 1
		a = a<<1 ^ 0x1b&-(a>>7)
	}
	return out
}

// inverse is a to the power of 254; of 0 it is 0.
func inverse(a byte) byte {
	out := byte(1)
	for range 254 {
		out = times(out, a)
	}
	return out
}
