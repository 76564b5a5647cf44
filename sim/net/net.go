// Package net is a network that fails when it is told to. It carries frames
// between numbered devices and knows nothing of what is in them.
//
// Its law: what it does depends on its seed and on what it is told alone, and
// it never changes or invents a frame: it loses them, delivers them late,
// twice, in another order, or in one direction only.
package net

import (
	"bytes"
	"math/rand/v2"
	"time"
)

// Weather is how badly the network behaves everywhere.
type Weather struct {
	Loss  int           // frames lost, per thousand
	Twice int           // frames delivered twice, per thousand
	Late  int           // frames delayed by up to Slow, per thousand; others overtake them. All else keeps its order
	Delay time.Duration // of every frame, at most
	Slow  time.Duration
}

// Fair is a network that only takes its time.
func Fair() Weather { return Weather{Delay: 20 * time.Millisecond} }

// Foul loses, doubles and mixes up.
func Foul() Weather {
	return Weather{Loss: 80, Twice: 80, Late: 150, Delay: 200 * time.Millisecond, Slow: 20 * time.Second}
}

// Delivery is a frame on its way.
type Delivery struct {
	At       time.Time
	From, To int
	Frame    []byte
}

// Net is the network between devices 0, 1, 2 and so on. It is used by one
// goroutine.
type Net struct {
	random  *rand.Rand
	weather Weather
	cut     map[way]bool
	last    map[way]time.Time // when the last frame arrives that keeps to the order
}

// way is one direction between two devices.
type way struct{ from, to int }

// New makes a fair network with nothing cut.
func New(random *rand.Rand) *Net {
	return &Net{random: random, weather: Fair(), cut: map[way]bool{}, last: map[way]time.Time{}}
}

// Turn changes the weather for all frames sent from now on.
func (n *Net) Turn(w Weather) { n.weather = w }

// Cut lets nothing through from one device to another; the way back is not
// touched.
func (n *Net) Cut(from, to int) { n.cut[way{from, to}] = true }

// Heal ends the cut from one device to another.
func (n *Net) Heal(from, to int) { delete(n.cut, way{from, to}) }

// HealAll ends all cuts.
func (n *Net) HealAll() { clear(n.cut) }

// Split parts the devices whose bit is set in side from those whose bit is
// not; cuts within a side stay as they are.
func (n *Net) Split(devices int, side uint64) {
	for a := range devices {
		for b := range devices {
			if side>>a&1 != side>>b&1 {
				n.Cut(a, b)
			}
		}
	}
}

// Bipartitions lists every way to part so many devices in two, each once.
func Bipartitions(devices int) []uint64 {
	var out []uint64
	for side := uint64(1); side < 1<<(devices-1); side++ {
		out = append(out, side)
	}
	return out
}

// Open tells whether anything comes through from one device to another.
func (n *Net) Open(from, to int) bool { return !n.cut[way{from, to}] }

// Send gives the deliveries that become of a frame: none, one or two. One
// must still be asked for with Open when its time has come, because what is
// on its way when a cut falls is lost.
func (n *Net) Send(now time.Time, from, to int, frame []byte) []Delivery {
	lost, twice := n.draws(n.weather.Loss), n.draws(n.weather.Twice)
	if lost || !n.Open(from, to) {
		return nil
	}
	out := []Delivery{n.delivery(now, from, to, frame)}
	if twice {
		out = append(out, n.delivery(now, from, to, frame))
	}
	return out
}

func (n *Net) delivery(now time.Time, from, to int, frame []byte) Delivery {
	at := now.Add(n.upTo(n.weather.Delay))
	if n.draws(n.weather.Late) {
		at = at.Add(n.upTo(n.weather.Slow))
	} else {
		if last := n.last[way{from, to}]; at.Before(last) {
			at = last
		}
		n.last[way{from, to}] = at
	}
	return Delivery{At: at, From: from, To: to, Frame: bytes.Clone(frame)}
}

func (n *Net) draws(perThousand int) bool {
	return perThousand > 0 && n.random.IntN(1000) < perThousand
}

func (n *Net) upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(n.random.Int64N(int64(most)))
}
