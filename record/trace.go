package record

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// TraceAnswered keeps what a national index said of a person: beside what was
// stated, never in its place. Whoever the index restricts has no whereabouts
// in it.
type TraceAnswered struct {
	Index    string      `cbor:"1,keyasint"` // "PDS"
	By       string      `cbor:"2,keyasint"` // what was asked with: "NHS number", "name and birth date"
	At       fact.Millis `cbor:"3,keyasint"` // when the index answered
	Identity Identity    `cbor:"4,keyasint"`
	Score    uint32      `cbor:"5,keyasint,omitempty"` // how well it fits in percent, as the index says; 0: it said nothing
	Version  string      `cbor:"6,keyasint,omitempty"` // of the index's own record
	Them     Answer      `cbor:"7,keyasint,omitempty"` // whether the writer, who compared them, says that it is this person
}

// FactKind is kind 105.
func (TraceAnswered) FactKind() fact.Kind { return kind(105, "trace-answered", fact.Grow) }

// TraceJudged says anew whether the person whom the index described is this
// one, by somebody who compared them.
type TraceJudged struct {
	Trace fact.ID `cbor:"1,keyasint"`
	Them  Answer  `cbor:"2,keyasint"`
	Why   string  `cbor:"3,keyasint,omitempty"`
}

// FactKind is kind 106.
func (TraceJudged) FactKind() fact.Kind { return kind(106, "trace-judged", fact.Grow) }

// Trace is one answer of a national index, with what people made of it.
type Trace struct {
	Fact fact.ID       `cbor:"1,keyasint"`
	At   fact.Millis   `cbor:"2,keyasint"`
	Says TraceAnswered `cbor:"3,keyasint"`
	Them Answer        `cbor:"4,keyasint"` // not asked: nobody has compared yet
}

// judgeTraces says of every answer what people made of it. Of yes and no
// written apart it is unsure: nothing is taken over from it.
func (f *folding) judgeTraces() {
	for _, t := range f.others.traces {
		var said []TraceJudged
		for _, j := range f.others.judgments {
			overtaken := slices.ContainsFunc(f.others.judgments, func(o placed[TraceJudged]) bool {
				return o.value.Trace == j.value.Trace && f.h.Before(j.at, o.at)
			})
			if j.value.Trace == t.value.Fact && !overtaken {
				said = append(said, j.value)
			}
		}
		trace := t.value
		trace.Them = t.value.Says.Them
		for n, j := range said {
			if n > 0 && j.Them != trace.Them {
				trace.Them = Unsure
				break
			}
			trace.Them = j.Them
		}
		f.p.Traces = append(f.p.Traces, trace)
	}
}

// Traced gives the newest answer that somebody said is this person's.
func (p Person) Traced() (Trace, bool) {
	for _, t := range slices.Backward(p.Traces) {
		if t.Them == Yes {
			return t, true
		}
	}
	return Trace{}, false
}

// Difference is one thing that is stated here otherwise than a national index
// has it.
type Difference struct {
	Field       Field
	Here, There string
}

// Differences lists what an index has otherwise than it is stated, or has and
// nobody stated. What the index withholds is no difference.
func Differences(stated, index Identity) []Difference {
	var out []Difference
	add := func(f Field, here, there string) {
		if f.whereabouts() && (stated.Restricted || index.Restricted) {
			return
		}
		if there != "" && !strings.EqualFold(here, there) {
			out = append(out, Difference{f, here, there})
		}
	}
	add(FieldName, stated.Name.Spoken(), index.Name.Spoken())
	add(FieldBorn, stated.Born.Display(), index.Born.Display())
	if toldApart(index.Sex) {
		add(FieldSex, sexShown(stated.Sex), sexShown(index.Sex))
	}
	if stated.NHS.Text != index.NHS.Text {
		add(FieldNHS, stated.NHS.Format(), index.NHS.Format())
	}
	add(FieldAddress, stated.Address.String(), index.Address.String())
	if stated.Practice.ODS == "" || index.Practice.ODS == "" || stated.Practice.ODS != index.Practice.ODS {
		add(FieldPractice, practiceShown(stated.Practice), practiceShown(index.Practice))
	}
	add(FieldLanguage, stated.Language, index.Language)
	if index.Interpreter == Yes && stated.Interpreter != Yes {
		add(FieldInterpreter, map[Answer]string{No: "no", Unsure: "not sure"}[stated.Interpreter], "yes")
	}
	if index.Restricted && !stated.Restricted {
		add(FieldRestricted, "no", "yes")
	}
	if index.Death.Dead == Yes {
		add(FieldDeath, stated.Death.String(), index.Death.String())
	}
	return out
}

func sexShown(s codes.Sex) string {
	if s == codes.SexNotAsked {
		return ""
	}
	return s.String()
}

func practiceShown(p Practice) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s", p.Name, p.ODS))
}

// Judging is what a person made of an index's answer.
type Judging struct {
	Answer TraceAnswered
	Them   Answer
	Take   []Field // what is taken over from it
	Why    string
}

// JudgeTrace keeps an index's answer on the record with what a person made of
// it. Only what they name is stated anew from it, as the index's; the number is
// verified by it. A person whom the index marks as restricted or dead is marked
// so here at once: neither waits for somebody to choose it.
func JudgeTrace(p Person, by access.Caller, req Judging, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	if req.Them == NotAsked {
		return nil, refusal.Field("them", "Say whether this is the person.")
	}
	if err := tooLong("why", req.Why, MaxText); err != nil {
		return nil, err
	}
	req.Answer.Identity, req.Answer.Them = withheld(req.Answer.Identity), req.Them
	said := fact.Say(p.Subject, req.Answer)
	out := []fact.Draft{said}
	if req.Them != Yes {
		return out, nil
	}
	take := req.Take
	for _, f := range []Field{FieldNHS, FieldRestricted, FieldDeath} {
		if req.Answer.Identity.given(f) && !slices.Contains(take, f) && (f != FieldNHS || p.Identity().NHS.Text == req.Answer.Identity.NHS.Text) {
			take = append(take, f)
		}
	}
	if !p.Registered {
		more, err := Register(p, by, Registration{Identity: req.Answer.Identity, Source: FromTrace}, now)
		return append(more, out...), err
	}
	more, err := Amend(p, by, Amendment{Identity: only(req.Answer.Identity, take), Fields: take, Source: FromTrace, Why: req.Why}, now)
	return append(out, more...), err
}

// RejudgeTrace takes back or confirms what somebody made of an index's answer.
// What was taken over from it stays as stated: amend it.
func RejudgeTrace(p Person, by access.Caller, req TraceJudged) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(p.Traces, func(t Trace) bool { return t.Fact == req.Trace })
	switch {
	case i < 0:
		return nil, refusal.New(refusal.Missing, "There is no such answer on this record.")
	case req.Them == NotAsked:
		return nil, refusal.Field("them", "Say whether this is the person.")
	case strings.TrimSpace(req.Why) == "":
		return nil, refusal.Field("why", "Say how you know. It stays readable in the record.")
	case p.Traces[i].Them == req.Them:
		return nil, nil
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, tooLong("why", req.Why, MaxText)
}

// withheld takes out what must not be kept of somebody whose whereabouts the
// index restricts.
func withheld(id Identity) Identity {
	if !id.Restricted {
		return id
	}
	id.Address, id.Lines, id.Practice = codes.Place{}, nil, Practice{}
	return id
}
