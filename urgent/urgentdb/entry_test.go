package urgentdb

import (
	"database/sql"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record/entry"
	"holdfast/urgent"
)

// lags is a list that takes nothing in while it is held.
type lags struct {
	journal.View
	held *atomic.Bool
}

func (l lags) Apply(tx *sql.Tx, r journal.Reader, facts []fact.Fact) error {
	for l.held.Load() {
		time.Sleep(time.Millisecond)
	}
	return l.View.Apply(tx, r, facts)
}

// A case that the lists have not taken in yet is not none: an emergency is never
// refused because a disk is slow.
func TestACaseThatTheListsLackIsNotNone(t *testing.T) {
	var held atomic.Bool
	s := openWith(t, func(v journal.View) journal.View { return lags{v, &held} })
	t.Cleanup(func() { held.Store(false) })
	person, rules := fact.Subject{5}, entry.Rules{Ambulance: time.Hour}
	s.settled(t)
	if g := s.Grounds(t.Context(), nurse, person, rules, start); g.Unknown || len(g.Relations) != 0 {
		t.Fatalf("level lists: %+v", g)
	}
	held.Store(true)
	id, err := s.NewCase()
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []Verb{
		func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.TakeCall(c, handler, codes.ReceivePhone("01632960418"), now)
		},
		func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
			return urgent.Describe(c, handler, urgent.Description{Patient: &urgent.PatientDescribed{Record: person, MayLook: urgent.Yes}})
		},
	} {
		if _, err := s.Do(t.Context(), handler, access.TakeCall, id, nil, verb); err != nil {
			t.Fatal(err)
		}
	}
	if g := s.Grounds(t.Context(), nurse, person, rules, start); !g.Unknown {
		t.Errorf("a case that the lists lack is taken for none: %+v", g)
	}
	held.Store(false)
	s.settled(t)
	if g := s.Grounds(t.Context(), nurse, person, rules, start); g.Unknown || len(g.Relations) != 1 || g.Relations[0].About != id {
		t.Errorf("%+v", g)
	}
}
