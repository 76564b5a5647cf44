package urgentweb

import (
	"strings"
	"testing"
	"time"

	"holdfast/fact"
	"holdfast/fact/facttest"
	"holdfast/urgent"
)

// TestACaseSaysHowSafeItsEntriesAre goes through one device, copies on their
// way, late ones, and all there.
func TestACaseSaysHowSafeItsEntriesAre(t *testing.T) {
	now := time.Date(2026, 1, 10, 18, 30, 0, 0, time.UTC)
	w := facttest.NewWriter("a", fact.At(now.Add(-time.Minute)))
	about := fact.Subject{1}
	h := fact.NewHistory(w.State(t, fact.Author{}, nil, fact.Say(about, urgent.Noted{Words: "one"}), fact.Say(about, urgent.Noted{Words: "two"})))
	safe := map[fact.ID]bool{}
	k := Keeping{Others: func() bool { return true }, Safe: func(f fact.Fact) bool { return safe[f.ID] }, Silent: 10 * time.Second}
	for _, c := range []struct {
		k    Keeping
		at   time.Time
		want string
	}{
		{Keeping{}, now, "2 entries, saved here"},
		{k, now.Add(-55 * time.Second), "2 entries, saved"},
		{k, now, "2 are on this device only since 18:29"},
	} {
		if got := c.k.kept(h, c.at); !strings.Contains(got, c.want) {
			t.Errorf("%q does not say %q", got, c.want)
		}
	}
	safe[h.Facts()[0].ID] = true
	if got := k.kept(h, now); !strings.Contains(got, "1 is on this device only") {
		t.Errorf("%q", got)
	}
	safe[h.Facts()[1].ID] = true
	if got := k.kept(h, now); !strings.Contains(got, "safe in another place too") {
		t.Errorf("%q", got)
	}
}
