package node

import (
	"errors"
	"slices"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/journal"
	"holdfast/record"
	"holdfast/urgent"
)

// A call is erased with the person whose cases came by it; one by which
// somebody else's case came too is not.
func TestCallsAreErasedWithThePerson(t *testing.T) {
	n := openInside(t)
	by := access.Caller{Person: fact.Subject{9}, Name: "R. Ashdown", Role: access.CallHandler, ODS: "ZZ111"}
	take := func(who fact.Subject, call urgent.Call) fact.Subject {
		t.Helper()
		id, err := n.Cases.NewCase()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Cases.Do(t.Context(), by, access.TakeCall, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			out, err := urgent.TakeCall(c, by, call.From, now)
			tie, err2 := urgent.TakeTelephoned(c, call, by)
			return append(append(out, tie...), fact.Say(id, urgent.PatientDescribed{Record: who})), errors.Join(err, err2)
		}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	ring := func(number string) fact.Subject {
		t.Helper()
		e := urgent.TelephoneEvent{Exchange: "aldermoor", Call: number, Event: number, What: urgent.Offered, At: fact.At(n.Now()), From: codes.ReceivePhone("01632960418")}
		if _, err := n.Phone.Hear(t.Context(), "aldermoor", []urgent.TelephoneEvent{e}); err != nil {
			t.Fatal(err)
		}
		return n.Phone.CallOf("aldermoor", number)
	}
	call := func(id fact.Subject) urgent.Call {
		t.Helper()
		c, err := n.Phone.Call(t.Context(), by, id)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	people := map[string]fact.Subject{}
	for _, name := range []string{"Tansley", "Okoro"} {
		if _, err := n.Journal.Do(t.Context(), n.Device.Author(), nil, func(tx *journal.Tx) ([]fact.Draft, error) {
			id, err := tx.NewSubject()
			people[name] = id
			return []fact.Draft{fact.Say(id, record.PersonRegistered{Identity: record.Identity{Name: record.Name{Family: name}}})}, err
		}); err != nil {
			t.Fatal(err)
		}
	}
	own, twice, shared := ring("own"), ring("twice"), ring("shared")
	take(people["Tansley"], call(own))
	take(people["Tansley"], call(twice))
	take(people["Tansley"], call(twice))
	take(people["Tansley"], call(shared))
	take(people["Okoro"], call(shared))
	n.caughtUp(t)
	got, _, err := n.wholePerson(t.Context(), people["Tansley"])
	if err != nil {
		t.Fatal(err)
	}
	times := func(id fact.Subject) (k int) {
		for _, s := range got {
			if s == id {
				k++
			}
		}
		return k
	}
	if times(own) != 1 || times(twice) != 1 || times(shared) != 0 || !slices.Contains(got, people["Tansley"]) {
		t.Errorf("own %d, twice %d, shared %d", times(own), times(twice), times(shared))
	}
}
