// Package urgentdb works cases: it lets the caller in by the gate, folds the
// case, runs the verb and saves what it says.
//
// Its law: the gate comes first; verbs decide on folded state, never on the
// view; an answer is given only after a flushed commit.
package urgentdb

import (
	"context"
	"crypto/rand"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// Gate is the door that every caller passes first.
type Gate interface {
	Enter(ctx context.Context, by access.Caller, act access.Act, about fact.Subject) error
	EnterAs(ctx context.Context, by access.Caller, q access.Ask, about fact.Subject) error
}

// Cases works the cases of one organisation on one device.
type Cases struct {
	Journal *journal.Journal
	Gate    Gate
	Rules   *urgent.Rules
	Clock   journal.Clock
	Device  access.Caller // this device itself, for what nobody does by hand

	Us        exchange.Party                                  // as whom requests for ambulances go out
	Ambulance func(ctx context.Context) urgent.AmbulanceRoute // how the ambulance service is reached from here; nil: by phone

	listed listed
}

// viewWait is how long an answer waits for the view; after that the page says
// how fresh it is.
const viewWait = 50 * time.Millisecond

// Verb is a verb of package urgent with its request bound.
type Verb func(c urgent.Case, now time.Time) ([]fact.Draft, error)

// Do lets the caller in, runs the verb on the folded case and saves what it
// says. seen is the frontier that the page showed, nil when there was none.
func (s *Cases) Do(ctx context.Context, by access.Caller, act access.Act, id fact.Subject, seen []fact.ID, verb Verb) ([]fact.Fact, error) {
	if err := s.Gate.Enter(ctx, by, act, id); err != nil {
		return nil, err
	}
	saved, err := s.Journal.Do(ctx, by.Author(), journal.Seen{id: seen}, func(tx *journal.Tx) ([]fact.Draft, error) {
		c, err := fold(tx, id)
		if err != nil {
			return nil, err
		}
		out, err := verb(c, tx.Now())
		if err != nil {
			return nil, err
		}
		if out, err = s.endedTasks(tx, out, c); err != nil {
			return nil, err
		}
		if out, err = s.withAmbulances(ctx, tx, by, out, c); err != nil {
			return nil, err
		}
		return withTold(tx, by, out, c)
	})
	if err == nil {
		s.Journal.WaitViews(ctx, saved, viewWait)
	}
	return saved, err
}

func fold(tx *journal.Tx, id fact.Subject) (urgent.Case, error) {
	return journal.FoldIn(tx, id, urgent.Fold)
}

// NewCase draws the name of a case that does not exist yet.
func (s *Cases) NewCase() (fact.Subject, error) { return fact.NewSubject(rand.Reader) }
