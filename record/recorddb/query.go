package recorddb

import (
	"strings"

	"holdfast/codes"
	"holdfast/record"
)

// digits keeps the digits of a number.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// keys lists the keys to look under, the most telling first.
func keysOf(q record.Query) []key {
	var out []key
	if q.Number != "" {
		out = append(out, key{keyNumber, digits(q.Number)})
	}
	if q.Phone.Present() {
		out = append(out, key{keyPhone, q.Phone.National()})
	}
	if q.Born.Full() {
		out = append(out, key{keyBorn, q.Born.String()})
		if swapped, ok := swap(q.Born); ok {
			out = append(out, key{keyBorn, swapped.String()})
		}
	}
	if q.Postcode.Full() {
		out = append(out, key{keyPost, strings.ReplaceAll(string(q.Postcode), " ", "")})
	}
	family, given := plain(q.Family), strings.Fields(plain(q.Given))
	for _, f := range familyParts(family) {
		for _, g := range given {
			out = append(out, key{keyBoth, sound(f) + " " + g[:1]})
		}
	}
	for _, f := range familyParts(family) {
		out = append(out, key{keyFamily, sound(f)})
	}
	if family == "" {
		for _, g := range given {
			out = append(out, key{keyGiven, sound(g)})
		}
	}
	return out
}

// swap changes day and month, where that is another real date.
func swap(d codes.Date) (codes.Date, bool) {
	return codes.Date{Year: d.Year, Month: d.Day, Day: d.Month}, d.Full() && d.Day <= 12 && d.Day != d.Month
}
