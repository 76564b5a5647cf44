package sheet

import (
	"strings"
	"testing"
)

var blocks = Layout{
	Block: func(path []string) bool { return len(path) < 2 || path[len(path)-1] == "*" && len(path) == 2 },
	Order: func(path []string) []string {
		if len(path) == 0 {
			return []string{"name", "rules"}
		}
		return nil
	},
}

const good = `# version: 1
name: head injury
rules:
  - id: A-1
    when: [a.bad, "b, c"]
    then: {level: L1, answer: no, note: "say: \"stop\""}
  - [yes, {k: v}]
`

func TestCanonicalTextPrintsAsItStands(t *testing.T) {
	out, err := blocks.Format([]byte(good))
	if err != nil || string(out) != good {
		t.Fatalf("got %v:\n%s", err, out)
	}
	_, root, _ := Parse([]byte(good))
	if got := root.Get("rules").Items[0].Get("then").Get("answer"); got.Kind != Scalar || got.Text != "no" || got.Line != 6 {
		t.Fatalf("no must stay text on line 6: %+v", got)
	}
}

func TestFormatMovesKeysAndDropsNeedlessQuotes(t *testing.T) {
	out, err := blocks.Format([]byte("rules: [\"a\"]\nname: \"head injury\"\n"))
	if err != nil || string(out) != "name: head injury\nrules:\n  - a\n" {
		t.Fatalf("got %v:\n%s", err, out)
	}
}

func TestRefusesWhatIsOutsideTheSubset(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\n\nb: 2\n":                  "line 2 is empty",
		"a: 1\n# hello\n":                 "line 2 is a comment",
		"a: 1\na: 2\n":                    "line 2 repeats the key a",
		"a: {b: 1, b: 2}\n":               "repeats the key b",
		"a: {b: 1,c: 2}\n":                "needs a comma and a space",
		"a: \"open\n":                     "not closed",
		"a: x: y\n":                       "left over",
		"a: é\n":                          "needs quotes",
		"a:\n   b: 1\n":                   "should begin a block",
		"a: 1\n  b: 2\n":                  "indented wrongly",
		"a:\tb\n":                         "has a tab",
		"just words\n":                    "needs a key",
		"a: " + strings.Repeat("[", 50):   "nested too deeply",
		"a: \"x\\n\"\n":                   "may escape only",
		"a: " + strings.Repeat("x", 5000): "too long",
	} {
		_, _, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("a:\n  - b: {c: [d, \"e\"]}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		once, err := blocks.Format(raw)
		if err != nil {
			return
		}
		twice, err := blocks.Format(once)
		if err != nil || string(once) != string(twice) {
			t.Fatalf("formatting twice differs: %v\n%s\n%s", err, once, twice)
		}
	})
}
