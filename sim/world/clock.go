package world

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// clock is a device's own idea of the time.
type clock struct{ nanos atomic.Int64 }

func (c *clock) set(t time.Time) { c.nanos.Store(t.UnixNano()) }

func (c *clock) now() time.Time { return time.Unix(0, c.nanos.Load()).UTC() }

// dice is a device's randomness in one life of its process.
type dice struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

func newDice(seed, device, life uint64) *dice {
	var key [32]byte
	random := rand.New(rand.NewPCG(seed, device<<32|life))
	for i := range key {
		key[i] = byte(random.Uint32())
	}
	return &dice{source: rand.NewChaCha8(key)}
}

// Read never fails.
func (d *dice) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source.Read(p)
}
