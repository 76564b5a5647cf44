package access

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast/fact"
	"holdfast/fact/refusal"
)

// The limits of one staff file: what one act can save, whole or not at all.
const (
	MostRosterLines = 200
	mostRosterFacts = 240
	mostRosterCell  = 80
)

// Roster is a staff file that was read: a line for each role of each person.
type Roster struct {
	Lines    []RosterLine
	Problems []Problem
}

// RosterLine is one line of a staff file.
type RosterLine struct {
	Line                      int
	Name, Title, Registration string
	Role                      Role
	From, Until               time.Time // zero: now, and until it is ended
}

// Problem is a mistake in a staff file, where it stands and what to mend.
type Problem struct {
	Line   int
	Column string
	Say    string
}

// RosterColumns lists the columns of a staff file; name and role are needed.
func RosterColumns() []string {
	return []string{"name", "title", "registration", "role", "from", "until"}
}

// ReadRoster reads a staff file: columns by their names in any order, parted by
// commas, semicolons or tabs. Days are 2026-12-01 or 01/12/2026 and begin at
// midnight of the zone; "until" is the last day. It finds every mistake, not
// only the first.
func ReadRoster(text string, zone *time.Location) Roster {
	var out Roster
	text = unseen().Replace(text)
	head, _, _ := strings.Cut(text, "\n")
	in := csv.NewReader(strings.NewReader(text))
	in.FieldsPerRecord, in.TrimLeadingSpace = -1, true
	for _, comma := range "\t;" {
		if strings.ContainsRune(head, comma) {
			in.Comma = comma
			break
		}
	}
	columns, err := in.Read()
	if err != nil {
		out.Problems = append(out.Problems, unreadable(err))
		return out
	}
	at := out.columns(columns)
	if len(out.Problems) > 0 {
		return out
	}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			out.Problems = append(out.Problems, unreadable(err))
			return out // what follows a broken quote can't be told apart
		}
		line, _ := in.FieldPos(0)
		if len(out.Lines) == MostRosterLines {
			out.Problems = append(out.Problems, Problem{line, "", fmt.Sprintf("At most %d lines are read at once. Send the rest in a second file.", MostRosterLines)})
			break
		}
		out.line(line, cells, at, len(columns), zone)
	}
	if len(out.Lines) == 0 && len(out.Problems) == 0 {
		out.Problems = append(out.Problems, Problem{2, "", "There is nobody in it."})
	}
	return out
}

// unseen takes out what nobody sees in a file and what would turn round the
// text that follows it on a page.
func unseen() *strings.Replacer {
	var out []string
	for _, r := range "\ufeff\u200b\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		out = append(out, string(r), "")
	}
	return strings.NewReplacer(out...)
}

func unreadable(err error) Problem {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return Problem{p.Line, fmt.Sprintf("character %d", p.Column), "This is no table from here on: " + p.Err.Error() + "."}
	}
	return Problem{1, "", "There is no first line with the names of the columns: " + strings.Join(RosterColumns(), ", ") + "."}
}

func (r *Roster) columns(cells []string) map[string]int {
	at := map[string]int{}
	for i, c := range cells {
		c = strings.ToLower(strings.TrimSpace(c))
		_, twice := at[c]
		switch {
		case !slices.Contains(RosterColumns(), c):
			r.Problems = append(r.Problems, Problem{1, c, "This column is not known. Known are " + strings.Join(RosterColumns(), ", ") + "."})
		case twice:
			r.Problems = append(r.Problems, Problem{1, c, "This column stands twice."})
		}
		at[c] = i
	}
	for _, need := range []string{"name", "role"} {
		if _, ok := at[need]; !ok {
			r.Problems = append(r.Problems, Problem{1, need, "This column is missing."})
		}
	}
	return at
}

func (r *Roster) line(line int, cells []string, at map[string]int, width int, zone *time.Location) {
	before := len(r.Problems)
	fail := func(column, say string) { r.Problems = append(r.Problems, Problem{line, column, say}) }
	if len(cells) != width {
		fail("", fmt.Sprintf("This line has %d cells and the first %d. Put a cell with a comma in it in quotes.", len(cells), width))
		return
	}
	cell := func(column string) string {
		i, ok := at[column]
		if !ok {
			return ""
		}
		text := strings.Join(strings.Fields(cells[i]), " ")
		if !utf8.ValidString(text) {
			fail(column, "Has characters that can’t be read. Save the file as UTF-8.")
		} else if utf8.RuneCountInString(text) > mostRosterCell {
			fail(column, fmt.Sprintf("Too long: %d characters fit.", mostRosterCell))
		}
		return text
	}
	one := RosterLine{Line: line, Name: cell("name"), Title: cell("title"), Registration: strings.ToUpper(cell("registration"))}
	if one.Name == "" {
		fail("name", "Write the name that colleagues know them by.")
	}
	var ok bool
	switch title := cell("role"); {
	case title == "":
		fail("role", "Write a role: "+RosterRoles()+".")
	default:
		if one.Role, ok = RoleOf(title); !ok {
			fail("role", fmt.Sprintf("%q is no role. Write one of: %s.", title, RosterRoles()))
		}
	}
	if one.Role == Administrator {
		fail("role", "Administrators are not made from a file. Give this role on the person’s page.")
	}
	one.From = day(cell("from"), 0, zone, func(say string) { fail("from", say) })
	one.Until = day(cell("until"), 1, zone, func(say string) { fail("until", say) })
	if !one.Until.IsZero() && !one.From.IsZero() && !one.Until.After(one.From) {
		fail("until", "This is before the first day.")
	}
	if len(r.Problems) == before {
		r.Lines = append(r.Lines, one)
	}
}

// RosterRoles lists the roles that a staff file can give, in words.
func RosterRoles() string {
	var out []string
	for _, r := range Roles() {
		if r != Administrator {
			out = append(out, r.Title())
		}
	}
	return strings.Join(out, ", ")
}

// ReadDay reads a day as people write it, at the midnight of the zone at which
// it begins.
func ReadDay(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{"2006-01-02", "2/1/2006", "2 January 2006", "2 Jan 2006"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil && t.Year() > 2000 && t.Year() < 2200 {
			return t, nil
		}
	}
	return time.Time{}, refusal.New(refusal.Invalid, "Write the day as 2026-12-01 or 01/12/2026.")
}

func day(text string, after int, zone *time.Location, fail func(string)) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := ReadDay(text, zone)
	if err != nil {
		fail(err.Error())
		return time.Time{}
	}
	return t.AddDate(0, 0, after)
}

// RosterStep is what a line of a staff file comes to.
type RosterStep struct {
	RosterLine
	Says []string // what would happen, in words
	New  bool     // nobody on the list is meant yet
	Do   bool     // something would be written
}

// RosterPlan says, line by line, what a staff file would do. Nothing of it is
// done while there is a problem.
type RosterPlan struct {
	Steps    []RosterStep
	Problems []Problem
	Changes  int // facts that would be written
	people   []planned
}

type planned struct {
	staff Staff
	fresh bool
	add   PersonAdded
	says  []fact.Content
}

// PlanRoster works out what a staff file would do among those on the staff
// list. Planned again after it was done, it comes to nothing.
func PlanRoster(r Roster, known []Staff, by Caller, now time.Time) RosterPlan {
	p := RosterPlan{Problems: slices.Clone(r.Problems)}
	for _, s := range known {
		p.people = append(p.people, planned{staff: s})
	}
	for _, line := range r.Lines {
		p.step(line, by, now)
	}
	if p.Changes > mostRosterFacts {
		p.Problems = append(p.Problems, Problem{0, "", fmt.Sprintf("This comes to %d entries; %d can be saved at once, whole. Send it in two files.", p.Changes, mostRosterFacts)})
	}
	slices.SortStableFunc(p.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return p
}

func (p *RosterPlan) step(line RosterLine, by Caller, now time.Time) {
	step := RosterStep{RosterLine: line}
	i, problem := p.whois(line)
	if problem != nil {
		p.Problems = append(p.Problems, *problem)
		return
	}
	if i < 0 {
		p.people = append(p.people, planned{fresh: true, add: PersonAdded{Name: line.Name, Title: line.Title, Registration: line.Registration}})
		i = len(p.people) - 1
		step.New, step.Do, step.Says = true, true, []string{"Added to the staff list"}
		p.Changes++
	}
	one := &p.people[i]
	if !one.fresh && one.staff.Person == by.Person {
		p.Problems = append(p.Problems, Problem{line.Line, "name", "This is you. Nobody gives a role to themselves: take the line out, or ask another administrator."})
		return
	}
	says, words := one.role(line, now)
	step.Says = append(step.Says, words)
	if len(says) > 0 {
		step.Do = true
		one.says, p.Changes = append(one.says, says...), p.Changes+len(says)
	}
	p.Steps = append(p.Steps, step)
}

// whois finds who is meant: by registration, else by name. -1 is nobody yet.
func (p *RosterPlan) whois(line RosterLine) (int, *Problem) {
	var named []int
	for i, one := range p.people {
		d := one.add
		if !one.fresh {
			d, _ = one.staff.Details.Get()
		}
		same := strings.EqualFold(strings.Join(strings.Fields(d.Name), " "), line.Name)
		registered := strings.ToUpper(strings.Join(strings.Fields(d.Registration), " "))
		switch {
		case line.Registration != "" && registered == line.Registration && !same:
			return 0, &Problem{line.Line, "name", fmt.Sprintf("%s is on record as %s. Write the same name, or check the number.", line.Registration, d.Name)}
		case line.Registration != "" && registered == line.Registration:
			return i, nil
		case same && line.Registration != "" && registered == "":
			return 0, &Problem{line.Line, "registration", fmt.Sprintf("There is a %s without a registration on the list. If it is the same person, leave the number out here; if not, write the name so that they can be told apart.", d.Name)}
		case same && line.Registration == "":
			named = append(named, i)
		}
	}
	switch len(named) {
	case 0:
		return -1, nil
	case 1:
		return named[0], nil
	}
	return 0, &Problem{line.Line, "name", "There are several of this name. Write the registration, so that the right one is meant."}
}

// role says what a line comes to for one person, in facts and in words.
func (one *planned) role(line RosterLine, now time.Time) ([]fact.Content, string) {
	const why = "staff file"
	title := line.Role.Title()
	from, until := line.From, fact.Millis(0)
	if !line.Until.IsZero() {
		until = fact.At(line.Until)
		if !line.Until.After(now) {
			return nil, "Nothing: the last day as " + title + " is past"
		}
	}
	for _, g := range one.held() {
		if g.Role != line.Role || g.Over(now) {
			continue
		}
		if until != 0 && (g.Until == 0 || until < g.Until) && g.Fact != (fact.ID{}) {
			return []fact.Content{RoleEnding{Grant: g.Fact, At: until, Why: why}}, capital("role as " + title + " ends after " + lastDay(line))
		}
		start := from
		if start.Before(now) {
			start = now
		}
		if g.covers(start, line.Until) || g.covers(start, g.Until.Time()) && until == 0 {
			return nil, "Nothing: is " + title + " already"
		}
	}
	again := ""
	if slices.ContainsFunc(one.staff.Grants, func(g Grant) bool { return g.Role == line.Role && g.Over(now) }) {
		again = ". They held it before and it ended: make sure that they are to have it again"
	}
	if from.After(now) {
		return []fact.Content{RolePlanned{Role: line.Role, From: fact.At(from), Until: until, Why: why}}, capital(title + " from " + from.Format("2 January 2006") + untilWords(line) + again)
	}
	return []fact.Content{RoleGranted{Role: line.Role, Until: until, Why: why}}, capital(title + " from now on" + untilWords(line) + again)
}

// held lists the grants on record and those that earlier lines of the file give.
func (one *planned) held() []Grant {
	out := slices.Clone(one.staff.Grants)
	for _, c := range one.says {
		switch c := c.(type) {
		case RoleGranted:
			out = append(out, Grant{Role: c.Role, Until: c.Until})
		case RolePlanned:
			out = append(out, Grant{Role: c.Role, From: c.From, Until: c.Until})
		case RoleEnding:
			for i := range out {
				if out[i].Fact == c.Grant && c.Grant != (fact.ID{}) {
					out[i].Until = c.At
				}
			}
		}
	}
	return out
}

func untilWords(l RosterLine) string {
	if l.Until.IsZero() {
		return ""
	}
	return ", last day " + lastDay(l)
}

func lastDay(l RosterLine) string { return l.Until.AddDate(0, 0, -1).Format("2 January 2006") }

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// Drafts gives the facts of the plan, all of one act. subject draws the name of
// somebody who is new. A plan with a problem gives nothing.
func (p RosterPlan) Drafts(subject func() (fact.Subject, error)) ([]fact.Draft, error) {
	if len(p.Problems) > 0 {
		return nil, nil
	}
	var out []fact.Draft
	for _, one := range p.people {
		about := one.staff.Person
		if one.fresh {
			var err error
			if about, err = subject(); err != nil {
				return nil, err
			}
			out = append(out, fact.Say(about, one.add))
		}
		for _, c := range one.says {
			out = append(out, fact.Say(about, c))
		}
	}
	return out, nil
}

// Digest tells two plans apart: what was shown and what would be done now.
func (p RosterPlan) Digest() fact.Hash {
	var parts [][]byte
	for _, s := range p.Steps {
		parts = append(parts, fmt.Appendf(nil, "%d %s %s %s", s.Line, s.Name, s.Registration, strings.Join(s.Says, "; ")))
	}
	return fact.Labelled("holdfast/roster/1", parts...)
}
