package record

import (
	"slices"

	"holdfast/fact"
)

// MostTogether is how many records are shown as one at most.
const MostTogether = 8

// Joined is a record that is linked to the one being looked at, and how surely.
type Joined struct {
	Person Person
	Sure   bool // the same person; else they may be
}

// Together gives a record as it is read while others are linked to it: every
// contact and every alert of all of them, each saying from which record it
// comes. Its identity stays its own, and so do its subject and frontier: what
// is written is written about this record. Nothing is stored by it.
//
// An alert of a record that may be somebody else's stands and is asked about.
// Of decisions about resuscitation one counts only when every record that is
// surely theirs and has any says the same, and no other may speak against it.
// missed are linked records that could not be read: what they say is unknown.
func Together(p Person, linked []Joined, missed ...fact.Subject) Person {
	out := p
	out.Unread = missed
	if len(linked) == 0 {
		return out
	}
	out.Alerts, out.Contacts, out.Answers = slices.Clone(p.Alerts), slices.Clone(p.Contacts), slices.Clone(p.Answers)
	out.Episodes, out.NotShown, out.Gaps = slices.Clone(p.Episodes), slices.Clone(p.NotShown), slices.Clone(p.Gaps)
	for _, j := range linked {
		out.take(j)
	}
	out.settleTogether()
	return out
}

// take adds what another record says.
func (p *Person) take(j Joined) {
	from := j.Person.Called()
	for _, a := range j.Person.Alerts {
		a.Of = from
		if a.Stands && !j.Sure && a.Ask == "" {
			a.Ask = "That record may be somebody else’s"
			a.Maybe = true
		}
		p.Alerts = append(p.Alerts, a)
	}
	for _, c := range j.Person.Contacts {
		c.Of = from
		p.Contacts = append(p.Contacts, c)
	}
	for _, e := range j.Person.Episodes {
		if !slices.ContainsFunc(p.Episodes, func(o Episode) bool { return o.Case == e.Case }) {
			p.Episodes = append(p.Episodes, e)
		}
	}
	if j.Sure { // that somebody else knows of none says nothing of this person
		p.Answers = append(p.Answers, j.Person.Answers...)
	}
	p.NotShown, p.Gaps = append(p.NotShown, j.Person.NotShown...), append(p.Gaps, j.Person.Gaps...)
	if j.Person.HeldFrom != 0 && (p.HeldFrom == 0 || j.Person.HeldFrom < p.HeldFrom) {
		p.HeldFrom = j.Person.HeldFrom
	}
}

// settleTogether says what alerts of several records make of each other.
func (p *Person) settleTogether() {
	for i := range p.Alerts {
		a := &p.Alerts[i]
		if !a.Stands {
			continue
		}
		if a.Says.Kind == Resuscitation && (a.Maybe && !p.surelySays(*a) || p.otherDecisionThan(*a)) {
			a.Disputed = true
			if a.Ask == "" {
				a.Ask = "Another record of theirs has another decision"
			}
		}
		if a.Ask == "" && slices.ContainsFunc(p.Answers, func(o Answered) bool { return o.Kind == a.Says.Kind && o.Answer == NoneKnown }) {
			a.Ask = "Another record of theirs says that none is known"
		}
	}
}

// surelySays tells whether a record that is surely theirs says the same.
func (p *Person) surelySays(a Alert) bool {
	return slices.ContainsFunc(p.Alerts, func(o Alert) bool {
		return o.Stands && !o.Maybe && o.Says.Kind == Resuscitation && sameDecision(o.Says, a.Says)
	})
}

func (p *Person) otherDecisionThan(a Alert) bool {
	for _, o := range p.Alerts {
		if o.Stands && o.Says.Kind == Resuscitation && o.Fact != a.Fact && !sameDecision(o.Says, a.Says) {
			return true
		}
	}
	return false
}

// Reader gives the folded record of a person.
type Reader func(fact.Subject) (Person, error)

// Gather reads the records that are linked to one, straight or through others,
// up to MostTogether. Surely theirs is what sure links alone lead to. A record
// that can't be read stands in missed: it is unknown, never none. A link that
// only one of the two records knows of yet is a "may be".
func Gather(p Person, read Reader) (linked []Joined, missed []fact.Subject) {
	type step struct {
		to   fact.Subject
		sure bool
		from fact.Subject
	}
	var todo []step
	push := func(of Person, sure bool) {
		for _, l := range of.Links {
			todo = append(todo, step{l.Other, sure && l.State == Same, of.Subject})
		}
	}
	push(p, true)
	done := map[fact.Subject]bool{p.Subject: true}
	for len(todo) > 0 {
		next := todo[0]
		if i := slices.IndexFunc(todo, func(s step) bool { return s.sure && !done[s.to] }); i > 0 {
			next = todo[i] // sure links first: a record reached both ways is surely theirs
			todo = slices.Delete(todo, i, i+1)
		} else {
			todo = todo[1:]
		}
		if done[next.to] {
			continue
		}
		done[next.to] = true
		other, err := read(next.to)
		if err != nil || !other.Registered || len(linked) >= MostTogether {
			missed = append(missed, next.to)
			continue
		}
		back, mutual := other.LinkTo(next.from)
		sure := next.sure && mutual && back.State == Same
		linked = append(linked, Joined{Person: other, Sure: sure})
		push(other, sure)
	}
	return linked, missed
}
