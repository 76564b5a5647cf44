package facttest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast/fact"
)

// Move is something a person does: it answers with who does it and what they
// state, or with nothing. known is what the device holds, in the order in
// which it was written, which says nothing about the order of a history.
type Move func(r *rand.Rand, known []fact.Fact) (fact.Author, []fact.Draft)

// Subject is what a fold makes of a subject's facts, for CheckJoins.
type Subject[S any] struct {
	Moves []Move
	Fold  func(fact.History) S
	// Sum tells what the state says, without ids and places: what people read
	// and what is decided. It must come out the same when every id is another.
	Sum func(S, fact.History) []string
	// Always checks what must hold in every state, such as that an allergy
	// stands.
	Always func(t testing.TB, s S, h fact.History)
}

// CheckJoins plays many made-up histories of a few devices that see each other
// now and then, and checks that a fold gives the same bytes for every order of
// arrival and every way of taking facts together, and that no order which
// comes from ids decides anything.
func CheckJoins[S any](t *testing.T, s Subject[S]) {
	t.Helper()
	for seed := range uint64(120) {
		facts := play(t, seed, "one ", s.Moves)
		h := fact.NewHistory(facts)
		state := s.Fold(h)
		want := hash(t, state)
		r := rand.New(rand.NewPCG(seed, 9))
		for range 6 {
			if got := hash(t, s.Fold(taken(r, facts))); got != want {
				t.Fatalf("seed %d: another order of arrival gave another state", seed)
			}
		}
		other := fact.NewHistory(play(t, seed, "two ", s.Moves))
		a, b := s.Sum(state, h), s.Sum(s.Fold(other), other)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Fatalf("seed %d: an order that comes from ids decides:\n%s\n%s", seed, differing(a, b), differing(b, a))
		}
		if s.Always != nil {
			s.Always(t, state, h)
		}
	}
}

func differing(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) })
}

func hash(t testing.TB, state any) fact.Hash {
	t.Helper()
	got, err := fact.StateHash(state)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// taken takes facts in at random: some of them, then more, some twice.
func taken(r *rand.Rand, facts []fact.Fact) fact.History {
	mixed := slices.Clone(facts)
	r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	var h fact.History
	for len(mixed) > 0 {
		n := 1 + r.IntN(len(mixed))
		h = h.With(mixed[:n]...)
		if r.IntN(3) == 0 {
			h = h.With(mixed[:n]...)
		}
		mixed = mixed[n:]
	}
	return h
}

const devices = 3

// play writes a history. The seed decides everything but the ids, which the
// salt makes others.
func play(t testing.TB, seed uint64, salt string, moves []Move) []fact.Fact {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	var all []fact.Fact
	var held [devices][]int // places in all, in the order of writing
	var writers [devices]*Writer
	for d := range writers {
		writers[d] = NewWriter(fmt.Sprint(salt, d), 1_795_000_000_000)
	}
	for range 6 + r.IntN(16) {
		d := r.IntN(devices)
		if from := r.IntN(devices); from != d && r.IntN(3) == 0 {
			held[d] = append(held[d], held[from]...)
			slices.Sort(held[d])
			held[d] = slices.Compact(held[d])
			continue
		}
		var known []fact.Fact
		for _, i := range held[d] {
			known = append(known, all[i])
		}
		by, drafts := moves[r.IntN(len(moves))](r, known)
		if len(drafts) == 0 {
			continue
		}
		for _, f := range writers[d].State(t, by, fact.NewHistory(known).Frontier(), drafts...) {
			held[d] = append(held[d], len(all))
			all = append(all, f)
		}
	}
	return all
}

// Pick chooses one of the known facts of a kind; ok is false when there is
// none.
func Pick[T fact.Content](r *rand.Rand, known []fact.Fact) (f fact.Fact, ok bool) {
	var kind T
	var of []fact.Fact
	for _, f := range known {
		if f.Body.Kind == kind.FactKind().Number {
			of = append(of, f)
		}
	}
	if len(of) == 0 {
		return fact.Fact{}, false
	}
	return of[r.IntN(len(of))], true
}

// Disagreements words disagreements for a sum.
func Disagreements(all []fact.Disagreement) []string {
	var out []string
	for _, d := range all {
		var values []string
		for _, v := range d.Values {
			values = append(values, v.Text)
		}
		slices.Sort(values)
		out = append(out, fmt.Sprint("disagreement ", d.Matter.Kind, " ", d.Matter.Part, " ", d.What, " ", values))
	}
	return out
}
