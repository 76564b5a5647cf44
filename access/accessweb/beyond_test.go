package accessweb

import (
	"strings"
	"testing"
)

func TestTheListOfUnusualLooksSaysWhatItLeavesOut(t *testing.T) {
	if s := beyondWords(Judged{Looks: 12, Days: 14}); s != "" {
		t.Errorf("nothing is left out, and it says %q", s)
	}
	s := beyondWords(Judged{Looks: 5000, Days: 14, Beyond: 312})
	for _, want := range []string{"5000", "14 days", "312 looks are"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q does not say %q", s, want)
		}
	}
}
