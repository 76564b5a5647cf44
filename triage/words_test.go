package triage

import (
	"strings"
	"testing"

	"holdfast/fact/refusal"
)

func TestWelshFallsBackToEnglishAndSaysSo(t *testing.T) {
	c := shipped(t)
	en, cy := c.Words(English), c.Words(Welsh)
	if cy.Ask(breathing) == en.Ask(breathing) || cy.AskLang(breathing) != Welsh || en.AskLang(breathing) != English {
		t.Error("life threats are asked in Welsh")
	}
	const clot = "chest-pain/clot"
	if cy.Ask(clot) != en.Ask(clot) || cy.AskLang(clot) != English || cy.Ask(clot) == clot {
		t.Error("what has no Welsh is asked in English, marked as English")
	}
	if in, err := cy.Advice("fever-home"); err != nil || in.Lang != English {
		t.Errorf("%+v %v", in, err)
	}
	if _, err := cy.Advice("no-such"); !refusal.Is(err, refusal.Missing) {
		t.Error(err)
	}
	if got := c.Words("fr"); got.AskLang(clot) != English {
		t.Error("an unknown language gives English")
	}
	if en.Answer(breathing, "failing") == "failing" || en.Hint(airway) != "" || en.Hint(breathing) == "" || en.Because("ABC-001") == "ABC-001" {
		t.Error("words are missing")
	}
	if len(en.Instructions()) < 9 || !strings.HasPrefix(en.Instructions()[0], "cpr-") {
		t.Errorf("%v", en.Instructions())
	}
}

func TestUnreadableModulesNameTheLine(t *testing.T) {
	const head = "module: core/x\nversion: 1\nstatus: draft\nowner: [a]\nsource: s\n"
	for text, want := range map[string]string{
		head + "facts: [a]\n":                    "line 6: must be a map",
		head + "rules: {a: b}\n":                 "line 6: must be a list",
		head + "tests: yes\n":                    "line 6: must be a list",
		head + "facts:\n  a: {type: number}\n":   "line 7: a needs a type",
		head + "colour: red\n":                   "does not know the key colour",
		head + "rules:\n  - id: A-1\n":           "a rule needs a level",
		strings.Replace(head, "core/x", "y", 1):  "stands in the file of core/x",
		head + "tests:\n  - {given: {a: yes}}\n": "expects nothing",
		head + "scope: {age: 4}\n":               "age must read like",
		head + "floor: {level: L12}\n":           "not a level",
		head + "floor: {transport: taxi}\n":      "may only be ambulance",
	} {
		_, err := decodeModule("triage/core/x.triage", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzModule(f *testing.F) {
	c := shipped(f)
	for _, file := range c.set.Under(folder) {
		if strings.HasSuffix(file.Path, ending) {
			f.Add(file.Bytes)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := decodeModule("triage/chest-pain.triage", raw)
		if err != nil {
			return
		}
		changed := c.with(m)
		k := &checker{c: changed}
		k.static()
		if len(k.r.Problems) > 0 {
			return
		}
		s, err := Start(Permit{content: changed}, []string{"chest-pain"}, Profile{Age: Years(40), CallerWithPatient: true})
		if err == nil && len(finish(t, s)) > maxBits {
			t.Error("asks without end")
		}
	})
}
