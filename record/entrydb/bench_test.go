package entrydb_test

import (
	"testing"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/record/entry"
)

// BenchmarkOpenAHome opens a home in an emergency and shows it: gate, grounds,
// two facts and a task saved and flushed, the vault.
func BenchmarkOpenAHome(b *testing.B) {
	h := newHouse(b, 1)
	h.keep(b)
	h.tied.grounds = func(access.Caller) entry.Grounds {
		return entry.Grounds{Relations: []entry.Relation{{About: fact.Subject{9}, Emergency: true}}}
	}
	for b.Loop() {
		if err := h.Open(b.Context(), nurse, h.people[0], entry.Asking{Emergency: true, Reason: "bench"}); err != nil {
			b.Fatal(err)
		}
		if shown, err := h.Shown(b.Context(), nurse, h.people[0], time.Now()); err != nil || len(shown.Ways) != 1 {
			b.Fatal(err)
		}
	}
}

// BenchmarkWatch890Homes lists openings and changes of as many homes as were
// taken in 2022.
func BenchmarkWatch890Homes(b *testing.B) {
	h := newHouse(b, 890)
	h.keep(b)
	h.level(b)
	for b.Loop() {
		if w, err := h.Watch(b.Context(), boss, time.Now()); err != nil || w.Homes != 890 {
			b.Fatal(w.Homes, err)
		}
	}
}
