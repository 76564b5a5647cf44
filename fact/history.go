package fact

import (
	"bytes"
	"slices"
	"sort"
	"sync/atomic"
)

// History is all known facts of one subject in an order that depends on the
// facts alone: sequence within a feed, "seen" between feeds, and the id where
// neither speaks, for display only. A missing parent never parks a fact.
//
// Facts that a cut holds back are not among Facts, but what they connect still
// is connected: they take part in the order and are left out afterwards.
type History struct {
	facts  []Fact
	held   []Fact
	before [][]uint64 // nil when all facts stand in one feed
	gaps   []ID
	grown  *atomic.Int64 // how much of the array under facts is in use; shared by all that stand on it
}

// NewHistory puts facts in order. Facts given twice count once.
func NewHistory(facts []Fact) History {
	byID := make(map[ID]Fact, len(facts))
	for _, f := range facts {
		byID[f.ID] = f
	}
	all := make([]Fact, 0, len(byID))
	oneFeed, held := true, false
	for _, f := range byID {
		all = append(all, f)
		oneFeed = oneFeed && f.Header.Feed == all[0].Header.Feed
		held = held || f.Held
	}
	sort.Slice(all, func(i, j int) bool { return feedOrder(all[i], all[j]) })
	switch {
	case held:
		return causal(all, byID).leaveOutHeld()
	case oneFeed && !forked(all):
		return History{facts: all, gaps: gapsOf(all, byID)}
	}
	return causal(all, byID)
}

// leaveOutHeld takes the held facts out of an ordered history.
func (h History) leaveOutHeld() History {
	out := History{gaps: h.gaps}
	place := make([]int, len(h.facts))
	for i, f := range h.facts {
		if f.Held {
			place[i] = -1
			out.held = append(out.held, f)
			continue
		}
		place[i] = len(out.facts)
		out.facts = append(out.facts, f)
	}
	for i := range h.facts {
		if place[i] < 0 {
			continue
		}
		set := make([]uint64, (len(out.facts)+63)/64)
		for j := range h.facts {
			if q := place[j]; q >= 0 && h.Before(j, i) {
				set[q/64] |= 1 << (q % 64)
			}
		}
		out.before = append(out.before, set)
	}
	return out
}

// Held lists the facts that a cut holds back, in order.
func (h History) Held() []Fact { return h.held }

// WithHeld gives the history as it would be if nothing were held.
func (h History) WithHeld() History {
	if len(h.held) == 0 {
		return h
	}
	all := slices.Clone(h.facts)
	for _, f := range h.held {
		f.Held = false
		all = append(all, f)
	}
	return NewHistory(all)
}

// Resting lists the facts that count and whose writers had seen held ones: they
// stand, flagged.
func (h History) Resting() []ID {
	on := map[ID]bool{}
	for _, f := range h.held {
		on[f.ID] = true
	}
	var out []ID
	for _, f := range h.facts {
		if len(on) > 0 && slices.ContainsFunc(f.Body.Seen, func(id ID) bool { return on[id] }) {
			on[f.ID] = true
			out = append(out, f.ID)
		}
	}
	return out
}

// With gives the history with more facts in it, the same as NewHistory of all
// of them. It is quick when they continue the one feed that h stands in.
func (h History) With(more ...Fact) History {
	if !h.continuedBy(more) {
		return NewHistory(append(append(slices.Clip(h.facts), h.held...), more...))
	}
	n, m := int64(len(h.facts)), int64(len(h.facts)+len(more))
	if h.grown != nil && m <= int64(cap(h.facts)) && h.grown.CompareAndSwap(n, m) {
		return History{facts: append(h.facts, more...), gaps: h.gaps, grown: h.grown}
	}
	facts := make([]Fact, n, 2*m+4)
	copy(facts, h.facts)
	grown := new(atomic.Int64)
	grown.Store(m)
	return History{facts: append(facts, more...), gaps: h.gaps, grown: grown}
}

// continuedBy tells whether facts follow in the same feed, having seen nothing
// that is not here.
func (h History) continuedBy(more []Fact) bool {
	if h.before != nil || len(more) == 0 || len(h.held) > 0 {
		return false
	}
	last := more[0]
	if n := len(h.facts); n > 0 {
		last = h.facts[n-1]
	}
	for i, f := range more {
		if f.Held || f.Header.Feed != last.Header.Feed || (f.Header.Seq <= last.Header.Seq && (i > 0 || len(h.facts) > 0)) {
			return false
		}
		last = f
		if slices.Contains(h.gaps, f.ID) {
			return false
		}
		for _, id := range f.Body.Seen {
			if !h.has(id) && !slices.ContainsFunc(more[:i], func(e Fact) bool { return e.ID == id }) {
				return false
			}
		}
	}
	return true
}

// has looks for a fact from the end, where frontiers stand.
func (h History) has(id ID) bool {
	for i := len(h.facts) - 1; i >= 0; i-- {
		if h.facts[i].ID == id {
			return true
		}
	}
	return false
}

func feedOrder(a, b Fact) bool {
	if c := bytes.Compare(a.Header.Feed[:], b.Header.Feed[:]); c != 0 {
		return c < 0
	}
	if a.Header.Seq != b.Header.Seq {
		return a.Header.Seq < b.Header.Seq
	}
	return bytes.Compare(a.ID[:], b.ID[:]) < 0
}

func forked(all []Fact) bool {
	for i := 1; i < len(all); i++ {
		if all[i].Header.Seq == all[i-1].Header.Seq {
			return true
		}
	}
	return false
}

// causal sorts topologically; the smallest id goes first among equals.
func causal(all []Fact, byID map[ID]Fact) History {
	at := make(map[ID]int, len(all))
	for i, f := range all {
		at[f.ID] = i
	}
	parents := make([][]int, len(all))
	for i, f := range all {
		if j := seqParent(all, i); j >= 0 {
			parents[i] = append(parents[i], j)
		}
		for _, id := range append([]ID{f.Header.Prev}, f.Body.Seen...) {
			if p, ok := at[id]; ok && p != i {
				parents[i] = append(parents[i], p)
			}
		}
	}
	order := topological(all, parents)
	h := History{facts: make([]Fact, len(order)), before: make([][]uint64, len(order)), gaps: gapsOf(all, byID)}
	place := make([]int, len(all))
	for i := range place {
		place[i] = -1
	}
	for n, i := range order {
		place[i] = n
		h.facts[n] = all[i]
		set := make([]uint64, (len(all)+63)/64)
		for _, p := range parents[i] {
			q := place[p]
			if q < 0 {
				continue // a forged circle: the fact is shown all the same
			}
			set[q/64] |= 1 << (q % 64)
			for w, bits := range h.before[q] {
				set[w] |= bits
			}
		}
		h.before[n] = set
	}
	return h
}

// seqParent finds the fact that stands before fact i by the sequence of their
// feed, or -1. Behind a fork the sequence says nothing, because the branches
// were written apart: there only what was seen, and the link to the fact
// before, count; all that came before the fork still does.
func seqParent(all []Fact, i int) int {
	feed, seq := all[i].Header.Feed, all[i].Header.Seq
	first := i
	for first > 0 && all[first-1].Header.Feed == feed {
		first--
	}
	for j := first + 1; j < len(all) && all[j].Header.Feed == feed && all[j].Header.Seq < seq; j++ {
		if fork := all[j].Header.Seq; fork == all[j-1].Header.Seq {
			seq = fork
		}
	}
	for j := i - 1; j >= first; j-- {
		if all[j].Header.Seq < seq {
			return j
		}
	}
	return -1
}

func topological(all []Fact, parents [][]int) []int {
	waiting := make([]int, len(all))
	children := make([][]int, len(all))
	for i, ps := range parents {
		waiting[i] = len(ps)
		for _, p := range ps {
			children[p] = append(children[p], i)
		}
	}
	var ready, order []int
	for i, n := range waiting {
		if n == 0 {
			ready = append(ready, i)
		}
	}
	for len(order) < len(all) {
		if len(ready) == 0 { // parents in a circle, which only a forger can write
			ready = append(ready, onCircle(all, parents, waiting))
			waiting[ready[0]] = 0
		}
		least := 0
		for k := range ready {
			if bytes.Compare(all[ready[k]].ID[:], all[ready[least]].ID[:]) < 0 {
				least = k
			}
		}
		i := ready[least]
		ready = append(ready[:least], ready[least+1:]...)
		order = append(order, i)
		for _, c := range children[i] {
			if waiting[c]--; waiting[c] == 0 {
				ready = append(ready, c)
			}
		}
	}
	return order
}

// onCircle finds the fact to show first of those that wait for each other: from
// the least that waits, back along what it waits for, until a circle closes;
// of that circle the least.
func onCircle(all []Fact, parents [][]int, waiting []int) int {
	least := func(a, b int) bool { return b < 0 || bytes.Compare(all[a].ID[:], all[b].ID[:]) < 0 }
	at := -1
	for i, n := range waiting {
		if n > 0 && least(i, at) {
			at = i
		}
	}
	visited := map[int]int{}
	var path []int
	for {
		if from, again := visited[at]; again {
			first := -1
			for _, i := range path[from:] {
				if least(i, first) {
					first = i
				}
			}
			return first
		}
		visited[at] = len(path)
		path = append(path, at)
		next := -1
		for _, p := range parents[at] {
			if waiting[p] > 0 && least(p, next) {
				next = p
			}
		}
		at = next
	}
}

func gapsOf(all []Fact, byID map[ID]Fact) []ID {
	missing := map[ID]bool{}
	for _, f := range all {
		for _, id := range f.Body.Seen {
			if _, ok := byID[id]; !ok {
				missing[id] = true
			}
		}
	}
	return sortedIDs(missing)
}

func sortedIDs(set map[ID]bool) []ID {
	var out []ID
	for id := range set {
		out = append(out, id)
	}
	sort.Slice(out, func(i, j int) bool { return bytes.Compare(out[i][:], out[j][:]) < 0 })
	return out
}

// Facts lists the facts in order; the slice is not to be changed.
func (h History) Facts() []Fact { return h.facts }

// Len counts the facts.
func (h History) Len() int { return len(h.facts) }

// Gaps lists ids that somebody had seen and that are not here.
func (h History) Gaps() []ID { return h.gaps }

// Before tells whether fact i stands in the causal past of fact j, both being
// places in Facts.
func (h History) Before(i, j int) bool {
	if h.before == nil {
		return i < j
	}
	return h.before[j][i/64]&(1<<(i%64)) != 0
}

// Frontier lists the facts that none other has in its past: what a page that
// shows this history has seen.
func (h History) Frontier() []ID {
	if len(h.facts) == 0 {
		return nil
	}
	if h.before == nil {
		return []ID{h.facts[len(h.facts)-1].ID}
	}
	covered := make([]uint64, (len(h.facts)+63)/64)
	for _, past := range h.before {
		for w, bits := range past {
			covered[w] |= bits
		}
	}
	open := map[ID]bool{}
	for i, f := range h.facts {
		if covered[i/64]&(1<<(i%64)) == 0 {
			open[f.ID] = true
		}
	}
	return sortedIDs(open)
}

// Stated is one value with where it came from.
type Stated[T any] struct {
	_     struct{} `cbor:",toarray"`
	Value T
	Fact  ID
	Place int // in the history's order
}

// Register holds a single-valued thing. Values written apart stand side by
// side until a person, having seen them, writes another.
type Register[T any] struct {
	_      struct{} `cbor:",toarray"`
	Values []Stated[T]
}

// Set states a value by the fact at place i of h: what that fact's writer had
// seen is replaced, what was written apart stays.
func (r *Register[T]) Set(h History, i int, v T) {
	kept := r.Values[:0:0]
	for _, old := range r.Values {
		if !h.Before(old.Place, i) {
			kept = append(kept, old)
		}
	}
	r.Values = append(kept, Stated[T]{Value: v, Fact: h.facts[i].ID, Place: i})
}

// Get gives the value when there is exactly one.
func (r Register[T]) Get() (T, bool) {
	if len(r.Values) == 1 {
		return r.Values[0].Value, true
	}
	var none T
	return none, false
}

// Or gives the value when there is exactly one, else the given one.
func (r Register[T]) Or(other T) T {
	if v, ok := r.Get(); ok {
		return v
	}
	return other
}

// Disputed tells whether values written apart wait for a person.
func (r Register[T]) Disputed() bool { return len(r.Values) > 1 }

// Empty tells whether nothing was ever stated.
func (r Register[T]) Empty() bool { return len(r.Values) == 0 }
