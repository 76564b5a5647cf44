package urgent

import (
	"slices"

	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/triage"
)

func kind(number uint32, name string, join fact.Join) fact.Kind {
	return fact.Kind{Number: number, Version: 1, Lane: fact.Care, Name: name, Join: join}
}

// Kinds lists the kinds of fact about a case, 200–299.
func Kinds() []fact.Kind {
	return slices.Concat(TelephoneKinds(), []fact.Kind{
		CallTaken{}.FactKind(), CallerDescribed{}.FactKind(), PatientDescribed{}.FactKind(), PlaceStated{}.FactKind(),
		ReasonStated{}.FactKind(), ContactAgreed{}.FactKind(), FlagsRead{}.FactKind(), LifeThreatChecked{}.FactKind(),
		AmbulanceRequested{}.FactKind(), Triaged{}.FactKind(), DispositionSet{}.FactKind(), ServiceChosen{}.FactKind(),
		ReferralSent{}.FactKind(), ArrivalFiled{}.FactKind(), ReferralArrived{}.FactKind(), Claimed{}.FactKind(),
		Released{}.FactKind(), ConsultationStarted{}.FactKind(), Consulted{}.FactKind(), OutcomeSet{}.FactKind(),
		Closed{}.FactKind(), Noted{}.FactKind(), ReportMade{}.FactKind(), ReportDone{}.FactKind(), Settled{}.FactKind(),
		PaperEntered{}.FactKind(), PaperChecked{}.FactKind(), InterpreterStepped{}.FactKind(), ViewingOverridden{}.FactKind(),
	}, knownKinds(), queueKinds(), outwardKinds())
}

// YesNo is an answer; the empty one means not asked, which is never no.
type YesNo string

// The answers.
const (
	NotAsked YesNo = ""
	Yes      YesNo = "yes"
	No       YesNo = "no"
	Unsure   YesNo = "unsure"
)

// CallTaken begins a case.
type CallTaken struct {
	Number  string      `cbor:"1,keyasint"` // the case number that people say
	Calling codes.Phone `cbor:"2,keyasint"` // the number on the line; may be withheld
	By      string      `cbor:"3,keyasint"`
}

// FactKind is kind 200.
func (CallTaken) FactKind() fact.Kind { return kind(200, "call-taken", fact.Once) }

// CallerIs says who is on the line.
type CallerIs string

// Who may be on the line.
const (
	CallerPatient      CallerIs = "patient"
	CallerSomeoneElse  CallerIs = "someone-else"
	CallerProfessional CallerIs = "professional"
)

// CallerDescribed says who rings, apart from whom it is about.
type CallerDescribed struct {
	Is          CallerIs    `cbor:"1,keyasint"`
	Name        string      `cbor:"2,keyasint,omitempty"`
	Relation    string      `cbor:"3,keyasint,omitempty"`
	WithPatient YesNo       `cbor:"4,keyasint"`
	RingBack    codes.Phone `cbor:"5,keyasint"`
	Where       string      `cbor:"6,keyasint,omitempty"`
	Language    string      `cbor:"7,keyasint,omitempty"`
	Interpreter YesNo       `cbor:"8,keyasint"`
}

// FactKind is kind 201.
func (CallerDescribed) FactKind() fact.Kind { return kind(201, "caller-described", fact.Undetermined) }

// PatientDescribed says whom the case is about, as stated on the call, and
// which record that is when one was chosen.
type PatientDescribed struct {
	Identity record.Identity `cbor:"1,keyasint"`
	Record   fact.Subject    `cbor:"2,keyasint"` // zero: a person not yet traced
	MayLook  YesNo           `cbor:"3,keyasint"` // permission to view; for direct care
}

// FactKind is kind 202.
func (PatientDescribed) FactKind() fact.Kind {
	return kind(202, "patient-described", fact.Undetermined)
}

// PlaceStated says where the patient is now.
type PlaceStated struct {
	Place codes.Place `cbor:"1,keyasint"`
}

// FactKind is kind 203.
func (PlaceStated) FactKind() fact.Kind { return kind(203, "place-stated", fact.Undetermined) }

// ReasonStated says why they ring, in their own words.
type ReasonStated struct {
	Words string `cbor:"1,keyasint"`
}

// FactKind is kind 204.
func (ReasonStated) FactKind() fact.Kind { return kind(204, "reason-stated", fact.Undetermined) }

// ContactAgreed says how the patient may be reached; every call, text and
// letter obeys it.
type ContactAgreed struct {
	Ring      YesNo  `cbor:"1,keyasint"`
	Text      YesNo  `cbor:"2,keyasint"`
	Voicemail YesNo  `cbor:"3,keyasint"`
	MayTell   string `cbor:"4,keyasint,omitempty"`
}

// FactKind is kind 205.
func (ContactAgreed) FactKind() fact.Kind { return kind(205, "contact-agreed", fact.Undetermined) }

// FlagsRead says that everything to know before asking was read.
type FlagsRead struct {
	Flags []fact.ID `cbor:"1,keyasint"`
}

// FactKind is kind 206.
func (FlagsRead) FactKind() fact.Kind { return kind(206, "flags-read", fact.Grow) }

// LifeThreatChecked holds the three questions that come before all others.
// WithPatient matters: from a caller elsewhere "unsure" is no finding.
type LifeThreatChecked struct {
	Awake       YesNo `cbor:"1,keyasint"` // awake and talking
	Breathing   YesNo `cbor:"2,keyasint"` // breathing normally
	Bleeding    YesNo `cbor:"3,keyasint"` // heavy bleeding
	WithPatient YesNo `cbor:"4,keyasint"`
}

// FactKind is kind 207.
func (LifeThreatChecked) FactKind() fact.Kind { return kind(207, "life-threat-checked", fact.Grow) }

// AmbulanceRequested says that an ambulance is needed now. It is never taken
// back; what became of it is said by later facts.
type AmbulanceRequested struct {
	Category    string      `cbor:"1,keyasint"` // C1 to C4
	Why         string      `cbor:"2,keyasint"`
	Number      codes.Phone `cbor:"3,keyasint"`
	Place       codes.Place `cbor:"4,keyasint"`
	Instruction string      `cbor:"5,keyasint,omitempty"` // key of the life-threat instruction on screen
	Dx          codes.Dx    `cbor:"6,keyasint"`
	Timer       fact.Hash   `cbor:"7,keyasint,omitzero"` // of the held outcome that it answers: asked for by several, it is one
}

// FactKind is kind 208.
func (AmbulanceRequested) FactKind() fact.Kind { return kind(208, "ambulance-requested", fact.Grow) }

// Triaged holds one run of questions, replayable to the same outcome.
type Triaged struct {
	Record  triage.Record `cbor:"1,keyasint"`
	Outcome Concluded     `cbor:"2,keyasint"`
	Words   string        `cbor:"3,keyasint,omitempty"` // in the caller's words, and what is heard
	Again   bool          `cbor:"4,keyasint,omitempty"` // asked again because of worsening
}

// FactKind is kind 209.
func (Triaged) FactKind() fact.Kind { return kind(209, "triaged", fact.Grow) }

// Concluded is what a run of questions came to; the record replays to it.
type Concluded struct {
	Level      triage.Level `cbor:"1,keyasint"`
	Unfinished bool         `cbor:"2,keyasint,omitempty"` // something more urgent was not excluded
	Dx         codes.Dx     `cbor:"3,keyasint"`
	SG         string       `cbor:"4,keyasint,omitempty"`
	SD         string       `cbor:"5,keyasint,omitempty"`
	Skill      string       `cbor:"6,keyasint,omitempty"`
	Transport  bool         `cbor:"7,keyasint,omitempty"`
	Fired      []string     `cbor:"8,keyasint,omitempty"` // ids of the rules that decided, most urgent first
	Advice     []string     `cbor:"9,keyasint,omitempty"`
	SafetyNet  []string     `cbor:"10,keyasint,omitempty"`
}

// DispositionSet says what is needed, and by when.
type DispositionSet struct {
	Dx      codes.Dx     `cbor:"1,keyasint"`
	SG      string       `cbor:"2,keyasint,omitempty"`
	SD      string       `cbor:"3,keyasint,omitempty"`
	From    fact.Millis  `cbor:"4,keyasint"` // the clock starts
	Due     fact.Millis  `cbor:"5,keyasint"` // 0: no deadline of its own
	Level   triage.Level `cbor:"6,keyasint"`
	Why     string       `cbor:"7,keyasint,omitempty"`
	Lowered bool         `cbor:"8,keyasint,omitempty"` // below an earlier urgency, by a clinician, Why says why
}

// FactKind is kind 210.
func (DispositionSet) FactKind() fact.Kind { return kind(210, "disposition-set", fact.Highest) }

// ServiceChosen says where the patient is to go.
type ServiceChosen struct {
	Service    fact.Subject `cbor:"1,keyasint"`
	Name       string       `cbor:"2,keyasint"`
	Rank       uint32       `cbor:"3,keyasint"`           // 1 is the first offered
	PassedOver string       `cbor:"4,keyasint,omitempty"` // why not the first
	Type       string       `cbor:"9,keyasint,omitempty"` // as the directory names it; empty on older ones
}

// FactKind is kind 211.
func (ServiceChosen) FactKind() fact.Kind { return kind(211, "service-chosen", fact.Undetermined) }

// ReferralSent says that a referral goes out by an envelope, whose facts stand
// beside this one.
type ReferralSent struct {
	Envelope exchange.EnvelopeID `cbor:"1,keyasint"`
	To       exchange.Party      `cbor:"2,keyasint"`
	Route    exchange.Route      `cbor:"3,keyasint"`
}

// FactKind is kind 212.
func (ReferralSent) FactKind() fact.Kind { return kind(212, "referral-sent", fact.Grow) }

// ArrivalFiled says under which case a message was filed. Its subject is made
// from one of the message's numbers, so that the same message is filed once
// whatever happens at the same moment.
type ArrivalFiled struct {
	Case   fact.Subject `cbor:"1,keyasint"`
	Number string       `cbor:"2,keyasint"`
}

// FactKind is kind 213.
func (ArrivalFiled) FactKind() fact.Kind { return kind(213, "arrival-filed", fact.Once) }

// ReferralArrived begins a case that somebody else sent. How it came, and the
// original bytes, stand in the message-arrived fact beside it.
type ReferralArrived struct {
	Number   string            `cbor:"1,keyasint"`
	Referral exchange.Referral `cbor:"2,keyasint"`
	Apart    bool              `cbor:"3,keyasint,omitempty"` // too long for a fact: the whole referral is its attachment
	Set      string            `cbor:"4,keyasint,omitempty"` // of the sender's document: a higher version of it replaces what is shown
	Version  uint32            `cbor:"5,keyasint,omitempty"`
}

// FactKind is kind 214.
func (ReferralArrived) FactKind() fact.Kind { return kind(214, "referral-arrived", fact.Once) }

// Claimed says who works on the case, so that two cannot unseen.
type Claimed struct {
	By string `cbor:"1,keyasint"`
}

// FactKind is kind 215.
func (Claimed) FactKind() fact.Kind { return kind(215, "claimed", fact.Undetermined) }

// Released gives a claim back.
type Released struct {
	Claim fact.ID `cbor:"1,keyasint"`
	Why   string  `cbor:"2,keyasint,omitempty"`
}

// FactKind is kind 216.
func (Released) FactKind() fact.Kind { return kind(216, "released", fact.Grow) }

// ConsultationStarted says that a clinician has begun.
type ConsultationStarted struct {
	By   string `cbor:"1,keyasint"`
	Mode string `cbor:"2,keyasint"` // phone, video, base, home
}

// FactKind is kind 217.
func (ConsultationStarted) FactKind() fact.Kind { return kind(217, "consultation-started", fact.Grow) }

// Consulted is what a clinician found, thought, did and said.
type Consulted struct {
	By          string    `cbor:"1,keyasint"`
	Mode        string    `cbor:"2,keyasint"`
	History     string    `cbor:"3,keyasint,omitempty"`
	Examination string    `cbor:"4,keyasint,omitempty"`
	Obs         *Obs      `cbor:"5,keyasint,omitempty"`
	NEWS2       *News     `cbor:"6,keyasint,omitempty"`
	Diagnosis   string    `cbor:"7,keyasint,omitempty"`
	Plan        string    `cbor:"8,keyasint,omitempty"`
	Net         SafetyNet `cbor:"9,keyasint"`
}

// FactKind is kind 218.
func (Consulted) FactKind() fact.Kind { return kind(218, "consulted", fact.Grow) }

// SafetyNet is what the patient was told to watch for.
type SafetyNet struct {
	Expect   string `cbor:"1,keyasint,omitempty"` // what should happen, by when
	Worse    string `cbor:"2,keyasint,omitempty"` // what to ring for, and whom
	SaidBack string `cbor:"3,keyasint,omitempty"` // by whom it was said back
	Why      string `cbor:"4,keyasint,omitempty"` // why none was given: death, hung up, no contact
}

// OutcomeSet says how the contact ended.
type OutcomeSet struct {
	Outcome string      `cbor:"1,keyasint"` // a key of content/urgent/outcomes.csv
	Detail  string      `cbor:"2,keyasint,omitempty"`
	Action  string      `cbor:"3,keyasint,omitempty"` // what the GP is asked to do
	By      fact.Millis `cbor:"4,keyasint,omitempty"` // by when
	Who     string      `cbor:"5,keyasint"`
}

// FactKind is kind 219.
func (OutcomeSet) FactKind() fact.Kind { return kind(219, "outcome-set", fact.Undetermined) }

// Closed ends the case. A later fact about the patient's state opens it anew.
type Closed struct {
	Why string `cbor:"1,keyasint"`
	By  string `cbor:"2,keyasint"`
}

// FactKind is kind 220.
func (Closed) FactKind() fact.Kind { return kind(220, "closed", fact.Grow) }

// Noted is a note in free words.
type Noted struct {
	Words string `cbor:"1,keyasint"`
	By    string `cbor:"2,keyasint"`
}

// FactKind is kind 221.
func (Noted) FactKind() fact.Kind { return kind(221, "noted", fact.Grow) }

// ReportMade is the report to the GP, or why none is sent.
type ReportMade struct {
	Report     exchange.Report `cbor:"1,keyasint"`
	Suppressed string          `cbor:"2,keyasint,omitempty"` // why nothing is sent
	Due        fact.Millis     `cbor:"3,keyasint,omitempty"`
}

// FactKind is kind 222.
func (ReportMade) FactKind() fact.Kind { return kind(222, "report-made", fact.Grow) }

// ReportDone says that a report went on its way.
type ReportDone struct {
	Report fact.ID `cbor:"1,keyasint"`
	Route  string  `cbor:"2,keyasint"` // printed, or an envelope
}

// FactKind is kind 223.
func (ReportDone) FactKind() fact.Kind { return kind(223, "report-done", fact.Grow) }

// Settled says why one of several values written apart stands; the value
// itself is stated anew beside it, by the same person in the same act.
type Settled struct {
	Kind   uint32    `cbor:"1,keyasint"`           // of the facts that disagreed
	What   string    `cbor:"2,keyasint"`           // in plain words: "the patient"
	Stands string    `cbor:"3,keyasint,omitempty"` // the value that was chosen, in words
	Seen   []fact.ID `cbor:"4,keyasint"`           // the facts that disagreed
	Why    string    `cbor:"5,keyasint"`
	By     string    `cbor:"6,keyasint"`
}

// FactKind is kind 230.
func (Settled) FactKind() fact.Kind { return kind(230, "settled", fact.Grow) }
