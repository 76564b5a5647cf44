package urgentweb

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/content"
	"holdfast/record"
	"holdfast/triage"
	"holdfast/triage/triageweb"
	"holdfast/urgent"
)

// CallRules is the reviewed content that call-taking needs besides triage. It
// is read once and never changed.
type CallRules struct {
	Repeat  time.Duration // a contact within it makes this a second call
	Match   *triageweb.Matcher
	again   urgent.RepeatRule
	carries []carried
	records []carried
	repeats []carried
	says    []saying
	drawers []drawerRow
	stay    []string // said when nothing is known yet
	passed  []string // why one may pass over the first service
}

// carried is an answer that follows from something known.
type carried struct {
	from   string
	fact   string
	answer triage.Answer
}

// saying is the instruction for a threat from an age on.
type saying struct {
	threat, instruction string
	months              int
}

type drawerRow struct{ key, threat string }

// LoadCallRules reads content/urgent/call.csv and the words of callers.
func LoadCallRules(set *content.Set, c *triage.Content) (*CallRules, error) {
	t, err := set.Table("urgent/call.csv", "setting", "from", "value")
	if err != nil {
		return nil, err
	}
	r := &CallRules{}
	for i := range t.Len() {
		if err := r.read(t.Cell(i, "setting"), t.Cell(i, "from"), t.Cell(i, "value")); err != nil {
			return nil, fmt.Errorf("urgent/call.csv: %w", err)
		}
	}
	repeat, err := urgent.LoadRepeat(set)
	if err != nil {
		return nil, err
	}
	r.Repeat, r.again = repeat.Within, repeat
	r.Match, err = triageweb.LoadMatcher(set, c)
	return r, err
}

func (r *CallRules) read(setting, from, value string) (err error) {
	key, answer, _ := strings.Cut(value, " ")
	one := carried{from, key, triage.Answer(answer)}
	switch setting {
	case "carry":
		r.carries = append(r.carries, one)
	case "record":
		r.records = append(r.records, one)
	case "contacts":
		r.repeats = append(r.repeats, one)
	case "say":
		threat, months, _ := strings.Cut(from, " ")
		s := saying{threat: threat, instruction: value}
		s.months, err = strconv.Atoi(months)
		r.says = append(r.says, s)
	case "drawer":
		r.drawers = append(r.drawers, drawerRow{from, value})
	case "stay":
		r.stay = append(r.stay, value)
	case "passed_over":
		r.passed = append(r.passed, value)
	default:
		err = fmt.Errorf("%q is no setting", setting)
	}
	return err
}

// say gives the instruction for a threat at an age; a name that is no threat
// stands for itself.
func (r *CallRules) say(threat string, age triage.Age) string {
	out := threat
	for _, s := range r.says {
		if s.threat == threat && (!age.Known || int(age.Months) >= s.months) {
			out = s.instruction
		}
	}
	return out
}

// carry gives the answers of triage that the first seconds have given already.
func (r *CallRules) carry(c urgent.Case) []triage.Held {
	l, asked := c.LifeThreat()
	if !asked {
		return nil
	}
	said := []string{"awake " + string(l.Awake), "breathing " + string(l.Breathing), "bleeding " + string(l.Bleeding)}
	var out []triage.Held
	for _, one := range r.carries {
		for _, s := range said {
			if s == one.from {
				out = append(out, triage.Held{Fact: one.fact, Answer: one.answer})
			}
		}
	}
	return out
}

// fromRecord gives what a person's record says about facts of triage, and how
// often they rang lately. Only what is bad counts.
func (r *CallRules) fromRecord(p *record.Person, c urgent.Case, now time.Time) []triage.Held {
	if p == nil || p.Subject.Zero() {
		return nil
	}
	var out []triage.Held
	for _, one := range r.records {
		for _, alert := range p.Standing() {
			if alert.Says.Kind.String() == one.from {
				out = append(out, triage.Held{Fact: one.fact, Answer: one.answer})
				break
			}
		}
	}
	calls, _ := r.again.Reached(r.again.EarlierContacts(*p, c.ID, now))
	held := triage.Held{}
	for _, one := range r.repeats {
		if n, err := strconv.Atoi(one.from); err == nil && calls >= n {
			held = triage.Held{Fact: one.fact, Answer: one.answer}
		}
	}
	if held.Fact != "" {
		out = append(out, held)
	}
	return out
}

// matched lists the question sets that a caller's words would start.
func (a *App) matched(why string, born codes.Date, sex codes.Sex, now time.Time) []string {
	return a.Call.Match.Match(a.Triage, why, ageOf(born, now), sexOf(sex))
}

// sexOf reads a sex for triage; what is not male or female is not known.
func sexOf(s codes.Sex) triage.Sex {
	switch s {
	case codes.Male:
		return triage.Male
	case codes.Female:
		return triage.Female
	}
	return triage.SexUnknown
}
