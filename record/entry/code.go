package entry

import (
	"cmp"
	"slices"

	"holdfast/fact"
)

// Code is what is known of the way into one home; never the way itself.
type Code struct {
	Subject  fact.Subject `cbor:"1,keyasint"`
	Person   fact.Subject `cbor:"2,keyasint"`
	Values   []Value      `cbor:"3,keyasint"` // all that were ever set
	Openings []Opening    `cbor:"4,keyasint"`
	Doubts   []Doubt      `cbor:"5,keyasint"`
	Chases   []Chase      `cbor:"6,keyasint"`
	NotShown []fact.ID    `cbor:"7,keyasint"`
	Gaps     []fact.ID    `cbor:"8,keyasint"`
	Frontier []fact.ID    `cbor:"9,keyasint"`
	HeldFrom fact.Millis  `cbor:"10,keyasint,omitempty"` // entries since then are held back: unverified
}

// Value is one way in that was set, or the word that none is kept.
type Value struct {
	Fact       fact.ID      `cbor:"1,keyasint"`
	By         fact.Subject `cbor:"2,keyasint"`
	Says       string       `cbor:"3,keyasint,omitempty"`
	Why        string       `cbor:"4,keyasint,omitempty"`
	At         fact.Millis  `cbor:"5,keyasint"`
	None       bool         `cbor:"6,keyasint,omitempty"` // nothing is kept any more
	Stands     bool         `cbor:"7,keyasint,omitempty"` // nobody who had seen it has set another
	Replaced   fact.Millis  `cbor:"8,keyasint,omitempty"` // when somebody first did
	Unverified bool         `cbor:"9,keyasint,omitempty"` // a cut holds it back
	place      int
}

// Opening is one time that it was shown.
type Opening struct {
	Fact    fact.ID      `cbor:"1,keyasint"`
	By      fact.Subject `cbor:"2,keyasint"`
	Role    string       `cbor:"3,keyasint"`
	At      fact.Millis  `cbor:"4,keyasint"`
	Session fact.Subject `cbor:"5,keyasint,omitempty"`
	What    Opened       `cbor:"6,keyasint"`
	SeenBy  []string     `cbor:"7,keyasint,omitempty"` // who took note, as colleagues read it
	Current bool         `cbor:"8,keyasint,omitempty"` // what it showed still opens the home
}

// Doubt is one word that it may be known to others.
type Doubt struct {
	At     fact.Millis `cbor:"1,keyasint"`
	What   Doubted     `cbor:"2,keyasint"`
	Stands bool        `cbor:"3,keyasint,omitempty"` // nobody who had seen it has set another way in
	place  int
}

// Chase is one note on how far a change has come.
type Chase struct {
	At      fact.Millis `cbor:"1,keyasint"`
	What    Chased      `cbor:"2,keyasint"`
	Current bool        `cbor:"3,keyasint,omitempty"` // no other way in was set by somebody who had seen it
	place   int
}

// Standing lists the ways in that open the home as far as is known: none, one,
// or several that were set apart.
func (c Code) Standing() []Value {
	var out []Value
	for _, v := range c.Values {
		if v.Stands && !v.None {
			out = append(out, v)
		}
	}
	return out
}

// Kept tells whether there is something to open.
func (c Code) Kept() bool { return len(c.Standing()) > 0 }

// Apart tells whether ways in were set apart: all are shown, and whoever finds
// out which opens the home writes it anew.
func (c Code) Apart() bool {
	standing, none := 0, 0
	for _, v := range c.Values {
		if v.Stands {
			standing++
		}
		if v.Stands && v.None {
			none++
		}
	}
	return standing > 1 && none < standing
}

// Unseen lists what stands on a home that a page had not seen: neither in its
// frontier nor before it.
func Unseen(about fact.Subject, h fact.History, seen []fact.ID) (out []Value) {
	all, place := h.WithHeld(), map[fact.ID]int{}
	for i, f := range all.Facts() {
		place[f.ID] = i
	}
	for _, v := range Fold(about, h).Values {
		at := place[v.Fact]
		if v.Stands && !slices.ContainsFunc(seen, func(id fact.ID) bool {
			p, here := place[id]
			return here && (p == at || all.Before(at, p))
		}) {
			out = append(out, v)
		}
	}
	return out
}

// Fold gives the present state. While a cut holds facts back, what they set
// stands beside what is verified, what they replaced stays, and their openings
// and doubts count: who sees too much may ask, who sees too little stands
// before a closed door.
func Fold(about fact.Subject, h fact.History) Code {
	verified := fold(about, h)
	if len(h.Held()) == 0 {
		return verified
	}
	all := fold(about, h.WithHeld())
	c := all
	c.Values = slices.Clone(all.Values)
	for i := range c.Values {
		v := &c.Values[i]
		at := slices.IndexFunc(verified.Values, func(o Value) bool { return o.Fact == v.Fact })
		v.Unverified = at < 0
		if at >= 0 && verified.Values[at].Stands {
			v.Stands, v.Replaced = true, 0
		}
	}
	c.Doubts = slices.Clone(all.Doubts)
	for i := range c.Doubts {
		d := &c.Doubts[i]
		d.Stands = d.Stands || slices.ContainsFunc(verified.Doubts, func(o Doubt) bool { return o.Stands && o.At == d.At && o.What == d.What })
	}
	c.markOpenings()
	c.HeldFrom = h.HeldSince()
	return c
}

func fold(about fact.Subject, h fact.History) Code {
	f := folding{h: h, c: Code{Subject: about}}
	for i, one := range h.Facts() {
		if one.OfJournal() {
			continue
		}
		if err := f.apply(i, one); err != nil {
			f.c.NotShown = append(f.c.NotShown, one.ID)
		}
	}
	f.judge()
	f.c.Gaps, f.c.Frontier = h.Gaps(), h.Frontier()
	return f.c
}

type folding struct {
	h    fact.History
	c    Code
	seen []placedSeen
}

type placedSeen struct {
	opening fact.ID
	says    string
}

func (f *folding) apply(i int, one fact.Fact) error {
	at := one.Header.Recorded
	switch one.Body.Kind {
	case Set{}.FactKind().Number:
		s, err := fact.Read[Set](one)
		if err == nil {
			f.c.Values = append(f.c.Values, Value{
				Fact: one.ID, By: one.Body.Person, Says: s.Says, Why: s.Why, At: at, None: len(s.Sealed) == 0, place: i,
			})
			if f.c.Person.Zero() || slices.Compare(s.Person[:], f.c.Person[:]) < 0 {
				f.c.Person = s.Person
			}
		}
		return err
	case Opened{}.FactKind().Number:
		o, err := fact.Read[Opened](one)
		if err == nil {
			f.c.Openings = append(f.c.Openings, Opening{
				Fact: one.ID, By: one.Body.Person, Role: one.Body.Role, At: at, Session: one.Body.Session, What: o,
			})
		}
		return err
	case Doubted{}.FactKind().Number:
		d, err := fact.Read[Doubted](one)
		if err == nil {
			f.c.Doubts = append(f.c.Doubts, Doubt{At: at, What: d, place: i})
		}
		return err
	case Seen{}.FactKind().Number:
		s, err := fact.Read[Seen](one)
		if err == nil {
			f.seen = append(f.seen, placedSeen{s.Opening, s.Says})
		}
		return err
	case Chased{}.FactKind().Number:
		n, err := fact.Read[Chased](one)
		if err == nil {
			f.c.Chases = append(f.c.Chases, Chase{At: at, What: n, place: i})
		}
		return err
	}
	return fact.ErrNewer
}

// judge finds which ways in stand, and what of the rest is still about them.
func (f *folding) judge() {
	for i := range f.c.Values {
		v := &f.c.Values[i]
		v.Stands = true
		for _, o := range f.c.Values {
			if f.h.Before(v.place, o.place) {
				v.Stands = false
				if v.Replaced == 0 || o.At < v.Replaced {
					v.Replaced = o.At
				}
			}
		}
	}
	for i := range f.c.Doubts {
		f.c.Doubts[i].Stands = f.notYetChanged(f.c.Doubts[i].place)
	}
	for i := range f.c.Chases {
		f.c.Chases[i].Current = f.notYetChanged(f.c.Chases[i].place)
	}
	f.c.markOpenings()
	for i := range f.c.Openings {
		o := &f.c.Openings[i]
		for _, s := range f.seen {
			if s.opening == o.Fact && !slices.Contains(o.SeenBy, s.says) {
				o.SeenBy = append(o.SeenBy, s.says)
			}
		}
		slices.Sort(o.SeenBy)
	}
	slices.SortStableFunc(f.c.Chases, func(a, b Chase) int { return cmp.Compare(a.At, b.At) })
}

// notYetChanged tells whether a way in stands that was set by somebody who had
// not seen the fact at a place.
func (f *folding) notYetChanged(place int) bool {
	return slices.ContainsFunc(f.c.Values, func(v Value) bool { return v.Stands && !v.None && !f.h.Before(place, v.place) })
}

func (c *Code) markOpenings() {
	standing := c.Standing()
	c.Openings = slices.Clone(c.Openings)
	for i := range c.Openings {
		o := &c.Openings[i]
		o.Current = slices.ContainsFunc(standing, func(v Value) bool { return slices.Contains(o.What.Values, v.Fact) })
	}
}
