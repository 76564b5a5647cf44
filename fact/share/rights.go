package share

import (
	"slices"

	"holdfast/fact"
)

// Rights is the fold: who holds what, what was used, and what waits.
type Rights struct {
	Parts         []Part         `cbor:"1,keyasint"` // every unit that exists, in order of numbers
	Owner         Part           `cbor:"2,keyasint"` // who owns the whole; its units mean nothing
	Uses          []Use          `cbor:"3,keyasint"` // everything that was used, none left out
	Reassignments []Reassignment `cbor:"4,keyasint"`
}

// Standing is how units stand.
type Standing string

// The standings.
const (
	Held     Standing = "held"
	Gone     Standing = "used"
	Disputed Standing = "disputed" // given or used apart; nobody uses them until two people settle
)

// Part is consecutive units that stand alike.
type Part struct {
	Units    Units          `cbor:"1,keyasint"`
	Standing Standing       `cbor:"2,keyasint"`
	Holder   fact.Subject   `cbor:"3,keyasint"` // while held
	Between  []fact.Subject `cbor:"4,keyasint"` // who would hold them, while disputed
	Use      fact.ID        `cbor:"5,keyasint"` // what used them up
}

// Status is how firm a use is.
type Status string

// The statuses.
const (
	Firm         Status = "firm"
	ConfirmedUse Status = "confirmed"   // provisional once; the holder gave the unit
	Provisional  Status = "provisional" // waits for the holder
	RefusedUse   Status = "refused"     // the mess has an owner
)

// Counts tells whether the use takes a unit.
func (s Status) Counts() bool { return s == Firm || s == ConfirmedUse }

// Why says why a use is not firm.
type Why string

// The reasons.
const (
	Asked      Why = "asked"      // used without holding it, and said so
	NotHeld    Why = "not held"   // the device did not hold it, as far as it could see
	Reassigned Why = "reassigned" // two people had moved the rights without having seen the use
	Apart      Why = "apart"      // used or given twice apart, as by a copied device
	NoDevice   Why = "no device"  // it is not known which device wrote it
)

// Use is one use, or the part of it that stands alike.
type Use struct {
	Fact   fact.ID      `cbor:"1,keyasint"`
	Units  Units        `cbor:"2,keyasint"`
	Device fact.Subject `cbor:"3,keyasint"`
	Status Status       `cbor:"4,keyasint"`
	Why    Why          `cbor:"5,keyasint,omitempty"`
	By     []fact.ID    `cbor:"6,keyasint"` // what confirmed or refused it
}

// Reassignment is one proposal and what became of it.
type Reassignment struct {
	Fact     fact.ID        `cbor:"1,keyasint"`
	Lost     fact.Subject   `cbor:"2,keyasint"`
	To       fact.Subject   `cbor:"3,keyasint"`
	Person   fact.Subject   `cbor:"4,keyasint"`
	Approved []fact.ID      `cbor:"5,keyasint"` // by others than who proposed it
	Persons  []fact.Subject `cbor:"6,keyasint"` // who approved, in the same order
}

// Done tells whether a second person has approved.
func (r Reassignment) Done() bool { return len(r.Approved) > 0 }

// Exist counts the units that exist.
func (r Rights) Exist() (n uint64) {
	for _, p := range r.Parts {
		n += p.Units.Count()
	}
	return n
}

// Holds tells whether the device may use all these units up or hand them on:
// it holds them, nothing about them is in dispute, and no use waits for them.
func (r Rights) Holds(device fact.Subject, u Units) bool {
	if !u.Sound() || device.Zero() {
		return false
	}
	next := u.First
	for _, p := range r.Left(device) {
		if p.First <= next && next <= p.Last {
			next = p.Last + 1
		}
	}
	return next > u.Last
}

// HeldBy lists all units that the device holds, those included that somebody
// has used and that it has to decide on.
func (r Rights) HeldBy(device fact.Subject) (out []Units) {
	for _, p := range r.Parts {
		if p.Standing == Held && p.Holder == device {
			out = joined(out, p.Units)
		}
	}
	return out
}

// Left lists the units that the device may still use up or hand on.
func (r Rights) Left(device fact.Subject) (out []Units) {
	for _, held := range r.HeldBy(device) {
		for _, free := range r.withoutUses(held) {
			out = joined(out, free)
		}
	}
	return out
}

// withoutUses takes off what somebody used and nobody has decided on yet.
func (r Rights) withoutUses(u Units) []Units {
	left := []Units{u}
	for _, use := range r.Uses {
		if use.Status != Provisional || !use.Units.Touches(u) {
			continue
		}
		var next []Units
		for _, one := range left {
			next = append(next, one.Without(use.Units)...)
		}
		left = next
	}
	return left
}

// Holder gives who holds a unit; ok is false when nobody does.
func (r Rights) Holder(n uint64) (device fact.Subject, ok bool) {
	for _, p := range r.Parts {
		if p.Units.Covers(One(n)) {
			return p.Holder, p.Standing == Held
		}
	}
	return fact.Subject{}, false
}

// Devices lists who holds anything, in a fixed order.
func (r Rights) Devices() (out []fact.Subject) {
	for _, p := range r.Parts {
		if p.Standing == Held && !slices.Contains(out, p.Holder) {
			out = append(out, p.Holder)
		}
	}
	slices.SortFunc(out, func(a, b fact.Subject) int { return slices.Compare(a[:], b[:]) })
	return out
}

// InDispute tells whether two people have anything to settle.
func (r Rights) InDispute() bool {
	return r.Owner.Standing == Disputed || slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Standing == Disputed })
}

// Open lists the uses that wait for the holder.
func (r Rights) Open() (out []Use) {
	for _, u := range r.Uses {
		if u.Status == Provisional {
			out = append(out, u)
		}
	}
	return out
}

// UsesOf lists the parts of the use that one fact states.
func (r Rights) UsesOf(id fact.ID) (out []Use) {
	for _, u := range r.Uses {
		if u.Fact == id {
			out = append(out, u)
		}
	}
	return out
}

// MayDecide tells whether the device may confirm a use (it holds the units) and
// whether it may refuse it (it holds them, or owns the whole).
func (r Rights) MayDecide(device fact.Subject, u Use) (confirm, refuse bool) {
	if device.Zero() || u.Status != Provisional {
		return false, false
	}
	next := u.Units.First
	for _, held := range r.HeldBy(device) {
		if held.First <= next && next <= held.Last {
			next = held.Last + 1
		}
	}
	confirm = next > u.Units.Last
	return confirm, confirm || r.Owner.Standing == Held && r.Owner.Holder == device
}

// CountOf counts units.
func CountOf(all []Units) (n uint64) {
	for _, u := range all {
		n += u.Count()
	}
	return n
}

func joined(all []Units, u Units) []Units {
	if n := len(all); n > 0 && all[n-1].Last+1 == u.First {
		all[n-1].Last = u.Last
		return all
	}
	return append(all, u)
}

// Without gives what is left of the units when b is taken off.
func (u Units) Without(b Units) (out []Units) {
	if !u.Touches(b) {
		return []Units{u}
	}
	if u.First < b.First {
		out = append(out, Some(u.First, b.First-1))
	}
	if b.Last < u.Last {
		out = append(out, Some(b.Last+1, u.Last))
	}
	return out
}
