package access

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"holdfast/fact"
)

// UnusualRules say what makes a look unusual. An unusual look is no wrong
// look: somebody in information governance asks.
type UnusualRules struct {
	Rules  []UnusualRule
	Hour   int           // more different records than this within an hour is many
	Shift  time.Duration // so long after the session was opened is out of shift
	Linked time.Duration // who wrote about somebody so near to the look had to do with them
	Days   int           // how far back is looked
}

// UnusualRule is one of them: own-record, colleague, same-surname,
// same-address, many, out-of-shift, no-relationship.
type UnusualRule struct {
	Rule, Name string
	Weight     int
}

// LookKnown is one look with what is known about it.
type LookKnown struct {
	Fact    fact.ID
	Person  fact.Subject // who looked
	Name    string
	Record  fact.Subject
	Family  string // the patient's family name; empty: not known
	Address string // empty: not known
	At      time.Time
	Opened  time.Time // when the session was opened; zero: not known
	Linked  bool      // they wrote in the record or its cases around that time
}

// Unusual is what is unusual about one person's looks at one record; at many,
// when Record is zero.
type Unusual struct {
	Person fact.Subject
	Name   string
	Record fact.Subject
	Rules  []string // names of the rules, in their order
	Weight int
	Looks  []fact.ID // that caused it, in order of time
	First  time.Time
	Last   time.Time
}

// Judge finds what is unusual, the heaviest first. homes gives the addresses
// of members of staff whose own record is known.
func (u UnusualRules) Judge(looks []LookKnown, w Watched, homes map[fact.Subject]string) []Unusual {
	looks = slices.Clone(looks)
	slices.SortFunc(looks, func(a, b LookKnown) int {
		return cmp.Or(a.At.Compare(b.At), slices.Compare(a.Fact[:], b.Fact[:]))
	})
	type key struct{ person, record fact.Subject }
	found := map[key]*Unusual{}
	add := func(r UnusualRule, l LookKnown, record fact.Subject) {
		k := key{l.Person, record}
		if found[k] == nil {
			found[k] = &Unusual{Person: l.Person, Name: l.Name, Record: record, First: l.At}
		}
		one := found[k]
		if !slices.Contains(one.Rules, r.Name) {
			one.Rules, one.Weight = append(one.Rules, r.Name), one.Weight+r.Weight
		}
		if !slices.Contains(one.Looks, l.Fact) {
			one.Looks = append(one.Looks, l.Fact)
		}
		one.First, one.Last = earlier(one.First, l.At), later(one.Last, l.At)
	}
	for _, r := range u.Rules {
		if r.Rule == "many" {
			for _, l := range u.many(looks) {
				add(r, l, fact.Subject{})
			}
			continue
		}
		for _, l := range looks {
			if u.holds(r.Rule, l, w, homes) {
				add(r, l, l.Record)
			}
		}
	}
	var out []Unusual
	for _, one := range found {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b Unusual) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), b.Last.Compare(a.Last), slices.Compare(a.Person[:], b.Person[:]), slices.Compare(a.Record[:], b.Record[:]))
	})
	return out
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (u UnusualRules) holds(rule string, l LookKnown, w Watched, homes map[fact.Subject]string) bool {
	owner := func(mine bool) bool {
		return slices.ContainsFunc(w[l.Record], func(m MarkMade) bool { return m.Mark == MarkStaff && !m.Staff.Zero() && (m.Staff == l.Person) == mine })
	}
	switch rule {
	case "own-record":
		return owner(true)
	case "colleague":
		return owner(false)
	case "same-surname":
		return !l.Linked && l.Family != "" && strings.EqualFold(lastWord(l.Name), l.Family)
	case "same-address":
		return l.Address != "" && sameWords(homes[l.Person], l.Address)
	case "out-of-shift":
		return !l.Opened.IsZero() && l.At.Sub(l.Opened) > u.Shift
	case "no-relationship":
		return !l.Linked
	}
	return false
}

// many gives the looks of everybody who opened more different records within
// some hour than is usual: those of that hour.
func (u UnusualRules) many(looks []LookKnown) (out []LookKnown) {
	byPerson := map[fact.Subject][]LookKnown{}
	for _, l := range looks {
		byPerson[l.Person] = append(byPerson[l.Person], l)
	}
	for _, own := range byPerson {
		from, taken, seen := 0, 0, map[fact.Subject]int{}
		for i, l := range own {
			seen[l.Record]++
			for ; l.At.Sub(own[from].At) >= time.Hour; from++ {
				if seen[own[from].Record]--; seen[own[from].Record] == 0 {
					delete(seen, own[from].Record)
				}
			}
			if len(seen) > u.Hour {
				out = append(out, own[max(from, taken):i+1]...)
				taken = i + 1
			}
		}
	}
	return out
}

func lastWord(s string) string {
	words := strings.Fields(s)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

func sameWords(a, b string) bool {
	return a != "" && strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}
