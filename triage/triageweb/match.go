package triageweb

import (
	"slices"
	"strings"
	"unicode"

	"holdfast/content"
	"holdfast/triage"
)

// mostMatched bounds how many complaints are begun from a caller's words.
const mostMatched = 3

// SomethingElse is the complaint that fits anything and goes to a clinician.
const SomethingElse = "something-else"

// Matcher finds complaints in the words of a caller. It is read once and never
// changed.
type Matcher struct {
	rows []phrase
}

// phrase is words that all must be there, in any order.
type phrase struct {
	complaint string
	words     []string
}

// LoadMatcher reads the words by which callers name complaints
// (content/urgent/complaint-words.csv) beside the complaints' own names.
func LoadMatcher(set *content.Set, c *triage.Content) (*Matcher, error) {
	t, err := set.Table("urgent/complaint-words.csv", "complaint", "words")
	if err != nil {
		return nil, err
	}
	m := &Matcher{}
	w := c.Words(triage.English)
	for _, id := range c.Complaints() {
		if id != SomethingElse {
			m.rows = append(m.rows, phrase{id, plainWords(w.Title(id))})
		}
	}
	for i := range t.Len() {
		if id := t.Cell(i, "complaint"); slices.Contains(c.Complaints(), id) {
			m.rows = append(m.rows, phrase{id, plainWords(t.Cell(i, "words"))})
		}
	}
	return m, nil
}

// Match lists the complaints whose words stand in the text and whose scope the
// patient may be in, in the order of the content. It is an offer: a person
// chooses.
func (m *Matcher) Match(c *triage.Content, text string, age triage.Age, sex triage.Sex) []string {
	said := plainWords(text)
	var out []string
	for _, p := range m.rows {
		if !p.in(said) || slices.Contains(out, p.complaint) || len(out) == mostMatched {
			continue
		}
		if age.Known && !c.Suits(p.complaint, age, sex) {
			continue
		}
		out = append(out, p.complaint)
	}
	return out
}

// in tells whether every word begins one of those said.
func (p phrase) in(said []string) bool {
	for _, want := range p.words {
		if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, want) }) {
			return false
		}
	}
	return len(p.words) > 0
}

func plainWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
