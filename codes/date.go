package codes

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is a day, a month or a year as somebody gave it; Month and Day are 0
// where they were not given, and the zero Date means none was. It has no time
// zone: it is a date on a calendar.
type Date struct {
	Year  int `cbor:"1,keyasint,omitempty"`
	Month int `cbor:"2,keyasint,omitempty"`
	Day   int `cbor:"3,keyasint,omitempty"`
}

// OldestYears is how far back a birth date may lie before it is taken for a
// slip: longer than anyone has lived.
const OldestYears = 125

// ParseBirthDate reads what people type ("03 02 1948", "3/2/48", "3 Feb 1948",
// "Feb 1948", "1948", "1948-02-03"), day before month. A year of two digits
// is the latest that is not after now. Future, impossible and far too old
// dates are refused; empty gives none. Now is read in Europe/London.
func ParseBirthDate(typed string, now time.Time) (Date, error) {
	d, err := ParseDate(typed, now)
	if err != nil || d.IsZero() {
		return Date{}, err
	}
	today := DateOf(now)
	if d.after(today) {
		return Date{}, invalid("This date is in the future: check the year")
	}
	if d.Year < today.Year-OldestYears {
		return Date{}, invalidf("That is more than %d years ago: check the year", OldestYears)
	}
	return d, nil
}

// ParseDate reads what people type, as ParseBirthDate does, and lets a date
// lie at any time.
func ParseDate(typed string, now time.Time) (Date, error) {
	parts := dateParts(typed)
	switch len(parts) {
	case 0:
		if strings.TrimSpace(typed) != "" {
			return Date{}, invalid("Write the date as day, month, year, such as 3 2 1948")
		}
		return Date{}, nil
	case 1:
		return dateOfOne(parts[0], now)
	case 2:
		return dateOfTwo(parts[0], parts[1], now)
	case 3:
		return dateOfThree(parts, now)
	}
	return Date{}, invalid("Write the date as day, month, year, such as 3 2 1948")
}

// dateParts splits typed text into runs of digits and runs of letters.
func dateParts(typed string) []string {
	var parts []string
	var run strings.Builder
	flush := func() {
		if run.Len() > 0 {
			parts = append(parts, run.String())
			run.Reset()
		}
	}
	wasDigit := false
	for _, r := range strings.ToUpper(typed) {
		if r > 127 || !isDigit(byte(r)) && !isLetter(byte(r)) {
			flush()
			continue
		}
		if run.Len() > 0 && wasDigit != isDigit(byte(r)) {
			flush()
		}
		wasDigit = isDigit(byte(r))
		run.WriteRune(r)
	}
	flush()
	return dropOrdinals(parts)
}

// dropOrdinals takes the letters of 1st, 2nd, 3rd and 4th away.
func dropOrdinals(parts []string) []string {
	out := parts[:0]
	for i, p := range parts {
		if i > 0 && (p == "ST" || p == "ND" || p == "RD" || p == "TH" || p == "OF") {
			continue
		}
		out = append(out, p)
	}
	return out
}

func dateOfOne(p string, now time.Time) (Date, error) {
	if !allDigits(p) {
		return Date{}, invalid("A month needs its year, such as Feb 1948")
	}
	switch len(p) {
	case 4:
		return checked(Date{Year: number(p)})
	case 6:
		return dateOfThree([]string{p[0:2], p[2:4], p[4:6]}, now)
	case 8:
		return dateOfThree([]string{p[0:2], p[2:4], p[4:8]}, now)
	}
	return Date{}, invalid("Write the date as day, month, year, such as 3 2 1948")
}

func dateOfTwo(month, year string, now time.Time) (Date, error) {
	if len(month) == 4 && allDigits(month) {
		month, year = year, month
	}
	m, err := monthOf(month)
	if err != nil {
		return Date{}, err
	}
	if !allDigits(year) || len(year) != 4 {
		return Date{}, invalid("The year needs four digits when there is no day")
	}
	return checked(Date{Year: number(year), Month: m})
}

func dateOfThree(p []string, now time.Time) (Date, error) {
	day, month, year := p[0], p[1], p[2]
	if len(day) == 4 && allDigits(day) {
		day, year = year, day
	} else if !allDigits(day) && allDigits(month) {
		day, month = month, day
	}
	m, err := monthOf(month)
	if err != nil {
		return Date{}, err
	}
	if !allDigits(day) || len(day) > 2 {
		return Date{}, invalid("The day is one or two digits and comes first")
	}
	if !allDigits(year) || len(year) != 2 && len(year) != 4 {
		return Date{}, invalid("The year is two or four digits and comes last")
	}
	d := Date{Year: number(year), Month: m, Day: number(day)}
	if len(year) == 2 {
		d.Year = latestCentury(d, now)
	}
	return checked(d)
}

// latestCentury gives a two-digit year the latest century in which the date
// is not after now.
func latestCentury(d Date, now time.Time) int {
	today := DateOf(now)
	d.Year += today.Year - today.Year%100
	if d.after(today) {
		d.Year -= 100
	}
	return d.Year
}

func monthOf(p string) (int, error) {
	if allDigits(p) {
		m := number(p)
		if len(p) > 2 || m < 1 || m > 12 {
			return 0, invalid("Months go from 1 to 12. The day comes first, then the month")
		}
		return m, nil
	}
	if len(p) >= 3 {
		for m := time.January; m <= time.December; m++ {
			name := strings.ToUpper(m.String())
			if strings.HasPrefix(name, p) || p == "SEPT" && m == time.September {
				return int(m), nil
			}
		}
	}
	return 0, invalid("This is no month: write 1 to 12 or its name, such as Feb")
}

func checked(d Date) (Date, error) {
	if d.Year < 1800 || d.Year > 2200 {
		return Date{}, invalid("Check the year: it should be like 1948")
	}
	if d.Day != 0 && !realDay(d.Year, d.Month, d.Day) {
		return Date{}, invalid("That month has no such day: check day, month and year")
	}
	return d, nil
}

func realDay(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// ReceiveDate reads a FHIR date or date-time ("1948", "1948-02",
// "1948-02-03T…") or an HL7 timestamp ("19480203", "194802031200"); ok is
// false, and the date zero, when it is neither or impossible.
func ReceiveDate(text string) (d Date, ok bool) {
	t := strings.TrimSpace(text)
	if i := strings.IndexByte(t, 'T'); i == 10 {
		t = t[:i]
	}
	parts := strings.Split(t, "-")
	if len(parts) == 1 && len(t) >= 6 && allDigits(t[:6]) {
		parts = []string{t[:4], t[4:6]}
		if len(t) >= 8 {
			parts = append(parts, t[6:8])
		}
	}
	values := [3]int{}
	for i, p := range parts {
		if i > 2 || !allDigits(p) || len(p) != []int{4, 2, 2}[i] {
			return Date{}, false
		}
		values[i] = number(p)
	}
	d = Date{Year: values[0], Month: values[1], Day: values[2]}
	if d.Year < 1800 || len(parts) > 1 && (d.Month < 1 || d.Month > 12) {
		return Date{}, false
	}
	if len(parts) > 2 && !realDay(d.Year, d.Month, d.Day) {
		return Date{}, false
	}
	return d, true
}

// DateOf gives the day it is in Europe/London at t.
func DateOf(t time.Time) Date {
	y, m, d := t.In(London()).Date()
	return Date{Year: y, Month: int(m), Day: d}
}

// IsZero tells whether no date was given.
func (d Date) IsZero() bool { return d == Date{} }

// Full tells whether year, month and day are known.
func (d Date) Full() bool { return d.Year != 0 && d.Month != 0 && d.Day != 0 }

// String gives FHIR's form: "1948-02-03", "1948-02", "1948" or "".
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Display gives the form for pages: "3 Feb 1948", "Feb 1948", "1948" or "".
func (d Date) Display() string {
	switch {
	case d.IsZero():
		return ""
	case d.Month == 0:
		return strconv.Itoa(d.Year)
	}
	month := time.Month(d.Month).String()[:3]
	if d.Day == 0 {
		return fmt.Sprintf("%s %d", month, d.Year)
	}
	return fmt.Sprintf("%d %s %d", d.Day, month, d.Year)
}

// after compares what both dates know, so that a year alone is not after a
// day of the same year.
func (d Date) after(o Date) bool {
	if d.Year != o.Year || d.Month == 0 || o.Month == 0 {
		return d.Year > o.Year
	}
	if d.Month != o.Month || d.Day == 0 || o.Day == 0 {
		return d.Month > o.Month
	}
	return d.Day > o.Day
}

// number reads a short run of digits.
func number(s string) int {
	n := 0
	for i := 0; i < len(s) && i < 9; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
