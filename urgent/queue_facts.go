package urgent

import (
	"holdfast/codes"
	"holdfast/fact"
)

// queueKinds lists the kinds of fact about how a case is worked in the queue,
// 231–238.
func queueKinds() []fact.Kind {
	return []fact.Kind{
		ValidationHeld{}.FactKind(), ValidationReleased{}.FactKind(), ValidationAnswered{}.FactKind(), ContactAttempted{}.FactKind(),
		OrderRaised{}.FactKind(), HandoverOffered{}.FactKind(), HandoverAnswered{}.FactKind(), NoContactStep{}.FactKind(),
	}
}

// Goes says what goes when an outcome that was held is let go.
type Goes string

// What may go.
const (
	AmbulanceGoes Goes = "ambulance" // an ambulance is asked for
	PatientGoes   Goes = "ed"        // the patient is told to go to an emergency department
)

// ValidationHeld says that an outcome waits for a clinician to validate it,
// and until when. It begins the timer by which the outcome goes by itself.
type ValidationHeld struct {
	Original codes.Dx    `cbor:"1,keyasint"` // what goes
	As       codes.Dx    `cbor:"2,keyasint"` // the code under which a clinician validates it
	Goes     Goes        `cbor:"3,keyasint"`
	Until    fact.Millis `cbor:"4,keyasint"`
	Never    string      `cbor:"5,keyasint,omitempty"` // why it never goes by itself; it is late at Until all the same
	Category string      `cbor:"6,keyasint,omitempty"` // of the ambulance: C3, C4
}

// FactKind is kind 231.
func (ValidationHeld) FactKind() fact.Kind { return kind(231, "validation-held", fact.Grow) }

// ValidationReleased says that a held outcome went without a clinician: by
// itself when the time was over, or by a person who found no clinician. The
// same timer that acts on several devices is one release.
type ValidationReleased struct {
	Held  fact.ID        `cbor:"1,keyasint"`
	Timer fact.Hash      `cbor:"2,keyasint"`
	Due   fact.Millis    `cbor:"3,keyasint"` // when it was to go
	Why   string         `cbor:"4,keyasint"`
	By    string         `cbor:"5,keyasint,omitempty"` // who let it go; empty: it went by itself
	Set   DispositionSet `cbor:"6,keyasint"`           // what is needed now: never less urgent than what stood
}

// FactKind is kind 232.
func (ValidationReleased) FactKind() fact.Kind { return kind(232, "validation-released", fact.Once) }

// ValidationAnswered is a clinician's word on a held outcome.
type ValidationAnswered struct {
	Held   []fact.ID `cbor:"1,keyasint"`
	Dx     codes.Dx  `cbor:"2,keyasint"`           // what is needed
	Upheld bool      `cbor:"3,keyasint,omitempty"` // what was held stands, and goes
	Why    string    `cbor:"4,keyasint,omitempty"`
	By     string    `cbor:"5,keyasint"`
}

// FactKind is kind 233.
func (ValidationAnswered) FactKind() fact.Kind { return kind(233, "validation-answered", fact.Grow) }

// RungFor says why somebody was rung.
type RungFor string

// Why somebody is rung.
const (
	ForCallBack RungFor = "callback" // to consult
	ForComfort  RungFor = "comfort"  // because they wait: how they are now
	ForTelling  RungFor = "telling"  // to tell them that they may go
)

// RungHow says what came of ringing.
type RungHow string

// What comes of ringing.
const (
	RungReached   RungHow = "reached"
	RungNoAnswer  RungHow = "no answer"
	RungEngaged   RungHow = "engaged"
	RungVoicemail RungHow = "voicemail"
	RungWrong     RungHow = "wrong number"
)

// ContactAttempted is one time that somebody was rung.
type ContactAttempted struct {
	For    RungFor     `cbor:"1,keyasint"`
	Number codes.Phone `cbor:"2,keyasint"`
	How    RungHow     `cbor:"3,keyasint"`
	Worse  YesNo       `cbor:"4,keyasint,omitempty"` // when they were reached on a comfort call
	Note   string      `cbor:"5,keyasint,omitempty"`
	By     string      `cbor:"6,keyasint"`
}

// FactKind is kind 234.
func (ContactAttempted) FactKind() fact.Kind { return kind(234, "contact-attempted", fact.Grow) }

// OrderRaised puts a case before others in the queue, whatever its deadline.
// It changes nothing of what is needed or by when.
type OrderRaised struct {
	Before fact.Millis `cbor:"1,keyasint"` // worked as if it were due then; 0: by its deadline again
	Why    string      `cbor:"2,keyasint"`
	By     string      `cbor:"3,keyasint"`
}

// FactKind is kind 235.
func (OrderRaised) FactKind() fact.Kind { return kind(235, "order-raised", fact.Highest) }

// HandoverOffered offers a claim to a colleague. It stays with whoever offers
// it until they have said yes.
type HandoverOffered struct {
	Claim fact.ID      `cbor:"1,keyasint"`
	To    fact.Subject `cbor:"2,keyasint"`
	Name  string       `cbor:"3,keyasint"`
	Note  string       `cbor:"4,keyasint,omitempty"`
	By    string       `cbor:"5,keyasint"`
}

// FactKind is kind 236.
func (HandoverOffered) FactKind() fact.Kind { return kind(236, "handover-offered", fact.Grow) }

// HandoverAnswered is a colleague's yes or no, or the offer taken back by
// whoever made it.
type HandoverAnswered struct {
	Offer    fact.ID `cbor:"1,keyasint"`
	Accepted bool    `cbor:"2,keyasint,omitempty"`
	Why      string  `cbor:"3,keyasint,omitempty"`
	By       string  `cbor:"4,keyasint"`
}

// FactKind is kind 237.
func (HandoverAnswered) FactKind() fact.Kind { return kind(237, "handover-answered", fact.Grow) }

// NoContactStep is what was done because nobody could be reached.
type NoContactStep struct {
	Step string `cbor:"1,keyasint"`           // a key of content/urgent/no-contact.csv
	Why  string `cbor:"2,keyasint,omitempty"` // needed before every attempt was made
	By   string `cbor:"3,keyasint"`
}

// FactKind is kind 238.
func (NoContactStep) FactKind() fact.Kind { return kind(238, "no-contact-step", fact.Grow) }
