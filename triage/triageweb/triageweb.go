// Package triageweb is the parts of pages that show triage: questions, how
// urgent it is so far and why, and instructions read aloud.
//
// Its law: it shows what the engine says and decides nothing. "Not asked",
// "unsure" and "no" never look alike; every urgency stands beside its reasons;
// wording comes from content.
package triageweb

import (
	"strconv"
	"strings"
	"time"

	"holdfast/triage"
	"holdfast/web"
)

// Most questions that are shown together.
const mostAsked = 3

// Ask is one question as a form shows it. Its answer is sent as q0, its note
// as n0 and its key as k0, where 0 is its place in the group.
type Ask struct {
	Place     int // in the group, from 0
	Number    int // in the call, from 1
	Key       string
	Text      string
	Hint      string
	Choices   []web.Choice
	Chosen    string // an answer given before, or typed and not yet sent
	Note      string
	Record    string // what the record says, in words; empty: nothing
	FirstHand bool   // only somebody with the patient can tell
}

// Asking is the group that is asked now.
type Asking struct {
	Title   string // what it is about
	Lead    string // said before questions that are asked together
	Asks    []Ask
	Grouped bool // asked together
	Threat  bool // about a life threat: one at a time
	Confirm bool // from the record, to be said aloud once
	Again   bool // an answer that is changed
}

// None tells whether there is nothing to ask.
func (a Asking) None() bool { return len(a.Asks) == 0 }

// NoneOfThese gives the words of the one key that answers the whole group, or
// "" where each must be answered by itself.
func (a Asking) NoneOfThese() string {
	if !a.Grouped || a.Confirm {
		return ""
	}
	return "None of these " + map[int]string{2: "two", 3: "three"}[len(a.Asks)]
}

// Next makes the group that the engine wants asked now. What the record says
// is confirmed aloud once, after life threats and before everything else.
func Next(s *triage.Session, w triage.Words) Asking {
	g := s.Next()
	a := Asking{Title: Titles(s, w), Threat: g.LifeThreat(), Grouped: g.Len() > 1}
	if confirm := s.ToConfirm(); len(confirm) > 0 && !g.LifeThreat() && !ended(s) {
		a.Confirm, a.Threat, a.Grouped = true, false, false
		a.Asks = asksOf(confirm[:min(len(confirm), mostAsked)], s, w)
		return a
	}
	var all []triage.Question
	for i := range g.Len() {
		all = append(all, g.At(i))
	}
	if a.Grouped {
		a.Lead = leadOf(all[0].Group, w)
	}
	a.Asks = asksOf(all, s, w)
	return a
}

// Again makes one question that was answered ready to be answered anew.
func Again(s *triage.Session, w triage.Words, key string) (Asking, bool) {
	for _, g := range s.Answers() {
		if g.Key != key {
			continue
		}
		one := asksOf([]triage.Question{g.Question}, s, w)
		one[0].Number, one[0].Chosen, one[0].Note = g.Number, string(g.Answer), g.Note
		return Asking{Title: Titles(s, w), Asks: one, Again: true}, true
	}
	return Asking{}, false
}

func ended(s *triage.Session) bool {
	r := s.Record()
	return len(r.Entries) > 0 && r.Entries[len(r.Entries)-1].Ended
}

func leadOf(group string, w triage.Words) string {
	if lead := w.GroupLead(group); lead != group {
		return lead
	}
	return ""
}

func asksOf(all []triage.Question, s *triage.Session, w triage.Words) []Ask {
	before := len(given(s))
	var out []Ask
	for i, q := range all {
		a := Ask{Place: i, Number: before + i + 1, Key: q.Key, Text: w.Ask(q.Key), Hint: w.Hint(q.Key), FirstHand: q.FirstHand, Choices: choices(q, w)}
		if q.Record != triage.NotAsked {
			a.Record = w.Answer(q.Key, q.Record)
		}
		out = append(out, a)
	}
	return out
}

// given lists what was really asked, without what only the record says.
func given(s *triage.Session) []triage.Given {
	var out []triage.Given
	for _, g := range s.Answers() {
		if g.Fact != "" {
			out = append(out, g)
		}
	}
	return out
}

func choices(q triage.Question, w triage.Words) []web.Choice {
	unsure := web.Choice{Value: string(triage.Unsure), Text: w.Answer(q.Key, triage.Unsure), Key: "U", Tone: "uns"}
	if q.Kind == triage.YesNo {
		return []web.Choice{
			{Value: string(triage.Yes), Text: w.Answer(q.Key, triage.Yes), Key: "Y"},
			{Value: string(triage.No), Text: w.Answer(q.Key, triage.No), Key: "N"}, unsure,
		}
	}
	var out []web.Choice
	for i, b := range q.Bands {
		out = append(out, web.Choice{Value: b, Text: w.Answer(q.Key, triage.Answer(b)), Key: strconv.Itoa(i + 1)})
	}
	return append(out, unsure)
}

// Titles names the complaints of a call.
func Titles(s *triage.Session, w triage.Words) string {
	var out []string
	for _, id := range s.Complaints() {
		out = append(out, w.Title(id))
	}
	return strings.Join(out, ", ")
}

// Answered is one line of what was answered.
type Answered struct {
	Number   int
	Key      string
	Text     string
	Answer   string
	Note     string
	By       string
	At       string // time of day; empty when nobody was asked
	Bold     bool   // anything but the plain "no"
	FindOut  bool   // nobody there can tell
	Disputed bool   // the caller says less than the record, which stands
	Before   string // what was answered before it was changed
}

// AnsweredOf lists what was answered, and what the record says.
func AnsweredOf(s *triage.Session, w triage.Words, zone *time.Location) []Answered {
	var out []Answered
	for _, g := range s.Answers() {
		a := Answered{Number: g.Number, Key: g.Key, Text: w.Ask(g.Key), Note: g.Note, By: g.By, FindOut: g.FindOut, Disputed: g.Disputed}
		a.Answer, a.Bold = w.Answer(g.Key, g.Answer), g.Answer != triage.No
		if g.Fact == "" {
			a.Answer, a.Bold, a.By = w.Answer(g.Key, g.Record), true, "The record; not yet said aloud"
		}
		if g.At != 0 {
			a.At = g.At.Time().In(zone).Format("15:04")
		}
		if n := len(g.Before); n > 0 {
			a.Before = w.Answer(g.Key, g.Before[n-1].Answer)
		}
		out = append(out, a)
	}
	return out
}
