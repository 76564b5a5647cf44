package triage

import (
	"time"

	"holdfast/content"
)

// NextMorning gives this time of day, in London, on the first working day of a
// nation on which it is still to come: what happened on Sunday night and what
// happened at four on Monday are both due on Monday morning. A holiday that is
// not listed makes it earlier, never later.
func (t *Dispositions) NextMorning(from time.Time, nation content.Nation, hour, minute int) time.Time {
	at := from.In(t.calendar.place)
	day := time.Date(at.Year(), at.Month(), at.Day(), hour, minute, 0, 0, t.calendar.place)
	for !day.After(from) || !t.calendar.works(day, nation) {
		day = time.Date(day.Year(), day.Month(), day.Day()+1, hour, minute, 0, 0, t.calendar.place)
	}
	return day
}
