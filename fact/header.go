package fact

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// HeaderSize is the length of every header.
const HeaderSize = 224

// FlagMore says that the act goes on in the next fact of the feed.
const FlagMore byte = 1

// Header is the clear part of a fact: where it stands, which subject it is
// about, and hashes of what it says.
type Header struct {
	Lane     Lane
	Flags    byte
	Org      OrgID
	Feed     FeedID
	Seq      uint64 // from 0, without gaps
	Prev     ID     // the fact before in this feed; zero for the first
	Recorded Millis // shown, never used to order
	Subject  Subject
	Key      KeyID
	BodyLen  uint32
	BodyHash Hash // of the sealed body
	Commit   Hash // of the padded plaintext
}

// ErrHeader says that bytes are no header of this version.
var ErrHeader = errors.New("not a fact header of version 1")

// Marshal gives the 224 bytes.
func (h Header) Marshal() []byte {
	b := make([]byte, HeaderSize)
	copy(b, "HF")
	b[2], b[3] = Version, Suite
	b[4], b[5] = byte(h.Lane), h.Flags
	copy(b[8:40], h.Org[:])
	copy(b[40:72], h.Feed[:])
	binary.BigEndian.PutUint64(b[72:80], h.Seq)
	copy(b[80:112], h.Prev[:])
	binary.BigEndian.PutUint64(b[112:120], uint64(h.Recorded))
	copy(b[120:136], h.Subject[:])
	copy(b[136:152], h.Key[:])
	binary.BigEndian.PutUint32(b[152:156], h.BodyLen)
	copy(b[160:192], h.BodyHash[:])
	copy(b[192:224], h.Commit[:])
	return b
}

// ParseHeader reads 224 bytes and refuses anything that Marshal would not
// have written.
func ParseHeader(b []byte) (Header, error) {
	if len(b) != HeaderSize || !bytes.Equal(b[:4], []byte{'H', 'F', Version, Suite}) {
		return Header{}, ErrHeader
	}
	h := Header{Lane: Lane(b[4]), Flags: b[5]}
	copy(h.Org[:], b[8:40])
	copy(h.Feed[:], b[40:72])
	h.Seq = binary.BigEndian.Uint64(b[72:80])
	copy(h.Prev[:], b[80:112])
	h.Recorded = Millis(binary.BigEndian.Uint64(b[112:120]))
	copy(h.Subject[:], b[120:136])
	copy(h.Key[:], b[136:152])
	h.BodyLen = binary.BigEndian.Uint32(b[152:156])
	copy(h.BodyHash[:], b[160:192])
	copy(h.Commit[:], b[192:224])
	if h.Lane < Control || h.Lane > Looks || h.Flags&^FlagMore != 0 || !bytes.Equal(h.Marshal(), b) {
		return Header{}, fmt.Errorf("%w: reserved bytes are set", ErrHeader)
	}
	return h, nil
}

// ID is the hash of the header, which names the fact.
func (h Header) ID() ID { return sha256.Sum256(h.Marshal()) }

// SealContext is the additional data of the body's seal: the header without
// what only the single writer knows, so that a body can be sealed before it
// has a place.
func (h Header) SealContext() []byte {
	h.Seq, h.Prev, h.BodyLen, h.BodyHash = 0, ID{}, 0, Hash{}
	return h.Marshal()
}
