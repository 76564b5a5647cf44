package triageweb

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/content"
	"holdfast/fact"
	"holdfast/triage"
)

func shipped(t *testing.T) (*content.Set, *triage.Content) {
	t.Helper()
	set, err := content.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	c, err := triage.Load(set)
	if err != nil {
		t.Fatal(err)
	}
	return set, c
}

func begin(t *testing.T, c *triage.Content, who triage.Profile, complaints ...string) *triage.Session {
	t.Helper()
	may, err := c.MayRun(content.CallHandler, content.England, true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := triage.Start(may, complaints, who)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMatch(t *testing.T) {
	set, c := shipped(t)
	m, err := LoadMatcher(set, c)
	if err != nil {
		t.Fatal(err)
	}
	child, adult := triage.Years(2), triage.Years(60)
	for _, one := range []struct {
		said string
		age  triage.Age
		want []string
	}{
		{"Chest pain since this morning", adult, []string{"chest-pain"}},
		{"pain in the CHEST.", adult, []string{"chest-pain"}},
		{"stomach pain", adult, nil},
		{"she's burning up", child, []string{"fever-under-5"}},
		{"he has a fever", adult, nil},
		{"a fever", triage.Age{}, []string{"fever-under-5"}},
		{"fell, banged her head, and her chest hurts", adult, []string{"chest-pain", "head-injury"}},
		{"", adult, nil},
	} {
		if got := m.Match(c, one.said, one.age, triage.SexUnknown); !slices.Equal(got, one.want) {
			t.Errorf("%q: %v, want %v", one.said, got, one.want)
		}
	}
}

func TestNothingAskedIsNotNothingFound(t *testing.T) {
	_, c := shipped(t)
	s := begin(t, c, triage.Profile{Age: triage.Years(60), CallerWithPatient: true}, "chest-pain")
	w := c.Words(triage.English)
	u := UrgencyOf(c, s, w, time.Unix(0, 0), time.UTC)
	if u.Settled || u.Name != "Nothing found yet" || len(u.Raise) == 0 {
		t.Errorf("before any answer: %+v", u)
	}
	if slices.ContainsFunc(u.Tiers, func(x Tier) bool { return x.State == "on" }) {
		t.Error("a level is shown as reached before anything was answered")
	}
	if !strings.Contains(u.Tiers[0].Note, "Open") {
		t.Errorf("category 1 is not shown as open: %+v", u.Tiers[0])
	}
}

func TestUrgencyNamesWhatItRestsOn(t *testing.T) {
	_, c := shipped(t)
	s := begin(t, c, triage.Profile{Age: triage.Years(60), CallerWithPatient: true}, "chest-pain")
	w := c.Words(triage.English)
	for _, r := range []triage.Reply{{Fact: "core/abc/response", Answer: "unresponsive"}, {Fact: "core/abc/breathing", Answer: "failing"}} {
		r.At, r.By = fact.Millis(60_000), "Moira"
		if err := s.Answer(r); err != nil {
			t.Fatal(err)
		}
	}
	u := UrgencyOf(c, s, w, time.Unix(0, 0), time.UTC)
	if u.Shape != "u0" || u.Hot != "now" || len(u.Because) == 0 || u.Because[0].From != "1 and 2" {
		t.Errorf("%+v", u)
	}
	if !strings.Contains(u.Under, "00:07") {
		t.Errorf("category 1 is due within 7 minutes: %q", u.Under)
	}
	lines := AnsweredOf(s, w, time.UTC)
	if len(lines) != 2 || lines[0].By != "Moira" || lines[0].At != "00:01" || lines[0].Answer == "unresponsive" {
		t.Errorf("%+v", lines)
	}
}

func TestLifeThreatsStandAlone(t *testing.T) {
	_, c := shipped(t)
	s := begin(t, c, triage.Profile{Age: triage.Years(60), CallerWithPatient: true}, "head-injury")
	a := Next(s, c.Words(triage.English))
	if len(a.Asks) != 1 || !a.Threat || a.Grouped || a.NoneOfThese() != "" {
		t.Errorf("%+v", a)
	}
}

func TestGroupHasOneKeyForAll(t *testing.T) {
	a := Asking{Grouped: true, Asks: make([]Ask, 3)}
	if a.NoneOfThese() != "None of these three" {
		t.Errorf("%q", a.NoneOfThese())
	}
	a.Confirm = true
	if a.NoneOfThese() != "" {
		t.Error("what the record says may not be waved through")
	}
}

func TestDrawerReadsAloudWithMetronome(t *testing.T) {
	_, c := shipped(t)
	text, err := c.Words(triage.English).Advice("cpr-adult")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	d := Drawer{Text: text, Decision: "Do not attempt CPR is on record.", Unsigned: true, Form: []Act{{Key: "5", Text: "Form seen", Send: "/call/1/said"}}}
	if err := SayDrawer(d).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`data-metro="110"`, "Read aloud", "Do not attempt CPR is on record.", `data-key="5"`, "Unsigned example content", text.Steps[0]} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the drawer does not hold %q", want)
		}
	}
}
