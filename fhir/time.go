package fhir

import (
	"strings"
	"time"
)

// Precision says how much of a time was given.
type Precision uint8

// The precisions of a FHIR date or dateTime.
const (
	Year   Precision = 1
	Month  Precision = 2
	Day    Precision = 3
	Second Precision = 4 // with time of day and time zone
)

// ParseTime reads a FHIR date, dateTime or instant. A time of day needs a time
// zone; any zone is read. The zone is kept in the result; callers store UTC
// and show Europe/London.
func ParseTime(s string) (time.Time, Precision, error) {
	s = strings.TrimSpace(s)
	layouts := []struct {
		layout string
		p      Precision
	}{{"2006-01-02T15:04:05Z07:00", Second}, {"2006-01-02T15:04Z07:00", Second}, {"2006-01-02", Day}, {"2006-01", Month}, {"2006", Year}}
	for _, l := range layouts {
		if t, err := time.Parse(l.layout, s); err == nil {
			return t, l.p, nil
		}
	}
	return time.Time{}, 0, problem("", "not a FHIR date or time")
}

// FormatTime writes an instant in UTC with milliseconds.
func FormatTime(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000") + "+00:00"
}
