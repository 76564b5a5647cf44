package share

import (
	"slices"
	"sort"

	"holdfast/fact"
)

// stated is a step with where it stands and which device wrote it.
type stated struct {
	Step
	place  int
	id     fact.ID
	device fact.Subject
}

// strip is consecutive units that every step treats alike.
type strip struct {
	units  Units
	events []event
	end    state
	stands []event
}

// ledger is one folding.
type ledger struct {
	judge
	steps  []stated
	byID   map[fact.ID]stated
	strips []strip
	owner  strip
	moves  map[int]stated // place of an approval that moves rights: its proposal
}

// Fold judges all steps about one scarce thing.
func Fold(h fact.History, read Reader, devices Devices) Rights {
	l := ledger{judge: judge{h.Before}, byID: map[fact.ID]stated{}, moves: map[int]stated{}}
	for i, f := range h.Facts() {
		s, ok := read(f)
		if !ok {
			continue
		}
		device, known := devices(f.Header.Feed)
		if !known {
			device = fact.Subject{}
		}
		one := stated{Step: s, place: i, id: f.ID, device: device}
		l.steps, l.byID[f.ID] = append(l.steps, one), one
	}
	l.cut()
	for _, s := range l.steps {
		if s.Act == Approved {
			l.approve(s)
		}
		for _, n := range l.touched(s) {
			l.take(&l.strips[n], s)
		}
		if s.Act == Received || s.Act == Approved {
			l.take(&l.owner, s)
		}
	}
	return l.rights()
}

// cut makes the strips.
func (l *ledger) cut() {
	var at []uint64
	for _, s := range l.steps {
		if s.hasUnits() {
			at = append(at, s.Units.First, s.Units.Last+1)
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	for i := 1; i < len(at); i++ {
		l.strips = append(l.strips, strip{units: Some(at[i-1], at[i]-1)})
	}
}

func (s stated) hasUnits() bool {
	return (s.Act == Received || s.Act == Handed || s.Act == Used) && s.Units.Sound()
}

// touched lists the strips that a step is about.
func (l *ledger) touched(s stated) (out []int) {
	switch s.Act {
	case Confirmed:
		used, ok := l.byID[s.About]
		if !ok || used.Act != Used {
			return nil
		}
		s = used
	case Approved:
		for n := range l.strips {
			out = append(out, n)
		}
		return out
	}
	if !s.hasUnits() {
		return nil
	}
	for n := sort.Search(len(l.strips), func(n int) bool { return l.strips[n].units.First >= s.Units.First }); n < len(l.strips) && l.strips[n].units.Last <= s.Units.Last; n++ {
		out = append(out, n)
	}
	return out
}

// approve notes which proposal an approval puts in force: one that it had
// seen, by another person, and that nobody it had seen had approved before.
func (l *ledger) approve(s stated) {
	p, ok := l.byID[s.About]
	if !ok || p.Act != Proposed || !l.before(p.place, s.place) || p.Person.Zero() || s.Person.Zero() || p.Person == s.Person || p.To.Zero() || p.To == p.Lost {
		return
	}
	for place, other := range l.moves {
		if other.id == p.id && l.before(place, s.place) {
			return
		}
	}
	l.moves[s.place] = p
}

// take adds a step to a strip's events when the past of its fact entitles it.
func (l *ledger) take(t *strip, s stated) {
	now := l.at(t, s.place)
	e, ok := event{place: s.place, use: -1}, false
	switch s.Act {
	case Received:
		e.to, ok = s.To, now.standing == "" && !s.To.Zero()
	case Handed:
		e.to, ok = s.To, now.heldBy(s.device) && !s.To.Zero()
	case Used:
		e.use, ok = s.place, now.heldBy(s.device) && !s.Asks
	case Confirmed:
		used := l.byID[s.About]
		e.use, ok = used.place, now.heldBy(s.device) && l.before(used.place, s.place)
	case Approved:
		p, moves := l.moves[s.place]
		e.two, e.to, e.lost = true, p.To, p.Lost
		ok = moves && (now.heldBy(p.Lost) || p.Lost.Zero() && now.standing == Disputed)
	}
	if ok {
		t.events = append(t.events, e)
	}
}

// rights puts together what the strips say.
func (l *ledger) rights() Rights {
	var r Rights
	for n := range l.strips {
		t := &l.strips[n]
		t.end, t.stands = l.settle(t.events)
		if t.end.standing != "" {
			r.Parts = addPart(r.Parts, l.part(t))
		}
	}
	l.owner.end, _ = l.settle(l.owner.events)
	r.Owner = l.part(&l.owner)
	for _, s := range l.steps {
		switch s.Act {
		case Used:
			r.Uses = append(r.Uses, l.uses(s)...)
		case Proposed:
			r.Reassignments = append(r.Reassignments, l.reassignment(s))
		}
	}
	return r
}

func (l *ledger) part(t *strip) Part {
	p := Part{Units: t.units, Standing: t.end.standing, Holder: t.end.holder, Between: t.end.between}
	if t.end.standing == Gone {
		p.Use = l.idAt(t.end.use)
	}
	return p
}

func (l *ledger) idAt(place int) fact.ID {
	n := sort.Search(len(l.steps), func(n int) bool { return l.steps[n].place >= place })
	return l.steps[n].id
}

func addPart(all []Part, p Part) []Part {
	if n := len(all); n > 0 {
		last := all[n-1]
		if last.Units.Last+1 == p.Units.First && last.Standing == p.Standing && last.Holder == p.Holder && last.Use == p.Use && slices.Equal(last.Between, p.Between) {
			all[n-1].Units.Last = p.Units.Last
			return all
		}
	}
	return append(all, p)
}

func (l *ledger) reassignment(s stated) Reassignment {
	r := Reassignment{Fact: s.id, Lost: s.Lost, To: s.To, Person: s.Person}
	for _, a := range l.steps {
		if _, moves := l.moves[a.place]; moves && a.Act == Approved && a.About == s.id {
			r.Approved, r.Persons = append(r.Approved, a.id), append(r.Persons, a.Person)
		}
	}
	return r
}
