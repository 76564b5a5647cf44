package node

import (
	"context"
	"errors"
	"testing"
	"time"

	"holdfast/access/accessdb"
	"holdfast/fact"
)

// One record that can't be read takes nothing else off the page of unusual
// looks; it is counted, once.
func TestOneUnreadableRecordIsCountedAndHidesNothing(t *testing.T) {
	bad, good, unknown, at := fact.Subject{1}, fact.Subject{2}, fact.Subject{3}, time.Now()
	broken := errors.New("can't be read")
	r := reading{
		records: func(_ context.Context, about fact.Subject) ([]fact.Subject, error) {
			if about == unknown {
				return nil, broken
			}
			return nil, nil
		},
		known: func(_ context.Context, s fact.Subject) (recordKnown, error) {
			if s == bad {
				return recordKnown{}, broken
			}
			return recordKnown{family: "Tansley"}, nil
		},
		have: map[fact.Subject]recordKnown{}, unread: map[fact.Subject]bool{},
	}
	out := r.looks(t.Context(), []accessdb.Seen{{About: bad, At: at}, {About: good, At: at}, {About: bad, At: at}, {About: unknown, At: at}, {About: good, At: at, Reason: true}}, time.Hour)
	if len(out) != 1 || out[0].Record != good || out[0].Family != "Tansley" {
		t.Errorf("%+v", out)
	}
	if len(r.unread) != 2 || !r.unread[bad] || !r.unread[unknown] {
		t.Errorf("%v", r.unread)
	}
}

// What can't be read in the list of cases is never "no such record".
func TestACaseNumberThatCannotBeLookedUpIsNotMissing(t *testing.T) {
	n := openInside(t)
	n.caughtUp(t)
	if _, err := n.recordNumbered(t.Context(), "26-1"); err == nil {
		t.Error("a case that nobody has is found")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.recordNumbered(ctx, "26-1"); !errors.Is(err, context.Canceled) {
		t.Errorf("it could not be looked up, and is said not to be there: %v", err)
	}
}
