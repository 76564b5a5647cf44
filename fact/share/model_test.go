package share_test

import (
	"fmt"
	"math/bits"

	"holdfast/fact"
	"holdfast/fact/share"
)

// set holds places of facts in the world, 512 at most.
type set [8]uint64

func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s set) with(i int) set { s[i/64] |= 1 << (i % 64); return s }
func (s set) without(o set) set {
	for w := range s {
		s[w] &^= o[w]
	}
	return s
}
func (s set) and(o set) set {
	for w := range s {
		s[w] |= o[w]
	}
	return s
}
func (s set) within(o set) bool { return s.and(o) == o }
func (s set) each(do func(i int)) {
	for w, b := range s {
		for ; b != 0; b &= b - 1 {
			do(64*w + bits.TrailingZeros64(b))
		}
	}
}

// written is one fact with what its writer knew.
type written struct {
	fact   fact.Fact
	step   share.Step
	device int             // who wrote it
	past   set             // all that stands before it
	held   set             // what its writer had at hand
	raw    bool            // written against the rules
	covers map[uint64]bool // units that an approval moved, as its writer saw it
}

// node is one incarnation of a device.
type node struct {
	device fact.Subject
	feed   fact.FeedID
	seq    uint64
	prev   fact.ID
	held   set
	folded *folded // the rights as last folded
}

// folded is what a law made of a set of facts.
type folded struct {
	of     set
	rights share.Rights
}

// law is a fold under test; the broken ones have the same form.
type law func(w *world, held set) share.Rights

// world is devices that know parts of what was written. It is a value: a copy
// goes on by itself.
type world struct {
	law    law
	facts  []written
	at     []node
	firm   map[string][]set // "unit/fact" seen firm somewhere: what was known there
	cloned bool
}

func deviceID(n int) fact.Subject { return fact.Subject{0xd0 + byte(n)} }
func person(n int) fact.Subject   { return fact.Subject{0xa0 + byte(n)} }

// newWorld has devices of which the first has received the units.
func newWorld(l law, devices int, units uint64) *world {
	w := &world{law: l, firm: map[string][]set{}}
	for n := range devices {
		w.addNode(deviceID(n), set{})
	}
	w.write(0, share.Step{Act: share.Received, Units: share.Some(1, units), To: deviceID(0)}, false)
	for n := range w.at {
		w.at[n].held = set{}.with(0)
	}
	return w
}

func (w *world) addNode(device fact.Subject, held set) {
	feed := fact.FeedID(fact.Labelled("model", []byte{byte(len(w.at))}))
	w.at = append(w.at, node{device: device, feed: feed, held: held})
}

func (w *world) copy() *world {
	c := &world{law: w.law, facts: append([]written(nil), w.facts...), at: append([]node(nil), w.at...), firm: make(map[string][]set, len(w.firm)), cloned: w.cloned}
	for k, known := range w.firm {
		c.firm[k] = known[:len(known):len(known)]
	}
	return c
}

// frontier of what a node holds.
func (w *world) frontier(held set) (out []fact.ID) {
	var covered set
	held.each(func(i int) { covered = covered.and(w.facts[i].past) })
	held.without(covered).each(func(i int) { out = append(out, w.facts[i].fact.ID) })
	return out
}

// closure is all that stands before what is held, at hand or not.
func (w *world) closure(held set) set {
	out := held
	held.each(func(i int) { out = out.and(w.facts[i].past) })
	return out
}

func (w *world) whole(held set) bool { return w.closure(held) == held }

// write states a step on a node.
func (w *world) write(at int, s share.Step, raw bool) int {
	n := &w.at[at]
	body, err := fact.Encode(s)
	if err != nil {
		panic(err)
	}
	h := fact.Header{Lane: fact.Care, Feed: n.feed, Seq: n.seq, Prev: n.prev, Subject: fact.Subject{1}, Commit: fact.CommitOf(body)}
	f := fact.Fact{ID: h.ID(), Header: h, Body: fact.Body{Kind: 520, Person: s.Person, Seen: w.frontier(n.held), Content: body}}
	one := written{fact: f, step: s, device: at, past: w.closure(n.held), held: n.held, raw: raw, covers: map[uint64]bool{}}
	if s.Act == share.Approved {
		one.covers = w.covered(at, s)
	}
	w.facts = append(w.facts, one)
	i := len(w.facts) - 1
	n.held, n.seq, n.prev = n.held.with(i), n.seq+1, f.ID
	return i
}

// covered lists what an approval moves, as far as its writer sees.
func (w *world) covered(at int, s share.Step) map[uint64]bool {
	out := map[uint64]bool{}
	p := w.facts[w.place(s.About)].step
	if p.Person == s.Person {
		return out
	}
	for _, part := range w.rights(at).Parts {
		if part.Standing == share.Held && part.Holder == p.Lost || part.Standing == share.Disputed && p.Lost.Zero() {
			for u := part.Units.First; u <= part.Units.Last; u++ {
				out[u] = true
			}
		}
	}
	return out
}

func (w *world) place(id fact.ID) int {
	for i := range w.facts {
		if w.facts[i].fact.ID == id {
			return i
		}
	}
	panic("no such fact in the world")
}

func (w *world) rights(at int) share.Rights {
	n := &w.at[at]
	if n.folded == nil || n.folded.of != n.held {
		n.folded = &folded{n.held, w.law(w, n.held)}
	}
	return n.folded.rights
}

// of lists the facts of a set.
func (w *world) of(held set) (out []fact.Fact) {
	held.each(func(i int) { out = append(out, w.facts[i].fact) })
	return out
}

// devices is the true mapping from feeds to devices.
func (w *world) devices(feed fact.FeedID) (fact.Subject, bool) {
	for _, n := range w.at {
		if n.feed == feed {
			return n.device, true
		}
	}
	return fact.Subject{}, false
}

// read gives the step that a fact of the model stands for.
func read(f fact.Fact) (share.Step, bool) {
	var s share.Step
	return s, fact.Decode(f.Body.Content, &s) == nil
}

// theLaw is the fold as it ships.
func theLaw(w *world, held set) share.Rights {
	return share.Fold(fact.NewHistory(w.of(held)), read, w.devices)
}

// sync brings all that one node holds to another.
func (w *world) sync(from, to int) bool {
	before := w.at[to].held
	w.at[to].held = before.and(w.at[from].held)
	return w.at[to].held != before
}

// trickle brings the facts of one feed up to a number, whatever they rest on.
func (w *world) trickle(feed, to, most int) {
	count := 0
	for i := range w.facts {
		if w.facts[i].device == feed && count < most {
			w.at[to].held, count = w.at[to].held.with(i), count+1
		}
	}
}

// The verbs of the model: each is refused where the real verb refuses.

func (w *world) use(at int, u uint64) bool {
	if !w.rights(at).Holds(w.at[at].device, share.One(u)) {
		return false
	}
	w.write(at, share.Step{Act: share.Used, Units: share.One(u)}, false)
	return true
}

func (w *world) ask(at int, u uint64) bool {
	r := w.rights(at)
	if len(r.Left(w.at[at].device)) > 0 {
		return false
	}
	w.write(at, share.Step{Act: share.Used, Units: share.One(u), Asks: true}, false)
	return true
}

func (w *world) hand(at int, to fact.Subject, u share.Units) bool {
	if to == w.at[at].device || !w.rights(at).Holds(w.at[at].device, u) {
		return false
	}
	w.write(at, share.Step{Act: share.Handed, Units: u, To: to}, false)
	return true
}

func (w *world) decide(at int, confirm bool) bool {
	r := w.rights(at)
	for _, u := range r.Open() {
		mayConfirm, mayRefuse := r.MayDecide(w.at[at].device, u)
		if confirm && mayConfirm {
			w.write(at, share.Step{Act: share.Confirmed, About: u.Fact}, false)
			return true
		}
		if !confirm && mayRefuse {
			w.write(at, share.Step{Act: share.Refused, About: u.Fact}, false)
			return true
		}
	}
	return false
}

func (w *world) propose(at, by int, lost, to fact.Subject) bool {
	if lost == to {
		return false
	}
	w.write(at, share.Step{Act: share.Proposed, Lost: lost, To: to, Person: person(by)}, false)
	return true
}

// approve lets a person approve the first open proposal of somebody else.
func (w *world) approve(at, by int) bool {
	if !w.whole(w.at[at].held) {
		return false
	}
	for _, p := range w.rights(at).Reassignments {
		if !p.Done() && p.Person != person(by) {
			w.write(at, share.Step{Act: share.Approved, About: p.Fact, Person: person(by)}, false)
			return true
		}
	}
	return false
}

func (w *world) describe() string {
	out := ""
	for i, f := range w.facts {
		out += fmt.Sprintf("%d: node %d act %d units %d-%d to %x lost %x by %x raw %v asks %v past", i, f.device, f.step.Act,
			f.step.Units.First, f.step.Units.Last, f.step.To[:1], f.step.Lost[:1], f.step.Person[:1], f.raw, f.step.Asks)
		f.past.each(func(p int) { out += fmt.Sprint(" ", p) })
		if f.step.About != (fact.ID{}) {
			out += fmt.Sprint(" about ", w.place(f.step.About))
		}
		out += "\n"
	}
	return out
}
