// Package urgentweb is the pages of urgent care: worklist, case, consultation,
// report to the GP, call-taking, questions, outcome and service, board, tasks.
//
// Its law: a page is plain forms with POST and 303 that work without script;
// it decides nothing, it asks urgentdb; what was typed is never lost; "not
// asked" is never shown as "no".
package urgentweb

import (
	"context"
	"time"

	"holdfast/access"
	"holdfast/content"
	"holdfast/directory"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/triage"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// App is what the pages need. All of it is safe for use by many requests.
type App struct {
	Shell    *web.Shell
	Cases    *urgentdb.Cases
	People   People
	Services Services
	Tasks    Tasks
	Content  *content.Set
	Triage   *triage.Content
	Call     *CallRules // from LoadCallRules
	Drafts   Drafts
	Phone    *urgentdb.Phone           // nil: no telephone is told of here
	Name     func(fact.Subject) string // of a member of staff, by their subject
	Us       exchange.Party
	Keeping  Keeping
	Demo     bool // unsigned content may run

	Who     record.IdentityRules // numbers and words about who is calling about whom
	Trace   record.Tracer        // nil: no national index is asked
	Records Records              // nil: nothing is taken over from one

	Disclosure content.Disclosure // how much figures may tell
	Pseudonyms PseudonymsOf       // nil: this device tells no figures

	Connected []exchange.National // national services that a site node of ours asks
	Household HouseholdOf         // nil: only what is stated on the record itself

	// Colleagues lists those at work who may take a case over; nil: none can be told.
	Colleagues func(ctx context.Context, by access.Caller) ([]Colleague, error)
	Wired      func(exchange.Route) bool // whether a machine carries by this route; nil: none does
}

// People finds and reads the records of people. recorddb implements it.
type People interface {
	// Find lists people who match, best first, with what they match on.
	Find(ctx context.Context, by access.Caller, q record.Query) ([]record.Match, error)
	// Person reads one record, and records the look.
	Person(ctx context.Context, by access.Caller, id fact.Subject) (record.Person, error)
}

// Records writes in the records of people. recorddb implements it.
type Records interface {
	Do(ctx context.Context, by access.Caller, id fact.Subject, seen []fact.ID, verb record.Verb) error
}

// Services lists the directory. directorydb implements it.
type Services interface {
	All(ctx context.Context, by access.Caller) ([]directory.Entry, error)
}

// Tasks lists and does work items. The task's own db part implements it.
type Tasks interface {
	Open(ctx context.Context, by access.Caller) ([]TaskLine, error)
	Done(ctx context.Context, by access.Caller, id fact.Subject, outcome, note string) error
	// Take takes a task; from somebody else only with a reason.
	Take(ctx context.Context, by access.Caller, id fact.Subject, why string) error
}

// TaskLine is one work item as a list shows it.
type TaskLine struct {
	ID    fact.Subject
	What  string
	About fact.Subject // the case
	Due   time.Time
	Who   string      // who has taken it; empty: nobody
	First bool        // before everything else
	Held  fact.Millis // entries since then are held back: unverified; 0: none is
}

// Drafts keeps half-typed forms on this device's disk.
type Drafts interface {
	SaveDraft(ctx context.Context, key string, data []byte) error
	LoadDraft(ctx context.Context, key string) ([]byte, time.Time, error)
	DropDraft(ctx context.Context, key string) error
}
