package web

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

func drawn(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWhatIsTypedCannotBecomeMarkup(t *testing.T) {
	bad := `"><script>alert(1)</script>`
	now := time.Now()
	for name, c := range map[string]templ.Component{
		"field":   TextField(Text{Name: "n", Label: bad, Value: bad, Hint: bad, Error: bad}),
		"area":    TextArea(Text{Name: "n", Label: bad, Value: "</textarea>" + bad}),
		"pick":    SelectField(Pick{Name: "n", Label: bad, Options: []Option{{bad, bad}}}),
		"seg":     SegField(Seg{Name: "n", Label: bad, Choices: []Choice{{Value: bad, Text: bad}}}),
		"who":     Who(Patient{Name: bad, Pairs: []Pair{{bad, bad, false}}, Flags: []Tag{{bad, "amb"}}}, now),
		"moment":  MomentLine(Moment{At: bad, What: bad, More: bad, By: []string{bad}}),
		"button":  Btn(Button{Text: bad, Href: "javascript:alert(1)"}),
		"strip":   StripLine(Strip{What: bad, Do: bad, More: []Act{{Text: bad, Href: bad}}}),
		"summary": ErrorSummary([]FieldError{{bad, bad, bad}, {bad, bad, bad}, {bad, bad, bad}}),
	} {
		if s := drawn(t, c); strings.Contains(s, "<script>") {
			t.Errorf("%s: %s", name, s)
		}
	}
}

func TestNoneChosenStaysNoneChosen(t *testing.T) {
	s := drawn(t, SegBar(Seg{Name: "awake", Label: "Awake?", Choices: YesNoUnsure("no"), Answers: true, Unasked: true}))
	if strings.Contains(s, "checked") || !strings.Contains(s, "Not asked") {
		t.Errorf("an answer nobody gave: %s", s)
	}
	s = drawn(t, SegBar(Seg{Name: "awake", Label: "Awake?", Chosen: "unsure", Choices: YesNoUnsure("no"), Answers: true}))
	if strings.Count(s, "checked") != 1 || !strings.Contains(s, `value="unsure" autocomplete="off" checked`) {
		t.Errorf("the answer is not shown: %s", s)
	}
}

func TestAMistakeTakesTheHintsPlace(t *testing.T) {
	s := drawn(t, TextField(Text{Name: "ring", Label: "Ring back on", Value: "07700 9005", Hint: "A number", Error: "3 digits missing"}))
	for _, want := range []string{`for="f-ring"`, `id="f-ring"`, `aria-invalid="true"`, `aria-describedby="h-ring"`, `id="h-ring"`, "3 digits missing", `value="07700 9005"`} {
		if !strings.Contains(s, want) {
			t.Errorf("lacks %s: %s", want, s)
		}
	}
	if strings.Contains(s, "A number") || strings.Contains(s, "maxlength") {
		t.Errorf("too much: %s", s)
	}
}

func TestTheSummaryComesWithThree(t *testing.T) {
	two := []FieldError{{"a", "A", "x"}, {"b", "B", "y"}}
	if s := drawn(t, ErrorSummary(two)); s != "" {
		t.Errorf("two: %s", s)
	}
	if s := drawn(t, ErrorSummary(append(two, FieldError{"c", "C", "z"}))); !strings.Contains(s, "3 things to mend first") || !strings.Contains(s, `href="#f-c"`) {
		t.Errorf("three: %s", s)
	}
}

func TestTheFrameSaysWhatIsTrue(t *testing.T) {
	m, _ := testMux(t, somebody{})
	r := httptest.NewRequest("GET", "/worklist", nil)
	f := m.shell.Frame(r, Caller{Name: "P. Varma", Title: "nurse", Desk: "desk 6"}, "Worklist")
	f.State = Unsafe(3, 9*time.Minute).With(DemoStrip(), Stale(f.Now, time.UTC))
	s := drawn(t, Page(f))
	for _, want := range []string{
		"P. Varma, nurse · desk 6", "Fellside 111", "19:54", "Sat 21 Nov", `aria-current="page"`, `data-key="Alt+1"`,
		`class="kept stop"`, "3 entries not safe", "3 entries are on this device only, the oldest for 9 min.", "Lists are as at 19:54:00.",
		"Everybody here is made up", `id="keysheet"`, `data-live="/live"`, `<title>Worklist – Holdfast</title>`, `data-now="1795290840000"`,
	} {
		if !strings.Contains(s, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if out := drawn(t, OutsidePage(m.shell.Outside(r, "Sign in"), "")); strings.Contains(out, "data-live=") || strings.Contains(out, `class="frame"`) {
		t.Error("a page for nobody has a frame or a stream")
	}
}

func TestStates(t *testing.T) {
	at := time.Date(2026, 11, 22, 4, 29, 0, 0, time.UTC)
	stop := CannotSave(at, time.UTC, "Move to desk 7.")
	if s := drawn(t, Strips(stop.Strips)); !strings.Contains(s, `role="alert"`) || !strings.Contains(s, "halt") || !strings.Contains(s, "since 04:29") || !strings.Contains(s, "Move to desk 7.") {
		t.Errorf("cannot save: %s", s)
	}
	if one := Unsafe(1, time.Minute); one.Kept.Words != "1 entry not safe" || !strings.HasPrefix(one.Strips[0].What, "1 entry is ") {
		t.Errorf("one: %+v", one)
	}
	if s := drawn(t, Strips(Rehearsal(10).Strips)); !strings.Contains(s, "10 times faster") || !strings.Contains(s, `role="status"`) {
		t.Errorf("rehearsal: %s", s)
	}
	if len(AllWell().Strips) != 0 || AllWell().With(DemoStrip()).Kept.Level != KeptWell {
		t.Error("all well is not quiet")
	}
}
