package urgentweb

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// HouseholdOf lists who lives with a person, with their contacts since a time.
// It records the look.
type HouseholdOf func(ctx context.Context, by access.Caller, p record.Person, since time.Time) (Household, error)

// Household is who lives with a person.
type Household struct {
	People []HouseholdPerson
	More   bool // there are others at the address
}

// HouseholdPerson is one of them.
type HouseholdPerson struct {
	Person   fact.Subject
	Called   string
	Age      string
	Relation string
	Stated   bool // by somebody, not only by the address
	Unread   bool // their record can't be read here: unknown, not nothing
	Contacts []urgent.Earlier
}

// knownView is what is known of a person besides the flags, as the panel of
// call and case shows it: dense, in one order, and never "none" for what
// nobody has asked or nobody could read.
type knownView struct {
	Person  string // the record; empty: none is linked
	Rows    []knownRow
	Repeat  *repeatView
	Asked   []askedView
	Flags   []web.Flag // of services and household
	IDs     []string   // facts behind those flags
	Trouble string
}

// knownRow is one line of the panel.
type knownRow struct {
	Head, Says, Note string
	Tone             string // of a tag before what it says
	Tag              string
	Group            bool // the first row of a group
}

// askedView is how a national service stands.
type askedView struct {
	Service string
	Key     string
	Says    string
	Tone    string
	More    []string
	Reports []pastReportView
	Whole   string // where the answer as it came is downloaded
	Again   bool
}

// pastReportView is a report of an earlier call elsewhere.
type pastReportView struct{ When, By, Dx, Text string }

// repeatView is a repeat caller, with every contact before this one.
type repeatView struct {
	Title   string
	Reached bool
	Stands  bool
	Why     string // overridden: why and by whom
	Rows    []repeatRow
	Plan    *planView // the agreed plan, if there is one
	Sort    string
}

type repeatRow struct{ When, Who, What, Dx, Came, Counts string }

// planView is a plan or note as it stands.
type planView struct {
	ID, Name, Text, By, Review string
	Overdue                    bool
	Ask                        string
	Parts                      []record.PlanPart
	Clinician                  bool
}

// connected tells which national services are connected to this site.
func (a *App) connected(s exchange.National) bool { return slices.Contains(a.Connected, s) }

// household reads who lives with somebody; a page without it says so.
func (a *App) household(ctx context.Context, by web.Caller, p record.Person, now time.Time) (Household, error) {
	if p.Subject.Zero() {
		return Household{}, nil
	}
	if a.Household != nil {
		return a.Household(ctx, by, p, now.Add(-a.Cases.Rules.Repeat.Within))
	}
	var out Household
	for _, m := range p.Household {
		out.People = append(out.People, HouseholdPerson{Person: m.Person, Relation: m.Relation, Stated: true, Unread: true})
	}
	return out, nil
}

// known builds the panel for a case, or for a call of which nothing is saved
// yet (a case without facts).
func (a *App) known(ctx context.Context, by web.Caller, c urgent.Case, p record.Person, now time.Time) knownView {
	zone, rules := a.Shell.Zone(), a.Cases.Rules
	v := knownView{}
	home, err := a.household(ctx, by, p, now)
	if err != nil {
		v.Rows = append(v.Rows, knownRow{Head: "Household", Says: "Could not be looked up: " + sayOf(err) + " Unknown, not nobody.", Tag: "Not shown", Tone: "ask"})
	}
	if !p.Subject.Zero() {
		v.Person = p.Subject.String()
		v.plans(p, now)
		v.clinical(p)
	}
	v.home(home, rules.Repeat, now, zone)
	v.contacts(p, c, rules.Repeat, now, zone)
	v.asked(c, rules, p.Pregnant(), a.connected, now, zone)
	v.children(p, c, rules, now, zone)
	v.Repeat = repeatOf(c, p, home, rules, now, zone)
	return v
}

func (v *knownView) plans(p record.Person, now time.Time) {
	for i, a := range p.Plans() {
		one := planOf(a, now)
		row := knownRow{Head: one.Name, Says: one.Text, Note: joined(". ", one.By, one.Review), Group: i == 0}
		if one.Text == "" {
			row.Says = a.Label()
		}
		if one.Overdue {
			row.Tag, row.Tone = "Review overdue", "amb"
		}
		if one.Ask != "" {
			row.Tag, row.Tone, row.Note = "Ask", "ask", joined(". ", one.Ask, row.Note)
		}
		v.Rows = append(v.Rows, row)
	}
	if len(p.Plans()) == 0 {
		row := knownRow{Head: "Plans and notes", Says: "None on this record", Group: true}
		if n := len(p.NotShown) + len(p.Gaps); n > 0 {
			row.Says, row.Tag, row.Tone = count(n, "entry is", "entries are")+" not shown: unknown, not none", "Not shown", "ask"
		}
		v.Rows = append(v.Rows, row)
	}
}

// planOf words a plan, or an alert that is none.
func planOf(a record.Alert, now time.Time) planView {
	s := a.Says
	v := planView{ID: a.Fact.String(), Name: upperFirst(s.Kind.String()), Text: s.Text, By: s.Author, Overdue: a.ReviewDue(now), Ask: a.Ask}
	if a.Plan != nil {
		v.Name, v.By, v.Parts = a.Plan.Name, joined(", ", s.Author, a.Plan.As, a.Plan.From), a.Plan.Parts
	}
	if s.Kind == record.Resuscitation {
		v.Text = joined(". ", upperFirst(s.Decision.String()), s.Text)
		if a.Disputed {
			v.Text = "Not a decision, records disagree. One says: " + s.Decision.String() + ". " + s.Text
		}
	}
	if s.Kind == record.Allergy || s.Kind == record.Medicine {
		v.Text = joined(". ", a.Label(), s.Text)
	}
	if next := a.NextReview(); !next.IsZero() {
		v.Review = "Review " + next.Display()
		if v.Overdue {
			v.Review = "Review was due " + next.Display() + "; it stands"
		}
	}
	return v
}

// clinical lists allergies, medicines and conditions, each with what is known
// when nothing is listed.
func (v *knownView) clinical(p record.Person) {
	for i, k := range []record.AlertKind{record.Allergy, record.Medicine, record.Condition} {
		row := knownRow{Head: map[record.AlertKind]string{record.Allergy: "Allergies", record.Medicine: "Medicines", record.Condition: "Conditions"}[k], Group: i == 0}
		var all []string
		for _, a := range p.StandingOf(k) {
			text := joined(", ", a.Label(), textBeside(a))
			if a.Ask != "" {
				row.Tag, row.Tone = "Ask", "ask"
				text += " (" + a.Ask + ")"
			}
			all = append(all, text)
		}
		row.Says = strings.Join(all, "; ")
		if len(all) == 0 {
			row.Says = upperFirst(p.Shown(k))
		} else if n := len(p.NotShown) + len(p.Gaps); n > 0 {
			row.Note = "There may be others: " + count(n, "entry is", "entries are") + " not shown"
		}
		v.Rows = append(v.Rows, row)
	}
}

func textBeside(a record.Alert) string {
	if a.Says.Kind == record.Condition {
		return ""
	}
	return a.Says.Text
}

// home lists the household; a contact about one of them lately is a flag.
func (v *knownView) home(h Household, rule urgent.RepeatRule, now time.Time, zone *time.Location) {
	for i, one := range h.People {
		row := knownRow{Head: "Household", Says: joined(", ", orWords(one.Called, "record "+one.Person.String()[:8]), one.Relation, one.Age), Group: i == 0}
		if i > 0 {
			row.Head = ""
		}
		if one.Unread {
			row.Note = "their record is not read here: unknown, not nothing"
		}
		for _, e := range one.Contacts {
			when := web.ClockWords(e.At.Time(), now, zone)
			row.Note = joined("; ", row.Note, "in contact "+when+joinedBefore(": ", firstWords(e.Complaint)))
			v.Flags = append(v.Flags, web.Flag{
				Tag: web.Tag{Text: "Household", Tone: "amb"}, What: joined(", ", orWords(one.Called, "somebody"), one.Relation) + ", in contact " + when + joinedBefore(": ", firstWords(e.Complaint)) + ".",
				More: joined(" ", string(e.Dx), orWords(e.Outcome, "What came of it is not known here.")),
			})
		}
		v.Rows = append(v.Rows, row)
	}
	if h.More {
		v.Rows = append(v.Rows, knownRow{Says: "There are others at this address."})
	}
}

// contacts says how often they were in contact.
func (v *knownView) contacts(p record.Person, c urgent.Case, rule urgent.RepeatRule, now time.Time, zone *time.Location) {
	if p.Subject.Zero() {
		return
	}
	lately := rule.EarlierContacts(p, c.ID, now)
	row := knownRow{Head: "Contacts", Says: count(len(lately), "other contact", "other contacts") + " in " + strconv.Itoa(int(rule.Within.Hours())) + " hours, " + strconv.Itoa(len(p.Episodes)) + " in all", Group: true}
	if n := len(lately); n > 0 {
		e := lately[n-1]
		row.Note = "last " + web.ClockWords(e.At.Time(), now, zone) + joinedBefore(": ", firstWords(e.Complaint)) + joinedBefore(", ", orWords(e.Outcome, string(e.Dx)))
	}
	v.Rows = append(v.Rows, row)
}

// asked says how the national services stand; what they hold is a flag, and so
// is that one did not answer about a child.
func (v *knownView) asked(c urgent.Case, r *urgent.Rules, onRecord record.Answer, connected urgent.Connected, now time.Time, zone *time.Location) {
	for _, one := range c.Asked(r, onRecord, connected, now) {
		view := askedView{Service: one.Service.String(), Key: string(one.Service), Says: one.Says, More: one.More, Again: one.Again}
		switch one.Told {
		case exchange.ToldYes:
			view.Tone = "red"
		case exchange.ToldMaybe, exchange.ToldNothing:
			view.Tone = "ask"
		}
		for _, e := range one.Reports {
			view.Reports = append(view.Reports, pastReportView{
				When: web.ClockWords(e.At.Time(), now, zone), By: e.Where, Dx: joined(" ", string(e.Dx), e.DxName), Text: e.Text,
			})
		}
		if len(one.Whole) > 0 {
			view.Whole = "/case/" + c.ID.String() + "/answer/" + string(one.Service)
		}
		v.Asked = append(v.Asked, view)
		v.flag(c, one)
	}
}

func (v *knownView) flag(c urgent.Case, one urgent.Asked) {
	tag := web.Tag{Text: "Child protection", Tone: "red"}
	if one.Service == exchange.RepeatCallers {
		tag.Text = "Repeat caller"
	}
	switch {
	case one.Told == exchange.ToldYes:
		v.Flags = append(v.Flags, web.Flag{Tag: tag, What: one.Service.String() + ": " + one.Says, More: strings.Join(one.More, ". ")})
	case one.Told == exchange.ToldMaybe, one.Told == exchange.ToldNothing && one.Service == exchange.ChildProtection && !one.Waiting:
		tag.Tone = "ask"
		v.Flags = append(v.Flags, web.Flag{Tag: tag, What: one.Service.String() + ": " + one.Says, More: strings.Join(one.More, ". ")})
	}
	for _, q := range c.Questions {
		if reply, ok := q.Answer(); ok && q.Put.Query.Service == one.Service && reply.Says.Told > exchange.ToldNone {
			v.IDs = append(v.IDs, reply.Fact.String())
		}
	}
}

// children says who may decide for a child, and what happened before.
func (v *knownView) children(p record.Person, c urgent.Case, r *urgent.Rules, now time.Time, zone *time.Location) {
	id := p.Identity()
	if about, ok := c.Patient.Get(); ok && id.Born.IsZero() {
		id = about.Identity
	}
	child := r.Children.IsChild(id, now)
	begun := len(v.Rows)
	if child != record.No && (!p.Subject.Zero() || c.Begun() && !c.Patient.Empty()) {
		says := "Not asked"
		if lines := p.ChildWords(); len(lines) > 0 {
			says = strings.Join(lines, ". ")
		}
		row := knownRow{Head: "Parental responsibility", Says: says}
		if child == record.Unsure {
			row.Note = "age not known: perhaps a child"
		}
		v.Rows = append(v.Rows, row)
		if all := p.ConsentFor(c.ID); len(all) == 0 && c.Begun() {
			v.Rows = append(v.Rows, knownRow{Head: "Who consents", Says: "Not asked"})
		}
	}
	for _, one := range p.ConsentFor(c.ID) {
		v.Rows = append(v.Rows, knownRow{Head: "Who consents", Says: consentWords(one.Says, r.Children), Note: web.ClockWords(one.At.Time(), now, zone)})
	}
	if n := len(p.Missed); n > 0 {
		last := p.Missed[n-1]
		v.Rows = append(v.Rows, knownRow{Head: "Was not brought", Says: count(n, "time", "times") + ", last " + web.ClockWords(last.At.Time(), now, zone) + ": " + last.Says.What, Note: last.Says.Reason, Tag: "Not brought", Tone: "amb"})
	}
	for _, one := range p.Referred {
		v.Rows = append(v.Rows, knownRow{Head: "Safeguarding", Says: "Referred " + web.ClockWords(one.At.Time(), now, zone) + " to " + referWords(one.Says, r.Children) + ": " + one.Says.Worry, Note: "Withheld from the patient and from whoever is with them", Tag: "Withheld", Tone: "amb"})
	}
	if len(v.Rows) > begun {
		v.Rows[begun].Group = true
	}
}

func consentWords(s record.ConsentStated, rules *record.Children) string {
	says := s.Consents
	for _, one := range rules.Consents {
		if one.Key == s.Consents {
			says = one.Says
		}
	}
	competent := map[record.Answer]string{record.Yes: "judged able to decide this", record.No: "judged not able to decide this", record.Unsure: "not sure whether able to decide this"}[s.Competent]
	return joined(". ", joined(": ", says, s.Who), joined(" by ", competent, s.JudgedBy), s.For, s.Words)
}

func referWords(s record.SafeguardingReferred, rules *record.Children) string {
	for _, one := range rules.Refer {
		if one.Key == s.To {
			return one.Says
		}
	}
	return s.To
}

// earlierOf lists the contacts before a case: the person's own and those about
// the household, the earliest first.
func earlierOf(c urgent.Case, p record.Person, home Household, r urgent.RepeatRule, now time.Time) []urgent.Earlier {
	var out []urgent.Earlier
	if !p.Subject.Zero() {
		out = r.EarlierContacts(p, c.ID, now)
	}
	for _, one := range home.People {
		out = append(out, r.OfHousehold(one.Contacts, orWords(one.Relation, "same household"))...)
	}
	return out
}

// repeatOf says whether this is a repeat caller: as it was found, else as it
// would be found now.
func repeatOf(c urgent.Case, p record.Person, home Household, rules *urgent.Rules, now time.Time, zone *time.Location) *repeatView {
	all := earlierOf(c, p, home, rules.Repeat, now)
	n, reached := rules.Repeat.Reached(all)
	v := &repeatView{Reached: reached, Sort: c.Sort()}
	hours := strconv.Itoa(int(rules.Repeat.Within.Hours()))
	if found, ok := c.Repeat(); ok {
		all, n, v.Reached, v.Stands = found.Says.Earlier, found.Says.Contacts, true, true
		hours = strconv.Itoa(found.Says.Hours)
	} else if len(c.Repeats) > 0 {
		last := c.Repeats[len(c.Repeats)-1]
		all, n = last.Says.Earlier, last.Says.Contacts
		v.Why = last.Overridden + ", " + last.By
	}
	if len(all) == 0 {
		return nil
	}
	v.Title = ordinal(n) + " contact in " + hours + " hours"
	if v.Reached {
		v.Title += ": goes to a clinician"
	}
	for _, e := range all {
		row := repeatRow{
			When: web.ClockWords(e.At.Time(), now, zone), Who: orWords(e.Household, orWords(e.Where, "here")), What: orWords(firstWords(e.Complaint), "not said"),
			Dx: joined(" ", string(e.Dx), e.DxName), Came: orWords(e.Outcome, "not known here"), Counts: "counts",
		}
		if !e.Counts {
			row.Counts = map[string]string{urgent.SortChaser: "a chaser", urgent.SortComfort: "our comfort call"}[e.Way]
			if row.Counts == "" {
				row.Counts = "shown, not counted"
			}
		}
		v.Rows = append(v.Rows, row)
	}
	if plan, ok := p.FrequentPlan(); ok {
		one := planOf(plan, now)
		v.Plan = &one
	}
	return v
}

func ordinal(n int) string {
	words := []string{"", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n) + "th"
}
