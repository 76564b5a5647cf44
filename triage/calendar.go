package triage

import (
	"strconv"
	"time"

	"holdfast/content"
	"holdfast/fact/refusal"
)

// calendar knows working days. A holiday that is not listed makes a deadline
// shorter, never longer.
type calendar struct {
	place    *time.Location
	holidays map[content.Nation]map[string]bool // dates as 2006-01-02
	end      map[content.Nation]time.Duration   // of a working day, after midnight
}

// workingDay gives the end of the nth working day after the day of from.
func (c calendar) workingDay(from time.Time, n int, nation content.Nation) time.Time {
	at := from.In(c.place)
	day := time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, c.place)
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if c.works(day, nation) {
			n--
		}
	}
	end := c.end[nation]
	return time.Date(day.Year(), day.Month(), day.Day(), int(end/time.Hour), int(end%time.Hour/time.Minute), 0, 0, c.place)
}

func (c calendar) works(day time.Time, nation content.Nation) bool {
	weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
	return !weekend && !c.holidays[nation][day.Format(time.DateOnly)]
}

func (t *Dispositions) loadClocks(set *content.Set) error {
	rows, err := set.Table("ambulance-standards.csv", "category", "minutes")
	if err != nil {
		return err
	}
	for i := range rows.Len() {
		minutes, err := strconv.Atoi(rows.Cell(i, "minutes"))
		if err != nil {
			return refusal.Newf(refusal.Invalid, "ambulance-standards.csv: %v", err)
		}
		t.category[rows.Cell(i, "category")] = minutes
	}
	for _, d := range t.rows {
		if d.Category != "" && t.category[d.Category] == 0 || t.category["C2"] == 0 {
			return refusal.Newf(refusal.Invalid, "ambulance-standards.csv has no minutes for the category of %s", d.Dx)
		}
	}
	t.calendar, err = loadCalendar(set)
	return err
}

func loadCalendar(set *content.Set) (calendar, error) {
	c := calendar{holidays: map[content.Nation]map[string]bool{}, end: map[content.Nation]time.Duration{}}
	var err error
	if c.place, err = time.LoadLocation("Europe/London"); err != nil {
		return c, err
	}
	rows, err := set.Table("calendar.csv", "kind", "nation", "value")
	if err != nil {
		return c, err
	}
	for i := range rows.Len() {
		nation, value := content.Nation(rows.Cell(i, "nation")), rows.Cell(i, "value")
		if c.holidays[nation] == nil {
			c.holidays[nation] = map[string]bool{}
		}
		layout := time.DateOnly
		if rows.Cell(i, "kind") == "working_day_end" {
			layout = "15:04"
		}
		at, err := time.Parse(layout, value)
		if err != nil {
			return c, refusal.Newf(refusal.Invalid, "calendar.csv: %q is not a date or time", value)
		}
		if layout == time.DateOnly {
			c.holidays[nation][value] = true
			continue
		}
		c.end[nation] = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	for _, n := range []content.Nation{content.England, content.Wales, content.Scotland, content.NorthernIreland} {
		if c.end[n] == 0 {
			return c, refusal.Newf(refusal.Invalid, "calendar.csv does not say when a working day ends in %s", n)
		}
	}
	return c, nil
}
