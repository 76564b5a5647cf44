package fact_test

import (
	"bytes"
	"errors"
	"testing"

	"holdfast/fact"
)

// TestEveryHeaderByteCounts flips every bit of a header: it is refused, or it
// is another fact.
func TestEveryHeaderByteCounts(t *testing.T) {
	g := golden(t)
	good := g.header.Marshal()
	if len(good) != fact.HeaderSize {
		t.Fatalf("%d bytes", len(good))
	}
	refused := 0
	for i := range good {
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			h, err := fact.ParseHeader(b)
			if err != nil {
				if !errors.Is(err, fact.ErrHeader) {
					t.Errorf("byte %d: %v", i, err)
				}
				refused++
				continue
			}
			if h.ID() == g.header.ID() || !bytes.Equal(h.Marshal(), b) {
				t.Errorf("byte %d, bit %d makes no difference", i, bit)
			}
		}
	}
	// magic, version, suite: 32 bits; lane 2: 7 of 8 flips leave 1 to 3; flags: 7; zeros: 16 and 32
	if refused < 32+6+7+16+32 {
		t.Errorf("only %d flips are refused", refused)
	}
}

func TestHeaderLengths(t *testing.T) {
	good := golden(t).header.Marshal()
	for _, b := range [][]byte{nil, good[:223], append(bytes.Clone(good), 0)} {
		if _, err := fact.ParseHeader(b); !errors.Is(err, fact.ErrHeader) {
			t.Errorf("%d bytes gave %v", len(b), err)
		}
	}
}

func TestLanesAreRefused(t *testing.T) {
	for lane := range 256 {
		b := golden(t).header.Marshal()
		b[4] = byte(lane)
		_, err := fact.ParseHeader(b)
		if ok := lane >= 1 && lane <= 3; ok != (err == nil) {
			t.Errorf("lane %d gave %v", lane, err)
		}
	}
}

// TestSealContext: what only the writer knows is left out, all else is in.
func TestSealContext(t *testing.T) {
	g := golden(t)
	placed := g.header
	placed.Seq, placed.Prev, placed.BodyLen, placed.BodyHash = 99, fact.ID{99}, 99, fact.Hash{99}
	if !bytes.Equal(placed.SealContext(), g.header.SealContext()) {
		t.Error("the place changes the seal")
	}
	for name, change := range map[string]func(h *fact.Header){
		"lane":     func(h *fact.Header) { h.Lane = fact.Looks },
		"flags":    func(h *fact.Header) { h.Flags = 0 },
		"org":      func(h *fact.Header) { h.Org[0]++ },
		"feed":     func(h *fact.Header) { h.Feed[0]++ },
		"recorded": func(h *fact.Header) { h.Recorded++ },
		"subject":  func(h *fact.Header) { h.Subject[0]++ },
		"key":      func(h *fact.Header) { h.Key[0]++ },
		"commit":   func(h *fact.Header) { h.Commit[0]++ },
	} {
		h := g.header
		change(&h)
		if bytes.Equal(h.SealContext(), g.header.SealContext()) {
			t.Errorf("the seal is not bound to %s", name)
		}
	}
}

func FuzzParseHeader(f *testing.F) {
	f.Add(golden(f).header.Marshal())
	f.Add(make([]byte, fact.HeaderSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := fact.ParseHeader(b)
		if err == nil && !bytes.Equal(h.Marshal(), b) {
			t.Errorf("%x is read and written otherwise", b)
		}
	})
}
