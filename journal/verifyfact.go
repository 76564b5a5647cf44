package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"holdfast/fact"
	"holdfast/fact/seal"
)

// rawHeader is a header read by offsets, without package fact's own reader,
// so that one mistake there can't hide itself.
type rawHeader struct {
	bytes                                           []byte
	lane                                            byte
	more                                            bool
	org, feed, prev, subject, kid, bodyHash, commit []byte
	seq                                             uint64
	bodyLen                                         uint32
}

func readRaw(b []byte) (rawHeader, error) {
	if len(b) != 224 {
		return rawHeader{}, fmt.Errorf("%d bytes long", len(b))
	}
	if string(b[:4]) != "HF\x01\x01" {
		return rawHeader{}, errors.New("another form, version or suite")
	}
	if b[4] < 1 || b[4] > 3 || b[5] > 1 || b[6]|b[7] != 0 || b[156]|b[157]|b[158]|b[159] != 0 {
		return rawHeader{}, errors.New("lane, flags or reserved bytes")
	}
	return rawHeader{
		bytes: b, lane: b[4], more: b[5] == 1, org: b[8:40], feed: b[40:72], seq: binary.BigEndian.Uint64(b[72:]),
		prev: b[80:112], subject: b[120:136], kid: b[136:152], bodyLen: binary.BigEndian.Uint32(b[152:]),
		bodyHash: b[160:192], commit: b[192:224],
	}, nil
}

func rawID(header []byte) [32]byte { return sha256.Sum256(header) }

// body checks a sealed body, opens it and checks what it says of itself.
func (in *inspection) body(place string, header []byte, raw rawHeader, sealed []byte) {
	if hash := sha256.Sum256(append([]byte("holdfast/body/1\x00"), sealed...)); !bytes.Equal(hash[:], raw.bodyHash) || len(sealed) != int(raw.bodyLen) {
		in.fail(place, "the body's bytes are not the ones that its header names")
		return
	}
	wrap, err := in.c.oneBytes("SELECT wrap FROM wraps WHERE subject=? AND kid=? LIMIT 1", raw.subject, raw.kid)
	if err != nil || wrap == nil {
		if !in.erased[fact.Subject(raw.subject)] && !in.waits(append(append([]byte(nil), raw.subject...), raw.kid...)) {
			in.fail(place, "the key of its body is not here")
		}
		return
	}
	key, err := in.keys.rings.unwrap(in.papers.org, wrap)
	if err != nil {
		in.fail(place, "the key of its body does not open")
		return
	}
	context := bytes.Clone(header)
	clear(context[72:112])  // sequence, previous fact
	clear(context[152:192]) // body length, body hash
	plain, err := seal.NewBox(key.Key).Open(sealed, context)
	if err != nil {
		in.fail(place, "its body does not open")
		return
	}
	if hash := sha256.Sum256(append([]byte("holdfast/commit/1\x00"), plain...)); !bytes.Equal(hash[:], raw.commit) {
		in.fail(place, "its body is not the one committed to")
	}
	in.plain(place, plain)
}

func (in *inspection) plain(place string, plain []byte) {
	body, err := fact.ParseBody(plain)
	if err != nil {
		in.fail(place, "body: %v", err)
		return
	}
	if len(body.Seen) > mostSeen {
		in.fail(place, "it cites %d facts as seen, more than %d", len(body.Seen), mostSeen)
	}
	for _, a := range body.Attachments {
		sealed, err := in.c.oneBytes("SELECT sealed FROM attachments WHERE hash=?", a.Hash[:])
		if err != nil || sealed == nil {
			if !in.waits(a.Hash[:]) {
				in.fail(place, "its attachment %s is not here", a.Hash)
			}
			continue
		}
		if _, err := seal.OpenAttachment(a, sealed); err != nil {
			in.fail(place, "its attachment %s does not open", a.Hash)
		}
	}
}

// waits tells whether something is known to be on its way from another device.
func (in *inspection) waits(what []byte) bool {
	n, err := in.c.oneInt("SELECT count(*) FROM waiting WHERE what=?", what)
	return err == nil && n > 0
}
