// Package exchange is what organisations say to each other: referrals,
// validations, reports and receipts in neutral words, and the envelopes they
// travel in.
//
// Its law: an envelope is a fact before it is sent, and is done only when a
// receipt has come back; without one in time it becomes work for a person.
// The same envelope may arrive any number of times and counts once. Whatever
// arrives is kept byte for byte beside what was understood of it, and what
// could not be understood is said, never dropped. Verbs and the fold are
// pure; adapters for each language of the outside live below this folder and
// import it.
package exchange

import (
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
)

// MaxMessage is the most bytes that any message door reads, before and after
// unpacking.
const MaxMessage = 5 << 20

// Purpose says what a message asks of whom it reaches. Its numbers are
// stable.
type Purpose uint8

// The purposes.
const (
	ForReferral     Purpose = 1 // take this patient on
	ForValidation   Purpose = 2 // look at this ambulance case again (999 to CAS); the clock starts
	ForReport       Purpose = 3 // know what happened: the GP's post-event message
	ForCopy         Purpose = 4 // a copy of what somebody else acts on
	ForWithdrawal   Purpose = 5 // an earlier document no longer stands
	ForRepeatCaller Purpose = 6 // earlier calls of a repeat caller
	ForAmbulance    Purpose = 7 // a request for an ambulance
	ForAnswer       Purpose = 8 // what became of a validation that they asked for
)

// String says the purpose in words.
func (p Purpose) String() string {
	switch p {
	case ForReferral:
		return "referral"
	case ForValidation:
		return "validation"
	case ForReport:
		return "report"
	case ForCopy:
		return "copy"
	case ForWithdrawal:
		return "withdrawal"
	case ForRepeatCaller:
		return "repeat caller"
	case ForAmbulance:
		return "ambulance request"
	case ForAnswer:
		return "validation answer"
	}
	return "purpose not known"
}

// Asks tells whether somebody is to act: such messages open a case.
func (p Purpose) Asks() bool {
	return p == ForReferral || p == ForValidation || p == ForAmbulance
}

// Party is an organisation, one of its services, and where answers to it go.
type Party struct {
	ODS      codes.ODS   `cbor:"1,keyasint,omitempty"`
	Name     string      `cbor:"2,keyasint,omitempty"`
	Service  codes.DoSID `cbor:"3,keyasint,omitempty"`
	Endpoint string      `cbor:"4,keyasint,omitempty"` // as received; empty: the one that is known for the organisation
	Phone    codes.Phone `cbor:"5,keyasint,omitempty"`
	Person   string      `cbor:"6,keyasint,omitempty"` // who wrote it, with their role
}

// Contact is somebody to speak to about the patient; rank 1 is rung first.
type Contact struct {
	Rank     int           `cbor:"1,keyasint,omitempty"` // 0: no rank was given
	Relation string        `cbor:"2,keyasint,omitempty"` // "self", "mother"
	Name     string        `cbor:"3,keyasint,omitempty"`
	Phones   []codes.Phone `cbor:"4,keyasint,omitempty"` // best first
	Email    string        `cbor:"5,keyasint,omitempty"`
	Caller   bool          `cbor:"6,keyasint,omitempty"` // rang on the patient's behalf
	Self     bool          `cbor:"7,keyasint,omitempty"` // is the patient
}

// Code is a code of some system as received; Name is the sender's own words
// for it. Holdfast ships no names for others' codes.
type Code struct {
	System string `cbor:"1,keyasint,omitempty"`
	Code   string `cbor:"2,keyasint,omitempty"`
	Name   string `cbor:"3,keyasint,omitempty"`
}

// IsZero tells whether no code was given.
func (c Code) IsZero() bool { return c == Code{} }

// Words gives the name, else the code.
func (c Code) Words() string {
	if c.Name != "" {
		return c.Name
	}
	return c.Code
}

// Section is one part of the sender's report. Text is plain: lines, "- " for
// list items, " | " between the cells of a table.
type Section struct {
	Title    string `cbor:"1,keyasint,omitempty"`
	Text     string `cbor:"2,keyasint,omitempty"`
	Depth    int    `cbor:"3,keyasint,omitempty"` // 0 for a section, 1 for one inside it
	Document int    `cbor:"4,keyasint,omitempty"` // place in Documents; 0 is the newest
}

// Document is one report of several in a message.
type Document struct {
	ID      string           `cbor:"1,keyasint,omitempty"`
	Set     string           `cbor:"2,keyasint,omitempty"` // a higher Version of the same Set replaces what is shown
	Version int              `cbor:"3,keyasint,omitempty"`
	Title   string           `cbor:"4,keyasint,omitempty"`
	When    fact.Millis      `cbor:"5,keyasint,omitempty"`
	Dx      codes.ReceivedDx `cbor:"6,keyasint,omitempty"`
	DxName  string           `cbor:"7,keyasint,omitempty"`
	Author  Party            `cbor:"8,keyasint,omitempty"`
}

// Answer is one question of the sender's triage with its answer.
type Answer struct {
	Question string `cbor:"1,keyasint,omitempty"`
	Answer   string `cbor:"2,keyasint,omitempty"`
}

// Finding is an observation as text, digits as received.
type Finding struct {
	Code   Code        `cbor:"1,keyasint,omitempty"`
	Value  string      `cbor:"2,keyasint,omitempty"` // "37.5 Cel"; empty when only presence was stated
	When   fact.Millis `cbor:"3,keyasint,omitempty"`
	Status string      `cbor:"4,keyasint,omitempty"` // "entered-in-error" must be shown as such
	Note   string      `cbor:"5,keyasint,omitempty"`
}

// Allergy is an allergy or a statement about allergies, as received.
type Allergy struct {
	Code     Code   `cbor:"1,keyasint,omitempty"`
	Status   string `cbor:"2,keyasint,omitempty"` // active, inactive, resolved
	Verified string `cbor:"3,keyasint,omitempty"` // confirmed, unconfirmed, refuted, entered-in-error
	Reaction string `cbor:"4,keyasint,omitempty"`
	Note     string `cbor:"5,keyasint,omitempty"`
	Severity string `cbor:"6,keyasint,omitempty"`
}

// Medicine is something the patient takes or took, as received.
type Medicine struct {
	Code   Code   `cbor:"1,keyasint,omitempty"`
	Dose   string `cbor:"2,keyasint,omitempty"`
	Status string `cbor:"3,keyasint,omitempty"`
	Note   string `cbor:"4,keyasint,omitempty"`
}

// Flag is a warning: SG safeguarding, SS scene safety, RA reasonable
// adjustment and others (BaRS, flag-categories-bars).
type Flag struct {
	Category Code   `cbor:"1,keyasint,omitempty"`
	Code     Code   `cbor:"2,keyasint,omitempty"`
	About    string `cbor:"3,keyasint,omitempty"` // "patient" or "place"
	Status   string `cbor:"4,keyasint,omitempty"` // active, inactive, entered-in-error
	Note     string `cbor:"5,keyasint,omitempty"`
}

// AtHead tells whether the flag belongs at the head of the case: SG, SS and
// RA, unless it is withdrawn (NHS England, BaRS core, flags).
func (f Flag) AtHead() bool {
	switch f.Category.Code {
	case "SG", "SS", "RA":
		return f.Status != "entered-in-error" && f.Status != "inactive"
	}
	return false
}

// Calm tells whether the flag says that all is well: a scene that is safe
// (BaRS, flag-categories-bars SS, code S). It is shown, and warns of nothing.
func (f Flag) Calm() bool { return f.Category.Code == "SS" && f.Code.Code == "S" }

// Consent is what the patient agreed to, as received.
type Consent struct {
	Category Code        `cbor:"1,keyasint,omitempty"` // DRC: direct care
	Code     Code        `cbor:"2,keyasint,omitempty"`
	Status   string      `cbor:"3,keyasint,omitempty"`
	When     fact.Millis `cbor:"4,keyasint,omitempty"`
}

// Spot says where something is beyond its address, digits as received and
// never corrected: longitude and latitude are known to arrive swapped.
type Spot struct {
	Name       string `cbor:"1,keyasint,omitempty"`
	UPRN       string `cbor:"2,keyasint,omitempty"`
	Easting    string `cbor:"3,keyasint,omitempty"`
	Northing   string `cbor:"4,keyasint,omitempty"`
	Latitude   string `cbor:"5,keyasint,omitempty"`
	Longitude  string `cbor:"6,keyasint,omitempty"`
	ThreeWords string `cbor:"7,keyasint,omitempty"`
}

// IsZero tells whether nothing was given.
func (s Spot) IsZero() bool { return s == Spot{} }

// Correlation is how the sender numbers its messages; an answer repeats it.
type Correlation struct {
	Message     string `cbor:"1,keyasint,omitempty"` // Bundle.id, trackingid or envelope id
	Request     string `cbor:"2,keyasint,omitempty"` // X-Request-Id or wsa:MessageID
	Thread      string `cbor:"3,keyasint,omitempty"` // X-Correlation-Id
	Interaction string `cbor:"4,keyasint,omitempty"` // ITK interaction, without its urn
	Asked       string `cbor:"5,keyasint,omitempty"` // identifier of the ServiceRequest, if the sender gave one
}

// CaseNumber is a number under which some system knows the case.
type CaseNumber struct {
	System string `cbor:"1,keyasint,omitempty"`
	Number string `cbor:"2,keyasint,omitempty"`
}

// Reach is how the patient agreed to be reached, word by word as asked: "yes",
// "no", "unsure", and empty where it was not asked, which is none of these.
type Reach struct {
	Ring      string `cbor:"1,keyasint,omitempty"`
	Text      string `cbor:"2,keyasint,omitempty"`
	Voicemail string `cbor:"3,keyasint,omitempty"`
	MayTell   string `cbor:"4,keyasint,omitempty"`
}

// Original points at the bytes as they came.
type Original struct {
	Hash  fact.Hash `cbor:"1,keyasint,omitempty"` // SHA-256 of the plain bytes
	Media string    `cbor:"2,keyasint,omitempty"`
	Size  int       `cbor:"3,keyasint,omitempty"`
}

// Referral is a request from one organisation to another about one patient,
// in neutral words. Empty parts were not given: that is never "none".
type Referral struct {
	ID          string           `cbor:"1,keyasint,omitempty"` // the sender's number of the message
	Purpose     Purpose          `cbor:"2,keyasint,omitempty"`
	UseCase     string           `cbor:"3,keyasint,omitempty"` // BaRS code such as a1t2
	From        Party            `cbor:"4,keyasint,omitempty"`
	To          Party            `cbor:"5,keyasint,omitempty"`
	Patient     record.Identity  `cbor:"6,keyasint,omitempty"`
	Location    codes.Place      `cbor:"7,keyasint,omitempty"` // where the patient is now, if it was said
	Spot        Spot             `cbor:"8,keyasint,omitempty"`
	Callback    codes.Phone      `cbor:"9,keyasint,omitempty"`
	Contacts    []Contact        `cbor:"10,keyasint,omitempty"` // best first
	Reason      string           `cbor:"11,keyasint,omitempty"` // why they rang, in the sender's words
	Dx          codes.ReceivedDx `cbor:"12,keyasint,omitempty"`
	DxName      string           `cbor:"13,keyasint,omitempty"`
	SG          Code             `cbor:"14,keyasint,omitempty"` // symptom group
	SD          Code             `cbor:"15,keyasint,omitempty"` // symptom discriminator
	Priority    Code             `cbor:"16,keyasint,omitempty"` // ambulance priority, C1 to C5 …
	Assessed    fact.Millis      `cbor:"17,keyasint,omitempty"` // when the sender's clock for the disposition began
	Deadline    fact.Millis      `cbor:"18,keyasint,omitempty"` // only when the sender stated one
	Sections    []Section        `cbor:"19,keyasint,omitempty"`
	Documents   []Document       `cbor:"20,keyasint,omitempty"` // newest first
	Answers     []Answer         `cbor:"21,keyasint,omitempty"`
	Findings    []Finding        `cbor:"22,keyasint,omitempty"`
	Allergies   []Allergy        `cbor:"23,keyasint,omitempty"`
	Medicines   []Medicine       `cbor:"24,keyasint,omitempty"`
	Flags       []Flag           `cbor:"25,keyasint,omitempty"`
	Consents    []Consent        `cbor:"26,keyasint,omitempty"`
	Cases       []CaseNumber     `cbor:"27,keyasint,omitempty"`
	Correlation Correlation      `cbor:"28,keyasint,omitempty"`
	Original    Original         `cbor:"29,keyasint,omitempty"`
	Notes       []string         `cbor:"30,keyasint,omitempty"` // what a reader must know about this message; shown at the head
	Sent        fact.Millis      `cbor:"31,keyasint,omitempty"` // when the sender says it was written
	Secrecy     string           `cbor:"32,keyasint,omitempty"` // confidentiality as received: N, R, V
	Reach       Reach            `cbor:"33,keyasint,omitempty"` // no message standard carries it; between Holdfast organisations it travels
}

// FlagsAtHead lists the flags that belong at the head of the case.
func (r Referral) FlagsAtHead() []Flag {
	var out []Flag
	for _, f := range r.Flags {
		if f.AtHead() {
			out = append(out, f)
		}
	}
	return out
}

// Newest gives the document that the referral was read from.
func (r Referral) Newest() (Document, bool) {
	if len(r.Documents) == 0 {
		return Document{}, false
	}
	return r.Documents[0], true
}
