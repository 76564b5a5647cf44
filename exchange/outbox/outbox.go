// Package outbox carries what is written to patients and practices over the
// wires that an organisation has: a gateway for texts, a mail server, a gateway
// to the practices' mailboxes. The contract is docs/outbox.md.
//
// Its law: an envelope is a fact before it comes here; the number of the
// envelope goes with it, so that asking twice is harmless; what is too late is
// not sent; nothing of the patient is in an address, an error or a log.
package outbox

import (
	"time"

	"holdfast/exchange"
	"holdfast/fact"
)

// Result is what one attempt came to.
type Result struct {
	Outcome exchange.Outcome
	Status  int
	Said    string // the carrier's words; no patient data
	Receipt *exchange.Receipt
	Proof   []byte
}

// Clock tells the time.
type Clock func() time.Time

// tooLate tells whether a letter's time is over.
func tooLate(l exchange.Letter, now time.Time) bool { return l.Until != 0 && fact.At(now) > l.Until }

func turned(why string) Result { return Result{Outcome: exchange.Turned, Said: why} }

const tooLateWords = "Too late to be sent: nobody gets it now by this route"
