package codes

import (
	"fmt"
	"time"
)

// Age is the time lived since a full birth date, in whole years, the months
// beyond them and the days beyond those.
type Age struct {
	Years, Months, Days int
	TotalDays           int
}

// AgeAt gives the age on the day it is in Europe/London at t. ok is false
// when the birth date is not full or lies after t; YearsAt then still helps.
// Someone born on 29 February is a year older on 1 March of other years.
func (d Date) AgeAt(t time.Time) (age Age, ok bool) {
	today := DateOf(t)
	if !d.Full() || d.after(today) {
		return Age{}, false
	}
	y, m, day := today.Year-d.Year, today.Month-d.Month, today.Day-d.Day
	if day < 0 {
		m--
		// The days since the monthly day in the month before; where that
		// month is too short for it, since its end.
		last := time.Date(today.Year, time.Month(today.Month), 0, 0, 0, 0, 0, time.UTC).Day()
		day = today.Day + max(last-d.Day, 0)
	}
	if m < 0 {
		m += 12
		y--
	}
	return Age{Years: y, Months: m, Days: day, TotalDays: d.daysTo(today)}, true
}

func (d Date) daysTo(o Date) int {
	from := time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)
	to := time.Date(o.Year, time.Month(o.Month), o.Day, 0, 0, 0, 0, time.UTC)
	return int(to.Sub(from) / (24 * time.Hour))
}

// YearsAt gives the least and the most whole years the person can have lived
// at t, which differ when the birth date is partial. ok is false when no date
// was given or it lies after t.
func (d Date) YearsAt(t time.Time) (least, most int, ok bool) {
	if d.IsZero() || d.after(DateOf(t)) {
		return 0, 0, false
	}
	first, last := d, d
	if d.Month == 0 {
		first.Month, last.Month = 1, 12
	}
	if d.Day == 0 {
		first.Day = 1
		last.Day = time.Date(d.Year, time.Month(last.Month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	}
	oldest, _ := first.AgeAt(t)
	youngest, young := last.AgeAt(t)
	if !young {
		youngest = Age{}
	}
	return youngest.Years, oldest.Years, true
}

// String gives the age as NHS staff read it: days below four weeks, weeks and
// days below a year, months and days below two years, years and months below
// 18, then years (NHS Common User Interface, patient banner, ISB 1505).
func (a Age) String() string {
	switch {
	case a.TotalDays < 28:
		return fmt.Sprintf("%dd", a.TotalDays)
	case a.Years < 1:
		return pair(a.TotalDays/7, "w", a.TotalDays%7, "d")
	case a.Years < 2:
		return pair(a.Years*12+a.Months, "m", a.Days, "d")
	case a.Years < 18:
		return pair(a.Years, "y", a.Months, "m")
	}
	return fmt.Sprintf("%dy", a.Years)
}

func pair(n int, unit string, m int, small string) string {
	if m == 0 {
		return fmt.Sprintf("%d%s", n, unit)
	}
	return fmt.Sprintf("%d%s %d%s", n, unit, m, small)
}

// Words gives the age as it is said: "9 days", "11 weeks", "15 months",
// "4 years", "78 years".
func (a Age) Words() string {
	say := func(n int, unit string) string {
		return fmt.Sprintf("%d %s", n, plural(n, unit, unit+"s"))
	}
	switch {
	case a.TotalDays < 28:
		return say(a.TotalDays, "day")
	case a.Years < 1:
		return say(a.TotalDays/7, "week")
	case a.Years < 2:
		return say(a.Years*12+a.Months, "month")
	}
	return say(a.Years, "year")
}

// AgeWords says what is known of the age at t: "78 years", "77 or 78 years"
// for a partial birth date, and "" when nothing is.
func (d Date) AgeWords(t time.Time) string {
	if age, ok := d.AgeAt(t); ok {
		return age.Words()
	}
	least, most, ok := d.YearsAt(t)
	switch {
	case !ok:
		return ""
	case least == most:
		return fmt.Sprintf("%d %s", least, plural(least, "year", "years"))
	}
	return fmt.Sprintf("%d or %d years", least, most)
}
