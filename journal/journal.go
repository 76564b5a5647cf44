// Package journal keeps facts on one device's disk and gives them back.
//
// Its law: nothing is answered as saved before it is flushed; nothing that was
// written is ever changed; after any failed write or flush the file is never
// written again and nothing in doubt is called saved; verbs decide on folded
// state, never on views; views are disposable. It knows facts and keys, and
// nothing about calls, people or pages.
package journal

import (
	"database/sql"
	"io"
	"log/slog"
	"time"

	"holdfast/fact"
	"holdfast/fact/root"
)

// Clock tells the time; a process has one.
type Clock func() time.Time

// Options say where a journal lies and what it works with.
type Options struct {
	Dir        string
	Clock      Clock
	Random     io.Reader // crypto/rand in life
	Views      []View
	Demo       bool   // a folder created as a demo or rehearsal: its keys lie open
	Passphrase []byte // opens the keys at rest of every other folder
	Log        *slog.Logger
	Store      Store // nil: SQLite on the local disk
	Reserve    int64 // bytes held back so that a full disk is met early; 0: 64 MiB

	// MayErase judges a tombstone at its place in the history of the
	// organisation's subject; nil accepts all. It must depend on the facts alone.
	MayErase func(h fact.History, place int) error

	// OneWork says that every desk of the organisation is given the same: then what
	// one of them is given is said of all that are at work, in one fact.
	OneWork bool

	CheckpointPages int // pages in the write-ahead log before they are copied home; 0: 4,000
	CacheFacts      int // opened facts kept in memory; 0: 200,000
}

// Founding says which organisation and first device begin.
type Founding struct {
	Name       string // of the organisation
	ODS        string
	DeviceName string
	Domain     string       // failure domain of this device, for example a building
	Root       *root.Made   // of people and paper; nil: this device alone holds it
	Holders    []RootHolder // of Root, for the page of devices
}

// Seen is the frontier that the page showed, for each subject. A subject that
// is not listed was seen as it stood at the decision.
type Seen map[fact.Subject][]fact.ID

// View is a set of tables built from facts, thrown away and built anew
// whenever its version, or anything about its file, is not as expected.
type View interface {
	// Name prefixes all its tables: name_table.
	Name() string
	// Version changes whenever tables or Apply change.
	Version() int
	// Create makes the empty tables.
	Create(tx *sql.Tx) error
	// Apply takes in facts, those of one subject in the order in which they were
	// committed. A view that is built from nothing gets them subject by subject.
	// It is called once for each fact; an error skips that fact for this view.
	// It is called again with facts of subjects that are to be judged anew, after
	// a cut, a readmission or an erasure.
	Apply(tx *sql.Tx, r Reader, facts []fact.Fact) error
}

// Reader gives folded views the histories they need.
type Reader interface {
	History(s fact.Subject) (fact.History, error)
}

// Health says what the frame of every page shows about this device.
type Health struct {
	Saving      bool      // false: nothing can be saved here any more
	Since       time.Time // of the present state of Saving or of the last trouble
	Sentence    string    // for people; empty when all is well
	Incarnation uint32
	HeldByOne   bool // the organisation's root key is held by this one device
	Feeds       []Feed
	ViewError   string // why views lag, empty when they do not
}

// Feed is how far one lane has come.
type Feed struct {
	Lane fact.Lane
	ID   fact.FeedID
	Size uint64
	Root fact.Hash
	Head []byte // signed, exact bytes; nil when empty
}

// Report is what Verify found.
type Report struct {
	Facts, Feeds, Heads, Wraps, Attachments int
	Failures                                []Failure
}

// Failure names one thing that does not hold and where.
type Failure struct {
	Place string // feed, lane and sequence, or the subject of a key wrap
	What  string
}
