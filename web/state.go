package web

import (
	"fmt"
	"time"

	"holdfast/codes"
)

// Kept says how safe the work is: the one truth about saving, always at the
// same spot of the frame.
type Kept struct {
	Level KeptLevel
	Words string
}

// KeptLevel is the shape beside those words.
type KeptLevel string

// The levels, each with a shape of its own.
const (
	KeptWell KeptLevel = ""     // a dot: all is well
	KeptPart KeptLevel = "part" // a triangle: something further away is not
	KeptOwn  KeptLevel = "own"  // an outlined square: on this device only
	KeptStop KeptLevel = "stop" // a square: something needs doing now
)

// StripTone is the kind of a strip under the frame.
type StripTone string

// The tones of strips.
const (
	StripPart StripTone = "part" // carry on, knowing this
	StripStop StripTone = "stop" // do something
	StripAsk  StripTone = "ask"  // something is not shown or disagrees: ask a person
	StripHalt StripTone = "halt" // work here must stop
	StripReh  StripTone = "reh"  // nothing here is real
)

// Strip says one step away from well: since when, what it means, what to do.
type Strip struct {
	ID   string // stable name, so that a live page keeps it in place
	Tone StripTone
	What string // "The hub is cut off since 04:12."
	Do   string // "Carry on. …"
	More []Act  // links at its end
}

// Act is one thing that can be done from a strip: a link with its key.
type Act struct {
	Text string
	Href string
	Key  string
}

// urgent tells whether a screen reader is interrupted.
func (s Strip) urgent() bool { return s.Tone == StripStop || s.Tone == StripHalt }

// State is what the frame says about keeping, with a strip for each step away
// from well.
type State struct {
	Kept   Kept
	Strips []Strip
}

// With adds strips.
func (s State) With(strips ...Strip) State {
	s.Strips = append(append([]Strip(nil), s.Strips...), strips...)
	return s
}

// AllWell is one dot and four words.
func AllWell() State { return State{Kept: Kept{KeptWell, "All saved and safe"}} }

// Saved is a device whose copies are on their way, in time.
func Saved() State { return State{Kept: Kept{KeptWell, "All saved"}} }

// SavedHere is a device with no second one to keep copies on.
func SavedHere() State { return State{Kept: Kept{KeptWell, "All saved here"}} }

// Unsafe says how many entries no second device has, and for how long the
// oldest has waited.
func Unsafe(entries int, oldest time.Duration) State {
	return State{
		Kept: Kept{KeptStop, Plural(entries, "entry", "entries") + " not safe"},
		Strips: []Strip{{
			ID: "unsafe", Tone: StripStop,
			What: fmt.Sprintf("%s on this device only, the oldest for %s.", Plural(entries, "entry is", "entries are"), codes.Span(oldest)),
			Do:   "Keep it on. They go by themselves when a site node answers. If you must leave, print them.",
		}},
	}
}

// CannotSave is the one state in which work at a device must stop. Instead says
// where to go on: "Move to desk 7, or go on with paper form 7140."
func CannotSave(since time.Time, zone *time.Location, instead string) State {
	return State{
		Kept: Kept{KeptStop, "Not saving"},
		Strips: []Strip{{
			ID: "cannot-save", Tone: StripHalt,
			What: "Stop. This device can’t save since " + since.In(zone).Format("15:04") + ".",
			Do:   "Keep the caller. What it showed as saved is kept. " + instead,
		}},
	}
}

// Stale says how old what is shown is, when the page's tables run behind the
// journal.
func Stale(asAt time.Time, zone *time.Location) Strip {
	at := asAt.In(zone).Format("15:04:05")
	return Strip{
		ID: "stale", Tone: StripPart, What: "Lists are as at " + at + ".",
		Do: "Carry on. Nothing is lost: what was saved since is being added. Clocks go on from their deadlines.",
	}
}

// DemoStrip says that nothing here is real.
func DemoStrip() Strip {
	return Strip{
		ID: "demo", Tone: StripReh, What: "Demo.",
		Do: "Everybody here is made up, and the clinical content is an unsigned example. Never use it for care.",
	}
}

// LapsedStrip says that the reader's role has run out while they had work in
// hand.
func LapsedStrip(at time.Time, zone *time.Location) Strip {
	return Strip{
		ID: "lapsed", Tone: StripAsk, What: "Your role ran out at " + at.In(zone).Format("15:04") + ".",
		Do: "Finish or release what you have: nothing stops you. For anything new ask an administrator.",
	}
}

// Rehearsal is made-up people in made-up time.
func Rehearsal(rate int) State {
	do := "Nobody here is real and nothing leaves this room."
	if rate > 1 {
		do += fmt.Sprintf(" The clock runs %d times faster.", rate)
	}
	return State{
		Kept:   Kept{KeptWell, "Rehearsal, nothing is sent"},
		Strips: []Strip{{ID: "rehearsal", Tone: StripReh, What: "Rehearsal.", Do: do}},
	}
}

// Plural joins a number with the right word.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
