package urgentweb

import (
	"time"

	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/web"
)

// askedRun is one run of questions with every answer.
type askedRun struct {
	When, Words string
	Because     []string
	Answers     []askedAnswer
	FindOut     []string
	Unfinished  bool
}

// askedAnswer is one question as it was put, with what was said.
type askedAnswer struct{ Question, Answer, Note string }

// askedOf replays every run of questions, the newest first.
func (a *App) askedOf(c urgent.Case, now time.Time, zone *time.Location) []askedRun {
	var out []askedRun
	for i := len(c.Triages) - 1; i >= 0; i-- {
		t := c.Triages[i]
		run := askedRun{When: web.ClockWords(t.At.Time(), now, zone), Words: t.What.Words, Unfinished: t.What.Outcome.Unfinished}
		words := a.Cases.Rules.Triage.Words(triage.English)
		for _, id := range t.What.Outcome.Fired {
			run.Because = append(run.Because, words.Because(id))
		}
		for _, e := range latest(t.What.Record.Entries) {
			run.Answers = append(run.Answers, askedAnswer{words.Ask(e.Fact), words.Answer(e.Fact, e.Answer), e.Note})
		}
		if s, err := triage.Replay(a.Cases.Rules.Triage, t.What.Record); err == nil {
			for _, g := range s.Answers() {
				if g.FindOut {
					run.FindOut = append(run.FindOut, words.Ask(g.Key))
				}
			}
		}
		out = append(out, run)
	}
	return out
}

// latest keeps the last answer to each question, in the order of first
// asking.
func latest(entries []triage.Entry) []triage.Entry {
	var out []triage.Entry
	at := map[string]int{}
	for _, e := range entries {
		if e.Fact == "" {
			continue
		}
		if i, again := at[e.Fact]; again {
			out[i] = e
			continue
		}
		at[e.Fact] = len(out)
		out = append(out, e)
	}
	return out
}
