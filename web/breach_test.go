package web

import (
	"testing"
	"time"
)

func TestTimeToBreach(t *testing.T) {
	now := time.Date(2026, 11, 21, 19, 54, 0, 0, time.UTC)
	cases := []struct {
		left time.Duration
		kind BreachKind
		says string
	}{
		{0, Due, "0 s left"}, {59*time.Second + 999*time.Millisecond, Due, "59 s left"}, {time.Minute, Due, "1 min left"},
		{3*time.Minute + 59*time.Second, Due, "3 min left"}, {10 * time.Minute, Due, "10 min left"},
		{10*time.Minute + 1, Soon, "10 min left"}, {30 * time.Minute, Soon, "30 min left"}, {31 * time.Minute, InTime, "31 min left"},
		{65 * time.Minute, InTime, "1 h 05 left"}, {26*time.Hour + 10*time.Minute, InTime, "1 d 2 h left"}, {51 * time.Hour, InTime, "2 d 3 h left"},
		{-time.Millisecond, Late, "0 s late"}, {-40 * time.Second, Late, "40 s late"}, {-11 * time.Minute, Late, "11 min late"}, {-90 * time.Minute, Late, "1 h 30 late"},
	}
	for _, c := range cases {
		if k, w := KindOfBreach(now.Add(c.left), now), BreachWords(now.Add(c.left), now); k != c.kind || w != c.says {
			t.Errorf("%v: %s %q, want %s %q", c.left, k, w, c.kind, c.says)
		}
	}
	if KindOfBreach(time.Time{}, now) != Hold || BreachWords(time.Time{}, now) != "No deadline" {
		t.Error("without a deadline")
	}
}

func TestClocks(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC) // 00:30 on 2 July in London
	for want, at := range map[string]time.Time{
		"00:10":            now.Add(-20 * time.Minute),
		"Wed 1 Jul 23:59":  time.Date(2026, 7, 1, 22, 59, 0, 0, time.UTC),
		"3 Dec 2025 08:00": time.Date(2025, 12, 3, 8, 0, 0, 0, time.UTC),
	} {
		if got := ClockWords(at, now, london); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for want, d := range map[string]time.Duration{"0:00": -time.Second, "0:48": 48 * time.Second, "12:04": 724 * time.Second, "1:02:09": 3729 * time.Second} {
		if got := CallClock(now, now.Add(d)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for want, at := range map[int]time.Duration{0: -time.Minute, 50: 15 * time.Minute, 100: 31 * time.Minute} {
		if got := usedOf(now, now.Add(30*time.Minute), now.Add(at)); got != want {
			t.Errorf("used %d, want %d", got, want)
		}
	}
	if usedOf(now, now, now) != 100 {
		t.Error("no time at all is used up")
	}
}

// How long entries have waited for a second device is said as every span is.
func TestTheStripSaysHoursAsHours(t *testing.T) {
	if s := Unsafe(3, 839*time.Minute).Strips[0].What; s != "3 entries are on this device only, the oldest for 13 h 59." {
		t.Errorf("%q", s)
	}
}
