// Package stock is numbered things that must all be accounted for: ranges of
// numbered forms such as prescription pads.
//
// Its law: a number is used by who holds it, once (fact/share judges that);
// whoever uses one without holding it says so and somebody decides; every
// number that was received is left, used, waiting for a decision or in
// dispute, and nothing drops out of that account.
package stock

import (
	"strconv"

	"holdfast/fact"
	"holdfast/fact/share"
)

// FoldVersion is raised whenever Fold changes what it makes of the same facts.
const FoldVersion = 1

func kind(number uint32, name string, join fact.Join) fact.Kind {
	return fact.Kind{Number: number, Version: 1, Lane: fact.Care, Name: name, Join: join}
}

// Kinds lists the kinds of fact that this package writes and folds.
func Kinds() []fact.Kind {
	return []fact.Kind{
		FormsReceived{}.FactKind(), FormsHanded{}.FactKind(), FormUsed{}.FactKind(), UseConfirmed{}.FactKind(),
		UseRefused{}.FactKind(), ReassignmentProposed{}.FactKind(), ReassignmentApproved{}.FactKind(),
	}
}

// FormsReceived says that numbered forms are here, and which device holds them.
type FormsReceived struct {
	What  string       `cbor:"1,keyasint"` // "FP10SS prescription pads"
	First uint64       `cbor:"2,keyasint"`
	Last  uint64       `cbor:"3,keyasint"`
	Owner fact.Subject `cbor:"4,keyasint"` // device
	Says  string       `cbor:"5,keyasint"` // its name
}

// FactKind is kind 520.
func (FormsReceived) FactKind() fact.Kind { return kind(520, "forms-received", fact.Undetermined) }

// FormsHanded gives numbers that the writing device holds to another.
type FormsHanded struct {
	First uint64       `cbor:"1,keyasint"`
	Last  uint64       `cbor:"2,keyasint"`
	To    fact.Subject `cbor:"3,keyasint"` // device
	Says  string       `cbor:"4,keyasint"` // its name
}

// FactKind is kind 521.
func (FormsHanded) FactKind() fact.Kind { return kind(521, "forms-handed", fact.Undetermined) }

// How says what became of a form.
type How string

// What can become of a form.
const (
	Issued  How = "issued"  // given to a patient
	Voided  How = "voided"  // written and taken back
	Spoiled How = "spoiled" // torn, wet, misprinted
	Missing How = "lost"
	Stolen  How = "stolen"
)

// Hows gives them in order.
func Hows() []How { return []How{Issued, Voided, Spoiled, Missing, Stolen} }

// FormUsed says what became of forms that the writing device holds; with Asks,
// of forms that it does not, because their holder could not be asked.
type FormUsed struct {
	First uint64       `cbor:"1,keyasint"`
	Last  uint64       `cbor:"2,keyasint"`
	How   How          `cbor:"3,keyasint"`
	For   fact.Subject `cbor:"4,keyasint,omitempty"` // the case, if it was issued in one
	Note  string       `cbor:"5,keyasint,omitempty"` // nobody's personal data
	Asks  string       `cbor:"6,keyasint,omitempty"` // why it is provisional
	Says  string       `cbor:"7,keyasint"`           // who, as colleagues read it
}

// FactKind is kind 522.
func (FormUsed) FactKind() fact.Kind { return kind(522, "form-used", fact.Grow) }

// UseConfirmed gives the holder's numbers to a provisional use.
type UseConfirmed struct {
	Use  fact.ID `cbor:"1,keyasint"`
	Says string  `cbor:"2,keyasint"`
}

// FactKind is kind 523.
func (UseConfirmed) FactKind() fact.Kind { return kind(523, "use-confirmed", fact.Once) }

// UseRefused says that a provisional use has no number. The use stays on
// record; the named person sorts out what follows from it.
type UseRefused struct {
	Use   fact.ID      `cbor:"1,keyasint"`
	Why   string       `cbor:"2,keyasint"`
	Owner fact.Subject `cbor:"3,keyasint"` // of the mess: a person
	Says  string       `cbor:"4,keyasint"` // that person, as colleagues read it
}

// FactKind is kind 524.
func (UseRefused) FactKind() fact.Kind { return kind(524, "use-refused", fact.Grow) }

// ReassignmentProposed says that one person wants the numbers of a lost device
// to be another's. A zero Lost means the numbers in dispute.
type ReassignmentProposed struct {
	Lost     fact.Subject `cbor:"1,keyasint"`
	LostSays string       `cbor:"2,keyasint"`
	To       fact.Subject `cbor:"3,keyasint"`
	ToSays   string       `cbor:"4,keyasint"`
	Why      string       `cbor:"5,keyasint"`
	Says     string       `cbor:"6,keyasint"`
}

// FactKind is kind 525.
func (ReassignmentProposed) FactKind() fact.Kind {
	return kind(525, "reassignment-proposed", fact.Grow)
}

// ReassignmentApproved says that a second person agrees. From then on the
// numbers are the other device's.
type ReassignmentApproved struct {
	Proposal fact.ID `cbor:"1,keyasint"`
	Says     string  `cbor:"2,keyasint"`
}

// FactKind is kind 526.
func (ReassignmentApproved) FactKind() fact.Kind {
	return kind(526, "reassignment-approved", fact.Undetermined)
}

// Range is the fold of one range of numbered forms.
type Range struct {
	Subject   fact.Subject                 `cbor:"1,keyasint"`
	Received  fact.Register[FormsReceived] `cbor:"2,keyasint"`
	At        fact.Millis                  `cbor:"3,keyasint"`
	Rights    share.Rights                 `cbor:"4,keyasint"`
	Uses      []Use                        `cbor:"5,keyasint"`
	Proposals []Proposal                   `cbor:"6,keyasint"`
	Names     []Name                       `cbor:"7,keyasint"` // of devices, as facts call them
	NotShown  []fact.ID                    `cbor:"8,keyasint"`
	Gaps      []fact.ID                    `cbor:"9,keyasint"`
	Frontier  []fact.ID                    `cbor:"10,keyasint"`
}

// Use is one use, or a part of one that stands alike, with what was said.
type Use struct {
	Right   share.Use    `cbor:"1,keyasint"`
	Says    FormUsed     `cbor:"2,keyasint"`
	By      fact.Subject `cbor:"3,keyasint"`
	At      fact.Millis  `cbor:"4,keyasint"`
	Decided []Decision   `cbor:"5,keyasint"`
}

// Decision is a confirmation or refusal that counts.
type Decision struct {
	Why   string       `cbor:"1,keyasint,omitempty"`
	Owner fact.Subject `cbor:"2,keyasint,omitempty"`
	Says  string       `cbor:"3,keyasint"`
	At    fact.Millis  `cbor:"4,keyasint"`
}

// Proposal is a reassignment with what was said.
type Proposal struct {
	Right share.Reassignment   `cbor:"1,keyasint"`
	Says  ReassignmentProposed `cbor:"2,keyasint"`
	At    fact.Millis          `cbor:"3,keyasint"`
	By    []string             `cbor:"4,keyasint"` // who approved
}

// Name is what a device is called.
type Name struct {
	Device fact.Subject `cbor:"1,keyasint"`
	Says   string       `cbor:"2,keyasint"`
}

// Exists tells whether the range was received.
func (r Range) Exists() bool { return !r.Received.Empty() }

// What says what the forms are. Received twice apart it is the first by the
// order of facts, for display; the rights are in dispute then.
func (r Range) What() string {
	if r.Received.Empty() {
		return "Forms that are not known here yet"
	}
	return r.Received.Values[0].Value.What
}

// Called gives a device's name.
func (r Range) Called(device fact.Subject) string {
	for _, n := range r.Names {
		if n.Device == device {
			return n.Says
		}
	}
	if device.Zero() {
		return "a device that is not known here"
	}
	return "device " + device.String()[:8]
}

// Open lists the uses that wait for a decision.
func (r Range) Open() (out []Use) {
	for _, u := range r.Uses {
		if u.Right.Status == share.Provisional {
			out = append(out, u)
		}
	}
	return out
}

// Waiting lists the proposals that no second person has approved.
func (r Range) Waiting() (out []Proposal) {
	for _, p := range r.Proposals {
		if !p.Right.Done() {
			out = append(out, p)
		}
	}
	return out
}

// Numbers writes numbers as they stand on forms: "4010" or "4010 to 4019".
func Numbers(u share.Units) string {
	first, last := strconv.FormatUint(u.First, 10), strconv.FormatUint(u.Last, 10)
	if first == last {
		return first
	}
	return first + " to " + last
}
