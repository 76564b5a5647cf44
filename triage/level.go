// Package triage turns answers into an urgency with its reasons.
//
// Its law: rules are data, and pure positive conjunctions; the most urgent
// rule that is met stands, so another red flag can never lower an outcome.
// "Not asked" is never "no", and "unsure" counts as bad unless the caller is
// not with the patient, when it stays unknown and holds the upper bound. The
// same record replays to the same bits on every machine. Nothing here reads a
// disk, a clock or chance; nothing runs for real patients before a clinical
// safety officer has signed it. Content and engine are Holdfast's own, made
// from published facts (NICE, RCP, Resuscitation Council UK), each rule cited.
package triage

import (
	"strconv"
	"strings"

	"holdfast/fact/refusal"
)

// EngineVersion names the meaning of the engine. It rises when the same
// answers under the same content could give another outcome.
const EngineVersion = 1

// Level is how soon the right care must come: 0 is the most urgent. Times and
// names are in content/levels.csv.
type Level uint8

// The levels, L0 (arrest) to L10 (care at home).
const (
	L0 Level = iota
	L1
	L2
	L3
	L4
	L5
	L6
	L7
	L8
	L9
	L10
	levelCount
)

// String gives "L0" to "L10".
func (l Level) String() string { return "L" + strconv.Itoa(int(l)) }

// MoreUrgent tells whether l comes before other.
func (l Level) MoreUrgent(other Level) bool { return l < other }

// ParseLevel reads "L0" to "L10".
func ParseLevel(text string) (Level, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "L"), 10, 8)
	if err != nil || !strings.HasPrefix(text, "L") || n >= uint64(levelCount) {
		return 0, refusal.Newf(refusal.Invalid, "%q is not a level from L0 to L10", text)
	}
	return Level(n), nil
}

// LevelInfo is one row of content/levels.csv.
type LevelInfo struct {
	Level   Level
	Kind    TimeKind
	Value   int // minutes or working days, by Kind
	RedFlag bool
	Name    string
}
