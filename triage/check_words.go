package triage

import (
	"slices"
	"strings"
)

// wordsFor checks that everything that can be shown has words, and that no
// words stand for nothing.
func (k *checker) wordsFor(rules map[string]string) {
	en := k.c.words[English]
	want := map[string]bool{}
	need := func(section, key string) {
		want[section+" "+key] = true
		if en.texts[section+" "+key] == "" {
			k.fail("words", key, "has no English %s text", section)
		}
	}
	for _, a := range []Answer{Yes, No, Unsure} {
		need(answerText, string(a))
	}
	need(answerText, "not-asked")
	advice := map[string]bool{}
	for _, id := range k.c.names {
		m := k.c.modules[id]
		if m.Complaint {
			need(titleText, id)
		}
		for _, f := range m.Facts {
			need(askText, id+"/"+f.Name)
			want[hintText+" "+id+"/"+f.Name] = true
			for _, b := range f.Bands {
				need(answerText, id+"/"+f.Name+"/"+b)
			}
			if f.Group != "" {
				need(groupText, f.Group)
			}
		}
		for _, r := range m.Rules {
			need(becauseText, r.ID)
			want[worseText+" "+r.ID] = true
		}
		for _, r := range m.SafetyNet {
			need(worseText, r)
		}
		for _, a := range k.adviceOf(m) {
			advice[a] = true
		}
	}
	for _, text := range sortedKeys(en.texts) {
		if !want[text] {
			k.fail("words", text, "stands for nothing in the content")
		}
	}
	k.instructions(advice)
	k.welsh(want)
}

func (k *checker) adviceOf(m *Module) []string {
	out := slices.Concat(m.Floor.Advice, m.Outside.Advice)
	for _, r := range m.Rules {
		out = append(out, r.Then.Advice...)
	}
	for _, a := range out {
		if _, ok := k.c.words[English].instructions[a]; !ok {
			k.fail("words", m.ID, "gives the advice %s, which has no English text", a)
		}
	}
	return out
}

func (k *checker) instructions(used map[string]bool) {
	for _, id := range sortedKeys(k.c.words[English].instructions) {
		if !used[id] {
			k.fail("words", id, "is advice that no rule gives")
		}
	}
}

// welsh checks that life threats can be asked, and their instructions read, in
// Welsh.
func (k *checker) welsh(known map[string]bool) {
	cy := k.c.words[Welsh]
	if cy == nil {
		k.fail("words", "cy", "there is no Welsh wording")
		return
	}
	for _, text := range sortedKeys(cy.texts) {
		if !known[text] {
			k.fail("words", "cy "+text, "stands for nothing in the content")
		}
	}
	m := k.c.modules[lifeThreats]
	for _, f := range m.Facts {
		if cy.texts[askText+" "+m.ID+"/"+f.Name] == "" {
			k.fail("words", m.ID+"/"+f.Name, "has no Welsh question")
		}
		for _, b := range f.Bands {
			if cy.texts[answerText+" "+m.ID+"/"+f.Name+"/"+b] == "" {
				k.fail("words", m.ID+"/"+f.Name+"/"+b, "has no Welsh answer")
			}
		}
	}
	for _, r := range m.Rules {
		for _, a := range r.Then.Advice {
			welsh, english := cy.instructions[a], k.c.words[English].instructions[a]
			if len(welsh.Steps) != len(english.Steps) || welsh.RatePerMinute != english.RatePerMinute {
				k.fail("words", a, "differs between English and Welsh in steps or rate")
			}
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for key := range m {
		out = append(out, key)
	}
	slices.SortFunc(out, strings.Compare)
	return out
}
