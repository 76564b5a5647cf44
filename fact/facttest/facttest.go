// Package facttest makes facts for tests of folds and verbs, without keys or
// a disk, and holds the permutation test that every fold must pass.
package facttest

import (
	"math/rand/v2"
	"testing"

	"holdfast/fact"
)

// Writer stands for one device that states facts about subjects.
type Writer struct {
	feed fact.FeedID
	seq  uint64
	prev fact.ID
	now  fact.Millis
}

// NewWriter begins a device; different names are different feeds.
func NewWriter(name string, now fact.Millis) *Writer {
	return &Writer{feed: fact.FeedID(fact.Labelled("facttest", []byte(name))), now: now}
}

// State gives the drafts the form of saved facts by this author, having seen
// the given facts.
func (w *Writer) State(t testing.TB, by fact.Author, seen []fact.ID, drafts ...fact.Draft) []fact.Fact {
	t.Helper()
	var out []fact.Fact
	for _, d := range drafts {
		content, err := fact.Encode(d.Content)
		if err != nil {
			t.Fatal(err)
		}
		kind := d.Content.FactKind()
		happened := d.Happened
		if happened == (fact.Span{}) {
			happened = fact.Moment(w.now, 0)
		}
		h := fact.Header{
			Lane: kind.Lane, Feed: w.feed, Seq: w.seq, Prev: w.prev, Recorded: w.now, Subject: d.Subject,
			Commit: fact.CommitOf(content),
		}
		f := fact.Fact{ID: h.ID(), Header: h, Body: fact.Body{
			Kind: kind.Number, Version: kind.Version, Happened: happened, Person: by.Person, Role: by.Role,
			Session: by.Session, Seen: seen, Access: by.Access, Content: content,
		}}
		w.prev, w.seq, w.now = f.ID, w.seq+1, w.now+1
		out = append(out, f)
	}
	return out
}

// SameInAnyOrder checks that a fold gives the same bytes for many orders of
// arrival, facts that come twice included.
func SameInAnyOrder[S any](t testing.TB, facts []fact.Fact, fold func(fact.History) S) {
	t.Helper()
	want, err := fact.StateHash(fold(fact.NewHistory(facts)))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		mixed := append([]fact.Fact(nil), facts...)
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if len(mixed) > 0 {
			mixed = append(mixed, mixed[random.IntN(len(mixed))])
		}
		got, err := fact.StateHash(fold(fact.NewHistory(mixed)))
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("round %d: another order of arrival gave another state", round)
		}
	}
}
