package fact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// MaxPlaintext is the most that a padded body may hold; larger things are
// attachments.
const MaxPlaintext = 64 << 10

// padStep hides the exact length of what was written.
const padStep = 64

// Body is what a fact says, before sealing.
type Body struct {
	Salt         [32]byte        `cbor:"1,keyasint"`
	Kind         uint32          `cbor:"2,keyasint"`
	Version      uint32          `cbor:"3,keyasint"`
	Happened     Span            `cbor:"4,keyasint"`
	Person       Subject         `cbor:"5,keyasint"` // who says so; zero for the device itself
	Role         string          `cbor:"6,keyasint"`
	Session      Subject         `cbor:"7,keyasint"`
	Seen         []ID            `cbor:"8,keyasint"`
	Access       []ID            `cbor:"9,keyasint"` // grants under which the person acted
	Must         []uint32        `cbor:"10,keyasint,omitempty"`
	Attachments  []Attachment    `cbor:"11,keyasint,omitempty"`
	Confirmation []byte          `cbor:"12,keyasint,omitempty"`
	Content      cbor.RawMessage `cbor:"13,keyasint"`
}

// Span is when something happened, as the person states it. Offset is the
// writer's minutes east of UTC, so that clock-change nights stay readable.
type Span struct {
	_      struct{} `cbor:",toarray"`
	From   Millis
	To     Millis
	Offset int16
}

// Moment is a span of no length.
func Moment(at Millis, offset int16) Span { return Span{From: at, To: at, Offset: offset} }

// Attachment points to sealed bytes kept beside the journal.
type Attachment struct {
	_    struct{} `cbor:",toarray"`
	Hash Hash     // of the sealed bytes
	Size uint64   // of the plain bytes
	Key  [32]byte
}

// ErrBody says that a plaintext is no body of this version.
var ErrBody = errors.New("not a fact body of version 1")

// Plaintext gives the padded bytes that are sealed and committed to.
func (b Body) Plaintext() ([]byte, error) {
	enc, err := Encode(b)
	if err != nil {
		return nil, err
	}
	size := (4 + len(enc) + padStep - 1) / padStep * padStep
	if size > MaxPlaintext {
		return nil, fmt.Errorf("%w: %d bytes, most is %d: longer things are attachments", ErrBody, size, MaxPlaintext)
	}
	out := make([]byte, size)
	binary.BigEndian.PutUint32(out, uint32(len(enc)))
	copy(out[4:], enc)
	return out, nil
}

// ParseBody reads a padded plaintext and refuses what Plaintext would not
// have written, unknown newer keys apart.
func ParseBody(p []byte) (Body, error) {
	if len(p) < padStep || len(p)%padStep != 0 || len(p) > MaxPlaintext {
		return Body{}, fmt.Errorf("%w: %d bytes", ErrBody, len(p))
	}
	n := int(binary.BigEndian.Uint32(p))
	if n > len(p)-4 || len(p)-4-n >= padStep || !bytes.Equal(p[4+n:], make([]byte, len(p)-4-n)) {
		return Body{}, fmt.Errorf("%w: padding", ErrBody)
	}
	var b Body
	if err := Decode(p[4:4+n], &b); err != nil {
		return Body{}, fmt.Errorf("%w: %w", ErrBody, err)
	}
	return b, exact(b, p[4:4+n])
}

// lastKey is the highest key of a body's map that this version knows.
const lastKey = 13

// exact refuses an encoding other than the one that Plaintext gives, so that
// one body has one form; newer keys can't be written again and are let be.
func exact(b Body, enc []byte) error {
	again, err := encMode.Marshal(b) // enc is canonical already
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBody, err)
	}
	if bytes.Equal(again, enc) {
		return nil
	}
	var keys map[uint64]cbor.RawMessage
	if err := decMode.Unmarshal(enc, &keys); err != nil {
		return fmt.Errorf("%w: %w", ErrBody, err)
	}
	for k := range keys {
		if k > lastKey {
			return nil
		}
	}
	return fmt.Errorf("%w: %w", ErrBody, ErrNotCanonical)
}

// CommitOf is the header's commitment to a plaintext.
func CommitOf(plaintext []byte) Hash { return Labelled("holdfast/commit/1", plaintext) }

// BodyHashOf is the header's hash of a sealed body.
func BodyHashOf(sealed []byte) Hash { return Labelled("holdfast/body/1", sealed) }
