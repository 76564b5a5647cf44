package urgentweb

import (
	"holdfast/exchange"
	"holdfast/triage"
	"holdfast/urgent"
)

// triageTexts words a run of questions for whoever reads it later.
type triageTexts struct{ c *triage.Content }

var _ urgent.Texts = triageTexts{}

// Answers gives every question that was asked with its last answer; what was
// not asked is left out and never turned into no.
func (t triageTexts) Answers(r triage.Record) []exchange.Answer {
	w := t.c.Words(triage.English)
	var out []exchange.Answer
	at := map[string]int{}
	for _, e := range r.Entries {
		if e.Fact == "" {
			continue
		}
		one := exchange.Answer{Question: w.Ask(e.Fact), Answer: answerWords(w, e)}
		i, again := at[e.Fact]
		if !again {
			at[e.Fact] = len(out)
			out = append(out, one)
			continue
		}
		one.Answer += " (before: " + out[i].Answer + ")"
		out[i] = one
	}
	return out
}

func answerWords(w triage.Words, e triage.Entry) string {
	words := w.Answer(e.Fact, e.Answer)
	if e.Note != "" {
		words += " – “" + e.Note + "”"
	}
	if e.By != "" {
		words += " – " + e.By
	}
	return words
}

// Reasons gives why the outcome is what it is, most urgent first, and what
// nobody could find out.
func (t triageTexts) Reasons(r triage.Record) []string {
	s, err := triage.Replay(t.c, r)
	if err != nil {
		return []string{"Judged with another version of the questions; the answers stand as given"}
	}
	o, w := s.Outcome(), t.c.Words(triage.English)
	var out []string
	for _, r := range o.Trace.Fired {
		out = append(out, w.Because(r.Rule))
	}
	for _, f := range o.Trace.FindOut {
		out = append(out, "Not known, to be found out: "+w.Ask(f))
	}
	if o.Unfinished {
		out = append(out, "Not finished: the more urgent outcome that was not excluded stands")
	}
	for _, id := range o.Trace.Outside {
		out = append(out, "Outside what the questions on “"+w.Title(id)+"” are for: a clinician decides")
	}
	if len(out) == 0 {
		out = append(out, "Every reason for something more urgent was asked about and ruled out")
	}
	return out
}

// notSooner gives the red flags that answers have ruled out.
func (t triageTexts) notSooner(r triage.Record) []string {
	s, err := triage.Replay(t.c, r)
	if err != nil {
		return nil
	}
	o, w := s.Outcome(), t.c.Words(triage.English)
	var out []string
	for _, r := range o.Trace.Excluded {
		out = append(out, "Ruled out: "+lowerFirst(w.Because(r.Rule)))
	}
	return out
}

// sayings gives what to say before hanging up: care advice, then when to ring
// again.
func (t triageTexts) sayings(o urgent.Concluded) []string {
	w := t.c.Words(triage.English)
	var out []string
	for _, id := range o.Advice {
		text, err := w.Advice(id)
		if err != nil || text.RatePerMinute > 0 {
			continue // the reader is told on the page of questions; here it would be noise
		}
		out = append(out, text.Steps...)
	}
	for _, rule := range o.SafetyNet {
		if sign := w.Worse(rule); sign != "" {
			out = append(out, upperFirst(sign))
		}
	}
	return out
}
