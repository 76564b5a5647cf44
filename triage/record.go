package triage

import (
	"holdfast/content"
	"holdfast/fact"
)

// Answer is one answer to one fact: Yes, No, Unsure, a band of the fact, or
// NotAsked.
type Answer string

// The common answers. NotAsked is never shown or counted as No.
const (
	Yes      Answer = "yes"
	No       Answer = "no"
	Unsure   Answer = "unsure"
	NotAsked Answer = ""
)

// Facts that a record may hold, for Profile.FromRecord.
const (
	FactContacts          = "core/contacts/contacts"
	FactSteroids          = "record/steroids/steroids"
	FactAnticoagulant     = "record/anticoagulant/anticoagulant"
	FactImmunosuppression = "record/immunosuppression/immunosuppressed"
	FactPregnancy         = "record/pregnancy/pregnant"
)

// Held is what the record says about a fact. Only what is bad counts: absent
// from the record is never "no", so a fact without an entry is asked.
type Held struct {
	Fact   string `cbor:"1,keyasint"`
	Answer Answer `cbor:"2,keyasint"`
}

// Profile is who is asked about, and through whom.
type Profile struct {
	Age               Age    `cbor:"1,keyasint,omitempty"`
	Sex               Sex    `cbor:"2,keyasint,omitempty"`
	CallerWithPatient bool   `cbor:"3,keyasint,omitempty"` // or is the patient
	Interpreter       bool   `cbor:"4,keyasint,omitempty"`
	FromRecord        []Held `cbor:"5,keyasint,omitempty"`
}

// Entry is one thing that happened in a session: an answer, or one of the
// other three.
type Entry struct {
	At        fact.Millis `cbor:"1,keyasint,omitempty"`
	Fact      string      `cbor:"2,keyasint,omitempty"`
	Answer    Answer      `cbor:"3,keyasint,omitempty"`
	Note      string      `cbor:"4,keyasint,omitempty"`
	By        string      `cbor:"5,keyasint,omitempty"` // who said so
	Grouped   bool        `cbor:"6,keyasint,omitempty"` // asked as a group
	Profile   *Profile    `cbor:"7,keyasint,omitempty"` // what was learned about the call
	Complaint string      `cbor:"8,keyasint,omitempty"` // another symptom
	Ended     bool        `cbor:"9,keyasint,omitempty"` // the caller hung up or would not go on
}

// Record is a session as it goes into a fact. The session can be rebuilt from
// it alone, bit for bit, with the content whose hash it names.
type Record struct {
	Complaints []string     `cbor:"1,keyasint"`
	Content    content.Hash `cbor:"2,keyasint"`
	Wording    content.Hash `cbor:"3,keyasint"`
	Engine     uint32       `cbor:"4,keyasint"`
	Profile    Profile      `cbor:"5,keyasint"`
	Entries    []Entry      `cbor:"6,keyasint,omitempty"`
}

// Limits of one session.
const (
	maxEntries    = 1000
	maxNote       = 2000 // bytes
	maxComplaints = 6
)
