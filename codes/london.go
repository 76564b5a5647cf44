package codes

import (
	"fmt"
	"strconv"
	"sync"
	"time"
	_ "time/tzdata" // a desk without zone files still tells the time
)

// london is loaded once, at first use; it never changes afterwards.
var london = sync.OnceValue(func() *time.Location {
	loc, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic("codes: the time zone Europe/London is not in this program: " + err.Error())
	}
	return loc
})

// London is the time zone that pages show and opening hours are written in.
// Stored times are always UTC.
func London() *time.Location { return london() }

// Clock gives the time of day in London, "19:44". In the hour that comes
// twice when the clocks go back it says which: "01:30 BST", "01:30 GMT".
func Clock(t time.Time) string {
	l := t.In(London())
	s := l.Format("15:04")
	if twice(l) {
		s += " " + l.Format("MST")
	}
	return s
}

// twice tells whether the same clock time comes again an hour later, or came
// an hour before.
func twice(l time.Time) bool {
	same := func(o time.Time) bool {
		return o.In(l.Location()).Format("02 15:04") == l.Format("02 15:04")
	}
	return same(l.Add(time.Hour)) || same(l.Add(-time.Hour))
}

// ClockDay gives the time of day when t is today in London at now, with the
// weekday within six days ("Mon 08:00"), and else with the date
// ("Sat 21 Nov 19:44"; with the year when it is another).
func ClockDay(t, now time.Time) string {
	l, n := t.In(London()), now.In(London())
	day, today := DateOf(t), DateOf(now)
	gap := today.daysTo(day)
	switch {
	case gap == 0:
		return Clock(t)
	case gap > 0 && gap <= 6:
		return l.Format("Mon ") + Clock(t)
	case l.Year() == n.Year():
		return l.Format("Mon 2 Jan ") + Clock(t)
	}
	return l.Format("Mon 2 Jan 2006 ") + Clock(t)
}

// Span gives a length of time as every screen and paper says it, cut off: "48 s",
// "59 min", "1 h 05", and "1 d 2 h" from a day on. Negative spans lose their sign:
// say "late" beside them. The pages' script has the same in spanWords.
func Span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	s := int64(d / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 60*60:
		return fmt.Sprintf("%d min", s/60)
	case s < 24*60*60:
		return fmt.Sprintf("%d h %02d", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%d d %d h", s/86400, s%86400/3600)
}

// Offset gives how far London is ahead of UTC at t, in minutes: 0 or 60.
func Offset(t time.Time) int {
	_, s := t.In(London()).Zone()
	return s / 60
}

func itoa(n int) string { return strconv.Itoa(n) }

// LondonTime gives the moment at which clocks in London show so many minutes
// after midnight of a day; 1,440 and more reach into the next. When the clocks
// go back that may be twice: late asks for the second time. When they go
// forward it may be never: then it is the moment of the change.
func LondonTime(d Date, minutes int, late bool) time.Time {
	civil := time.Date(d.Year, time.Month(d.Month), d.Day, 0, minutes, 0, 0, time.UTC)
	winter, summer := civil, civil.Add(-time.Hour)
	inWinter, inSummer := Offset(winter) == 0, Offset(summer) == 60
	switch {
	case inWinter && inSummer && late, inWinter && !inSummer:
		return winter
	case inSummer:
		return summer
	}
	return winter.Truncate(time.Hour)
}

// Add moves a full date by whole days.
func (d Date) Add(days int) Date {
	t := time.Date(d.Year, time.Month(d.Month), d.Day+days, 0, 0, 0, 0, time.UTC)
	return Date{Year: t.Year(), Month: int(t.Month()), Day: t.Day()}
}

// Weekday gives the day of the week of a full date.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}
