package fact_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast/fact"
)

// world makes facts of one subject by hand, so that forks, gaps and circles
// can be written.
type world struct {
	facts []fact.Fact
	names map[fact.ID]string
}

// add states a fact called name at a place in a feed, having seen others.
func (w *world) add(feed string, seq uint64, name string, seen ...fact.ID) fact.ID {
	if w.names == nil {
		w.names = map[fact.ID]string{}
	}
	h := fact.Header{
		Lane: fact.Care, Feed: fact.FeedID(fact.Labelled("test", []byte(feed))), Seq: seq, Subject: fact.Subject{1},
		Commit: fact.Labelled("test", []byte(name)),
	}
	f := fact.Fact{ID: h.ID(), Header: h, Body: fact.Body{Kind: 1, Version: 1, Seen: seen}}
	w.facts = append(w.facts, f)
	w.names[f.ID] = name
	return f.ID
}

// summary is everything that a history says, in bytes: order, what stands
// before what, frontier, gaps, and a register that every fact writes.
func (w *world) summary(h fact.History) string {
	var out bytes.Buffer
	var r fact.Register[string]
	for i, f := range h.Facts() {
		fmt.Fprintf(&out, "%s(", w.names[f.ID])
		for j := range i {
			if h.Before(j, i) {
				fmt.Fprintf(&out, "%s ", w.names[h.Facts()[j].ID])
			}
		}
		out.WriteString(")")
		r.Set(h, i, w.names[f.ID])
	}
	for _, id := range h.Frontier() {
		fmt.Fprintf(&out, " front %s", w.names[id])
	}
	fmt.Fprintf(&out, " gaps %d values", len(h.Gaps()))
	for _, v := range r.Values {
		fmt.Fprintf(&out, " %s", v.Value)
	}
	return out.String()
}

// inAnyOrder gives the summary and checks that it is the same for many orders
// of arrival, facts twice, and facts one after another.
func (w *world) inAnyOrder(t *testing.T) string {
	t.Helper()
	want := w.summary(fact.NewHistory(w.facts))
	random := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		mixed := slices.Clone(w.facts)
		mixed = append(mixed, mixed[random.IntN(len(mixed))])
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		if got := w.summary(fact.NewHistory(mixed)); got != want {
			t.Fatalf("another order of arrival:\n%s\nwant\n%s", got, want)
		}
		var h fact.History
		for len(mixed) > 0 {
			n := 1 + random.IntN(len(mixed))
			h, mixed = h.With(mixed[:n]...), mixed[n:]
		}
		if got := w.summary(h); got != want {
			t.Fatalf("one after another:\n%s\nwant\n%s", got, want)
		}
	}
	return want
}

func names(w *world, ids []fact.ID) []string {
	var out []string
	for _, id := range ids {
		out = append(out, w.names[id])
	}
	slices.Sort(out)
	return out
}

func TestOneFeedIsItsSequence(t *testing.T) {
	w := &world{}
	a := w.add("A", 3, "a")
	b := w.add("A", 7, "b", a)
	w.add("A", 9, "c", b)
	got := w.inAnyOrder(t)
	if got != "a()b(a )c(a b ) front c gaps 0 values c" {
		t.Error(got)
	}
}

// TestWrittenApart: two devices that had not seen each other stand side by
// side; a third that had seen both settles it.
func TestWrittenApart(t *testing.T) {
	w := &world{}
	a := w.add("A", 1, "start")
	b := w.add("A", 2, "here", a)
	c := w.add("B", 1, "there", a)
	h := fact.NewHistory(w.facts)
	if got := names(w, h.Frontier()); fmt.Sprint(got) != "[here there]" {
		t.Errorf("frontier %v", got)
	}
	var r fact.Register[string]
	for i, f := range h.Facts() {
		r.Set(h, i, w.names[f.ID])
	}
	if _, ok := r.Get(); ok || !r.Disputed() || r.Or("neither") != "neither" {
		t.Errorf("%+v is not disputed", r)
	}
	w.inAnyOrder(t)
	w.add("C", 1, "settled", b, c)
	if got := fact.NewHistory(w.facts).Frontier(); len(got) != 1 || w.names[got[0]] != "settled" {
		t.Errorf("frontier %v", names(w, got))
	}
	if got := w.inAnyOrder(t); !bytes.HasSuffix([]byte(got), []byte("front settled gaps 0 values settled")) {
		t.Error(got)
	}
}

// TestAMissingParentParksNothing: the fact is there, the gap is visible.
func TestAMissingParentParksNothing(t *testing.T) {
	w := &world{}
	w.add("A", 1, "a", fact.ID{99})
	w.add("B", 5, "b", fact.ID{98}, fact.ID{99})
	h := fact.NewHistory(w.facts)
	if h.Len() != 2 || len(h.Gaps()) != 2 {
		t.Errorf("%d facts, gaps %v", h.Len(), h.Gaps())
	}
	w.inAnyOrder(t)
}

// TestForksStandSideBySide: a device that went on twice from one place wrote
// two branches apart; neither replaces the other, and what came before the
// fork is before both.
func TestForksStandSideBySide(t *testing.T) {
	w := &world{}
	a := w.add("A", 1, "before")
	l := w.add("A", 2, "left", a)
	r := w.add("A", 2, "right", a)
	w.add("A", 3, "left on", l)
	w.add("A", 3, "right on", r)
	w.add("A", 9, "unseeing")
	h := fact.NewHistory(w.facts)
	place := map[string]int{}
	for i, f := range h.Facts() {
		place[w.names[f.ID]] = i
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"before", "left", true}, {"before", "right", true}, {"before", "unseeing", true}, {"left", "left on", true},
		{"right", "right on", true}, {"left", "right", false}, {"right", "left", false}, {"left", "right on", false},
		{"right", "left on", false}, {"left", "unseeing", false}, {"right", "unseeing", false},
	} {
		if got := h.Before(place[c.a], place[c.b]); got != c.want {
			t.Errorf("%s before %s: %v", c.a, c.b, got)
		}
	}
	if got := names(w, h.Frontier()); fmt.Sprint(got) != "[left on right on unseeing]" {
		t.Errorf("frontier %v", got)
	}
	w.inAnyOrder(t)
}

// TestCirclesAreShown: only a forger can write facts that have seen each
// other; all are shown, always in the same order.
func TestCirclesAreShown(t *testing.T) {
	w := &world{}
	a := w.add("A", 1, "a")
	b := w.add("B", 1, "b", a)
	for i, f := range w.facts { // a claims to have seen b, keeping its id
		if f.ID == a {
			w.facts[i].Body.Seen = []fact.ID{b, a}
		}
	}
	w.add("C", 1, "c", b)
	if h := fact.NewHistory(w.facts); h.Len() != 3 || len(h.Frontier()) != 1 {
		t.Errorf("%d facts, frontier %v", h.Len(), names(w, h.Frontier()))
	}
	w.inAnyOrder(t)
}

// TestRandomWorlds: whatever is written, in any order, gives the same bytes.
func TestRandomWorlds(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		w := &world{}
		var ids []fact.ID
		for n := range 3 + random.IntN(20) {
			var seen []fact.ID
			for range random.IntN(3) {
				if len(ids) > 0 {
					seen = append(seen, ids[random.IntN(len(ids))])
				}
			}
			if random.IntN(8) == 0 {
				seen = append(seen, fact.ID{byte(n), 77})
			}
			ids = append(ids, w.add(string('A'+rune(random.IntN(3))), uint64(random.IntN(8)), fmt.Sprint("f", n), seen...))
		}
		w.inAnyOrder(t)
	}
}

// TestWithSharesNothing: two histories that grow from one don't see each
// other's facts.
func TestWithSharesNothing(t *testing.T) {
	w := &world{}
	a := w.add("A", 1, "a")
	w.add("A", 2, "b", a)
	c := w.add("A", 3, "c", a)
	d := w.add("A", 4, "d", a)
	base := fact.History{}.With(w.facts[:1]...).With(w.facts[1])
	one, two := base.With(w.facts[2]), base.With(w.facts[3])
	if one.Facts()[2].ID != c || two.Facts()[2].ID != d || base.Len() != 2 {
		t.Errorf("%v and %v", names(w, one.Frontier()), names(w, two.Frontier()))
	}
}

func TestRegister(t *testing.T) {
	var r fact.Register[int]
	if _, ok := r.Get(); ok || !r.Empty() || r.Disputed() || r.Or(7) != 7 {
		t.Errorf("an empty register: %+v", r)
	}
	w := &world{}
	a := w.add("A", 1, "a")
	w.add("B", 1, "b", a)
	h := fact.NewHistory(w.facts)
	r.Set(h, 0, 1)
	r.Set(h, 1, 2)
	if v, ok := r.Get(); !ok || v != 2 || r.Disputed() || r.Empty() {
		t.Errorf("after two that follow each other: %+v", r)
	}
	if r.Values[0].Fact != h.Facts()[1].ID {
		t.Error("the register does not say which fact it comes from")
	}
}
