package record

import (
	"strings"
	"time"

	"holdfast/codes"
)

// TraceQuestion is what a national index is asked about a person.
type TraceQuestion struct {
	NHS      codes.NHSNumber
	Given    string
	Family   string
	Born     codes.Date
	Sex      codes.Sex
	Postcode codes.Postcode
	Phone    codes.Phone
}

// ByNumber tells whether it is asked by number: only by one that is sound.
func (q TraceQuestion) ByNumber() bool { return q.NHS.Matchable() }

// Enough tells whether the index can be asked at all: by a number, or by a last
// name with a whole birth date.
func (q TraceQuestion) Enough() bool {
	return q.ByNumber() || strings.TrimSpace(q.Family) != "" && q.Born.Full()
}

// Words says what was asked with, without repeating it.
func (q TraceQuestion) Words() string {
	if q.ByNumber() {
		return "NHS number"
	}
	out := []string{"last name", "birth date"}
	for _, part := range []struct {
		is   bool
		what string
	}{{q.Given != "", "first name"}, {toldApart(q.Sex), "sex"}, {q.Postcode != "", "postcode"}} {
		if part.is {
			out = append(out, part.what)
		}
	}
	return strings.Join(out, ", ")
}

// TraceOutcome says what came of a question. Its numbers are stable.
type TraceOutcome uint8

// The outcomes. That the index was not reached is not that nobody was found.
const (
	TraceNotAsked TraceOutcome = iota
	TraceWaiting               // asked, no answer yet
	TraceOne                   // one person
	TraceMany                  // several, or more than the index lists
	TraceNone                  // the index knows nobody like that
	TraceAway                  // the index cannot be reached
	TraceRefused               // the index refuses the question, and says why
)

// TraceState is how a question to a national index stands.
type TraceState struct {
	Outcome TraceOutcome
	People  []TraceAnswered
	More    bool      // the index has more than it lists
	At      time.Time // when it answered
	Away    time.Time // since when it cannot be reached
	Says    string    // why it refuses, for people
	Offer   uint32    // percent from which one match needs no warning
}

// Person gives the person of an answer by their number.
func (s TraceState) Person(nhs string) (TraceAnswered, bool) {
	for _, p := range s.People {
		if nhs != "" && p.Identity.NHS.Text == nhs {
			return p, true
		}
	}
	return TraceAnswered{}, false
}

// Doubtful tells whether the one who was found has to be compared with care:
// the index itself is not sure.
func (s TraceState) Doubtful() bool {
	return s.Outcome == TraceOne && len(s.People) == 1 && s.People[0].Score != 0 && s.People[0].Score < s.Offer
}

// Tracer asks a national index. It never waits: a question is answered with how
// it stands.
type Tracer interface {
	Look(q TraceQuestion) TraceState
}
