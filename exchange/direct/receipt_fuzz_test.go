package direct

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// A receipt makes a referral count as delivered: none but the partner's own may.
func FuzzReceipt(f *testing.F) {
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))
	us := fact.OrgID{1}
	genuine, err := SignReceipt(exchange.Receipt{Envelope: exchange.EnvelopeID{5}, By: "TVO01"}, us, seeded{private})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(genuine)
	f.Add(genuine[:len(genuine)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := OpenReceipt(b, us, func([]byte) (ed25519.PublicKey, error) { return private.Public().(ed25519.PublicKey), nil })
		if err == nil && !bytes.Equal(b, genuine) {
			var s, g signedReceipt // the certificate is looked up, and not under the signature
			if fact.Decode(b, &s) != nil || fact.Decode(genuine, &g) != nil || !bytes.Equal(s.Receipt, g.Receipt) || !bytes.Equal(s.Signature, g.Signature) {
				t.Errorf("%x is a receipt that nobody signed", b)
			}
		}
		if err != nil && refusal.KindOf(err) == 0 {
			t.Errorf("%v is no refusal", err)
		}
	})
}

type seeded struct{ key ed25519.PrivateKey }

func (s seeded) Sign(message []byte) ([]byte, error) { return ed25519.Sign(s.key, message), nil }
func (s seeded) Certificate() []byte                 { return []byte("card") }
