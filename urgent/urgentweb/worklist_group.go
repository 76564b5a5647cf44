package urgentweb

import (
	"slices"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/urgent"
	"holdfast/web"
)

func (a *App) rowsOf(rows []urgent.Row, by web.Caller, now time.Time) []*listRow {
	all, out := make([]listRow, len(rows)), make([]*listRow, len(rows))
	may := by.May(access.Claim) == nil
	for i := range rows {
		all[i] = rowOf(&rows[i], by, may, now, a.Shell.Zone())
		out[i] = &all[i]
	}
	return out
}

func rowOf(row *urgent.Row, by web.Caller, mayClaim bool, now time.Time, zone *time.Location) listRow {
	id := row.Case.String()
	out := listRow{
		ID: "c-" + id, Href: "/case/" + id, From: timeOf(row.From), Due: timeOf(row.Due), OnCall: row.Stage == urgent.OnCall,
		Priority: priorityOf(row.Priority), Needs: row.Needs, Dx: string(row.Dx), Name: row.Patient,
		Age: ageSex(row.Born, row.Sex, now), Marks: marksOf(row.Marks), Asks: rowAsks(row, now, zone), Why: row.Why, Where: row.Where, about: row.Case, record: row.Record,
	}
	out.kind = web.KindOfBreach(out.Due, now)
	switch {
	case out.OnCall:
		out.kind = web.Hold
	case row.Before != 0 && out.kind != web.Late: // somebody has put it first
		out.kind = web.Due
	case out.kind == web.Hold: // what has no deadline stands with what is late last
		out.kind = web.InTime
	}
	if !out.Due.IsZero() {
		out.By = byClock(out.Due, now, zone)
	}
	out.Order = orderOf(row)
	out.Free = len(row.Holders) == 0 && (row.Stage == urgent.Waiting || row.Stage == urgent.SendFailed)
	if out.Free && now.Before(row.Placing.Time()) {
		out.Marks = append(slices.Clone(out.Marks), row.PlacedBy+" finds a service")
	}
	if out.Free && mayClaim {
		out.Claim = out.Href + "/claim"
	}
	out.Who, out.Class = whoHas(row, by, now, zone)
	out.Notes = queueTags(row, now, zone)
	out.Tried = triedWords(row, now, zone)
	return out
}

// byClock gives the time of a deadline; the day stands with it only when the
// time alone could be mistaken.
func byClock(due, now time.Time, zone *time.Location) string {
	if d := due.Sub(now); d < 20*time.Hour && d > -4*time.Hour {
		return due.In(zone).Format("15:04")
	}
	return due.In(zone).Format("Mon 15:04")
}

// orderOf sorts rows by what will be late first; calls going on stand last.
func orderOf(row *urgent.Row) string {
	switch {
	case row.Stage == urgent.OnCall:
		return "x" + strconv.FormatInt(int64(row.From), 10)
	case row.Stands() == 0:
		return "r" + strconv.FormatInt(int64(row.From), 10)
	}
	return "d" + strconv.FormatInt(int64(row.Stands()), 10)
}

// whoHas says who has the case, and how the row is marked for it.
func whoHas(row *urgent.Row, by web.Caller, now time.Time, zone *time.Location) (who, class string) {
	for _, h := range row.Holders {
		name := h.By
		if h.Person == by.Person {
			name, class = "You", "mine"
		}
		who = joined(", ", who, name, h.Doing+" "+web.ClockWords(h.At.Time(), now, zone))
	}
	switch {
	case len(row.Holders) > 0 && class == "":
		return who, "taken"
	case len(row.Holders) > 0:
		return who, class
	case row.Stage == urgent.Waiting, row.Stage == urgent.SendFailed:
		return joined(". ", "Free", triedWords(row, now, zone)), ""
	case row.Stage == urgent.Sending:
		return "Sent, no receipt yet", "taken"
	}
	return upperFirst(string(row.Stage)), "taken"
}

// marksOf leaves out that a number is unverified where nobody was traced at
// all.
func marksOf(marks []string) []string {
	if !slices.Contains(marks, "Not traced") {
		return marks
	}
	var out []string
	for _, m := range marks {
		if m != "Number unverified" {
			out = append(out, m)
		}
	}
	return out
}

// groupsOf cuts rows that are in order into headed groups.
func groupsOf(rows []*listRow) []listGroup {
	all := []listGroup{
		{Head: web.Group{Text: "Late", Kind: web.Late, More: " · tell the patient, say when"}},
		{Head: web.Group{Text: "Late within 10 minutes unless taken", Kind: web.Due}}, {Head: web.Group{Text: "Within 30 minutes", Kind: web.Soon}},
		{Head: web.Group{Text: "Later", Kind: web.InTime}}, {Head: web.Group{Text: "On a call now", Kind: web.Hold}},
	}
	for _, row := range rows {
		for i := range all {
			if all[i].Head.Kind == row.kind {
				all[i].Rows = append(all[i].Rows, row)
			}
		}
	}
	var out []listGroup
	for _, g := range all {
		if len(g.Rows) == 0 {
			continue
		}
		g.Head.Span, g.Head.Order = len(listColumns()), string(rune('a'+len(out)))
		g.Head.More = groupWords(g)
		out = append(out, g)
	}
	return out
}

// groupWords counts the cases of a group and those that nobody has.
func groupWords(g listGroup) string {
	if g.Head.Kind == web.Hold {
		return count(len(g.Rows), "call", "calls")
	}
	free := 0
	for _, row := range g.Rows {
		if row.Free {
			free++
		}
	}
	return count(len(g.Rows), "case", "cases") + ", " + strconv.Itoa(free) + " free" + g.Head.More
}

func listColumns() []web.Column {
	return []web.Column{
		{Text: "Time to breach"}, {Text: "Time used", Class: "hide-s"}, {Text: "By", Class: "n"}, {Text: "Pri"}, {Text: "Needs"},
		{Text: "Patient"}, {Text: "Why", Class: "fit-h"}, {Text: "Where", Class: "hide-s"}, {Text: "Who has it"},
	}
}

// priorityOf reads P0 to P3; what is not known shows as the middle.
func priorityOf(p string) int {
	if len(p) == 2 && p[0] == 'P' && p[1] >= '0' && p[1] <= '3' {
		return int(p[1] - '0')
	}
	return 2
}

// ageSex gives "81 F", "14 m M", "5 d" as rows show it.
func ageSex(born codes.Date, sex codes.Sex, now time.Time) string {
	return joined(" ", shortAge(born, now), sex.Letter())
}

func shortAge(born codes.Date, now time.Time) string {
	age, ok := born.AgeAt(now)
	if !ok {
		least, most, known := born.YearsAt(now)
		switch {
		case !known:
			return ""
		case least == most:
			return strconv.Itoa(least)
		}
		return strconv.Itoa(least) + "–" + strconv.Itoa(most)
	}
	switch {
	case age.TotalDays < 28:
		return strconv.Itoa(age.TotalDays) + " d"
	case age.Years < 1:
		return strconv.Itoa(age.TotalDays/7) + " w"
	case age.Years < 2:
		return strconv.Itoa(age.Years*12+age.Months) + " m"
	}
	return strconv.Itoa(age.Years)
}
