package node

import (
	"context"
	"crypto/rand"
	"testing"

	"holdfast/fact"
	"holdfast/journal"
	"holdfast/urgent"
)

// TestWhatWasTouchedIsFoldedThoughTheFirstWhoAskedHasGone: a link that ends while
// states are worked out for it must not leave the others with old ones.
func TestWhatWasTouchedIsFoldedThoughTheFirstWhoAskedHasGone(t *testing.T) {
	o := journal.Options{Dir: t.TempDir(), Demo: true, Reserve: -1}
	if err := journal.Found(t.Context(), o, journal.Founding{Name: "Rehearsal", ODS: "ZZ999", DeviceName: "a", Domain: "a"}); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	f := newFolded(j)
	if err := f.everything(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s, err := fact.NewSubject(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		said, err := j.Do(t.Context(), fact.Author{Role: "device"}, nil, func(*journal.Tx) ([]fact.Draft, error) {
			return []fact.Draft{fact.Say(s, urgent.CallTaken{Number: "1", By: "one"})}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f.saw(said)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.hash(gone); err == nil {
		t.Fatal("it was worked out for somebody who has gone: nothing is tested")
	}
	fresh := newFolded(j)
	if err := fresh.everything(t.Context()); err != nil {
		t.Fatal(err)
	}
	want, err := fresh.hash(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if have, err := f.hash(t.Context()); err != nil || have != want {
		t.Errorf("states are %s and are said to be %s: %v", want, have, err)
	}
}
