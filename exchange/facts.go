package exchange

import (
	"encoding/hex"
	"fmt"

	"holdfast/codes"
	"holdfast/fact"
)

// EnvelopeID numbers an envelope for ever, on every route.
type EnvelopeID [16]byte

// String gives the number in hex.
func (id EnvelopeID) String() string { return hex.EncodeToString(id[:]) }

// Short gives the part that people compare.
func (id EnvelopeID) Short() string { return hex.EncodeToString(id[:4]) }

// ParseEnvelopeID reads the hex form.
func ParseEnvelopeID(s string) (EnvelopeID, error) {
	var id EnvelopeID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("an envelope number is %d hex digits", 2*len(id))
	}
	copy(id[:], b)
	return id, nil
}

// EnvelopeIDOf numbers the envelope that carries this content about this
// case: stating the same thing twice is one envelope.
func EnvelopeIDOf(about fact.Subject, content fact.Hash) EnvelopeID {
	h := fact.Labelled("holdfast/envelope-id/1", about[:], content[:])
	return EnvelopeID(h[:16])
}

// Carries says what an envelope holds. Its numbers are stable.
type Carries uint8

// What envelopes hold.
const (
	CarriesReferral Carries = 1
	CarriesReport   Carries = 2

	CarriesAmbulance Carries = 3 // a referral that asks for an ambulance now
)

// String says it in words.
func (c Carries) String() string {
	switch c {
	case CarriesReferral:
		return "referral"
	case CarriesReport:
		return "report"
	case CarriesAmbulance:
		return "ambulance request"
	case CarriesLetter:
		return "letter"
	}
	return "newer content"
}

// Route is how a message travels.
type Route string

// The routes.
const (
	ByBars   Route = "bars"
	ByITK    Route = "itk"
	ByDirect Route = "direct"
	ByHub    Route = "hub"
	ByPaper  Route = "paper"
	ByPhone  Route = "phone" // a person told a person
)

// Outcome says how one attempt to send went. Its numbers are stable.
type Outcome uint8

// The outcomes of an attempt.
const (
	Handed      Outcome = 1 // the other side, or the carrier, took it; a receipt is still wanted
	Turned      Outcome = 2 // refused: sending the same again is useless
	Unreachable Outcome = 3 // nothing arrived; try again
	NotKnown    Outcome = 4 // it may or may not have arrived; the same envelope may be sent again
)

// String says the outcome in words.
func (o Outcome) String() string {
	switch o {
	case Handed:
		return "handed over"
	case Turned:
		return "refused"
	case Unreachable:
		return "not reached"
	case NotKnown:
		return "not known whether it arrived"
	}
	return "unknown outcome"
}

func kind(number uint32, lane fact.Lane, name string, join fact.Join) fact.Kind {
	return fact.Kind{Number: number, Version: 1, Lane: lane, Name: name, Join: join}
}

// Kinds lists the kinds of fact that this package writes and folds.
func Kinds() []fact.Kind {
	return []fact.Kind{
		EnvelopePrepared{}.FactKind(), EnvelopeAttempted{}.FactKind(), ReceiptReceived{}.FactKind(),
		ReceiptOverdue{}.FactKind(), MessageArrived{}.FactKind(), MessageRefused{}.FactKind(), ReportSent{}.FactKind(),
		EnvelopeWithdrawn{}.FactKind(), SendingAskedAgain{}.FactKind(), EnvelopeGiven{}.FactKind(),
	}
}

// EnvelopePrepared says "about to send": it stands before anything leaves.
// The content, in CBOR, is the fact's attachment.
type EnvelopePrepared struct {
	Envelope EnvelopeID  `cbor:"1,keyasint"`
	Carries  Carries     `cbor:"2,keyasint"`
	To       Party       `cbor:"3,keyasint"`
	Content  fact.Hash   `cbor:"4,keyasint"` // SHA-256 of the content
	Size     int         `cbor:"5,keyasint"`
	Due      fact.Millis `cbor:"6,keyasint"` // a person acts when no receipt has come by then
	Routes   []Route     `cbor:"7,keyasint"` // in the order to try
}

// FactKind is kind 300.
func (EnvelopePrepared) FactKind() fact.Kind {
	return kind(300, fact.Care, "envelope-prepared", fact.Once)
}

// EnvelopeAttempted says that sending was tried, and how it went.
type EnvelopeAttempted struct {
	Envelope EnvelopeID `cbor:"1,keyasint"`
	Route    Route      `cbor:"2,keyasint"`
	Outcome  Outcome    `cbor:"3,keyasint"`
	Status   int        `cbor:"4,keyasint,omitempty"` // of HTTP, if there was an answer
	Said     string     `cbor:"5,keyasint,omitempty"` // the other side's words; no patient data
}

// FactKind is kind 301.
func (EnvelopeAttempted) FactKind() fact.Kind {
	return kind(301, fact.Care, "envelope-attempted", fact.Grow)
}

// ReceiptReceived says that the other side has saved the envelope. Proof is
// the receipt as it came, whose signature was checked before.
type ReceiptReceived struct {
	Receipt Receipt `cbor:"1,keyasint"`
	Route   Route   `cbor:"2,keyasint"`
	Proof   []byte  `cbor:"3,keyasint,omitempty"`
}

// FactKind is kind 302.
func (ReceiptReceived) FactKind() fact.Kind {
	return kind(302, fact.Care, "receipt-received", fact.Once)
}

// ReceiptOverdue says that no receipt came in time; a phone task follows. A
// receipt that comes later still counts.
type ReceiptOverdue struct {
	Envelope EnvelopeID `cbor:"1,keyasint"`
	Timer    fact.Hash  `cbor:"2,keyasint"` // the same on every device, so that it counts once
}

// FactKind is kind 303.
func (ReceiptOverdue) FactKind() fact.Kind { return kind(303, fact.Care, "receipt-overdue", fact.Once) }

// MessageArrived says how a message from outside came to the case it is about.
type MessageArrived struct {
	Route   Route     `cbor:"1,keyasint"`
	Keys    []string  `cbor:"2,keyasint"` // any of them seen again is the same message
	Sender  codes.ODS `cbor:"3,keyasint,omitempty"`
	Partner string    `cbor:"4,keyasint,omitempty"` // who held the connection
	Media   string    `cbor:"5,keyasint,omitempty"`
	Hash    fact.Hash `cbor:"6,keyasint"` // SHA-256 of the bytes as they came
	Size    int       `cbor:"7,keyasint"`
}

// FactKind is kind 304.
func (MessageArrived) FactKind() fact.Kind { return kind(304, fact.Care, "message-arrived", fact.Once) }

// MessageRefused says that a message was turned away at a door, for the
// audit. It holds no patient data: of the message only its size and hash.
type MessageRefused struct {
	Route    Route     `cbor:"1,keyasint"`
	Partner  string    `cbor:"2,keyasint,omitempty"`
	Sender   codes.ODS `cbor:"3,keyasint,omitempty"` // as claimed, when it has the shape of a code
	Status   int       `cbor:"4,keyasint,omitempty"`
	Code     string    `cbor:"5,keyasint,omitempty"` // in the sender's language: "REC_BAD_REQUEST invariant"
	Sentence string    `cbor:"6,keyasint,omitempty"`
	Hash     fact.Hash `cbor:"7,keyasint"`
	Size     int       `cbor:"8,keyasint"`
}

// FactKind is kind 305.
func (MessageRefused) FactKind() fact.Kind {
	return kind(305, fact.Looks, "message-refused", fact.Grow)
}

// ReportSent says that the GP was told, by an envelope or otherwise.
type ReportSent struct {
	Envelope EnvelopeID `cbor:"1,keyasint,omitempty"`
	To       Party      `cbor:"2,keyasint"`
	Route    Route      `cbor:"3,keyasint"`
}

// FactKind is kind 306.
func (ReportSent) FactKind() fact.Kind { return kind(306, fact.Care, "report-sent", fact.Grow) }
