// Package urgent is the case of NHS 111 and GP out-of-hours: taken, triaged,
// given a disposition, referred or consulted, closed, and reported to the GP.
//
// Its law: a case is the fold of its facts and nothing else; verbs take the
// folded case, the caller, the request and the time, and answer with drafts
// or a refusal. No disk, no HTTP, no clock. An urgency is never hidden and
// never lowered except by a clinician who says why.
package urgent

import (
	"cmp"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/triage"
)

// FoldVersion is raised whenever Fold changes what it makes of the same facts.
const FoldVersion = 3

// Case is the present state of one case.
type Case struct {
	ID            fact.Subject                     `cbor:"1,keyasint"`
	Number        string                           `cbor:"2,keyasint"`
	Began         fact.Millis                      `cbor:"3,keyasint"`
	Taken         *CallTaken                       `cbor:"4,keyasint"`
	TakenBy       fact.Subject                     `cbor:"5,keyasint"`
	Arrived       []Arrival                        `cbor:"6,keyasint"`
	Caller        fact.Register[CallerDescribed]   `cbor:"7,keyasint"`
	Patient       fact.Register[PatientDescribed]  `cbor:"8,keyasint"`
	Place         fact.Register[codes.Place]       `cbor:"9,keyasint"`
	Reason        fact.Register[string]            `cbor:"10,keyasint"`
	Contact       fact.Register[ContactAgreed]     `cbor:"11,keyasint"`
	FlagsRead     []fact.ID                        `cbor:"12,keyasint"`
	LifeThreats   []LifeThreatChecked              `cbor:"13,keyasint"`
	Ambulances    []Ambulance                      `cbor:"14,keyasint"`
	Triages       []TriageDone                     `cbor:"15,keyasint"`
	Dispositions  []Disposition                    `cbor:"16,keyasint"`
	Service       fact.Register[ServiceChosen]     `cbor:"17,keyasint"`
	Sent          []Sent                           `cbor:"18,keyasint"`
	Claims        []Holding                        `cbor:"19,keyasint"` // in force; two when written apart
	Started       []Started                        `cbor:"20,keyasint"`
	Consultations []Consultation                   `cbor:"21,keyasint"`
	Outcome       fact.Register[OutcomeSet]        `cbor:"22,keyasint"`
	Closings      []Closing                        `cbor:"23,keyasint"`
	Notes         []NoteMade                       `cbor:"24,keyasint"`
	Reports       []Report                         `cbor:"25,keyasint"`
	Line          []Entry                          `cbor:"26,keyasint"`
	NotShown      []fact.ID                        `cbor:"27,keyasint"`
	Gaps          []fact.ID                        `cbor:"28,keyasint"`
	Frontier      []fact.ID                        `cbor:"29,keyasint"`
	Decided       bool                             `cbor:"30,keyasint"` // an outcome stands, nothing new came after it
	Envelopes     []exchange.Envelope              `cbor:"31,keyasint"`
	Messages      []Message                        `cbor:"32,keyasint"`
	Threat        fact.Register[LifeThreatChecked] `cbor:"33,keyasint"` // the newest answers
	Settled       []SettlingMade                   `cbor:"34,keyasint"`
	Known         `cbor:"35,keyasint"`
	HeldBack      *HeldBack `cbor:"40,keyasint,omitempty"` // nil: nothing is
	Paper         Paper     `cbor:"70,keyasint"`
	Telephoned
	Queue   // how it stands in the queue
	Support `cbor:"41,keyasint"`
	Outward Outward `cbor:"66,keyasint"` // what left for patient and GP, and the short forms
}

// SettlingMade is one disagreement that a person has settled.
type SettlingMade struct {
	Fact fact.ID     `cbor:"1,keyasint"`
	At   fact.Millis `cbor:"2,keyasint"`
	What Settled     `cbor:"3,keyasint"`
}

// Arrival is a referral that somebody else sent.
type Arrival struct {
	Fact  fact.ID           `cbor:"1,keyasint"`
	At    fact.Millis       `cbor:"2,keyasint"`
	What  ReferralArrived   `cbor:"3,keyasint"`
	Whole []fact.Attachment `cbor:"4,keyasint"` // the whole referral, when it was too long for its fact
}

// Message is a message from outside with its original bytes.
type Message struct {
	Fact     fact.ID                 `cbor:"1,keyasint"`
	At       fact.Millis             `cbor:"2,keyasint"`
	What     exchange.MessageArrived `cbor:"3,keyasint"`
	Original []fact.Attachment       `cbor:"4,keyasint"`
}

// Ambulance is one request for an ambulance.
type Ambulance struct {
	Fact fact.ID            `cbor:"1,keyasint"`
	At   fact.Millis        `cbor:"2,keyasint"`
	What AmbulanceRequested `cbor:"3,keyasint"`
}

// TriageDone is one run of questions.
type TriageDone struct {
	Fact  fact.ID      `cbor:"1,keyasint"`
	At    fact.Millis  `cbor:"2,keyasint"`
	By    fact.Subject `cbor:"3,keyasint"`
	What  Triaged      `cbor:"4,keyasint"`
	Place int          `cbor:"5,keyasint"`
	Over  bool         `cbor:"6,keyasint"` // somebody who had seen it asked again
}

// Disposition is one disposition in force: those written apart stand side by
// side and the most urgent counts.
type Disposition struct {
	Fact  fact.ID        `cbor:"1,keyasint"`
	Place int            `cbor:"2,keyasint"`
	By    fact.Subject   `cbor:"3,keyasint"`
	Role  string         `cbor:"4,keyasint"`
	What  DispositionSet `cbor:"5,keyasint"`
}

// Sent is one referral that went out.
type Sent struct {
	Fact    fact.ID      `cbor:"1,keyasint"`
	Place   int          `cbor:"2,keyasint"`
	At      fact.Millis  `cbor:"3,keyasint"`
	What    ReferralSent `cbor:"4,keyasint"`
	Current bool         `cbor:"5,keyasint"` // nothing new about the patient came after it
	Over    bool         `cbor:"6,keyasint"` // somebody who had seen it sent the case on again
	Apart   bool         `cbor:"7,keyasint"` // somebody has the case who could not know that it was sent
}

// Holding is a claim in force.
type Holding struct {
	Fact   fact.ID      `cbor:"1,keyasint"`
	Place  int          `cbor:"2,keyasint"`
	At     fact.Millis  `cbor:"3,keyasint"`
	Person fact.Subject `cbor:"4,keyasint"`
	By     string       `cbor:"5,keyasint"`
}

// Started is a consultation that has begun.
type Started struct {
	Fact   fact.ID      `cbor:"1,keyasint"`
	At     fact.Millis  `cbor:"2,keyasint"`
	Person fact.Subject `cbor:"3,keyasint"`
	By     string       `cbor:"4,keyasint"`
	Mode   string       `cbor:"5,keyasint"`
}

// Consultation is one that was recorded.
type Consultation struct {
	Fact   fact.ID      `cbor:"1,keyasint"`
	At     fact.Millis  `cbor:"2,keyasint"`
	Person fact.Subject `cbor:"3,keyasint"`
	What   Consulted    `cbor:"4,keyasint"`
}

// Closing is one closing; Place tells whether anything came after it.
type Closing struct {
	Fact  fact.ID     `cbor:"1,keyasint"`
	Place int         `cbor:"2,keyasint"`
	At    fact.Millis `cbor:"3,keyasint"`
	What  Closed      `cbor:"4,keyasint"`
}

// NoteMade is one note.
type NoteMade struct {
	Fact fact.ID     `cbor:"1,keyasint"`
	At   fact.Millis `cbor:"2,keyasint"`
	What Noted       `cbor:"3,keyasint"`
}

// Report is a report to the GP.
type Report struct {
	Fact fact.ID     `cbor:"1,keyasint"`
	At   fact.Millis `cbor:"2,keyasint"`
	What ReportMade  `cbor:"3,keyasint"`
	Done []string    `cbor:"4,keyasint"` // routes it went by
}

// Entry is one line of what happened.
type Entry struct {
	Fact     fact.ID      `cbor:"1,keyasint"`
	Kind     uint32       `cbor:"2,keyasint"`
	Happened fact.Millis  `cbor:"3,keyasint"`
	Recorded fact.Millis  `cbor:"4,keyasint"`
	Person   fact.Subject `cbor:"5,keyasint"`
	Role     string       `cbor:"6,keyasint"`
}

// Begun tells whether there is a case at all.
func (c Case) Begun() bool { return c.Taken != nil || len(c.Arrived) > 0 }

// Disposition gives the disposition that counts: of several written apart,
// the most urgent; of equally urgent ones the earliest deadline, and then the
// first by its code. The earliest deadline of all of them is its own.
func (c Case) Disposition() (Disposition, bool) {
	if len(c.Dispositions) == 0 {
		return Disposition{}, false
	}
	best, due := c.Dispositions[0], c.Dispositions[0].What.Due
	for _, d := range c.Dispositions[1:] {
		if d.before(best) {
			best = d
		}
		if earlier(d.What.Due, due) {
			due = d.What.Due
		}
	}
	best.What.Due = due
	return best, true
}

// before tells whether d counts rather than o. It looks at what they say and
// never at where they stand.
func (d Disposition) before(o Disposition) bool {
	a, b := d.What, o.What
	switch {
	case a.Level != b.Level:
		return a.Level < b.Level
	case a.Due != b.Due:
		return earlier(a.Due, b.Due)
	}
	return cmp.Or(cmp.Compare(a.Dx, b.Dx), cmp.Compare(a.From, b.From), cmp.Compare(a.Why, b.Why)) < 0
}

func earlier(a, b fact.Millis) bool { return a != 0 && (b == 0 || a < b) }

// MostUrgent gives the highest urgency that was ever reached, by triage or by
// a disposition, since a clinician last lowered it.
func (c Case) MostUrgent() (triage.Level, bool) {
	d, ok := c.Disposition()
	return d.What.Level, ok
}

// Closed tells whether the case has ended and nothing has happened since.
func (c Case) Closed() bool { return len(c.Closings) > 0 }

// Stage is where a case stands.
type Stage string

// The stages, in the order of work.
const (
	OnCall     Stage = "on the call"
	Waiting    Stage = "waiting"
	Sending    Stage = "sent, no receipt yet"
	SendFailed Stage = "not received: ring"
	HandedOn   Stage = "handed on"
	Consulting Stage = "with a clinician"
	Finishing  Stage = "to be closed"
	Over       Stage = "closed"
)

// Stage says where the case stands now.
func (c Case) Stage() Stage {
	switch {
	case c.Closed():
		return Over
	case c.Decided:
		return Finishing
	case len(c.Started) > 0 && len(c.Claims) > 0:
		return Consulting
	}
	if stage, sent := c.sentStage(); sent {
		return stage
	}
	if _, ok := c.Disposition(); ok || len(c.Arrived) > 0 {
		return Waiting
	}
	return OnCall
}

// sentStage says how far a case that was sent on has come: of several
// referrals made apart, by the one that needs a person most.
func (c Case) sentStage() (Stage, bool) {
	stage, sent := HandedOn, false
	for _, s := range c.SentNow() {
		if s.Apart {
			continue // somebody here has it, and is asked about this one
		}
		sent = true
		switch e := c.Envelope(s.What.Envelope); {
		case e.NeedsPerson():
			return SendFailed, true
		case e.Standing() != exchange.Delivered:
			stage = Sending
		}
	}
	return stage, sent
}

// SentNow lists the referrals under which the case stands elsewhere, or is on
// its way: one, or several that were made apart.
func (c Case) SentNow() []Sent {
	var out []Sent
	for _, s := range c.Sent {
		if s.Current && !s.Over {
			out = append(out, s)
		}
	}
	return out
}

// Envelope gives the state of one of the case's envelopes.
func (c Case) Envelope(id exchange.EnvelopeID) exchange.Envelope {
	for _, e := range c.Envelopes {
		if e.ID == id {
			return e
		}
	}
	return exchange.Envelope{ID: id, About: c.ID}
}

// OnList tells whether somebody here still has something to do: nothing that
// is unsent, unclaimed or unfinished ever leaves the list.
func (c Case) OnList() bool {
	stage := c.Stage()
	if _, untold := c.ToTell(); untold {
		return c.Begun()
	}
	return c.Begun() && stage != Over && stage != HandedOn
}

// Due gives the deadline, or 0 when the disposition has none.
func (c Case) Due() fact.Millis {
	d, _ := c.Disposition()
	return d.What.Due
}

// HeldBy tells whether this person has the case.
func (c Case) HeldBy(person fact.Subject) bool {
	for _, claim := range c.Claims {
		if claim.Person == person {
			return true
		}
	}
	return false
}
