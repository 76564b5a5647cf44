package urgent

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
)

var (
	disclosed = content.Disclosure{Threshold: 5, Round: 5, Weeks: 2, Band: 10}
	masked    = access.Pseudonyms{Key: bytes.Repeat([]byte{7}, 32)}
	thursday  = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
)

func figuresRow(n int, began time.Time, filter string, year int) FiguresRow {
	return FiguresRow{Began: began, Row: Row{
		Case: fact.Subject{1, byte(n)}, Record: fact.Subject{2, byte(n)}, Number: fmt.Sprint("26-", n), Filter: filter, Patient: "QUILLFEATHER, Ottoline",
		Born: codes.Date{Year: year, Month: 3, Day: 3}, Where: "Coldwater", Why: "Fell", Marks: []string{"Deaf"},
	}}
}

func TestFiguresTellNobody(t *testing.T) {
	last := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	var rows []FiguresRow
	for n := range 12 {
		rows = append(rows, figuresRow(n, last.Add(time.Duration(n)*time.Hour), "see", 1948))
	}
	rows = append(rows, figuresRow(20, last, "speak", 2019), figuresRow(21, last, "odd", 1990))
	rows = append(rows, figuresRow(30, thursday, "see", 1948))                                           // this week is not over
	rows = append(rows, figuresRow(31, last.AddDate(0, 0, -7), "see", 1948))                             // one alone in its week
	rows = append(rows, figuresRow(32, time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC).Add(-1), "see", 48)) // before the first week
	f := FiguresOf(rows, masked, disclosed, thursday, time.UTC)
	if len(f.Weeks) != 2 || f.Weeks[0].Monday != "9 Nov 2026" || f.Weeks[1].Monday != "16 Nov 2026" {
		t.Fatalf("%+v", f.Weeks)
	}
	if got := fmt.Sprint(f.Weeks[1].Counts, f.Weeks[1].All); got != "[fewer than 5 0 10 fewer than 5]15" {
		t.Error(got)
	}
	if got := fmt.Sprint(f.Weeks[0].Counts, f.Weeks[0].All); got != "[0 0 fewer than 5 0]fewer than 5" {
		t.Error(got)
	}
	if len(f.Cases) != 14 {
		t.Fatalf("%d cases", len(f.Cases))
	}
	for _, c := range f.Cases {
		few := c.Who == masked.Of(fact.Subject{2, 20}) || c.Who == masked.Of(fact.Subject{2, 21})
		if few != (c.Age == Withheld && c.Needs == Withheld) || !few && c.Age != "70 to 79" {
			t.Errorf("%+v", c)
		}
	}
	said := fmt.Sprintf("%+v", f)
	for _, word := range []string{"QUILL", "Ottoline", "26-", "Coldwater", "Fell", "Deaf", "1948", "Tue", "09:00"} {
		if strings.Contains(said, word) {
			t.Errorf("the figures say %q", word)
		}
	}
}

// Two cases of one person stand under one name; in another organisation under
// another; and the list says nothing about the order of the cases.
func TestFiguresNamesAreStable(t *testing.T) {
	last := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	var rows []FiguresRow
	for n := range 40 {
		rows = append(rows, figuresRow(n/2, last.Add(time.Duration(n)*time.Minute), "see", 1948))
	}
	one := FiguresOf(rows, masked, disclosed, thursday, time.UTC)
	slices.Reverse(rows)
	again := FiguresOf(rows, masked, disclosed, thursday, time.UTC)
	if fmt.Sprint(one) != fmt.Sprint(again) {
		t.Error("the order of the cases shows")
	}
	other := FiguresOf(rows, access.Pseudonyms{Key: bytes.Repeat([]byte{8}, 32)}, disclosed, thursday, time.UTC)
	names := map[string]int{}
	for _, c := range one.Cases {
		names[c.Who]++
	}
	for _, c := range other.Cases {
		if names[c.Who] > 0 {
			t.Error("two organisations share a name")
		}
	}
	if len(names) != 20 {
		t.Errorf("%d names for 20 people", len(names))
	}
}

// Somebody who rings twelve times is one person, and is not hidden by it.
func TestOftenIsNotMany(t *testing.T) {
	var rows []FiguresRow
	for range 12 {
		rows = append(rows, figuresRow(1, time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC), "see", 1948))
	}
	for _, c := range FiguresOf(rows, masked, disclosed, thursday, time.UTC).Cases {
		if c.Age != Withheld || c.Needs != Withheld {
			t.Errorf("%+v", c)
		}
	}
}

func TestFiguresAreBounded(t *testing.T) {
	var rows []FiguresRow
	for n := range mostFigures + 7 {
		r := figuresRow(0, time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC), "see", 1948)
		r.Row.Record = fact.Subject{3, byte(n), byte(n >> 8)}
		rows = append(rows, r)
	}
	if f := FiguresOf(rows, masked, disclosed, thursday, time.UTC); len(f.Cases) != mostFigures || f.Beyond != 7 {
		t.Errorf("%d cases, %d beyond", len(f.Cases), f.Beyond)
	}
}
