// Package task is the work that falls to people when something did not go by
// itself: ring X because no receipt came, settle a disagreement, do what is
// due.
//
// Its law: a task has an owner list, a time, a reason and an end with an
// outcome; it never vanishes by itself. A task that a timer raises has its
// subject from the timer's id, so that several devices may raise it and it is
// one. A task holds ids of cases and people, never their data.
package task

import (
	"cmp"
	"slices"
	"time"

	"holdfast/codes"
	"holdfast/fact"
)

func kind(number uint32, name string, join fact.Join) fact.Kind {
	return fact.Kind{Number: number, Version: 1, Lane: fact.Care, Name: name, Join: join}
}

// Kinds lists the kinds of fact that this package writes and folds.
func Kinds() []fact.Kind {
	return []fact.Kind{
		Raised{}.FactKind(), Taken{}.FactKind(), Released{}.FactKind(), Tried{}.FactKind(), Done{}.FactKind(),
	}
}

// List is whose work a task is.
type List string

// The lists.
const (
	Dispatch   List = "dispatch"
	Clinicians List = "clinicians"
	Handlers   List = "call handlers"
	Managers   List = "shift managers"

	// InformationGovernance are those who see to how records are looked at.
	InformationGovernance List = "information governance"
)

// Lists gives the lists in order.
func Lists() []List { return []List{Dispatch, Clinicians, Handlers, Managers, InformationGovernance} }

// What says what sort of task it is.
type What string

// The sorts of task.
const (
	PhoneNoReceipt What = "phone: no receipt" // an envelope without receipt in time
	PhoneRefused   What = "phone: refused"    // the other side would not take it
	PhoneNoRoute   What = "phone: no route"   // nothing could be sent
	Disagreement   What = "disagreement"      // values written apart wait for a person
	RingBack       What = "ring back"
	Ambulance      What = "ring ambulance control" // an ambulance is needed and no machine can ask for it
	NumberedForm   What = "numbered form"          // used without a firm right; about its range
	HomeOpened     What = "home opened"            // the way into a home was opened in an emergency, or unusually
	Other          What = "other"

	LookedAt What = "looked at"     // somebody opened a record against the table or past a mark; about the session
	Canary   What = "canary opened" // about the session, never the record
)

// Raised says that there is something to do.
type Raised struct {
	Timer  fact.Hash    `cbor:"1,keyasint"` // zero when a person raised it
	What   What         `cbor:"2,keyasint"`
	List   List         `cbor:"3,keyasint"`
	Reason string       `cbor:"4,keyasint"`           // "No receipt from the community team since 19:20"; nobody's personal data
	About  fact.Subject `cbor:"5,keyasint"`           // the case, envelope or record it is about
	Person fact.Subject `cbor:"6,keyasint,omitempty"` // whose record, if any
	Ring   codes.Phone  `cbor:"7,keyasint,omitempty"` // a service's number, never a patient's
	Due    fact.Millis  `cbor:"8,keyasint"`
	Urgent bool         `cbor:"9,keyasint,omitempty"` // stands first on the list whatever its time
}

// FactKind is kind 400.
func (Raised) FactKind() fact.Kind { return kind(400, "task-raised", fact.Once) }

// Taken says who does it. Two who take it apart both stand until one releases
// it.
type Taken struct {
	Says string `cbor:"1,keyasint"`           // as colleagues read it: "K. Adeyemi, nurse"
	Why  string `cbor:"2,keyasint,omitempty"` // when it was taken over from somebody
}

// FactKind is kind 401.
func (Taken) FactKind() fact.Kind { return kind(401, "task-taken", fact.Undetermined) }

// Released gives a task back to its list.
type Released struct {
	Why string `cbor:"1,keyasint,omitempty"`
}

// FactKind is kind 402.
func (Released) FactKind() fact.Kind { return kind(402, "task-released", fact.Grow) }

// Tried says that it was tried in vain, and when it is tried next.
type Tried struct {
	Note string      `cbor:"1,keyasint"`
	Next fact.Millis `cbor:"2,keyasint,omitempty"`
}

// FactKind is kind 403.
func (Tried) FactKind() fact.Kind { return kind(403, "task-tried", fact.Grow) }

// Outcome is how a task ended.
type Outcome string

// The outcomes.
const (
	Reached   Outcome = "reached"    // spoken to, and they have it
	NotNeeded Outcome = "not needed" // settled otherwise, such as a receipt that came after all
	PassedOn  Outcome = "passed on"  // somebody else does it now; the note says who
	GivenUp   Outcome = "given up"   // by the policy for it; the note says why
)

// Outcomes gives the outcomes in order.
func Outcomes() []Outcome { return []Outcome{Reached, NotNeeded, PassedOn, GivenUp} }

// Done ends a task.
type Done struct {
	Outcome Outcome `cbor:"1,keyasint"`
	Note    string  `cbor:"2,keyasint,omitempty"`
	Says    string  `cbor:"3,keyasint,omitempty"` // who, as colleagues read it
}

// FactKind is kind 404.
func (Done) FactKind() fact.Kind { return kind(404, "task-done", fact.Grow) }

// TimerID names a timer: the hash of the subject it runs on, what it is for,
// and the fact that began it. Every device reckons the same.
func TimerID(about fact.Subject, what string, began fact.ID) fact.Hash {
	return fact.Labelled("holdfast/timer/1", about[:], []byte(what), []byte{0}, began[:])
}

// SubjectOf gives the subject of the task that a timer raises.
func SubjectOf(timer fact.Hash) fact.Subject {
	return fact.Subject(timer[:16])
}

// Task is the fold of one task.
type Task struct {
	Subject  fact.Subject          `cbor:"1,keyasint"`
	Says     fact.Register[Raised] `cbor:"2,keyasint"`
	RaisedAt fact.Millis           `cbor:"3,keyasint,omitempty"`
	Holds    []Holding             `cbor:"9,keyasint"` // two when taken apart
	Tries    []Try                 `cbor:"5,keyasint"`
	Ends     []End                 `cbor:"6,keyasint"`
	NotShown []fact.ID             `cbor:"7,keyasint"`
	Frontier []fact.ID             `cbor:"8,keyasint"`
	Next     fact.Millis           `cbor:"10,keyasint,omitempty"` // when it is tried next, after a try in vain
	HeldFrom fact.Millis           `cbor:"20,keyasint,omitempty"` // entries since then are held back: unverified
}

// Holding is who has a task.
type Holding struct {
	Person fact.Subject `cbor:"1,keyasint,omitempty"`
	Says   string       `cbor:"2,keyasint,omitempty"`
	Since  fact.Millis  `cbor:"3,keyasint,omitempty"`
	Fact   fact.ID      `cbor:"4,keyasint"`
	place  int
}

// Try is one try in vain.
type Try struct {
	By    fact.Subject `cbor:"1,keyasint"`
	At    fact.Millis  `cbor:"2,keyasint"`
	Says  Tried        `cbor:"3,keyasint"`
	place int
}

// End is one end of a task; two who end it apart both stand.
type End struct {
	By    fact.Subject `cbor:"1,keyasint"`
	At    fact.Millis  `cbor:"2,keyasint"`
	Says  Done         `cbor:"3,keyasint"`
	Fact  fact.ID      `cbor:"4,keyasint"`
	Apart bool         `cbor:"5,keyasint,omitempty"` // somebody else took it who could not know: it does not end the task
	place int
}

// Exists tells whether the task was raised.
func (t Task) Exists() bool { return !t.Says.Empty() }

// Open tells whether there is still something to do. A task that one person
// passed on or gave up while another took it apart is open until somebody who
// has seen both ends it.
func (t Task) Open() bool {
	return t.Exists() && !slices.ContainsFunc(t.Ends, func(e End) bool { return !e.Apart })
}

// What gives what is to be done. Raised apart by several devices it is one:
// they share a timer.
func (t Task) What() Raised {
	if t.Says.Empty() {
		return Raised{}
	}
	return t.Says.Values[0].Value
}

// Holders lists who has it now: nobody, one, or two who took it apart.
func (t Task) Holders() []Holding { return t.Holds }

// Due gives when it is to be done or tried next.
func (t Task) Due() time.Time { return cmp.Or(t.Next, t.What().Due).Time() }

// Late tells whether an open task is past its time.
func (t Task) Late(now time.Time) bool { return t.Open() && now.After(t.Due()) }
