package urgent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
)

// Figures is what may be told of an organisation's cases to somebody who is to
// know nobody's name: counts by week, and a list of cases under pseudonyms.
// Nothing in it says who, where, or on which day.
type Figures struct {
	Weeks  []FiguresWeek
	Cases  []FiguresCase
	Beyond int // cases that the list does not hold
}

// FiguresWeek counts the cases of one week as they may be told.
type FiguresWeek struct {
	Monday string // "16 Nov 2026"
	Counts []string
	All    string
}

// FiguresCase is one case. Where too few share what it says, it says less.
type FiguresCase struct {
	Who    string // pseudonym of the patient, or of the case when no record is linked
	Monday string
	Age    string // "70 to 79", "not known", Withheld
	Needs  string // one of FiguresNeeds, or Withheld
}

// Withheld stands for what too few people share to be told.
const Withheld = "withheld"

// mostFigures bounds the list.
const mostFigures = 500

// FiguresNeeds lists in words what cases are counted by.
func FiguresNeeds() []string {
	return []string{"To be spoken to", "To be validated", "To be seen", "Other"}
}

// needOf finds what a case is counted by; what is not known is other.
func needOf(filter string) int {
	if i := slices.Index([]string{"speak", "validate", "see"}, filter); i >= 0 {
		return i
	}
	return len(FiguresNeeds()) - 1
}

// FiguresRow is one case with when it began.
type FiguresRow struct {
	Began time.Time
	Row   Row
}

// FiguresOf makes the figures of the whole weeks before the one in which now
// is. The order of the list says nothing about the order of the cases.
func FiguresOf(rows []FiguresRow, names access.Pseudonyms, d content.Disclosure, now time.Time, zone *time.Location) Figures {
	var out Figures
	this := monday(now, zone)
	for w := d.Weeks; w > 0; w-- {
		from, to := this.AddDate(0, 0, -7*w), this.AddDate(0, 0, -7*(w-1))
		out.week(from, within(rows, from, to), names, d)
	}
	slices.SortFunc(out.Cases, func(a, b FiguresCase) int { return strings.Compare(a.Who+a.Needs, b.Who+b.Needs) })
	if len(out.Cases) > mostFigures {
		out.Beyond = len(out.Cases) - mostFigures
		out.Cases = out.Cases[:mostFigures]
	}
	return out
}

// week adds one week: its counts, and its cases unless they are too few to be
// listed at all.
func (f *Figures) week(from time.Time, rows []FiguresRow, names access.Pseudonyms, d content.Disclosure) {
	week := FiguresWeek{Monday: from.Format("2 Jan 2006"), All: d.Shown(len(rows))}
	counts := make([]int, len(FiguresNeeds()))
	alike := map[string]map[string]bool{} // what is said of a case to the people of whom it is said
	cases := make([]FiguresCase, 0, len(rows))
	for _, r := range rows {
		need := needOf(r.Row.Filter)
		counts[need]++
		who := r.Row.Record
		if who.Zero() {
			who = r.Row.Case
		}
		one := FiguresCase{Who: names.Of(who), Monday: week.Monday, Age: band(r.Row.Born, r.Began, d.Band), Needs: FiguresNeeds()[need]}
		if alike[one.Age+one.Needs] == nil {
			alike[one.Age+one.Needs] = map[string]bool{}
		}
		alike[one.Age+one.Needs][one.Who] = true
		cases = append(cases, one)
	}
	for _, n := range counts {
		week.Counts = append(week.Counts, d.Shown(n))
	}
	f.Weeks = append(f.Weeks, week)
	if len(rows) < d.Threshold {
		return
	}
	for _, one := range cases {
		if len(alike[one.Age+one.Needs]) < d.Threshold {
			one.Age, one.Needs = Withheld, Withheld
		}
		f.Cases = append(f.Cases, one)
	}
}

func within(rows []FiguresRow, from, to time.Time) (out []FiguresRow) {
	for _, r := range rows {
		if !r.Began.Before(from) && r.Began.Before(to) {
			out = append(out, r)
		}
	}
	return out
}

func monday(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, zone)
}

func band(born codes.Date, at time.Time, years int) string {
	age, ok := born.AgeAt(at)
	if !ok {
		return "not known"
	}
	from := age.Years / years * years
	return fmt.Sprintf("%d to %d", from, from+years-1)
}

// FiguresSince is from when on cases are needed to make the figures.
func FiguresSince(d content.Disclosure, now time.Time, zone *time.Location) fact.Millis {
	return fact.At(monday(now, zone).AddDate(0, 0, -7*d.Weeks))
}
