package urgent

import (
	"slices"

	"holdfast/exchange"
	"holdfast/fact"
)

// Outward is what left a case towards the patient and the GP beside reports
// and referrals, and the short forms of the other ways in and out.
type Outward struct {
	Letters   []LetterSent                 `cbor:"1,keyasint,omitempty"`
	Nullified []Nullifying                 `cbor:"2,keyasint,omitempty"`
	Moved     []Moving                     `cbor:"3,keyasint,omitempty"`
	Death     fact.Register[DeathRecorded] `cbor:"4,keyasint"`
	Forms     []FormFilled                 `cbor:"5,keyasint,omitempty"`
}

// LetterSent is one letter to the patient.
type LetterSent struct {
	Fact fact.ID       `cbor:"1,keyasint"`
	At   fact.Millis   `cbor:"2,keyasint"`
	What LetterWritten `cbor:"3,keyasint"`
}

// Nullifying is one report that no longer stands.
type Nullifying struct {
	Fact fact.ID         `cbor:"1,keyasint"`
	At   fact.Millis     `cbor:"2,keyasint"`
	What ReportNullified `cbor:"3,keyasint"`
}

// Moving is one move of the case from a wrong patient to the right one.
type Moving struct {
	Fact fact.ID      `cbor:"1,keyasint"`
	At   fact.Millis  `cbor:"2,keyasint"`
	What FiledWrongly `cbor:"3,keyasint"`
}

// outwardKinds lists the kinds of this file's parts, 246–250.
func outwardKinds() []fact.Kind {
	return []fact.Kind{
		ReportNullified{}.FactKind(), LetterWritten{}.FactKind(), FiledWrongly{}.FactKind(), DeathRecorded{}.FactKind(), FormAnswered{}.FactKind(),
	}
}

// ReportNullified says that a report no longer stands, sent or not.
type ReportNullified struct {
	Report fact.ID `cbor:"1,keyasint"`
	Why    string  `cbor:"2,keyasint"`
	By     string  `cbor:"3,keyasint"`
}

// FactKind is kind 246.
func (ReportNullified) FactKind() fact.Kind { return kind(246, "report-nullified", fact.Grow) }

// LetterWritten says what was written to the patient, how, and to where. The
// words themselves are the envelope's attachment.
type LetterWritten struct {
	Envelope exchange.EnvelopeID `cbor:"1,keyasint"`
	Route    exchange.Route      `cbor:"2,keyasint"`
	To       string              `cbor:"3,keyasint,omitempty"` // the number or address; empty on paper
	Key      string              `cbor:"4,keyasint"`           // row of content/urgent/letters.csv
	Title    string              `cbor:"5,keyasint"`
	Language string              `cbor:"6,keyasint"`
	Large    bool                `cbor:"7,keyasint,omitempty"`
	Advice   []string            `cbor:"8,keyasint,omitempty"` // of the chosen texts, by their keys
	By       string              `cbor:"9,keyasint"`
	Filling  string              `cbor:"10,keyasint"` // of the form: pressed twice it is one letter
}

// FactKind is kind 247.
func (LetterWritten) FactKind() fact.Kind { return kind(247, "letter-written", fact.Grow) }

// outward takes in the kinds of this file.
func (c *folding) outward(i int, f fact.Fact, at fact.Millis) error {
	switch f.Body.Kind {
	case 246:
		return take(f, func(v ReportNullified) {
			c.Outward.Nullified = append(c.Outward.Nullified, Nullifying{Fact: f.ID, At: at, What: v})
		})
	case 247:
		return take(f, func(v LetterWritten) {
			c.Outward.Letters = append(c.Outward.Letters, LetterSent{Fact: f.ID, At: at, What: v})
		})
	case 248:
		return take(f, func(v FiledWrongly) {
			c.Outward.Moved = append(c.Outward.Moved, Moving{Fact: f.ID, At: at, What: v})
		})
	case 249:
		return take(f, func(v DeathRecorded) { c.Outward.Death.Set(c.h, i, v) })
	}
	return take(f, func(v FormAnswered) {
		c.Outward.Forms = append(c.Outward.Forms, FormFilled{Fact: f.ID, At: at, What: v})
	})
}

// nullified tells whether a report no longer stands.
func (c Case) nullified(report fact.ID) bool {
	return slices.ContainsFunc(c.Outward.Nullified, func(n Nullifying) bool { return n.What.Report == report })
}
