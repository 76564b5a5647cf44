package replicate

import (
	"maps"
	"slices"
	"sync"

	"holdfast/fact"
)

// Told is what site nodes have stated to a desk to be its live work, as far as
// it was heard since the program started. What a site node that is out of reach
// said last counts until it says something else. The zero value is ready.
type Told struct {
	mu sync.Mutex
	by map[fact.Subject]map[fact.Subject]bool // by site node
}

// Hear takes in a statement that was checked.
func (t *Told) Hear(e Stated) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[fact.Subject]map[fact.Subject]bool{}
	}
	if e.Whole || t.by[e.Peer] == nil {
		t.by[e.Peer] = map[fact.Subject]bool{}
	}
	for _, part := range e.Parts {
		if part.Gone {
			delete(t.by[e.Peer], part.Subject)
			continue
		}
		t.by[e.Peer][part.Subject] = true
	}
}

// Subjects lists what any site node says is live work, in order.
func (t *Told) Subjects() []fact.Subject {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[fact.Subject]bool{}
	for _, said := range t.by {
		maps.Copy(all, said)
	}
	out := slices.Collect(maps.Keys(all))
	sortSubjects(out)
	return out
}
