package exchange

import (
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
)

// Urgency says how soon the GP is to act. Its numbers are stable.
type Urgency uint8

// The urgencies of an action.
const (
	ForInformation Urgency = 0 // nothing to do
	Routine        Urgency = 1
	Soon           Urgency = 2 // by the time stated
)

// Action is one thing that the GP is asked to do.
type Action struct {
	What    string      `cbor:"1,keyasint,omitempty"`
	By      fact.Millis `cbor:"2,keyasint,omitempty"` // 0: no time was set
	Urgency Urgency     `cbor:"3,keyasint,omitempty"`
	Why     string      `cbor:"4,keyasint,omitempty"`
}

// Report tells a patient's GP what happened, what to do, and by when, in that
// order, on one page.
type Report struct {
	ID         string           `cbor:"1,keyasint,omitempty"`
	From       Party            `cbor:"2,keyasint,omitempty"`
	To         Party            `cbor:"3,keyasint,omitempty"`
	Patient    record.Identity  `cbor:"4,keyasint,omitempty"`
	Happened   string           `cbor:"5,keyasint,omitempty"` // one or two sentences
	Actions    []Action         `cbor:"6,keyasint,omitempty"`
	Dx         codes.ReceivedDx `cbor:"7,keyasint,omitempty"`
	DxName     string           `cbor:"8,keyasint,omitempty"`
	Outcome    string           `cbor:"9,keyasint,omitempty"`
	Sections   []Section        `cbor:"10,keyasint,omitempty"`
	Findings   []Finding        `cbor:"11,keyasint,omitempty"`
	Allergies  []Allergy        `cbor:"12,keyasint,omitempty"`
	Medicines  []Medicine       `cbor:"13,keyasint,omitempty"`
	SafetyNet  string           `cbor:"14,keyasint,omitempty"` // what the patient was told to watch for
	CaseNumber string           `cbor:"15,keyasint,omitempty"`
	Began      fact.Millis      `cbor:"16,keyasint,omitempty"`
	Ended      fact.Millis      `cbor:"17,keyasint,omitempty"`
	Written    fact.Millis      `cbor:"18,keyasint,omitempty"`
	Author     string           `cbor:"19,keyasint,omitempty"`
	Consents   []Consent        `cbor:"20,keyasint,omitempty"`

	Version  int      `cbor:"21,keyasint,omitempty"` // of the reports on one case; 0 on the first
	Replaces string   `cbor:"22,keyasint,omitempty"` // the report that this one stands in place of
	Takes    string   `cbor:"23,keyasint,omitempty"` // the report that no longer stands; nothing comes in its place here
	Why      string   `cbor:"24,keyasint,omitempty"` // why it was corrected or taken back
	NotKnown []string `cbor:"25,keyasint,omitempty"` // what the reader must not take for "no"
}

// Receipt says that an envelope's content is saved at the receiver. Only the
// receiving organisation's signature makes it one; adapters check that.
type Receipt struct {
	Envelope EnvelopeID  `cbor:"1,keyasint"`
	Content  fact.Hash   `cbor:"2,keyasint"` // hash of the content that was filed
	By       codes.ODS   `cbor:"3,keyasint,omitempty"`
	Filed    fact.Millis `cbor:"4,keyasint,omitempty"`
	Case     string      `cbor:"5,keyasint,omitempty"` // how the receiver numbers it
	Again    bool        `cbor:"6,keyasint,omitempty"` // it had arrived before
}
