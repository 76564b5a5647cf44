package codes

import (
	"strings"
	"testing"
	"time"
)

var saturday = time.Date(2026, 11, 21, 19, 44, 0, 0, time.UTC)

func TestParseBirthDate(t *testing.T) {
	want := Date{1948, 2, 3}
	for _, typed := range []string{
		"03 02 1948", "3/2/48", "3 Feb 1948", "3.2.1948", "03021948", "030248", "1948-02-03", "3rd February 1948",
		"Feb 3 1948", "3feb48", "3-2-48", "3rd of feb 1948", "03/02/1948",
	} {
		if got, err := ParseBirthDate(typed, saturday); err != nil || got != want {
			t.Errorf("%q: %+v, %v", typed, got, err)
		}
	}
	for typed, want := range map[string]Date{
		"": {}, "1948": {Year: 1948}, "Feb 1948": {Year: 1948, Month: 2}, "02/1948": {Year: 1948, Month: 2},
		"1948-02": {Year: 1948, Month: 2}, "21/11/26": {2026, 11, 21}, "22/11/26": {1926, 11, 22}, "29 2 2024": {2024, 2, 29},
	} {
		if got, err := ParseBirthDate(typed, saturday); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", typed, got, err, want)
		}
	}
	for typed, want := range map[string]string{
		"3 13 1948":   "Months go from 1 to 12",
		"31 Nov 1948": "no such day",
		"29/2/2023":   "no such day",
		"22/11/2026":  "in the future",
		"Dec 2026":    "in the future",
		"3/2/1848":    "more than 125 years ago",
		"3/2":         "four digits",
		"hello":       "A month needs its year",
		"3 Xyz 1948":  "This is no month",
		"3 2 1 1948":  "day, month, year",
		"!!":          "day, month, year",
		"3 2 948":     "two or four digits",
	} {
		got, err := ParseBirthDate(typed, saturday)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %q", typed, got, err, want)
		}
	}
}

func TestReceiveDate(t *testing.T) {
	for text, want := range map[string]Date{
		"1948-02-03": {1948, 2, 3}, "1948-02": {Year: 1948, Month: 2}, "1948": {Year: 1948}, "19480203": {1948, 2, 3},
		"194802031230": {1948, 2, 3}, "1948-02-03T12:30:00Z": {1948, 2, 3}, "194802": {Year: 1948, Month: 2},
	} {
		if got, ok := ReceiveDate(text); !ok || got != want {
			t.Errorf("%q: %+v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "1948-13-01", "1948-02-30", "19481301", "yesterday", "1948-2-3", "1948-02-03-04", "0000-00-00"} {
		if got, ok := ReceiveDate(text); ok {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestAge(t *testing.T) {
	at := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		born         Date
		at           time.Time
		short, words string
	}{
		{Date{1948, 2, 3}, saturday, "78y", "78 years"},
		{Date{2026, 11, 21}, saturday, "0d", "0 days"},
		{Date{2026, 11, 1}, saturday, "20d", "20 days"},
		{Date{2026, 10, 24}, saturday, "4w", "4 weeks"},
		{Date{2026, 9, 1}, saturday, "11w 4d", "11 weeks"},
		{Date{2025, 8, 18}, saturday, "15m 3d", "15 months"},
		{Date{2022, 9, 21}, saturday, "4y 2m", "4 years"},
		{Date{2008, 11, 22}, saturday, "17y 11m", "17 years"},
		{Date{2008, 11, 21}, saturday, "18y", "18 years"},
		{Date{2020, 2, 29}, at(2021, 2, 28), "52w 1d", "52 weeks"},
		{Date{2020, 2, 29}, at(2022, 3, 1), "2y", "2 years"},
	} {
		age, ok := c.born.AgeAt(c.at)
		if !ok || age.String() != c.short || age.Words() != c.words {
			t.Errorf("%v at %v: %q %q %v, want %q %q", c.born, c.at, age, age.Words(), ok, c.short, c.words)
		}
	}
	if _, ok := (Date{1948, 0, 0}).AgeAt(saturday); ok {
		t.Error("a year alone gave an exact age")
	}
	if got := (Date{Year: 1948}).AgeWords(saturday); got != "77 or 78 years" {
		t.Errorf("year alone: %q", got)
	}
	if got := (Date{Year: 1948, Month: 2}).AgeWords(saturday); got != "78 years" {
		t.Errorf("month alone: %q", got)
	}
	if got := (Date{Year: 2026}).AgeWords(saturday); got != "0 years" {
		t.Errorf("this year: %q", got)
	}
	if got := (Date{}).AgeWords(saturday); got != "" {
		t.Errorf("no date: %q", got)
	}
}

// The age never runs backwards and the parts always fit the calendar.
func TestAgeGrowsDayByDay(t *testing.T) {
	for _, born := range []Date{{2020, 1, 31}, {2020, 2, 29}, {2019, 12, 31}, {2020, 5, 30}} {
		last := Age{TotalDays: -1}
		day := time.Date(born.Year, time.Month(born.Month), born.Day, 12, 0, 0, 0, time.UTC)
		for range 1500 {
			age, ok := born.AgeAt(day)
			if !ok || age.TotalDays != last.TotalDays+1 || age.Months > 11 || age.Days > 31 || age.Days < 0 {
				t.Fatalf("%v on %v: %+v after %+v", born, day, age, last)
			}
			if age.Years*12+age.Months < last.Years*12+last.Months {
				t.Fatalf("%v on %v: %+v is younger than %+v", born, day, age, last)
			}
			last, day = age, day.AddDate(0, 0, 1)
		}
	}
}

func TestClock(t *testing.T) {
	utc := func(y int, m time.Month, d, h, mi int) time.Time { return time.Date(y, m, d, h, mi, 0, 0, time.UTC) }
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{utc(2026, 11, 21, 19, 44), "19:44"},
		{utc(2026, 7, 1, 19, 44), "20:44"},
		{utc(2026, 10, 25, 0, 30), "01:30 BST"},
		{utc(2026, 10, 25, 1, 30), "01:30 GMT"},
		{utc(2026, 10, 25, 2, 30), "02:30"},
		{utc(2026, 10, 24, 23, 59), "00:59"},
		{utc(2026, 3, 29, 1, 30), "02:30"},
	} {
		if got := Clock(c.at); got != c.want {
			t.Errorf("%v: %q, want %q", c.at, got, c.want)
		}
	}
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{utc(2026, 11, 21, 8, 0), "08:00"},
		{utc(2026, 11, 23, 8, 0), "Mon 08:00"},
		{utc(2026, 11, 28, 8, 0), "Sat 28 Nov 08:00"},
		{utc(2026, 11, 19, 21, 50), "Thu 19 Nov 21:50"},
		{utc(2027, 1, 2, 8, 0), "Sat 2 Jan 2027 08:00"},
	} {
		if got := ClockDay(c.at, saturday); got != c.want {
			t.Errorf("%v: %q, want %q", c.at, got, c.want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 s", 48 * time.Second: "48 s", 839 * time.Minute: "13 h 59", 59*time.Minute + 59*time.Second: "59 min", time.Hour: "1 h 00", 65 * time.Minute: "1 h 05",
		-11 * time.Minute: "11 min", 24*time.Hour - time.Second: "23 h 59", 24 * time.Hour: "1 d 0 h", 47 * time.Hour: "1 d 23 h", 72 * time.Hour: "3 d 0 h",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	if Offset(saturday) != 0 || Offset(utc(2026, 7, 1, 12, 0)) != 60 {
		t.Error("the offset of London is wrong")
	}
}

func TestLondonTime(t *testing.T) {
	utc := func(m time.Month, d, h, mi int) time.Time { return time.Date(2026, m, d, h, mi, 0, 0, time.UTC) }
	for _, c := range []struct {
		day     Date
		minutes int
		late    bool
		want    time.Time
	}{
		{Date{2026, 11, 21}, 18*60 + 30, false, utc(11, 21, 18, 30)},
		{Date{2026, 7, 1}, 18*60 + 30, false, utc(7, 1, 17, 30)},
		{Date{2026, 10, 25}, 90, false, utc(10, 25, 0, 30)},
		{Date{2026, 10, 25}, 90, true, utc(10, 25, 1, 30)},
		{Date{2026, 10, 25}, 120, true, utc(10, 25, 2, 0)},
		{Date{2026, 10, 24}, 1440 + 30, false, utc(10, 24, 23, 30)},
		{Date{2026, 3, 29}, 30, false, utc(3, 29, 0, 30)},
		{Date{2026, 3, 29}, 60, false, utc(3, 29, 1, 0)},
		{Date{2026, 3, 29}, 90, false, utc(3, 29, 1, 0)},
		{Date{2026, 3, 29}, 120, false, utc(3, 29, 1, 0)},
	} {
		if got := LondonTime(c.day, c.minutes, c.late); !got.Equal(c.want) {
			t.Errorf("%v + %d min (late %v): %v, want %v", c.day, c.minutes, c.late, got, c.want)
		}
	}
	if d := (Date{2026, 2, 28}).Add(1); d != (Date{2026, 3, 1}) || d.Weekday() != time.Sunday {
		t.Errorf("%v %v", d, d.Weekday())
	}
}
