package fact

import (
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// HeadSize is the length of a signed head with one signature.
const HeadSize = 4 + 32 + 32 + 8 + 32 + 32 + 8 + 2 + ed25519.SignatureSize

// Head covers a feed up to a size: any fact and any range below it can be
// proved alone. Heads fall only on act boundaries.
type Head struct {
	Org    OrgID
	Feed   FeedID
	Size   uint64
	Root   Hash // RFC 6962 tree over headers
	LastID ID
	Time   Millis
}

// ErrHead says that bytes are no head, or that its signature does not hold.
var ErrHead = errors.New("not a head signed by this feed's device")

func (h Head) unsigned() []byte {
	b := make([]byte, 0, HeadSize)
	b = append(b, 'H', 'H', Version, Suite)
	b = append(b, h.Org[:]...)
	b = append(b, h.Feed[:]...)
	b = binary.BigEndian.AppendUint64(b, h.Size)
	b = append(b, h.Root[:]...)
	b = append(b, h.LastID[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(h.Time))
}

// signingInput is what an Ed25519 key signs: a label, a zero byte, the parts.
func signingInput(label string, parts ...[]byte) []byte {
	in := append([]byte(label), 0)
	for _, p := range parts {
		in = append(in, p...)
	}
	return in
}

// SignLabelled signs label ‖ 0 ‖ parts: no signature can be taken for one of
// another purpose.
func SignLabelled(key ed25519.PrivateKey, label string, parts ...[]byte) []byte {
	return ed25519.Sign(key, signingInput(label, parts...))
}

// VerifyLabelled checks what SignLabelled made.
func VerifyLabelled(key ed25519.PublicKey, sig []byte, label string, parts ...[]byte) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, signingInput(label, parts...), sig)
}

// Sign gives the bytes that are kept and sent. The two bytes before the
// signature say how many bytes of signatures follow: there is room for a
// second, post-quantum one.
func (h Head) Sign(key ed25519.PrivateKey) []byte {
	b := h.unsigned()
	sig := ed25519.Sign(key, signingInput("holdfast/head/1", b))
	b = binary.BigEndian.AppendUint16(b, uint16(len(sig)))
	return append(b, sig...)
}

// OpenHead reads a signed head and checks it against the feed's key.
func OpenHead(b []byte, key ed25519.PublicKey) (Head, error) {
	if len(b) != HeadSize || b[0] != 'H' || b[1] != 'H' || b[2] != Version || b[3] != Suite {
		return Head{}, ErrHead
	}
	var h Head
	copy(h.Org[:], b[4:])
	copy(h.Feed[:], b[36:])
	h.Size = binary.BigEndian.Uint64(b[68:])
	copy(h.Root[:], b[76:])
	copy(h.LastID[:], b[108:])
	h.Time = Millis(binary.BigEndian.Uint64(b[140:]))
	body, sig := b[:148], b[150:]
	if binary.BigEndian.Uint16(b[148:]) != ed25519.SignatureSize || !VerifyLabelled(key, sig, "holdfast/head/1", body) {
		return Head{}, fmt.Errorf("%w: size %d", ErrHead, h.Size)
	}
	return h, nil
}

// Receipt is a head that another device states about a feed: every body,
// attachment and needed key wrap below it is flushed there.
type Receipt struct {
	Head   Head
	Holder FeedID // the control feed of the device that states it
	Domain string // its failure domain, for example a building
}

// Sign gives the receipt's bytes, signed by the holder.
func (r Receipt) Sign(key ed25519.PrivateKey) []byte {
	b := r.unsigned()
	return append(b, ed25519.Sign(key, signingInput("holdfast/receipt/1", b))...)
}

func (r Receipt) unsigned() []byte {
	b := append(r.Head.unsigned(), r.Holder[:]...)
	b = append(b, byte(len(r.Domain)))
	return append(b, r.Domain...)
}

// OpenReceipt reads a receipt and checks it against the holder's key.
func OpenReceipt(b []byte, key ed25519.PublicKey) (Receipt, error) {
	const fixed = 148 + 32 + 1
	if len(b) < fixed+ed25519.SignatureSize || len(b) != fixed+int(b[fixed-1])+ed25519.SignatureSize {
		return Receipt{}, ErrHead
	}
	var r Receipt
	copy(r.Head.Org[:], b[4:])
	copy(r.Head.Feed[:], b[36:])
	r.Head.Size = binary.BigEndian.Uint64(b[68:])
	copy(r.Head.Root[:], b[76:])
	copy(r.Head.LastID[:], b[108:])
	r.Head.Time = Millis(binary.BigEndian.Uint64(b[140:]))
	copy(r.Holder[:], b[148:])
	r.Domain = string(b[fixed : len(b)-ed25519.SignatureSize])
	body, sig := b[:len(b)-ed25519.SignatureSize], b[len(b)-ed25519.SignatureSize:]
	if string(r.unsigned()) != string(body) || !VerifyLabelled(key, sig, "holdfast/receipt/1", body) {
		return Receipt{}, ErrHead
	}
	return r, nil
}

// HeadTime reads when a head was signed, in UTC, from bytes that were checked
// before; the zero time when they are no head.
func HeadTime(b []byte) time.Time {
	if len(b) != HeadSize {
		return time.Time{}
	}
	return Millis(binary.BigEndian.Uint64(b[140:])).Time()
}
