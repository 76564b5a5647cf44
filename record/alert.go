package record

import (
	"time"

	"holdfast/codes"
	"holdfast/fact"
)

// AlertKind says what an alert is about. Its numbers are stable.
type AlertKind uint8

// The kinds of alert.
const (
	Resuscitation AlertKind = 1  // a decision about cardiopulmonary resuscitation
	SceneDanger   AlertKind = 2  // violence or danger where the person is
	Allergy       AlertKind = 3  // allergy or intolerance
	Steroids      AlertKind = 4  // takes steroids: sick-day rules, infection hides
	Anticoagulant AlertKind = 5  // takes a blood thinner
	KeySafe       AlertKind = 6  // there is a key safe; the code lies in a vault of its own
	Adjustment    AlertKind = 7  // reasonable adjustment: how to speak, ring, write
	SpecialNote   AlertKind = 8  // what another organisation wants known
	CarePlan      AlertKind = 9  // a care plan exists: ReSPECT, palliative, crisis
	Condition     AlertKind = 10 // a condition that changes what is safe: Addison's disease
	Safeguarding  AlertKind = 11
	AbuseMarker   AlertKind = 12 // towards staff; never lowers urgency
	Medicine      AlertKind = 13 // something they take; listed, no flag
	Pregnancy     AlertKind = 14 // pregnant; its day of review is when it ends at the latest
)

// AlertKinds lists the kinds in the order in which pages show them.
func AlertKinds() []AlertKind {
	return []AlertKind{
		Resuscitation, SceneDanger, Allergy, Anticoagulant, Steroids, Condition, CarePlan, Safeguarding, SpecialNote,
		Adjustment, KeySafe, AbuseMarker, Pregnancy, Medicine,
	}
}

// String says the kind in words for pages.
func (k AlertKind) String() string {
	switch k {
	case Resuscitation:
		return "resuscitation decision"
	case SceneDanger:
		return "danger at the scene"
	case Allergy:
		return "allergy"
	case Steroids:
		return "steroids"
	case Anticoagulant:
		return "blood thinner"
	case KeySafe:
		return "key safe"
	case Adjustment:
		return "adjustment"
	case SpecialNote:
		return "special note"
	case CarePlan:
		return "care plan"
	case Condition:
		return "condition"
	case Safeguarding:
		return "safeguarding"
	case AbuseMarker:
		return "abuse marker"
	case Medicine:
		return "medicine"
	case Pregnancy:
		return "pregnancy"
	}
	return "alert of a newer kind"
}

// Interrupts tells whether the alert may stand before the emergency path:
// only a resuscitation decision and danger at the scene do. All others share
// one acknowledgement.
func (k AlertKind) Interrupts() bool { return k == Resuscitation || k == SceneDanger }

// Decision is what a resuscitation decision says. Its numbers are stable.
type Decision uint8

// The decisions.
const (
	NoDecision   Decision = 0
	DoNotAttempt Decision = 1 // DNACPR
	Attempt      Decision = 2 // for attempted resuscitation
	SeeForm      Decision = 3 // neither alone: read the form
)

// String gives the decision in words.
func (d Decision) String() string {
	switch d {
	case DoNotAttempt:
		return "do not attempt CPR"
	case Attempt:
		return "attempt CPR"
	case SeeForm:
		return "read the form"
	}
	return "not recorded"
}

// NoneAnswer is what was heard when there was nothing to list. Its numbers
// are stable.
type NoneAnswer uint8

// The answers.
const (
	NoneKnown NoneAnswer = 1 // asked: they know of none
	NotKnown  NoneAnswer = 2 // asked: nobody there could say
)

// Status says what is known about a kind of alert.
type Status uint8

// The statuses; "not asked" is never "none".
const (
	StatusNotAsked Status = 0
	StatusNotKnown Status = 1
	StatusNone     Status = 2
	StatusListed   Status = 3
)

// String gives the status in words.
func (s Status) String() string {
	switch s {
	case StatusNotKnown:
		return "asked, not known"
	case StatusNone:
		return "none known"
	case StatusListed:
		return "listed"
	}
	return "not asked"
}

// Alert is one alert with who wrote it and what became of it.
type Alert struct {
	Fact   fact.ID      `cbor:"1,keyasint"`
	Says   AlertAdded   `cbor:"2,keyasint"`
	By     fact.Subject `cbor:"3,keyasint"`
	Role   string       `cbor:"4,keyasint"`
	At     fact.Millis  `cbor:"5,keyasint"`
	Stands bool         `cbor:"6,keyasint"`
	Why    string       `cbor:"7,keyasint,omitempty"` // it no longer stands
	Ask    string       `cbor:"8,keyasint,omitempty"` // what speaks against it, to be decided by a person
	// Disputed is set on a resuscitation decision that is none, because
	// another or a withdrawal was written apart.
	Disputed bool                        `cbor:"9,keyasint,omitempty"`
	Plan     *Plan                       `cbor:"10,keyasint,omitempty"` // nil: an alert alone
	Reviewed fact.Register[PlanReviewed] `cbor:"11,keyasint"`           // the newest review, or those made apart
	Of       string                      `cbor:"12,keyasint,omitempty"` // whose record it comes from, when that is another one
	Maybe    bool                        `cbor:"13,keyasint,omitempty"` // of a record that may be somebody else's
	place    int
}

// Interrupts tells whether the alert may stand before the emergency path.
func (a Alert) Interrupts() bool { return a.Says.Kind.Interrupts() }

// ReviewDue tells whether the review date has come. The alert stands all the
// same: expiry never hides a decision or an allergy.
func (a Alert) ReviewDue(now time.Time) bool {
	r, today := a.NextReview(), codes.DateOf(now)
	return !r.IsZero() && r.String() <= today.String()
}

// Label gives the alert in two or three words for dense rows: "No CPR",
// "Penicillin: rash". A resuscitation decision that is disputed never reads
// as one, and one that may be somebody else's ends with
// a question mark.
func (a Alert) Label() string {
	if a.Maybe && !a.Disputed {
		return a.label() + "?"
	}
	return a.label()
}

func (a Alert) label() string {
	s := a.Says
	switch s.Kind {
	case Resuscitation:
		if a.Disputed {
			return "CPR: records disagree"
		}
		return map[Decision]string{DoNotAttempt: "No CPR", Attempt: "CPR: attempt", SeeForm: "CPR: read form"}[s.Decision]
	case SceneDanger:
		return "Scene danger"
	case Allergy:
		if s.Reaction == "" {
			return s.Substance
		}
		return s.Substance + ": " + s.Reaction
	case Steroids:
		return "Steroids"
	case Anticoagulant:
		return "Blood thinner"
	case KeySafe:
		return "Key safe"
	case Adjustment:
		return "Adjustment"
	case SpecialNote:
		return a.planName("Special note")
	case CarePlan:
		return a.planName("Care plan")
	case Condition:
		return s.Text
	case Safeguarding:
		return "Safeguarding"
	case AbuseMarker:
		return "Abuse marker"
	case Medicine:
		return s.Substance
	case Pregnancy:
		return "Pregnant"
	}
	return "Alert"
}

// Sentence gives the alert as it is read out: kind, words, author, dates.
func (a Alert) Sentence() string {
	s := a.Says
	out := s.Text
	switch s.Kind {
	case Resuscitation:
		out = "Resuscitation: " + s.Decision.String() + ". " + s.Text
		if a.Disputed {
			out = "Not a decision, records disagree. One says: " + s.Decision.String() + ". " + s.Text
		}
	case Allergy:
		out = "Allergy: " + a.label() + ". " + s.Text
	case Medicine:
		out = s.Substance + ". " + s.Text
	case Pregnancy:
		out = "Pregnant. " + s.Text
	}
	if s.Author != "" {
		out = full(out) + "By " + s.Author
		if !s.Signed.IsZero() {
			out += ", " + s.Signed.Display()
		}
	}
	if next := a.NextReview(); !next.IsZero() {
		out = full(out) + "Review " + next.Display()
	}
	if s.Kept != "" {
		out = full(out) + "Paper copy " + s.Kept
	}
	if a.Of != "" {
		out = full(out) + "On the record of " + a.Of
	}
	return full(out)[:max(len(full(out))-1, 0)]
}

// planName names a plan by its kind, as the table named it.
func (a Alert) planName(other string) string {
	if a.Plan == nil || a.Plan.Name == "" {
		return other
	}
	return a.Plan.Name
}

// full ends a text with a full stop and a space.
func full(s string) string {
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '.') {
		s = s[:len(s)-1]
	}
	if s == "" {
		return ""
	}
	return s + ". "
}
