package urgentweb

import (
	"strconv"
	"time"

	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/web"
)

// queueAsks lists what of the queue somebody must see to now, loudly.
func queueAsks(row *urgent.Row, now time.Time) []string {
	var out []string
	if row.Never && !now.Before(timeOf(row.GoesAt)) {
		out = append(out, "Late, and never goes by itself: look now")
	}
	if row.Spent && row.LastStep == "" {
		out = append(out, "Nobody reached: next step")
	}
	return out
}

// queueTags says of a row what goes by itself and when, who is to be rung, and
// what colleagues have arranged.
func queueTags(row *urgent.Row, now time.Time, zone *time.Location) []string {
	var out []string
	add := func(yes bool, words string) {
		if yes {
			out = append(out, words)
		}
	}
	clock := func(t time.Time) string { return web.ClockWords(t, now, zone) }
	goes := timeOf(row.GoesAt)
	switch {
	case row.Goes == "":
	case row.Never && !now.Before(goes): // asked for, see queueAsks
	case row.Never:
		out = append(out, "Never goes by itself")
	default:
		out = append(out, "Goes by itself "+clock(goes))
	}
	add(row.Went != 0, "Went by itself "+clock(timeOf(row.Went))+lateWords(row.LateBy))
	add(row.ComfortNow(fact.At(now)), "Comfort call due "+clock(timeOf(row.Comfort)))
	add(row.LastStep != "" && row.Tried > 0, row.LastStep)
	add(row.Before != 0, "Put first")
	for _, o := range row.OfferTo {
		out = append(out, "Offered to "+o.Name)
	}
	return out
}

// triedWords counts attempts: "Tried 1 of 3, next 20:05".
func triedWords(row *urgent.Row, now time.Time, zone *time.Location) string {
	if row.Tried == 0 {
		return ""
	}
	words := "Tried " + strconv.Itoa(row.Tried) + " of " + strconv.Itoa(row.Of)
	if row.NextTry != 0 {
		words += ", next " + web.ClockWords(timeOf(row.NextTry), now, zone)
	}
	return words
}
