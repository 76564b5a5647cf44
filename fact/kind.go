package fact

import (
	"errors"
	"fmt"
	"time"
)

// Kind describes one kind of fact. Numbers are never reused.
type Kind struct {
	Number  uint32
	Version uint32 // newest version this program writes and reads
	Lane    Lane
	Name    string // as in docs/facts/NNN-name.md
	Join    Join
}

// Join says how values written apart combine.
type Join string

// The joins. Nothing is ever decided by being later.
const (
	Grow         Join = "grow"         // all are kept; order does not matter
	Undetermined Join = "undetermined" // both shown, what is automatic stops, a person is asked
	Highest      Join = "highest"      // the more careful value stands
	Once         Join = "once"         // the same thing said twice is one thing
)

// Content is what a fact of one kind says.
type Content interface {
	FactKind() Kind
}

// Author is who states facts: an argument of every act.
type Author struct {
	Person  Subject
	Role    string
	Session Subject
	Access  []ID // ids of the grants acted under
}

// Draft is a fact that a verb wants to state. The journal gives it a place.
type Draft struct {
	Subject  Subject
	Content  Content
	Happened Span   // zero: when it is recorded
	Attach   []Blob // sealed and kept before the fact is
	Class    KeyClass
}

// Blob is a plain attachment on its way to being sealed.
type Blob struct {
	Media string
	Bytes []byte
}

// KeyClass keeps keys of different need-to-know apart.
type KeyClass uint8

// The classes of subject keys.
const (
	ClassCare  KeyClass = 0
	ClassEntry KeyClass = 1 // entry codes of homes
	ClassAudit KeyClass = 2
)

// Say drafts a fact about a subject that happens now.
func Say(about Subject, c Content) Draft { return Draft{Subject: about, Content: c} }

// When sets the time that the person states.
func (d Draft) When(at time.Time) Draft {
	_, offset := at.Zone()
	d.Happened = Moment(At(at), int16(offset/60))
	return d
}

// With adds an attachment.
func (d Draft) With(b Blob) Draft {
	d.Attach = append(d.Attach[:len(d.Attach):len(d.Attach)], b)
	return d
}

// Fact is one opened fact.
type Fact struct {
	ID     ID
	Header Header
	Body   Body
	Held   bool   // a cut holds it back on this device; no part of the fact itself
	Since  Millis // the moment that the cut states; 0 when nothing holds it
}

// OfJournal tells whether the fact is the journal's own (kinds 1 to 19: joins,
// things set aside; 130 and 131: the authority of a device; 136 and 137: what
// desks let go of; 139: fresh keys): every fold passes over those.
func (f Fact) OfJournal() bool {
	k := f.Body.Kind
	return k > 0 && k < 20 || k == 130 || k == 131 || k == 136 || k == 137 || k == 139
}

// ErrNewer says that a fact cannot be read by this program: the subject shows
// "newer information not shown here", and nothing is guessed.
var ErrNewer = errors.New("written by a newer version")

// Read decodes a fact's content into T after checking kind, version and
// must-understand keys.
func Read[T Content](f Fact) (T, error) {
	var out T
	k := out.FactKind()
	if f.Body.Kind != k.Number {
		return out, fmt.Errorf("kind %d is not %s", f.Body.Kind, k.Name)
	}
	if f.Body.Version > k.Version || len(f.Body.Must) > 0 {
		return out, fmt.Errorf("%w: %s version %d", ErrNewer, k.Name, f.Body.Version)
	}
	if err := Decode(f.Body.Content, &out); err != nil {
		return out, fmt.Errorf("%s: %w", k.Name, err)
	}
	return out, nil
}
