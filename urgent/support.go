package urgent

import (
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// InterpreterStep is how far an interpreter has come.
type InterpreterStep string

// The steps.
const (
	InterpreterAsked InterpreterStep = "asked"
	InterpreterCame  InterpreterStep = "came"
	InterpreterNone  InterpreterStep = "none" // none could be had, Why says what was done instead
)

// InterpreterStepped says that an interpreter was asked for, came, or could not
// be had. The time is that of the fact.
type InterpreterStepped struct {
	Step     InterpreterStep `cbor:"1,keyasint"`
	Language string          `cbor:"2,keyasint,omitempty"`
	Why      string          `cbor:"3,keyasint,omitempty"`
	By       string          `cbor:"4,keyasint"`
}

// FactKind is kind 107.
func (InterpreterStepped) FactKind() fact.Kind { return kind(107, "interpreter-stepped", fact.Grow) }

// ViewingOverridden says why the patient's record is opened in an emergency
// although they object: for this case alone.
type ViewingOverridden struct {
	Why string `cbor:"1,keyasint"`
	By  string `cbor:"2,keyasint"`
}

// FactKind is kind 108.
func (ViewingOverridden) FactKind() fact.Kind { return kind(108, "viewing-overridden", fact.Grow) }

// Support is what a case knows of how the caller is understood and whether the
// record may be opened.
type Support struct {
	Sought     fact.Millis         `cbor:"1,keyasint,omitempty"` // first asked for an interpreter; 0: not asked
	Came       fact.Millis         `cbor:"2,keyasint,omitempty"` // first there; 0: not yet
	Language   []string            `cbor:"3,keyasint,omitempty"` // asked for
	NotHad     []string            `cbor:"4,keyasint,omitempty"` // what was done instead
	Overridden []ViewingOverridden `cbor:"5,keyasint,omitempty"` // why the record was opened against an objection
}

// OfCase tells whether a kind outside 200–399 is about a case.
func OfCase(kind uint32) bool {
	return kind == InterpreterStepped{}.FactKind().Number || kind == ViewingOverridden{}.FactKind().Number
}

// applySupport folds kinds 107 and 108: the earliest time of each step counts,
// whoever wrote it down.
func (c *folding) applySupport(f fact.Fact) error {
	if f.Body.Kind == (ViewingOverridden{}).FactKind().Number {
		return take(f, func(v ViewingOverridden) { c.Overridden = append(c.Overridden, v) })
	}
	return take(f, func(v InterpreterStepped) {
		at := f.Body.Happened.From
		switch v.Step {
		case InterpreterAsked:
			c.Sought = first(c.Sought, at)
			c.Language = addWord(c.Language, v.Language)
		case InterpreterCame:
			c.Came = first(c.Came, at)
		case InterpreterNone:
			c.NotHad = addWord(c.NotHad, v.Why)
		}
	})
}

func first(was, at fact.Millis) fact.Millis {
	if was == 0 || at < was {
		return at
	}
	return was
}

func addWord(all []string, word string) []string {
	if word == "" || slices.Contains(all, word) {
		return all
	}
	return append(all, word)
}

// InterpreterDue gives by when an interpreter is to be there; false when none was
// asked for, or one has come.
func (s Support) InterpreterDue(within time.Duration) (time.Time, bool) {
	if s.Sought == 0 || s.Came != 0 {
		return time.Time{}, false
	}
	return s.Sought.Time().Add(within), true
}

// Interpreter says how far an interpreter has come. What is said twice is one
// fact; "came" alone also says that one was asked for.
func Interpreter(c Case, by access.Caller, step InterpreterStep, language, why string) ([]fact.Draft, error) {
	if !c.Begun() {
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	}
	v := InterpreterStepped{Step: step, Language: strings.TrimSpace(language), Why: strings.TrimSpace(why), By: by.Says()}
	switch {
	case len(v.Language) > 60:
		return nil, refusal.Field("language", "This is too long to be kept: shorten it")
	case len(v.Why) > 1000:
		return nil, refusal.Field("interpreter_why", "This is too long to be kept: shorten it")
	case step == InterpreterAsked && c.Sought != 0 && (v.Language == "" || slices.Contains(c.Language, v.Language)):
		return nil, nil
	case step == InterpreterCame && c.Came != 0:
		return nil, nil
	case step == InterpreterNone && v.Why == "":
		return nil, refusal.Field("interpreter_why", "Say what was done instead: it stays readable in the case.")
	case step != InterpreterAsked && step != InterpreterCame && step != InterpreterNone:
		return nil, refusal.New(refusal.Invalid, "Say whether the interpreter was asked for, came, or could not be had.")
	}
	return []fact.Draft{fact.Say(c.ID, v)}, nil
}

// OverrideViewing opens the patient's record for this case in an emergency
// although they object, with the reason (direct care: vital interests, UK GDPR
// article 9(2)(c); the objection stays on record).
func OverrideViewing(c Case, by access.Caller, why string) ([]fact.Draft, error) {
	why = strings.TrimSpace(why)
	switch {
	case !c.Begun():
		return nil, refusal.New(refusal.Missing, "There is no such case here.")
	case c.MayView():
		return nil, refusal.New(refusal.Taken, "Nobody objects: the record can be opened.")
	case why == "":
		return nil, refusal.Field("override_why", "Say what the danger is: it stays readable in the case.")
	case len(why) > 1000:
		return nil, refusal.Field("override_why", "This is too long to be kept: shorten it")
	}
	return []fact.Draft{fact.Say(c.ID, ViewingOverridden{Why: why, By: by.Says()})}, nil
}

// MayView tells whether the patient's record may be opened for this case:
// nobody objects, or somebody opened it in an emergency and said why. Of
// answers given apart an objection counts.
func (c Case) MayView() bool {
	if len(c.Overridden) > 0 {
		return true
	}
	for _, p := range c.Patient.Values {
		if p.Value.MayLook == No {
			return false
		}
	}
	return true
}
