package urgentweb

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// boardPhone is the telephone at a glance.
type boardPhone struct {
	Shown   bool
	Trouble string
	Silent  string // since when nothing is heard
	Clock   string // how wrong the exchange's clock is; empty: it agrees
	Window  string // "last hour"
	Figures []phoneFigure
	Lost    int // waiting when last heard of, long ago
	Splits  []phoneSplit
}

// phoneFigure is one number of the panel. Bad: past its target.
type phoneFigure struct {
	Number, Words string
	Bad           bool
}

// phoneSplit is one line of how calls count in the monthly return.
type phoneSplit struct {
	Name  string
	Count int
}

// boardPhoneOf sums calls up. What can't be told is said to be so, and is never
// "none".
func (a *App) boardPhoneOf(ctx context.Context, by web.Caller, list urgentdb.List, now time.Time, zone *time.Location) boardPhone {
	if a.Phone == nil {
		return boardPhone{}
	}
	f, standing, err := a.Phone.Figures(ctx, by)
	if err != nil {
		return boardPhone{Shown: true, Trouble: "Calls that wait can’t be counted here. Ask the telephone system’s own display."}
	}
	r := a.Cases.Rules.Phone
	out := boardPhone{Shown: standing.Known || f.Offered > 0, Window: "last " + strings.TrimPrefix(spanOf(r.Window), "1 "), Lost: f.LostSight}
	if standing.Silent {
		out.Silent = web.ClockWords(standing.Since, now, zone)
	}
	switch behind := standing.Behind; {
	case behind > r.ClockWrong:
		out.Clock = codes.Span(behind) + " behind ours"
	case -behind > r.ClockWrong:
		out.Clock = codes.Span(-behind) + " ahead of ours"
	}
	out.Figures = phoneFiguresOf(f, r, ringBacks(list), now)
	for _, s := range []struct {
		split urgent.Split
		name  string
	}{
		{urgent.SplitTerm, "Terminated: in the message, or the first " + spanOf(r.First)},
		{urgent.AbandonedSoon, "Abandoned within " + spanOf(r.Split) + " of the message"},
		{urgent.AbandonedLate, "Abandoned later"},
		{urgent.AnsweredSoon, "Answered within " + spanOf(r.Split)}, {urgent.AnsweredLate, "Answered later"},
		{urgent.GoesOn, "Not answered or ended yet"},
	} {
		out.Splits = append(out.Splits, phoneSplit{s.name, f.Counts[s.split]})
	}
	return out
}

func phoneFiguresOf(f urgent.PhoneFigures, r urgent.PhoneRules, ring int, now time.Time) []phoneFigure {
	oldest, late := "nobody waits", false
	if f.Oldest != 0 {
		wait := max(0, now.Sub(f.Oldest.Time()))
		oldest, late = secondsWords(wait), wait > r.Centile
	}
	mean, centile := "none yet", "none yet"
	if f.Known > 0 {
		mean, centile = secondsWords(f.Mean), secondsWords(f.Centile)
	}
	tenths := f.AbandonedTenths()
	return []phoneFigure{
		{strconv.Itoa(f.Waiting), "calls waiting", false},
		{oldest, "oldest wait", late},
		{mean, "mean time to answer, aim " + spanOf(r.Mean), f.Known > 0 && f.Mean > r.Mean},
		{centile, "95th centile, aim " + spanOf(r.Centile), f.Known > 0 && f.Centile > r.Centile},
		{fmt.Sprintf("%d.%d%%", tenths/10, tenths%10), fmt.Sprintf("abandoned, %d of %d, aim %d%%", f.Abandoned(), f.Offered, r.Abandoned), tenths > 10*r.Abandoned},
		{strconv.Itoa(ring), "callers gone: ring back", ring > 0},
	}
}

func ringBacks(list urgentdb.List) int {
	n := 0
	for i := range list.Rows {
		if list.Rows[i].Needs == urgent.NeedsRingBack {
			n++
		}
	}
	return n
}

// secondsWords says a wait in seconds to 99, else in minutes and seconds.
func secondsWords(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s < 100 {
		return strconv.Itoa(s) + " s"
	}
	return fmt.Sprintf("%d min %02d s", s/60, s%60)
}

// spanOf says a span of the rules in words: "20 s", "3 min", "1 h".
func spanOf(d time.Duration) string {
	switch {
	case d == time.Hour:
		return "1 hour"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	case d%time.Minute == 0 && d > time.Minute:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	}
	return strconv.Itoa(int(d/time.Second)) + " s"
}
