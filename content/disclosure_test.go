package content

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestDisclosure(t *testing.T) {
	set, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	d, err := LoadDisclosure(set)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{0: "0", 1: "fewer than 5", 4: "fewer than 5", 5: "5", 7: "5", 8: "10", 12: "10", 13: "15", 1002: "1000"} {
		if got := d.Shown(n); got != want {
			t.Errorf("%d is told as %s, want %s", n, got, want)
		}
	}
	f, err := set.File("disclosure.csv")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"threshold of one": {"threshold,5", "threshold,1"}, "no rounding": {"round,5", "round,1"}, "single years": {"band,10", "band,1"},
		"twice": {"weeks,8", "band,8"}, "missing": {"band,10,Years in one age band\n", ""}, "no number": {"weeks,8", "weeks,some"}, "unknown": {"weeks,8", "days,8"},
	} {
		raw := strings.Replace(string(f.Bytes), change[0], change[1], 1)
		bad, err := Load(fstest.MapFS{"disclosure.csv": {Data: []byte(raw)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := LoadDisclosure(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
