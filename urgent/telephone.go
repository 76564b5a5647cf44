package urgent

import (
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
)

// TelephoneKinds lists the kinds of fact about the telephone: 600 to 603 about
// calls, extensions and the exchange, 260 to 265 about a case that came by
// one, and about its ambulance.
func TelephoneKinds() []fact.Kind {
	return []fact.Kind{
		TelephoneTied{}.FactKind(), CallerGone{}.FactKind(), RecordingKept{}.FactKind(),
		AmbulanceSent{}.FactKind(), AmbulanceCancelled{}.FactKind(), FamilyTold{}.FactKind(),
		TelephoneEvent{}.FactKind(), TelephoneTaken{}.FactKind(), ExtensionChosen{}.FactKind(), ExchangeHeard{}.FactKind(),
	}
}

// OfTelephone tells whether a kind is about a telephone call, an extension or
// the exchange: subjects of their own, which no case is folded from.
func OfTelephone(kind uint32) bool { return kind >= 600 && kind < 620 }

// Moment is what the exchange says happened to a call.
type Moment string

// The moments of a call.
const (
	Offered     Moment = "offered"     // it reached the exchange
	InMessage   Moment = "in-message"  // the caller hears the recorded message
	Queued      Moment = "queued"      // the message is over, the caller waits for a person
	Answered    Moment = "answered"    // somebody at an extension has the caller
	Held        Moment = "held"        // the caller was put on hold
	Resumed     Moment = "resumed"     // and was taken back
	Joined      Moment = "joined"      // somebody else is on the call as well: warm transfer, three-way
	Left        Moment = "left"        // one of them left, the call goes on
	Transferred Moment = "transferred" // from one extension to another
	Terminated  Moment = "terminated"  // rung off in the message or the first seconds
	Abandoned   Moment = "abandoned"   // rung off while waiting
	Ended       Moment = "ended"       // the call is over
	Recorded    Moment = "recorded"    // the recording has this reference
)

// Moments lists the moments in the order in which a call goes through them.
func Moments() []Moment {
	return []Moment{Offered, InMessage, Queued, Answered, Joined, Held, Resumed, Transferred, Left, Terminated, Abandoned, Ended, Recorded}
}

// TelephoneEvent is one thing that the telephone exchange says of a call. The
// fact's own time is when we heard it.
type TelephoneEvent struct {
	Exchange  string      `cbor:"1,keyasint"` // which exchange, as it calls itself
	Call      string      `cbor:"2,keyasint"` // its number of the call
	Event     string      `cbor:"3,keyasint"` // its number of this event: said again it counts once
	What      Moment      `cbor:"4,keyasint"`
	At        fact.Millis `cbor:"5,keyasint"` // by the exchange's clock, as it came
	Behind    int64       `cbor:"6,keyasint"` // ms that the exchange's clock stood behind ours when it sent this, the way here included; negative: ahead
	From      codes.Phone `cbor:"7,keyasint"` // the caller's number; may be withheld
	Dialled   string      `cbor:"8,keyasint,omitempty"`
	Extension string      `cbor:"9,keyasint,omitempty"`
	To        string      `cbor:"10,keyasint,omitempty"` // of a transfer
	Recording string      `cbor:"11,keyasint,omitempty"` // reference in the recorder, never the sound
}

// FactKind is kind 600.
func (TelephoneEvent) FactKind() fact.Kind { return kind(600, "telephone-event", fact.Grow) }

// TelephoneTaken says under which case a call is taken: under several, when it
// is about several people.
type TelephoneTaken struct {
	Case fact.Subject `cbor:"1,keyasint"`
	By   string       `cbor:"2,keyasint"`
}

// FactKind is kind 601.
func (TelephoneTaken) FactKind() fact.Kind { return kind(601, "telephone-taken", fact.Grow) }

// ExtensionChosen says who sits at an extension. Nobody: they have gone.
type ExtensionChosen struct {
	Extension string       `cbor:"1,keyasint"`
	Person    fact.Subject `cbor:"2,keyasint"`
	By        string       `cbor:"3,keyasint,omitempty"`
	Session   fact.Subject `cbor:"4,keyasint,omitempty"`
}

// FactKind is kind 602.
func (ExtensionChosen) FactKind() fact.Kind {
	return kind(602, "extension-chosen", fact.Undetermined)
}

// ExchangeHeard says that an exchange is heard again, or has not been heard
// since a moment. It is said when that changes, never for each beat.
type ExchangeHeard struct {
	Exchange string      `cbor:"1,keyasint"`
	Silent   bool        `cbor:"2,keyasint,omitempty"`
	Since    fact.Millis `cbor:"3,keyasint"` // silent: when it was last heard; else: when it was heard again
}

// FactKind is kind 603.
func (ExchangeHeard) FactKind() fact.Kind { return kind(603, "exchange-heard", fact.Grow) }

// TelephoneTied says on the case by which call it came. Times are by our
// clock; 0 is not known.
type TelephoneTied struct {
	Call      fact.Subject `cbor:"1,keyasint"`
	Exchange  string       `cbor:"2,keyasint"`
	Number    string       `cbor:"3,keyasint"` // the exchange's number of the call
	Offered   fact.Millis  `cbor:"4,keyasint,omitempty"`
	Answered  fact.Millis  `cbor:"5,keyasint,omitempty"`
	Extension string       `cbor:"6,keyasint,omitempty"`
}

// FactKind is kind 260.
func (TelephoneTied) FactKind() fact.Kind { return kind(260, "telephone-tied", fact.Grow) }

// CallerGone says that the call by which a case came is over. It closes
// nothing.
type CallerGone struct {
	Call fact.Subject `cbor:"1,keyasint"`
	At   fact.Millis  `cbor:"2,keyasint"` // by our clock
}

// FactKind is kind 261.
func (CallerGone) FactKind() fact.Kind { return kind(261, "caller-gone", fact.Grow) }

// RecordingKept is the reference under which the recorder keeps the call.
type RecordingKept struct {
	Call      fact.Subject `cbor:"1,keyasint"`
	Recording string       `cbor:"2,keyasint"`
}

// FactKind is kind 262.
func (RecordingKept) FactKind() fact.Kind { return kind(262, "recording-kept", fact.Grow) }

// AmbulanceSent says by which way a request for an ambulance goes, and how
// long after the answer it was made.
type AmbulanceSent struct {
	Request   [16]byte            `cbor:"1,keyasint"` // RequestID of the request
	Route     exchange.Route      `cbor:"2,keyasint"` // by phone: somebody rings at once
	Envelope  exchange.EnvelopeID `cbor:"3,keyasint"`
	To        exchange.Party      `cbor:"4,keyasint"`
	Answered  fact.Millis         `cbor:"5,keyasint,omitempty"` // when the caller was answered, or the call taken; 0: not known
	Call      bool                `cbor:"6,keyasint,omitempty"` // Answered is the exchange's word
	Requested fact.Millis         `cbor:"7,keyasint"`
}

// FactKind is kind 263.
func (AmbulanceSent) FactKind() fact.Kind { return kind(263, "ambulance-sent", fact.Grow) }

// AmbulanceCancelled says that the ambulance service, or somebody after it,
// ended the request: the case is open again, and somebody must be told.
type AmbulanceCancelled struct {
	Why  string `cbor:"1,keyasint"`
	Who  string `cbor:"2,keyasint"` // who cancelled it, as they said
	Tell string `cbor:"3,keyasint"` // who must tell the patient or family
	By   string `cbor:"4,keyasint"`
}

// FactKind is kind 264.
func (AmbulanceCancelled) FactKind() fact.Kind { return kind(264, "ambulance-cancelled", fact.Grow) }

// FamilyTold says that the patient or family know that no ambulance comes.
type FamilyTold struct {
	Cancelled fact.ID `cbor:"1,keyasint"`
	Whom      string  `cbor:"2,keyasint"`
	Plan      string  `cbor:"3,keyasint"` // what happens instead
	By        string  `cbor:"4,keyasint"`
}

// FactKind is kind 265.
func (FamilyTold) FactKind() fact.Kind { return kind(265, "family-told", fact.Grow) }
