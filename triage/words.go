package triage

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"holdfast/content"
	"holdfast/fact/refusal"
	"holdfast/triage/sheet"
)

// Lang is a language of the wording, as in content/triage/lang.
type Lang string

// The languages that ship. Whatever has no Welsh yet is given in English and
// says so.
const (
	English Lang = "en"
	Welsh   Lang = "cy"
)

// Instruction is what is read aloud in a life threat, or care advice.
type Instruction struct {
	ID            string
	Title         string
	Steps         []string
	RatePerMinute int    // of a metronome; 0 for none
	Source        string // of the clinical facts
	Lang          Lang   // the language that it is really in
}

// wording is one language file. It cannot change logic.
type wording struct {
	texts        map[string]string // "ask core/abc/response"
	instructions map[string]Instruction
	order        []string
	lang         Lang
}

// The sections of a language file.
const (
	askText     = "ask"
	hintText    = "hint"
	answerText  = "answer"
	becauseText = "because"
	worseText   = "worse"
	titleText   = "title"
	groupText   = "group"
)

var langLayout = sheet.Layout{
	Block: func([]string) bool { return true },
	Order: func(path []string) []string {
		if len(path) == 0 {
			return []string{titleText, groupText, askText, hintText, answerText, becauseText, worseText, "advice"}
		}
		if len(path) == 2 && path[0] == "advice" {
			return []string{"title", "rate", "source", "steps"}
		}
		return nil
	},
}

func loadWording(f content.File) (*wording, error) {
	_, root, err := sheet.Parse(f.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	lang := Lang(strings.TrimSuffix(path.Base(f.Path), ".yaml"))
	w := &wording{texts: map[string]string{}, instructions: map[string]Instruction{}, lang: lang}
	for i, section := range root.Keys {
		n := root.Items[i]
		if n.Kind != sheet.Map {
			return nil, refusal.Newf(refusal.Invalid, "%s: %s must hold keys and texts", f.Path, section)
		}
		for j, key := range n.Keys {
			if section == "advice" {
				in, err := instruction(f.Path, lang, key, n.Items[j])
				if err != nil {
					return nil, err
				}
				w.instructions[key] = in
				w.order = append(w.order, key)
				continue
			}
			if n.Items[j].Kind != sheet.Scalar || n.Items[j].Text == "" {
				return nil, refusal.Newf(refusal.Invalid, "%s: %s %s must be one text", f.Path, section, key)
			}
			w.texts[section+" "+key] = n.Items[j].Text
		}
	}
	return w, nil
}

func instruction(file string, lang Lang, id string, n *sheet.Node) (Instruction, error) {
	in := Instruction{ID: id, Lang: lang}
	bad := refusal.Newf(refusal.Invalid, "%s: advice %s needs a title, a source and steps", file, id)
	steps := n.Get("steps")
	if n.Get("title") == nil || n.Get("source") == nil || steps == nil || steps.Kind != sheet.List || len(steps.Items) == 0 {
		return in, bad
	}
	in.Title, in.Source = n.Get("title").Text, n.Get("source").Text
	for _, s := range steps.Items {
		if s.Kind != sheet.Scalar || s.Text == "" {
			return in, bad
		}
		in.Steps = append(in.Steps, s.Text)
	}
	if rate := n.Get("rate"); rate != nil {
		var err error
		if in.RatePerMinute, err = strconv.Atoi(rate.Text); err != nil {
			return in, bad
		}
	}
	return in, nil
}

// Words gives texts in one language, falling back to English.
type Words struct {
	first, second *wording
}

// Words gives the texts in a language. A language that is not there gives
// English throughout.
func (c *Content) Words(lang Lang) Words {
	if w := c.words[lang]; w != nil {
		return Words{first: w, second: c.words[English]}
	}
	return Words{first: c.words[English], second: c.words[English]}
}

func (w Words) text(section, key string) string {
	if t, ok := w.first.texts[section+" "+key]; ok {
		return t
	}
	if t, ok := w.second.texts[section+" "+key]; ok {
		return t
	}
	return key
}

// Ask is how a question is spoken. What has no text gives its key.
func (w Words) Ask(factKey string) string { return w.text(askText, factKey) }

// AskLang says which language Ask and Answer give for a question: English
// where there is no text in the language that was asked for.
func (w Words) AskLang(factKey string) Lang {
	if _, ok := w.first.texts[askText+" "+factKey]; ok {
		return w.first.lang
	}
	return w.second.lang
}

// Hint is a line for the asker beside a question, or "".
func (w Words) Hint(factKey string) string {
	if t := w.text(hintText, factKey); t != factKey {
		return t
	}
	return ""
}

// Answer is the label of an answer to a question: a band's own, or the common
// words for yes, no, unsure and not asked.
func (w Words) Answer(factKey string, a Answer) string {
	if t := w.text(answerText, factKey+"/"+string(a)); t != factKey+"/"+string(a) {
		return t
	}
	if a == NotAsked {
		return w.text(answerText, "not-asked")
	}
	return w.text(answerText, string(a))
}

// Because is a rule's reason in a few words.
func (w Words) Because(ruleID string) string { return w.text(becauseText, ruleID) }

// Worse is the sign by which a patient knows that a rule has become true:
// for "ring back if". It is "" for a rule that has none.
func (w Words) Worse(ruleID string) string {
	if t := w.text(worseText, ruleID); t != ruleID {
		return t
	}
	return ""
}

// Title is the name of a complaint.
func (w Words) Title(complaint string) string { return w.text(titleText, complaint) }

// GroupLead is what is said before questions that are asked together.
func (w Words) GroupLead(group string) string { return w.text(groupText, group) }

// Advice gives an instruction or a piece of care advice. Its Lang says which
// language it is really in. An id without text is a refusal.
func (w Words) Advice(id string) (Instruction, error) {
	if in, ok := w.first.instructions[id]; ok {
		return in, nil
	}
	if in, ok := w.second.instructions[id]; ok {
		return in, nil
	}
	return Instruction{}, refusal.Newf(refusal.Missing, "there is no advice text %s", id)
}

// Instructions lists every instruction and advice id, in the order of the
// English file.
func (w Words) Instructions() []string { return append([]string(nil), w.second.order...) }
