package urgent

import (
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
)

// Row is one line of the worklist: everything the list shows of a case, but
// nothing that changes with the hour.
type Row struct {
	Case     fact.Subject `cbor:"1,keyasint"`
	Number   string       `cbor:"2,keyasint"`
	Stage    Stage        `cbor:"3,keyasint"`
	Priority string       `cbor:"4,keyasint"`
	Needs    string       `cbor:"5,keyasint"`
	Filter   string       `cbor:"6,keyasint"`
	Dx       codes.Dx     `cbor:"7,keyasint"`
	From     fact.Millis  `cbor:"8,keyasint"`
	Due      fact.Millis  `cbor:"9,keyasint"` // 0: none
	Patient  string       `cbor:"10,keyasint"`
	Born     codes.Date   `cbor:"11,keyasint"`
	Sex      codes.Sex    `cbor:"12,keyasint"`
	Marks    []string     `cbor:"13,keyasint"`
	Why      string       `cbor:"14,keyasint"`
	Where    string       `cbor:"15,keyasint"`
	Holders  []Holder     `cbor:"16,keyasint"`
	From111  string       `cbor:"17,keyasint,omitempty"` // who sent it, if somebody did
	Asks     []string     `cbor:"18,keyasint"`           // what must not be overlooked: disputed, not shown
	Record   fact.Subject `cbor:"19,keyasint"`
	HeldFrom fact.Millis  `cbor:"40,keyasint,omitempty"` // entries since then are held back: unverified
	Rests    bool         `cbor:"41,keyasint,omitempty"` // entries that count rest on held ones
}

// Holder is who has the case.
type Holder struct {
	Person fact.Subject `cbor:"1,keyasint"`
	By     string       `cbor:"2,keyasint"`
	At     fact.Millis  `cbor:"3,keyasint"`
	Doing  string       `cbor:"4,keyasint"`
}

// RowOf makes the case's line. marks are the patient's alerts in two words
// each, read from the person's record.
func RowOf(c Case, r *Rules, marks []string) Row {
	row := Row{
		Case: c.ID, Number: c.Number, Stage: c.Stage(), From: c.Began, Patient: "UNKNOWN", Marks: marks,
		Why: firstLine(c.Reason.Or("")), Where: town(c.Place.Or(codes.Place{})),
	}
	if d, ok := c.Disposition(); ok {
		row.Priority, row.Dx, row.From, row.Due = r.Priority(d.What), d.What.Dx, d.What.From, d.What.Due
		row.Needs, row.Filter = r.Need(d.What.Dx)
	} else {
		row.Needs, row.Filter, row.Priority = "On the call", "other", "P2"
	}
	if c.Stage() == SendFailed {
		row.Needs, row.Filter, row.Priority = "Ring: not received", "other", "P1"
	}
	row.fillPatient(c)
	for _, claim := range c.Claims {
		row.Holders = append(row.Holders, Holder{Person: claim.Person, By: claim.By, At: claim.At, Doing: doing(c, claim)})
	}
	if len(row.Holders) == 0 && c.onTheLine() {
		row.Holders = []Holder{{Person: c.TakenBy, By: c.Taken.By, At: c.Began, Doing: "on the call"}}
	}
	if len(c.Arrived) > 0 {
		row.From111 = c.Arrived[0].What.Referral.From.Name
		if len(row.Why) == 0 {
			row.Why = firstSection(c.Arrived[0].What)
		}
	}
	row.Asks = c.Asks()
	if held := c.HeldBack; held != nil {
		row.HeldFrom, row.Rests = held.Since, len(held.Resting) > 0
	}
	return row
}

// onTheLine tells whether whoever took the call still has the caller: until
// there is a disposition, and while they stay on the line for an ambulance.
// Anybody may claim such a case all the same.
func (c Case) onTheLine() bool {
	stage := c.Stage()
	return c.Taken != nil && (stage == OnCall || stage == Waiting && len(c.Ambulances) > 0)
}

func (row *Row) fillPatient(c Case) {
	if len(c.Patient.Values) == 0 {
		return
	}
	p := c.Patient.Values[0].Value
	row.Patient, row.Born, row.Sex, row.Record = p.Identity.Called(), p.Identity.Born, p.Identity.Sex, p.Record
	if number := p.Identity.NHS; number.Present() && number.Status != codes.Verified {
		row.Marks = append(row.Marks, "Number unverified")
	}
	if p.Record.Zero() && c.Taken != nil && c.Stage() != OnCall {
		row.Marks = append(row.Marks, "Not traced")
	}
}

func doing(c Case, claim Holding) string {
	for _, s := range c.Started {
		if s.Person == claim.Person {
			return "consulting by " + s.Mode
		}
	}
	return "opened"
}

// Asks lists what waits for a person's decision on the case: values written
// apart, and what cannot be shown.
func (c Case) Asks() []string {
	var out []string
	say := func(yes bool, what string) {
		if yes {
			out = append(out, what)
		}
	}
	say(c.Patient.Disputed(), "Two patients stated: decide which")
	say(c.Place.Disputed(), "Two places stated: ask which")
	say(len(c.Claims) > 1, "Two people have it")
	say(c.Outcome.Disputed(), "Two outcomes: decide which")
	say(len(c.Dispositions) > 1, "Two dispositions: the more urgent counts")
	say(len(c.NotShown) > 0, "Newer information not shown here")
	return out
}

// AgeSex gives "81 F" at a time, as rows show it.
func (row Row) AgeSex(now time.Time) string {
	return strings.TrimSpace(record.Identity{Born: row.Born}.AgeWords(now) + " " + row.Sex.Letter())
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

func firstSection(a ReferralArrived) string {
	for _, s := range a.Referral.Sections {
		if s.Text != "" {
			return firstLine(s.Text)
		}
	}
	return a.Referral.DxName
}

// town gives the last words of a place before its postcode.
func town(p codes.Place) string {
	text := strings.TrimSpace(strings.TrimSuffix(p.Text, string(p.Postcode)))
	if i := strings.LastIndex(strings.TrimRight(text, ", "), ","); i >= 0 {
		text = strings.TrimSpace(text[i+1:])
	}
	if text == "" {
		return string(p.Postcode)
	}
	return strings.Trim(text, ", ")
}
