package net

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func seeded(seed uint64) *Net { return New(rand.New(rand.NewPCG(seed, 0))) }

// storm sends frames from 0 to 1 and tells what becomes of them.
func storm(n *Net, frames int) (out []Delivery) {
	now := time.Unix(0, 0)
	for i := range frames {
		out = append(out, n.Send(now.Add(time.Duration(i)*time.Millisecond), 0, 1, fmt.Appendf(nil, "%d", i))...)
	}
	return out
}

func TestTheSameSeedDoesTheSame(t *testing.T) {
	a, b := seeded(7), seeded(7)
	a.Turn(Foul())
	b.Turn(Foul())
	if fmt.Sprint(storm(a, 500)) != fmt.Sprint(storm(b, 500)) {
		t.Error("two networks of one seed behave differently")
	}
}

func TestFairLosesNothing(t *testing.T) {
	got := storm(seeded(1), 500)
	if len(got) != 500 {
		t.Fatalf("%d of 500 frames", len(got))
	}
	for i, d := range got {
		if i > 0 && d.At.Before(got[i-1].At) {
			t.Fatalf("frame %d overtakes the one before", i)
		}
		if string(d.Frame) != fmt.Sprint(i) || d.From != 0 || d.To != 1 {
			t.Fatalf("frame %d is %+v", i, d)
		}
	}
}

// TestFoul loses, doubles and reorders, each seen.
func TestFoul(t *testing.T) {
	n := seeded(1)
	n.Turn(Foul())
	count, overtaken := map[string]int{}, 0
	var latest time.Time
	for _, d := range storm(n, 2000) {
		count[string(d.Frame)]++
		if d.At.Before(latest) {
			overtaken++
		}
		latest = d.At
	}
	twice := 0
	for _, c := range count {
		if c == 2 {
			twice++
		}
	}
	lost := 2000 - len(count)
	if lost < 80 || lost > 320 || twice < 80 || twice > 320 || overtaken < 100 {
		t.Errorf("lost %d, twice %d, overtaken %d", lost, twice, overtaken)
	}
}

func TestOneWayCut(t *testing.T) {
	n := seeded(1)
	n.Cut(0, 1)
	if len(n.Send(time.Time{}, 0, 1, nil)) != 0 || len(n.Send(time.Time{}, 1, 0, nil)) != 1 {
		t.Error("a cut in one direction")
	}
	n.Heal(0, 1)
	if len(n.Send(time.Time{}, 0, 1, nil)) != 1 {
		t.Error("it does not heal")
	}
}

// TestBipartitions: of five devices there are fifteen; each cuts exactly what
// lies across it.
func TestBipartitions(t *testing.T) {
	all := Bipartitions(5)
	if len(all) != 15 {
		t.Fatalf("%d bipartitions of five", len(all))
	}
	seen := map[uint64]bool{}
	for _, side := range all {
		if seen[side] || seen[^side&31] {
			t.Errorf("%b is there twice", side)
		}
		seen[side] = true
		n := seeded(1)
		n.Split(5, side)
		for a := range 5 {
			for b := range 5 {
				if n.Open(a, b) != (side>>a&1 == side>>b&1) {
					t.Errorf("side %b: %d to %d open: %v", side, a, b, n.Open(a, b))
				}
			}
		}
		n.HealAll()
		if !n.Open(0, 4) || !n.Open(4, 0) {
			t.Error("not healed")
		}
	}
}

func TestAFrameIsNotShared(t *testing.T) {
	frame := []byte("a")
	got := seeded(1).Send(time.Time{}, 0, 1, frame)
	frame[0] = 'b'
	if string(got[0].Frame) != "a" {
		t.Error("a frame on its way changed with its sender's memory")
	}
}
