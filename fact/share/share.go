// Package share is the law of scarce things: numbered forms, slots, controlled
// stock. What exists is units with numbers; a count of things is units from 1.
//
// Its law: each unit has one holder, a device, and only its holder uses it up
// or hands it on, without asking anybody. Shares are handed out beforehand, so
// that a device that is cut off goes on from its own. Whoever uses what it
// does not hold uses it provisionally, visibly, until the holder confirms or
// refuses. Rights of a device that is lost move by two people, one who
// proposes and another who approves, and never because time has passed; what
// the lost device used without their having seen it becomes provisional.
//
// Everything is judged by what had been seen, never by a clock: the same
// facts give the same rights on every device in any order of arrival. For each
// unit by itself:
//
//  1. A fact counts when the right was there to be moved in its own past: it
//     was its writer's to use or hand on, or, for two people's word, the lost
//     device's.
//  2. Two people's word prevails over one device's that was written apart from
//     it, and over all that rests on that.
//  3. Two pairs of people who did the same thing apart did it once. Did they
//     move the right to different devices, it is in dispute.
//  4. Two facts of one device written apart, as by a copy of it, fall together:
//     the right is in dispute.
//  5. What is in dispute is moved only by two people who had seen all of it;
//     whoever then holds the unit decides on what was used meanwhile.
package share

import "holdfast/fact"

// Units are consecutive numbers, both ends included.
type Units struct {
	_     struct{} `cbor:",toarray"`
	First uint64
	Last  uint64
}

// Some makes units; One makes a single one.
func Some(first, last uint64) Units { return Units{First: first, Last: last} }

// One is a single unit.
func One(n uint64) Units { return Some(n, n) }

// highest keeps arithmetic on numbers away from the end of their type.
const highest = 1 << 62

// Sound tells whether the units are in order and not absurd.
func (u Units) Sound() bool { return u.First <= u.Last && u.Last < highest }

// Count counts the units.
func (u Units) Count() uint64 {
	if !u.Sound() {
		return 0
	}
	return u.Last - u.First + 1
}

// Covers tells whether all of o are among the units.
func (u Units) Covers(o Units) bool { return u.First <= o.First && o.Last <= u.Last }

// Touches tells whether any of o is among the units.
func (u Units) Touches(o Units) bool { return u.First <= o.Last && o.First <= u.Last }

// Act is what one fact does to rights.
type Act uint8

// The acts.
const (
	Received  Act = 1 // units exist from now on; To holds them and owns the whole
	Handed    Act = 2 // the writing device gives units that it holds to To
	Used      Act = 3 // the writing device uses units up
	Confirmed Act = 4 // the holder gives its units to what was used provisionally
	Refused   Act = 5 // the holder or the owner does not
	Proposed  Act = 6 // one person wants the rights of Lost to be To's
	Approved  Act = 7 // another person agrees
)

// Step is what one fact says, as the law reads it.
type Step struct {
	Act    Act
	Units  Units        // Received, Handed, Used
	To     fact.Subject // Received, Handed, Proposed: the device that holds from now on
	Lost   fact.Subject // Proposed: the device that is lost; zero: what is in dispute
	About  fact.ID      // Confirmed, Refused: what was used; Approved: the proposal
	Person fact.Subject // who says so; zero for a device by itself
	Asks   bool         // Used: declared provisional by who used it
}

// Reader gives the step that a fact stands for; ok is false when it has
// nothing to do with rights.
type Reader func(fact.Fact) (s Step, ok bool)

// Devices says which device writes a feed, whatever its incarnation. What a
// feed nobody knows says about rights gives it none.
type Devices func(fact.FeedID) (device fact.Subject, ok bool)
