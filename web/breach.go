package web

import (
	"fmt"
	"time"

	"holdfast/codes"
)

// BreachKind is how near a deadline is: the only colour scale in a row.
type BreachKind string

// The kinds, each with a shape of its own.
const (
	Late   BreachKind = "late" // ■ the deadline has passed
	Due    BreachKind = "due"  // ▲ within 10 minutes
	Soon   BreachKind = "soon" // ◆ within 30 minutes
	InTime BreachKind = "ok"   // ○ later
	Hold   BreachKind = "hold" // — no deadline runs
)

// Where one kind ends and the next begins. These are the steps of the colour
// scale on screen; they decide nothing about care.
const (
	dueWithin  = 10 * time.Minute
	soonWithin = 30 * time.Minute
)

// KindOfBreach says how near the deadline is. The script of the pages computes
// the same from the same numbers.
func KindOfBreach(deadline, now time.Time) BreachKind {
	left := deadline.Sub(now)
	switch {
	case deadline.IsZero():
		return Hold
	case left < 0:
		return Late
	case left <= dueWithin:
		return Due
	case left <= soonWithin:
		return Soon
	}
	return InTime
}

// BreachWords says the time to a deadline as staff say it: "40 s left", "3 min
// left", "1 h 05 left", "2 d 3 h late". What is begun counts as whole only once
// it is whole: three minutes and 59 seconds left are "3 min left".
func BreachWords(deadline, now time.Time) string {
	if deadline.IsZero() {
		return "No deadline"
	}
	left, tail := deadline.Sub(now), "left"
	if left < 0 {
		left, tail = -left, "late"
	}
	return codes.Span(left) + " " + tail
}

// CallClock says how long a call has lasted: "0:48", "12:04", "1:02:09".
func CallClock(since, now time.Time) string {
	s := int64(now.Sub(since) / time.Second)
	if s < 0 {
		s = 0
	}
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s%3600/60, s%60)
}

// ClockWords says when something is or was: the time alone for today, else with
// its day, and with its year when that is another one.
func ClockWords(t, now time.Time, zone *time.Location) string {
	t, now = t.In(zone), now.In(zone)
	switch {
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("Mon 2 Jan 15:04")
	}
	return t.Format("2 Jan 2006 15:04")
}

// usedOf says how much of the time from start to deadline is used, in whole
// hundredths from 0 to 100.
func usedOf(start, deadline, now time.Time) int {
	whole := deadline.Sub(start)
	if whole <= 0 || !now.Before(deadline) {
		return 100
	}
	used := int(now.Sub(start) * 100 / whole)
	return max(0, min(100, used))
}
