package urgent

import (
	"slices"
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
	Placing  fact.Millis  `cbor:"43,keyasint,omitempty"` // until when PlacedBy finds a service for it
	PlacedBy string       `cbor:"44,keyasint,omitempty"`
	ToCheck  fact.Millis  `cbor:"42,keyasint,omitempty"` // typed in from paper then, and not compared with it yet
	Rests    bool         `cbor:"41,keyasint,omitempty"` // entries that count rest on held ones
	QueueRow
}

// Holder is who has the case.
type Holder struct {
	Person fact.Subject `cbor:"1,keyasint"`
	By     string       `cbor:"2,keyasint"`
	At     fact.Millis  `cbor:"3,keyasint"`
	Doing  string       `cbor:"4,keyasint"`
}

// DoingCall is what somebody does who took the call and still has the caller.
const DoingCall = "on the call"

// RowOf makes the case's line. marks are the patient's alerts in two words
// each, read from the person's record.
func RowOf(c Case, r *Rules, marks []string) Row {
	row := Row{
		Case: c.ID, Number: c.Number, Stage: c.Stage(), From: c.Began, Patient: "UNKNOWN", Marks: marks,
		Why: reasons(c), Where: town(c.Place.Or(codes.Place{})),
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
	if row.Placing = c.placing(r); row.Placing != 0 {
		row.PlacedBy = c.Taken.By
	}
	row.fillQueue(c, r)
	row.fromPaper(c, r)
	row.fillPatient(c)
	for _, claim := range c.Claims {
		row.Holders = append(row.Holders, Holder{Person: claim.Person, By: claim.By, At: claim.At, Doing: doing(c, claim)})
	}
	if len(row.Holders) == 0 && c.onTheLine() {
		row.Holders = []Holder{{Person: c.TakenBy, By: c.Taken.By, At: c.Began, Doing: DoingCall}}
	}
	if len(c.Arrived) > 0 {
		row.From111 = senders(c)
		if len(row.Why) == 0 {
			row.Why = firstSection(c.Arrived[0].What)
		}
	}
	row.telephone(c, r)
	row.Asks = c.Asks()
	if held := c.HeldBack; held != nil {
		row.HeldFrom, row.Rests = held.Since, len(held.Resting) > 0
	}
	return row
}

// senders names everybody who sent the case, each once.
func senders(c Case) string {
	var all []string
	for _, a := range c.Arrived {
		all = append(all, a.What.Referral.From.Name)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " and ")
}

// reasons gives why they ring; of reasons stated apart each.
func reasons(c Case) string {
	var all []string
	for _, v := range c.Reason.Values {
		all = append(all, firstLine(v.Value))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " / ")
}

// fromPaper: what was ended on paper has no clock here any more; what was not
// keeps the one that began then.
func (row *Row) fromPaper(c Case, r *Rules) {
	if !c.FromPaper() {
		return
	}
	row.Marks = append(row.Marks, "From paper")
	waiting := c.Paper.ToCheck()
	if len(waiting) == 0 {
		return
	}
	row.ToCheck = waiting[0].Recorded
	if c.Decided {
		row.Due, row.From, row.Needs, row.Filter, row.Priority = 0, row.ToCheck, "Check the paper", "other", r.Urgent[len(r.Urgent)-1].Priority
	}
}

// onTheLine tells whether whoever took the call still has the caller: until
// there is a disposition, and while they stay on the line for an ambulance.
// Anybody may claim such a case all the same.
func (c Case) onTheLine() bool {
	stage := c.Stage()
	return c.Taken != nil && !c.FromPaper() && (stage == OnCall || stage == Waiting && c.ambulanceOnTheLine())
}

// fillPatient says whom the case is about; of patients stated apart every name,
// and of the rest only what all say.
func (row *Row) fillPatient(c Case) {
	if c.Patient.Empty() {
		return
	}
	var names []string
	for i, v := range c.Patient.Values {
		id := v.Value.Identity
		names = append(names, id.Called())
		if i == 0 {
			row.Born, row.Sex, row.Record = id.Born, id.Sex, v.Value.Record
		}
		if row.Born != id.Born {
			row.Born = codes.Date{}
		}
		if row.Sex != id.Sex {
			row.Sex = codes.SexNotAsked
		}
		if row.Record != v.Value.Record {
			row.Record = fact.Subject{}
		}
	}
	slices.Sort(names)
	row.Patient = strings.Join(slices.Compact(names), " or ")
	p, ok := c.Patient.Get()
	if number := p.Identity.NHS; number.Present() && number.Status != codes.Verified {
		row.Marks = append(row.Marks, "Number unverified")
	}
	if ok && p.Record.Zero() && c.Taken != nil && c.Stage() != OnCall {
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
	say(c.Caller.Disputed(), "Two callers stated: ask which to ring")
	say(c.Contact.Disputed(), "Two answers on safe contact: ask before ringing")
	say(len(c.Claims) > 1, "Two people have it")
	say(c.sentTwice(), "Sent to two services: ring one")
	say(c.sentAndClaimed(), "Sent elsewhere and claimed here")
	say(c.Outcome.Disputed(), "Two outcomes: decide which")
	say(c.Outward.Death.Disputed(), "Died, or not: ask at once; care goes on")
	say(len(c.Dispositions) > 1 && !c.sameDispositions(), "Two dispositions: the more urgent counts")
	say(len(c.Paper.ToCheck()) > 0, "From paper: a second clinician checks it")
	out = append(out, c.queueAsks()...)
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
