package accessweb

import (
	"strings"
	"testing"
)

// The page of devices says which pages stand, since when, and how many, also
// when there is none that is in force and when it is not known who holds them.
func TestThePagesThatStandAreShown(t *testing.T) {
	one := RootPages{Day: "1 May 2026", Since: "Fri 1 May 10:04", Needed: 2, Of: 3, Holders: []RootLine{{1, "A. Holt", "A person"}, {2, "safe", "Paper"}, {3, "Tarn Valley", "Outside guardian"}}}
	second := one
	second.Number, second.Day, second.Since = 2, "25 November 2026", "Wed 20:39"
	unknown := RootPages{Number: 2, Day: "26 November 2026", Since: "Thu 08:00", Needed: 3, Of: 5, Unknown: true}
	for name, c := range map[string]struct {
		root Root
		want []string
		not  string
	}{
		"held by one":  {Root{One: true}, []string{"Held by one", "docs/recovery.md"}, "<table"},
		"as founded":   {Root{Pages: []RootPages{one}}, []string{"any 2 of 3, since Fri 1 May 10:04", "date 1 May 2026, when the organisation was founded", "A. Holt", "2 of these 3"}, "void"},
		"exchanged":    {Root{Pages: []RootPages{second}}, []string{"any 2 of 3, since Wed 20:39", "date 25 November 2026; they are the second exchange", "void and should be destroyed", "Tarn Valley"}, "founded"},
		"made apart":   {Root{Pages: []RootPages{second, unknown}}, []string{"exchanged apart", "None of these is in force", "work on", "Who holds these keys has not come", "3 of these 5"}, "any 2"},
		"sixth or so":  {Root{Pages: []RootPages{{Number: 6, Day: "1 May 2026", Needed: 2, Of: 3, Holders: one.Holders}}}, []string{"are the 6th exchange"}, "founded"},
		"held unknown": {Root{Pages: []RootPages{unknown}}, []string{"any 3 of 5", "has not come to this device yet"}, "<table"},
	} {
		var b strings.Builder
		if err := rootPanel(c.root).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: %q is not said: %s", name, want, b.String())
			}
		}
		if strings.Contains(b.String(), c.not) {
			t.Errorf("%s: says %q", name, c.not)
		}
	}
}
