package recorddb

import (
	"slices"
	"strings"

	"holdfast/codes"
	"holdfast/record"
)

// What a match on each detail is worth. A number outweighs all else; a whole
// birth date outweighs a name that only sounds alike.
const (
	worthNumber   = 100
	worthName     = 30
	worthSounds   = 18
	worthFirst    = 12
	worthInitial  = 6
	worthBorn     = 30
	worthSwapped  = 20
	worthDatePart = 7
	worthPost     = 16
	worthDistrict = 4
	worthPhone    = 24
	lessForFormer = 3 // a name that stood once, or an old address, tells a little less
)

// verdict collects what matches and what does not.
type verdict struct {
	score  int
	labels []string
	asked  int
	exact  int
}

func (v *verdict) detail(worth int, exact bool, labels ...string) {
	v.asked++
	v.score += worth
	if exact {
		v.exact++
	}
	v.labels = append(v.labels, labels...)
}

// judge says how well a person fits. ok is false when nothing that was asked
// fits, or when a number was asked for and the rest fits only by sound.
func judge(q record.Query, r row) (judged, bool) {
	var v verdict
	judgeNumber(q, &v, r)
	judgeName(q, &v, r)
	judgeBorn(q, &v, r)
	judgePlace(q, &v, r)
	if v.score == 0 {
		return judged{}, false
	}
	born, _ := codes.ReceiveDate(r.born)
	m := judged{score: v.score, Match: record.Match{
		Called: r.called, Born: born, Sex: codes.Sex(r.sex), NHS: codes.NHSNumber{Text: r.nhs, Status: statusOf(r.nhsStatus)},
		Address: r.address, Restricted: r.restricted, Disputed: r.disputed, Dead: r.dead, Linked: r.linked, All: v.exact == v.asked,
		On: strings.Join(v.labels, ", "),
	}}
	if m.All && v.asked > 1 {
		m.On = "All " + []string{"", "", "two", "three", "four", "five", "six"}[v.asked]
	} else if m.On != "" {
		m.On = strings.ToUpper(m.On[:1]) + m.On[1:]
	}
	return m, true
}

func judgeNumber(q record.Query, v *verdict, r row) {
	if q.Number == "" {
		return
	}
	if slices.Contains(r.numbers, digits(q.Number)) {
		v.detail(worthNumber, true, "number")
		return
	}
	v.detail(0, false)
}

// judgeName takes the best of the person's names.
func judgeName(q record.Query, v *verdict, r row) {
	family, given := plain(q.Family), plain(q.Given)
	if family == "" && given == "" {
		return
	}
	best, exact, label := 0, false, ""
	take := func(name string, former bool) {
		hasFamily, hasGiven, _ := strings.Cut(name, "|")
		fw, fe, fl := familyFits(family, hasFamily)
		gw, ge, gl := givenFits(given, q.Also, hasGiven)
		if family != "" && fw == 0 {
			gw, ge = gw/3, false // a first name alone tells little
		}
		worth := fw + gw
		if former && worth > 0 {
			worth, fe, fl = max(worth-lessForFormer, 1), false, formerLabel(fl)
		}
		if worth > best {
			best, exact, label = worth, fe && ge, nameLabel(fl, gl)
		}
	}
	for _, name := range r.names {
		take(name, false)
	}
	for _, name := range r.former {
		take(name, true)
	}
	if label == "" {
		v.detail(best, exact)
		return
	}
	v.detail(best, exact, label)
}

func formerLabel(label string) string {
	if label == "" {
		return ""
	}
	return "former " + label
}

func nameLabel(family, given string) string {
	switch {
	case family == "" || given == "":
		return family + given
	case family == "last name" && given == "first name":
		return "name"
	}
	return family + ", " + given
}

// familyFits compares last names in plain capitals; nothing asked fits
// everything.
func familyFits(asked, has string) (worth int, exact bool, label string) {
	if asked == "" {
		return 0, true, ""
	}
	joined := strings.ReplaceAll(asked, " ", "")
	parts := familyParts(has)
	switch {
	case has == asked || len(parts) > 0 && parts[0] == joined:
		return worthName, true, "last name"
	case slices.Contains(parts, joined):
		return worthName - 4, false, "part of last name"
	case slices.ContainsFunc(parts, func(p string) bool { return len(joined) > 1 && strings.HasPrefix(p, joined) }):
		return worthSounds - 4, false, "beginning of last name"
	case slices.ContainsFunc(parts, func(p string) bool { return sound(p) == sound(joined) }):
		return worthSounds, false, "last name sounds alike"
	}
	return 0, false, ""
}

func givenFits(asked string, also []string, has string) (worth int, exact bool, label string) {
	wanted, names := strings.Fields(asked), strings.Fields(has)
	if len(wanted) == 0 {
		return 0, true, ""
	}
	first := wanted[0]
	switch {
	case asked == has, slices.Contains(names, first):
		return worthFirst, true, "first name"
	case slices.ContainsFunc(names, func(n string) bool { return sound(n) == sound(first) }):
		return worthFirst - 3, false, "first name sounds alike"
	case slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, first) || strings.HasPrefix(first, n) }):
		return worthInitial + 2, false, "short first name"
	case slices.ContainsFunc(also, func(a string) bool { return slices.Contains(names, plain(a)) }):
		return worthFirst - 2, false, "another form of the first name"
	case slices.ContainsFunc(names, func(n string) bool { return n[0] == first[0] }):
		return worthInitial, false, "initial"
	}
	return 0, false, ""
}

// judgeBorn takes the best of the birth dates on record, by their parts.
func judgeBorn(q record.Query, v *verdict, r row) {
	if q.Born.IsZero() {
		return
	}
	best, exact := 0, false
	var labels []string
	for _, text := range r.borns {
		has, _ := codes.ReceiveDate(text)
		worth, same, parts := bornFits(q.Born, has)
		if worth > best {
			best, exact, labels = worth, same, parts
		}
	}
	v.detail(best, exact, labels...)
}

func bornFits(asked, has codes.Date) (worth int, exact bool, labels []string) {
	if has.IsZero() {
		return 0, false, nil
	}
	if asked == has {
		if asked.Full() {
			return worthBorn, true, []string{"birth date"}
		}
		return 2 * worthDatePart, true, []string{"birth date as far as known"}
	}
	if swapped, ok := swap(asked); ok && swapped == has {
		return worthSwapped, false, []string{"birth date with day and month swapped"}
	}
	if asked.Day != 0 && asked.Day == has.Day {
		labels = append(labels, "day")
	}
	if asked.Month != 0 && asked.Month == has.Month {
		labels = append(labels, "month")
	}
	if asked.Year == has.Year {
		labels = append(labels, "year")
	}
	if len(labels) < 2 && asked.Full() && has.Full() {
		return 0, false, nil // one part of three is chance
	}
	return worthDatePart * len(labels), false, labels
}

func judgePlace(q record.Query, v *verdict, r row) {
	if q.Postcode != "" {
		worth, exact, label := 0, false, []string(nil)
		for _, p := range r.postcodes {
			if w, e, l := postFits(q.Postcode, codes.Postcode(p)); w > worth {
				worth, exact, label = w, e, []string{l}
			}
		}
		for _, p := range r.lived {
			if w, _, l := postFits(q.Postcode, codes.Postcode(p)); w-lessForFormer > worth {
				worth, exact, label = w-lessForFormer, false, []string{"old " + l}
			}
		}
		v.detail(worth, exact, label...)
	}
	if q.Phone.Present() {
		if slices.Contains(r.phones, q.Phone.National()) {
			v.detail(worthPhone, true, "phone")
		} else {
			v.detail(0, false)
		}
	}
}

// postFits compares postcodes, of which one may be known in part.
func postFits(asked, has codes.Postcode) (worth int, exact bool, label string) {
	switch {
	case has == asked:
		if asked.Full() {
			return worthPost, true, "postcode"
		}
		return worthDistrict + 2, true, "postcode as far as known"
	case asked.Sector() != "" && !asked.Full() && asked.Sector() == has.Sector():
		return worthDistrict + 3, true, "postcode as far as known"
	case has.District() == asked.District():
		return worthDistrict, asked.Sector() == "", "postcode area"
	}
	return 0, false, ""
}
