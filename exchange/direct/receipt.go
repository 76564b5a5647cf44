package direct

import (
	"crypto/ed25519"
	"fmt"

	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// maxReceipt bounds what is read as a receipt.
const maxReceipt = 1 << 20

type signedReceipt struct {
	Org         fact.OrgID `cbor:"1,keyasint"`
	Receipt     []byte     `cbor:"2,keyasint"`
	Signature   []byte     `cbor:"3,keyasint"` // over "holdfast/receipt/1" 00 org ‖ receipt
	Certificate []byte     `cbor:"4,keyasint"`
}

// SignReceipt gives a receipt its signed form. Only what is saved may be
// receipted.
func SignReceipt(r exchange.Receipt, us fact.OrgID, by Signer) ([]byte, error) {
	text, err := fact.Encode(r)
	if err != nil {
		return nil, err
	}
	sig, err := by.Sign(labelled("holdfast/receipt/1", us[:], text))
	if err != nil {
		return nil, fmt.Errorf("signing a receipt: %w", err)
	}
	return fact.Encode(signedReceipt{Org: us, Receipt: text, Signature: sig, Certificate: by.Certificate()})
}

// OpenReceipt reads a receipt of an organisation. Key tells which key a
// certificate of that organisation stands for. A receipt of another
// organisation, or one whose signature does not fit, is refused.
func OpenReceipt(b []byte, of fact.OrgID, key func(certificate []byte) (ed25519.PublicKey, error)) (exchange.Receipt, error) {
	var r exchange.Receipt
	if len(b) > maxReceipt {
		return r, refusal.New(refusal.Invalid, "This is no receipt")
	}
	var s signedReceipt
	if err := fact.Decode(b, &s); err != nil {
		return r, refusal.New(refusal.Invalid, "This is no receipt").Because(err)
	}
	if s.Org != of {
		return r, refusal.New(refusal.Forbidden, "The receipt is from another organisation")
	}
	k, err := key(s.Certificate)
	if err != nil {
		return r, err
	}
	if len(k) != ed25519.PublicKeySize || !ed25519.Verify(k, labelled("holdfast/receipt/1", s.Org[:], s.Receipt), s.Signature) {
		return r, refusal.New(refusal.Forbidden, "The receipt's signature does not fit")
	}
	if err := fact.Decode(s.Receipt, &r); err != nil {
		return r, refusal.New(refusal.Invalid, "The receipt cannot be read").Because(err)
	}
	return r, nil
}
