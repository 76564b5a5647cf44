package seal

import (
	"io"

	"holdfast/fact"
)

// Body seals a plaintext under the subject's key and completes the header's
// key id, length, body hash and commitment. Lane, flags, organisation, feed,
// subject and recorded must already be set: the seal is bound to them.
func Body(random io.Reader, k SubjectKey, box *Box, h fact.Header, plaintext []byte) (fact.Header, []byte, error) {
	h.Key = k.ID
	h.Commit = fact.CommitOf(plaintext)
	sealed, err := box.Seal(random, plaintext, h.SealContext())
	if err != nil {
		return fact.Header{}, nil, err
	}
	h.BodyLen = uint32(len(sealed))
	h.BodyHash = fact.BodyHashOf(sealed)
	return h, sealed, nil
}

// OpenBody checks hash, seal and commitment and reads the body.
func OpenBody(box *Box, h fact.Header, sealed []byte) (fact.Body, error) {
	if int(h.BodyLen) != len(sealed) || fact.BodyHashOf(sealed) != h.BodyHash {
		return fact.Body{}, ErrOpen
	}
	plain, err := box.Open(sealed, h.SealContext())
	if err != nil {
		return fact.Body{}, err
	}
	if fact.CommitOf(plain) != h.Commit {
		return fact.Body{}, ErrOpen
	}
	return fact.ParseBody(plain)
}

// Attachment seals bytes under a key of their own and gives the pointer that
// stands in the fact.
func Attachment(random io.Reader, plain []byte) (fact.Attachment, []byte, error) {
	var k Key
	if _, err := io.ReadFull(random, k[:]); err != nil {
		return fact.Attachment{}, nil, err
	}
	sealed, err := NewBox(k).Seal(random, plain, []byte("holdfast/attachment/1"))
	if err != nil {
		return fact.Attachment{}, nil, err
	}
	return fact.Attachment{Hash: AttachmentHash(sealed), Size: uint64(len(plain)), Key: k}, sealed, nil
}

// AttachmentHash names sealed bytes.
func AttachmentHash(sealed []byte) fact.Hash {
	return fact.Labelled("holdfast/sealed-attachment/1", sealed)
}

// OpenAttachment checks and opens sealed bytes.
func OpenAttachment(a fact.Attachment, sealed []byte) ([]byte, error) {
	if AttachmentHash(sealed) != a.Hash {
		return nil, ErrOpen
	}
	plain, err := NewBox(a.Key).Open(sealed, []byte("holdfast/attachment/1"))
	if err != nil || uint64(len(plain)) != a.Size {
		return nil, ErrOpen
	}
	return plain, nil
}
