package triageweb

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/triage"
)

// Tier is one level of the ladder.
type Tier struct {
	Shape string // u0 to u7
	State string // out, maybe, on, below
	Name  string
	Note  string // "Ruled out", "Open: 2 questions", "Reached"
}

// Why is one reason with what it rests on.
type Why struct {
	Text string
	From string // numbers of questions, or where they stand
}

// Urgency is how urgent it is so far.
type Urgency struct {
	Shape   string
	Name    string // of the level reached, or that nothing is known yet
	Under   string // by when, and what it could still be
	Hot     string // now, due, soon or calm: the ground
	Settled bool
	Held    bool // an answer was changed since: the level stays
	Tiers   []Tier
	Because []Why
	RaiseTo string
	Raise   []Why
	Sources string // which content, in which version
}

// UrgencyOf reads both bounds of a session into words.
func UrgencyOf(c *triage.Content, s *triage.Session, w triage.Words, now time.Time, zone *time.Location) Urgency {
	u := s.Urgency()
	out := Urgency{Shape: shapeOf(u.Lo), Name: c.LevelInfo(u.Lo).Name, Hot: hot(u.Lo), Settled: u.Lo == u.Hi, Held: u.Held, Sources: sources(c, s, w)}
	n := numbers(s)
	for _, r := range u.Because {
		out.Because = append(out.Because, Why{Text: w.Because(r.Rule), From: n.of(r, false)})
	}
	for _, r := range u.Raise {
		if r.Level == u.Hi {
			out.Raise = append(out.Raise, Why{Text: w.Because(r.Rule), From: n.of(r, true)})
		}
	}
	if len(out.Raise) > 0 {
		out.RaiseTo = c.LevelInfo(u.Hi).Name
	}
	out.Under = under(c, u, now, zone)
	if !out.Settled && len(u.Because) == 0 {
		out.Name, out.Hot, out.Shape = "Nothing found yet", "calm", "u7"
	}
	out.Tiers = tiers(c, u)
	return out
}

func under(c *triage.Content, u triage.Urgency, now time.Time, zone *time.Location) string {
	by := ""
	if info := c.LevelInfo(u.Lo); info.Kind == triage.TimeMinutes && len(u.Because) > 0 {
		by = "by " + now.Add(time.Duration(info.Value)*time.Minute).In(zone).Format("15:04")
	}
	switch {
	case u.Lo == u.Hi && by == "":
		return "Settled"
	case u.Lo == u.Hi:
		return "Settled: " + by
	case by == "":
		return "Could still be: " + c.LevelInfo(u.Hi).Name
	}
	return by + ". Could still be: " + c.LevelInfo(u.Hi).Name
}

func tiers(c *triage.Content, u triage.Urgency) []Tier {
	var out []Tier
	for _, t := range u.Tiers {
		one := Tier{Shape: shapeOf(t.Level), Name: c.LevelInfo(t.Level).Name, State: "below"}
		switch {
		case t.Reached:
			one.State, one.Note = "on", "Reached"
			if len(u.Because) == 0 && u.Lo != u.Hi {
				one.State, one.Note = "below", "If nothing is found"
			}
		case t.Open > 0 && t.Level < u.Lo:
			one.State, one.Note = "maybe", "Open: "+plural(t.Open, "reason", "reasons")
		case t.Ruled:
			one.State, one.Note = "out", "Ruled out"
		}
		out = append(out, one)
	}
	return out
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// shapeOf gives a level its shape on the ladder; late levels share one.
func shapeOf(l triage.Level) string {
	if l > triage.L7 {
		return "u7"
	}
	return "u" + strconv.Itoa(min(int(l), 6))
}

func hot(l triage.Level) string {
	switch {
	case l <= triage.L1:
		return "now"
	case l == triage.L2:
		return "due"
	case l <= triage.L4:
		return "soon"
	}
	return "calm"
}

// numbering gives questions of the call their numbers.
type numbering []triage.Given

func numbers(s *triage.Session) numbering { return s.Answers() }

// of says what a reason rests on: "6 and 7", "record", "not asked", "unsure:
// find out".
func (n numbering) of(r triage.Reason, open bool) string {
	var asked []string
	record, unasked := false, false
	for _, f := range r.Facts {
		i := slices.IndexFunc(n, func(g triage.Given) bool { return g.Key == f })
		switch {
		case slices.Contains(r.FindOut, f):
			asked = append(asked, strconv.Itoa(n[i].Number)+", unsure: find out")
		case i < 0:
			unasked = true
		case n[i].Entry.At == 0 && n[i].Fact == "":
			record = true
		case !open:
			asked = append(asked, strconv.Itoa(n[i].Number))
		default:
			unasked = true
		}
	}
	if record {
		asked = append(asked, "record")
	}
	if open && unasked {
		asked = append(asked, "not asked")
	}
	return joinAnd(asked)
}

func joinAnd(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

func sources(c *triage.Content, s *triage.Session, w triage.Words) string {
	var out []string
	for _, id := range s.Complaints() {
		version, status, err := c.About(id)
		if err != nil {
			continue // a session can't hold a complaint that its content lacks
		}
		out = append(out, w.Title(id)+", version "+strconv.Itoa(version)+", "+status)
	}
	return strings.Join(out, " · ")
}

// Clock gives a moment as time of day with seconds, for what was requested
// when.
func Clock(at fact.Millis, zone *time.Location) string { return at.Time().In(zone).Format("15:04:05") }
