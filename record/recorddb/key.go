package recorddb

import (
	"hash/fnv"
	"strings"

	"holdfast/codes"
	"holdfast/record"
)

// The kinds of key. Those of two details exist because among five million
// people a name or a birth date alone proposes thousands: the right person
// must be among the first few hundred that are looked at.
const (
	keyFamily       = 1  // sound of a last name
	keyGiven        = 2  // sound of a first name
	keyBorn         = 3  // "1948-02-03", or as far as it is known
	keyNumber       = 4  // ten digits
	keyPost         = 5  // whole postcode without its space
	keyPhone        = 6  // national number
	keyBornFamily   = 7  // birth date and sound of a last name
	keyBornGiven    = 8  // birth date and sound of a first name: the last name may have changed
	keyNameYear     = 9  // sounds of both names and the year: day or month misheard
	keyNameDay      = 10 // sounds of both names, day and month: the year misheard
	keyDistrictName = 11 // first half of the postcode and sound of a last name
	keyName         = 12 // sounds of both names
	keyHome         = 14 // postcode and house: who lives at one address
	keyInitial      = 13 // sound of a last name and first letter of a first name
)

type key struct {
	kind byte
	text string
}

// hash is what stands in the table, FNV-1a of 64 bits: two keys that fall
// together only propose somebody who does not fit.
func (k key) hash() int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte{k.kind})
	_, _ = h.Write([]byte(k.text))
	return int64(h.Sum64())
}

func squashed(p codes.Postcode) string { return strings.ReplaceAll(string(p), " ", "") }

// keys lists all keys of a person, each once.
func (r row) keys() []key {
	var out []key
	seen := map[key]bool{}
	add := func(kind byte, text string) {
		if k := (key{kind, text}); !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	for _, b := range r.borns {
		add(keyBorn, b)
	}
	for _, n := range r.numbers {
		add(keyNumber, n)
	}
	for _, p := range r.phones {
		add(keyPhone, p)
	}
	for _, h := range r.homes {
		add(keyHome, h)
	}
	districts := map[string]bool{}
	for _, p := range append(r.postcodes[:len(r.postcodes):len(r.postcodes)], r.lived...) {
		add(keyPost, squashed(codes.Postcode(p)))
		districts[codes.Postcode(p).District()] = true
	}
	for _, name := range append(r.names[:len(r.names):len(r.names)], r.former...) {
		r.nameKeys(name, districts, add)
	}
	return out
}

func (r row) nameKeys(name string, districts map[string]bool, add func(byte, string)) {
	family, given, _ := strings.Cut(name, "|")
	givens := strings.Fields(given)
	for _, f := range familyParts(family) {
		s := sound(f)
		add(keyFamily, s)
		for d := range districts {
			add(keyDistrictName, d+" "+s)
		}
		for _, b := range r.borns {
			add(keyBornFamily, b+" "+s)
		}
		for _, g := range givens {
			add(keyInitial, s+" "+g[:1])
			add(keyName, s+" "+sound(g))
			for _, b := range r.borns {
				born, _ := codes.ReceiveDate(b)
				addDated(add, s+" "+sound(g), born)
			}
		}
	}
	for _, g := range givens {
		add(keyGiven, sound(g))
		for _, b := range r.borns {
			add(keyBornGiven, b+" "+sound(g))
		}
	}
}

func addDated(add func(byte, string), name string, born codes.Date) {
	if born.Year != 0 {
		add(keyNameYear, name+" "+born.String()[:4])
	}
	if born.Full() {
		add(keyNameDay, name+" "+born.String()[5:])
	}
}

// literals lists the last names of a person as they are written, for the
// beginning of a name.
func (r row) literals() []string {
	var out []string
	for _, name := range append(r.names[:len(r.names):len(r.names)], r.former...) {
		family, _, _ := strings.Cut(name, "|")
		out = append(out, familyParts(family)...)
	}
	return out
}

// keysOf lists the keys to look under, the most telling first: who stands under
// few people's keys is proposed before who stands under everybody's.
func keysOf(q record.Query) []key {
	var out []key
	add := func(kind byte, text string) { out = append(out, key{kind, text}) }
	if q.Number != "" {
		add(keyNumber, digits(q.Number))
	}
	if q.Phone.Present() {
		add(keyPhone, q.Phone.National())
	}
	families := familyParts(plain(q.Family))
	givens := givenForms(q)
	borns := bornForms(q.Born)
	for _, b := range borns {
		for _, f := range families {
			add(keyBornFamily, b+" "+sound(f))
		}
		for _, g := range givens {
			add(keyBornGiven, b+" "+sound(g))
		}
	}
	for _, f := range families {
		for _, g := range givens {
			addDated(add, sound(f)+" "+sound(g), q.Born)
		}
	}
	if q.Postcode.Full() {
		add(keyPost, squashed(q.Postcode))
	}
	if q.Postcode != "" {
		for _, f := range families {
			add(keyDistrictName, q.Postcode.District()+" "+sound(f))
		}
	}
	for _, b := range borns {
		add(keyBorn, b)
	}
	for _, f := range families {
		for _, g := range givens {
			add(keyName, sound(f)+" "+sound(g))
		}
	}
	for _, f := range families {
		for _, letter := range initials(givens) {
			add(keyInitial, sound(f)+" "+letter)
		}
		add(keyFamily, sound(f))
	}
	if len(families) == 0 {
		for _, g := range givens {
			add(keyGiven, sound(g))
		}
	}
	return unique(out)
}

// mostForms is how many ways of saying a first name are looked under.
const mostForms = 16

// givenForms gives the first names asked for and the other forms of the first.
func givenForms(q record.Query) []string {
	var out []string
	sounds := map[string]bool{}
	for _, g := range append(strings.Fields(plain(q.Given)), strings.Fields(plain(strings.Join(q.Also, " ")))...) {
		if s := sound(g); !sounds[s] && len(out) < mostForms {
			sounds[s] = true
			out = append(out, g)
		}
	}
	return out
}

// bornForms gives a birth date as it may stand: as it was said, and with day
// and month swapped.
func bornForms(d codes.Date) []string {
	if d.IsZero() || d.Year == 0 {
		return nil
	}
	out := []string{d.String()}
	if swapped, ok := swap(d); ok {
		out = append(out, swapped.String())
	}
	return out
}

func initials(givens []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, g := range givens {
		if !seen[g[:1]] {
			seen[g[:1]] = true
			out = append(out, g[:1])
		}
	}
	return out
}

func unique(keys []key) []key {
	var out []key
	seen := map[key]bool{}
	for _, k := range keys {
		if !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

// swap changes day and month, where that is another real date.
func swap(d codes.Date) (codes.Date, bool) {
	return codes.Date{Year: d.Year, Month: d.Day, Day: d.Month}, d.Full() && d.Day <= 12 && d.Day != d.Month
}

// digits keeps the digits of a number.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
