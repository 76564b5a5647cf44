package urgentweb

import (
	"slices"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/web"
)

// lineDay is one day of what happened, the newest first.
type lineDay struct {
	Day     string
	Moments []web.Moment
}

// lateAfter is how long after it happened something may be written down
// before the line says so.
const lateAfter = 10 * time.Minute

// act is what one person stated at one moment.
type act struct {
	facts []fact.Fact
	at    time.Time
}

// lineOf tells what happened in plain words: one moment for each act, by
// when it happened.
func (a *App) lineOf(h fact.History, now time.Time, zone *time.Location) []lineDay {
	tell := a.tellers(now, zone)
	acts, resting := actsOf(h.WithHeld()), map[fact.ID]bool{}
	held := map[fact.ID]bool{}
	for _, id := range h.Resting() {
		resting[id] = true
	}
	for _, f := range h.Held() {
		held[f.ID] = true
	}
	slices.SortStableFunc(acts, func(x, y act) int { return y.at.Compare(x.at) })
	var out []lineDay
	for _, one := range acts {
		m, ok := a.moment(one, tell, now, zone)
		if !ok {
			continue
		}
		m = markHeld(m, one, held, resting)
		day := one.at.In(zone).Format("Monday 2 January")
		if len(out) == 0 || out[len(out)-1].Day != day {
			out = append(out, lineDay{Day: day})
		}
		last := &out[len(out)-1]
		last.Moments = append(last.Moments, m)
	}
	return out
}

// actsOf cuts the history into acts, the newest of equal time first.
func actsOf(h fact.History) []act {
	var out []act
	for _, f := range h.Facts() {
		n := len(out)
		if n > 0 && sameAct(out[n-1].facts[len(out[n-1].facts)-1], f) {
			out[n-1].facts = append(out[n-1].facts, f)
			continue
		}
		out = append(out, act{facts: []fact.Fact{f}, at: f.Body.Happened.From.Time()})
	}
	slices.Reverse(out)
	return out
}

// sameAct tells whether y was stated in one act with x, the fact before it.
func sameAct(x, y fact.Fact) bool {
	return x.Header.Flags&fact.FlagMore != 0 && x.Header.Feed == y.Header.Feed && x.Header.Recorded == y.Header.Recorded && x.Body.Person == y.Body.Person && x.Body.Session == y.Body.Session
}

// moment words one act: the weightiest thing in bold, the rest after it.
func (a *App) moment(one act, tell tellers, now time.Time, zone *time.Location) (web.Moment, bool) {
	best := sentence{Rank: -1}
	var rest []string
	hidden := 0
	for _, f := range one.facts {
		s, err := tell.say(f)
		switch {
		case err != nil:
			hidden++
			continue
		case s.What == "":
			continue
		}
		if s.Rank > best.Rank {
			best, s = s, best
		}
		if s.What != "" {
			rest = append(rest, joined(" ", s.What, s.More))
		}
	}
	first := one.facts[0]
	m := web.Moment{ID: "f-" + first.ID.Short(), At: one.at.In(zone).Format("15:04"), Mark: best.Mark, What: best.What}
	m.More = joined(" ", append([]string{best.More}, rest...)...)
	if hidden > 0 {
		note := count(hidden, "entry", "entries") + " cannot be shown here. Treat as unknown, not as nothing."
		if best.Rank < 0 {
			m.Mark, m.What, m.More = "gap", "Something is not shown.", note
		} else {
			m.More = joined(" ", m.More, note)
		}
	}
	m.By = []string{a.byLine(first, now, zone)}
	if first.Header.Recorded.Time().Sub(one.at) > lateAfter {
		if m.Mark == "" {
			m.Mark = "late"
		}
	}
	return m, m.What != ""
}

// byLine says who, and when it was written down if that was later.
func (a *App) byLine(f fact.Fact, now time.Time, zone *time.Location) string {
	who := a.personWords(f)
	recorded := f.Header.Recorded.Time()
	if recorded.Sub(f.Body.Happened.From.Time()) > lateAfter {
		who = "Happened " + web.ClockWords(f.Body.Happened.From.Time(), now, zone) + " · written down " + web.ClockWords(recorded, now, zone) + " · " + who
	}
	return who
}

// personWords names who states a fact, with the role they acted in.
func (a *App) personWords(f fact.Fact) string {
	role := access.Role(f.Body.Role).Title()
	if f.Body.Person.Zero() {
		return "by itself, on this device"
	}
	name := a.Name(f.Body.Person)
	if name == "" {
		name = "somebody not named here"
	}
	return joined(", ", name, role)
}
