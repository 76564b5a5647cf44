package record

import (
	"slices"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fact"
)

// Query is what is known of the person looked for. Anything may be missing.
type Query struct {
	Given    string
	Family   string
	Born     codes.Date
	Number   string // an NHS, CHI or H&C number, any grouping
	Postcode codes.Postcode
	Phone    codes.Phone
	Also     []string // other forms of the first name: Nicknames.Of(Given)
}

// QueryOf reads one line of free text: a number, a birth date, a postcode, a
// phone number and names, in any order. What is read as nothing else is a
// name: one word is a last name, "TANSLEY, Wilfred" is last name first, else
// the last word is the last name.
func QueryOf(text string, now time.Time) Query {
	var q Query
	words := strings.Fields(strings.ReplaceAll(text, ",", " , "))
	words = q.takeDigits(words, now)
	words = q.takePostcode(words)
	if i := slices.Index(words, ","); i >= 0 {
		q.Family = strings.Join(words[:i], " ")
		q.Given = strings.Join(slices.DeleteFunc(words[i:], func(w string) bool { return w == "," }), " ")
		return q
	}
	if n := len(words); n > 0 {
		q.Family, q.Given = words[n-1], strings.Join(words[:n-1], " ")
	}
	return q
}

// takeDigits takes the longest run of words that is a number, a phone number
// or a date.
func (q *Query) takeDigits(words []string, now time.Time) []string {
	for size := min(4, len(words)); size > 0; size-- {
		for i := 0; i+size <= len(words); {
			run := strings.Join(words[i:i+size], " ")
			if strings.Contains(run, ",") || !q.takeRun(run, now) {
				i++
				continue
			}
			words = slices.Delete(slices.Clone(words), i, i+size)
		}
	}
	return words
}

func (q *Query) takeRun(run string, now time.Time) bool {
	if !strings.ContainsAny(run, "0123456789") {
		return false
	}
	if n, err := codes.ParseNHSNumber(run); q.Number == "" && err == nil && n.Present() {
		q.Number = n.Text
		return true
	}
	if p, err := codes.ParsePhone(run); !q.Phone.Present() && err == nil && p.Present() {
		q.Phone = p
		return true
	}
	if d, err := codes.ParseBirthDate(run, now); q.Born.IsZero() && err == nil && !d.IsZero() {
		q.Born = d
		return true
	}
	return false
}

func (q *Query) takePostcode(words []string) []string {
	for size := min(2, len(words)); size > 0; size-- {
		for i := 0; i+size <= len(words); i++ {
			run := strings.Join(words[i:i+size], " ")
			p, err := codes.ParsePostcode(run)
			if err == nil && p != "" && strings.ContainsAny(run, "0123456789") {
				q.Postcode = p
				return slices.Delete(slices.Clone(words), i, i+size)
			}
		}
	}
	return words
}

// Empty tells whether nothing is asked for.
func (q Query) Empty() bool {
	return strings.TrimSpace(q.Given+q.Family) == "" && q.Born.IsZero() && q.Number == "" && q.Postcode == "" &&
		!q.Phone.Present()
}

// Match is one person found by a search.
type Match struct {
	Person     fact.Subject
	Called     string
	Born       codes.Date
	Sex        codes.Sex
	NHS        codes.NHSNumber
	Address    string // empty for a restricted person
	Restricted bool
	Dead       bool   // recorded as dead, by anybody
	Linked     bool   // linked to another record here, or asked whether it is
	Disputed   bool   // different values stand side by side on this record
	On         string // "All four", "Name, day, month": what matches
	All        bool   // everything that was asked matches exactly
}
