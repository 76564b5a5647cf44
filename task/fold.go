package task

import (
	"cmp"
	"slices"
	"strings"

	"holdfast/fact"
)

// fold gives the state of a task from the facts that count.
func fold(about fact.Subject, h fact.History) Task {
	f := folding{h: h, t: Task{Subject: about}}
	for i, one := range h.Facts() {
		if one.OfJournal() {
			continue
		}
		if err := f.apply(i, one); err != nil {
			f.t.NotShown = append(f.t.NotShown, one.ID)
		}
	}
	f.settle()
	f.t.Frontier = h.Frontier()
	return f.t
}

type folding struct {
	h     fact.History
	t     Task
	taken []Holding // every taking, given back or not
}

func (f *folding) apply(i int, one fact.Fact) error {
	by, at := one.Body.Person, one.Body.Happened.From
	switch one.Body.Kind {
	case Raised{}.FactKind().Number:
		c, err := fact.Read[Raised](one)
		if err == nil {
			f.raise(i, c, at)
		}
		return err
	case Taken{}.FactKind().Number:
		c, err := fact.Read[Taken](one)
		if err == nil {
			f.take(Holding{Person: by, Says: c.Says, Since: at, Fact: one.ID, place: i})
		}
		return err
	case Released{}.FactKind().Number:
		_, err := fact.Read[Released](one)
		if err == nil {
			f.release(by, i)
		}
		return err
	case Tried{}.FactKind().Number:
		c, err := fact.Read[Tried](one)
		if err == nil {
			f.t.Tries = append(f.t.Tries, Try{By: by, At: at, Says: c, place: i})
		}
		return err
	case Done{}.FactKind().Number:
		c, err := fact.Read[Done](one)
		if err == nil {
			f.t.Ends = append(f.t.Ends, End{By: by, At: at, Says: c, Fact: one.ID, place: i})
		}
		return err
	}
	return fact.ErrNewer
}

// raise keeps what was raised; the same timer raised apart is one task, which
// is due at the earliest of the times.
func (f *folding) raise(i int, c Raised, at fact.Millis) {
	if f.t.Says.Empty() || at < f.t.RaisedAt {
		f.t.RaisedAt = at
	}
	for n, v := range f.t.Says.Values {
		if v.Value.Timer == c.Timer {
			f.t.Says.Values[n].Value = both(v.Value, c)
			return
		}
	}
	f.t.Says.Set(f.h, i, c)
}

// both makes one of what two devices raised for one timer. It looks at what
// they say and never at where they stand.
func both(a, b Raised) Raised {
	if order := cmp.Or(
		cmp.Compare(slices.Index(Lists(), a.List), slices.Index(Lists(), b.List)), strings.Compare(string(a.What), string(b.What)),
		strings.Compare(a.Reason, b.Reason), strings.Compare(a.Ring.Dial(), b.Ring.Dial()), slices.Compare(a.About[:], b.About[:]),
		slices.Compare(a.Person[:], b.Person[:]),
	); order > 0 {
		a, b = b, a
	}
	a.Due, a.Urgent = min(a.Due, b.Due), a.Urgent || b.Urgent
	return a
}

// take replaces whoever its writer had seen; who took it apart stands beside.
func (f *folding) take(h Holding) {
	f.taken = append(f.taken, h)
	f.t.Holds = append(slices.DeleteFunc(f.t.Holds, func(o Holding) bool { return f.h.Before(o.place, h.place) }), h)
}

// release gives back what its writer held, and nobody else's.
func (f *folding) release(by fact.Subject, at int) {
	f.t.Holds = slices.DeleteFunc(f.t.Holds, func(o Holding) bool { return o.Person == by && f.h.Before(o.place, at) })
}

// settle judges the ends: that they were reached, or that it is not needed, is
// so whoever took the task meanwhile; that it was passed on or given up ends
// nothing for somebody who took it apart. It finds when to try next: the
// earliest that nobody has overtaken.
func (f *folding) settle() {
	for i, e := range f.t.Ends {
		if e.Says.Outcome == Reached || e.Says.Outcome == NotNeeded {
			continue
		}
		for _, h := range f.taken {
			if h.Person != e.By && f.h.Apart(h.place, e.place) && !f.endedSince(h) {
				f.t.Ends[i].Apart = true
			}
		}
	}
	for _, t := range f.t.Tries {
		if slices.ContainsFunc(f.t.Tries, func(o Try) bool { return f.h.Before(t.place, o.place) }) {
			continue
		}
		next := cmp.Or(t.Says.Next, f.t.What().Due)
		if next != 0 && (f.t.Next == 0 || next < f.t.Next) {
			f.t.Next = next
		}
	}
}

// endedSince tells whether the task was ended, or given back, by somebody who
// had seen that it was taken.
func (f *folding) endedSince(h Holding) bool {
	back := !slices.ContainsFunc(f.t.Holds, func(o Holding) bool { return o.Fact == h.Fact })
	return back || slices.ContainsFunc(f.t.Ends, func(e End) bool { return f.h.Before(h.place, e.place) })
}
