package replicate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"holdfast/fact"
)

// MaxFrame is the most that one message may take, its length included.
const MaxFrame = 2 << 20

const frameHead = 5 // length u32, type u8

// ErrFrame says that bytes are no message of this protocol. Whoever sends
// such bytes is not talked to further on this connection.
var ErrFrame = errors.New("not a message between devices")

// errTooLarge says that a message does not fit into a frame.
var errTooLarge = errors.New("the message is larger than a frame may be")

// encodeFrame gives length ‖ type ‖ CBOR.
func encodeFrame(t messageType, v any) ([]byte, error) {
	body, err := fact.Encode(v)
	if err != nil {
		return nil, err
	}
	if len(body)+frameHead > MaxFrame {
		return nil, errTooLarge
	}
	out := make([]byte, 0, frameHead+len(body))
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)+1))
	out = append(out, byte(t))
	return append(out, body...), nil
}

// splitFrame checks a frame's length and gives its type and body.
func splitFrame(frame []byte) (messageType, []byte, error) {
	if len(frame) < frameHead || len(frame) > MaxFrame {
		return 0, nil, fmt.Errorf("%w: %d bytes", ErrFrame, len(frame))
	}
	if int64(binary.BigEndian.Uint32(frame))+4 != int64(len(frame)) {
		return 0, nil, fmt.Errorf("%w: the length does not fit", ErrFrame)
	}
	return messageType(frame[4]), frame[frameHead:], nil
}

// decodeBody reads a message's CBOR.
func decodeBody(body []byte, into any) error {
	if err := fact.Decode(body, into); err != nil {
		return fmt.Errorf("%w: %w", ErrFrame, err)
	}
	return nil
}

// ReadFrame reads one whole frame and refuses one that is too large before
// it takes room for it.
func ReadFrame(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 1 || n > MaxFrame-4 {
		return nil, fmt.Errorf("%w: %d bytes announced", ErrFrame, n)
	}
	frame := make([]byte, 4+n)
	copy(frame, size[:])
	if _, err := io.ReadFull(r, frame[4:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFrame, err)
	}
	return frame, nil
}
