package proxy

import (
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Tap reads along everything that travels in a space, as somebody on the wire
// does.
type Tap struct {
	fd   int
	wait sync.WaitGroup

	mu     sync.Mutex
	done   bool
	frames []Frame
	err    error
}

// Frame is what one packet of a connection carried.
type Frame struct {
	At       time.Time
	From, To uint16 // ports
	Bytes    []byte
}

// tapBuffer is what may wait to be read, in bytes.
const tapBuffer = 64 << 20

// Tap begins to read along on the space's own loopback. It takes root's rights.
func (s *Space) Tap() (*Tap, error) {
	t := &Tap{}
	err := s.Inside(func() (err error) {
		all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL))
		t.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(all))
		return err
	})
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		unix.SetsockoptInt(t.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, tapBuffer),
		unix.SetsockoptTimeval(t.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000}),
	)
	if err != nil {
		return nil, errors.Join(err, unix.Close(t.fd))
	}
	t.wait.Go(t.read)
	return t, nil
}

func (t *Tap) read() {
	buf := make([]byte, 256<<10)
	for {
		n, from, err := unix.Recvfrom(t.fd, buf, 0)
		again := errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR)
		t.mu.Lock()
		if err != nil && !again {
			t.err = err
		}
		if link, ok := from.(*unix.SockaddrLinklayer); err == nil && ok && link.Pkttype == unix.PACKET_OUTGOING {
			if f, ok := carried(buf[:n]); ok {
				f.At = time.Now()
				t.frames = append(t.frames, f)
			}
		}
		end := t.err != nil || again && t.done
		t.mu.Unlock()
		if end {
			return
		}
	}
}

// carried reads a packet: Ethernet, IPv4 or IPv6 without further headers, TCP
// or UDP (RFC 791, 8200, 9293, 768).
func carried(p []byte) (f Frame, ok bool) {
	if len(p) < 14 {
		return f, false
	}
	kind, p := binary.BigEndian.Uint16(p[12:]), p[14:]
	var protocol byte
	switch {
	case kind == unix.ETH_P_IP && len(p) >= 20 && len(p) >= int(p[0]&15)*4:
		protocol, p = p[9], p[int(p[0]&15)*4:]
	case kind == unix.ETH_P_IPV6 && len(p) >= 40:
		protocol, p = p[6], p[40:]
	default:
		return f, false
	}
	head := 8
	if protocol == unix.IPPROTO_TCP && len(p) >= 20 {
		head = int(p[12]>>4) * 4
	} else if protocol != unix.IPPROTO_UDP {
		return f, false
	}
	if len(p) <= head {
		return f, false
	}
	return Frame{From: binary.BigEndian.Uint16(p), To: binary.BigEndian.Uint16(p[2:]), Bytes: append([]byte(nil), p[head:]...)}, true
}

// Heard gives what was read so far, in order.
func (t *Tap) Heard() []Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.frames[:len(t.frames):len(t.frames)]
}

// Close ends it. An error also when anything went by unread.
func (t *Tap) Close() error {
	t.mu.Lock()
	if t.done {
		t.mu.Unlock()
		return nil
	}
	t.done = true
	t.mu.Unlock()
	t.wait.Wait()
	missed, err := unix.GetsockoptTpacketStats(t.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err == nil && missed.Drops > 0 {
		err = errors.New("packets went by unread")
	}
	return errors.Join(t.err, err, unix.Close(t.fd))
}
