package access

import (
	"testing"
	"time"
)

func TestTheBrakeGrowsAndNeverLocks(t *testing.T) {
	b := Brake{Free: 5, First: 2 * time.Second, Most: 15 * time.Minute, Forgotten: 24 * time.Hour}
	now := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)
	var tries Tries
	var waits []time.Duration
	for range 60 {
		tries = b.After(tries, now)
		waits = append(waits, b.Opens(tries).Sub(now))
	}
	for i, w := range waits {
		switch {
		case i < 4 && w != 0:
			t.Errorf("wrong try %d waits %s", i+1, w)
		case i >= 4 && w == 0, i > 4 && w < waits[i-1], w > b.Most:
			t.Errorf("wrong try %d waits %s after %s", i+1, w, waits[max(i-1, 0)])
		}
	}
	if waits[4] != 2*time.Second || waits[5] != 4*time.Second || waits[59] != b.Most || !b.Slow(tries) {
		t.Errorf("%v", waits)
	}
	if again := b.Now(tries, now.Add(24*time.Hour)); again != (Tries{}) {
		t.Errorf("held against them for ever: %+v", again)
	}
}

// shifts is how long sessions last in tests.
func shifts() Policy { return Policy{SessionLasts: 13 * time.Hour, FinishLasts: 12 * time.Hour} }
