package urgent

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
)

// RepeatRule is content/urgent/repeat.csv: when somebody who rings again goes
// to a clinician.
type RepeatRule struct {
	Within     time.Duration
	Contacts   int // this one included
	Dx         codes.Dx
	NotCounted []string // sorts of contact
	Household  bool     // contacts about the household count
	AskWithin  time.Duration
	AskAgain   time.Duration
	AskTimes   int
}

// LoadRepeat reads content/urgent/repeat.csv.
func LoadRepeat(set *content.Set) (RepeatRule, error) {
	var r RepeatRule
	t, err := set.Table("urgent/repeat.csv", "setting", "value")
	if err != nil {
		return r, err
	}
	for i := range t.Len() {
		value := t.Cell(i, "value")
		switch setting := t.Cell(i, "setting"); setting {
		case "within":
			r.Within, err = time.ParseDuration(value)
		case "contacts":
			r.Contacts, err = strconv.Atoi(value)
		case "dx":
			r.Dx = codes.Dx(value)
		case "not_counted":
			r.NotCounted = append(r.NotCounted, value)
		case "household":
			r.Household = value == "count"
			if value != "count" && value != "show" {
				err = fmt.Errorf("household is show or count")
			}
		case "ask_within":
			r.AskWithin, err = time.ParseDuration(value)
		case "ask_again":
			r.AskAgain, err = time.ParseDuration(value)
		case "ask_times":
			r.AskTimes, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("%q is no setting", setting)
		}
		if err != nil {
			return r, fmt.Errorf("urgent/repeat.csv: %w", err)
		}
	}
	if r.Within < time.Hour || r.Within > 31*24*time.Hour || r.Contacts < 2 || r.Dx == "" || r.AskWithin <= 0 || r.AskAgain <= 0 || r.AskTimes < 1 || r.AskTimes > 20 {
		return r, fmt.Errorf("urgent/repeat.csv: within (1 h to 31 days), contacts from 2, dx, ask_within, ask_again and ask_times are needed")
	}
	return r, nil
}

func (r *Rules) loadRepeat(set *content.Set) (err error) {
	if r.Repeat, err = LoadRepeat(set); err != nil {
		return err
	}
	if _, err := r.disposition(r.Repeat.Dx, time.Unix(0, 0)); err != nil {
		return fmt.Errorf("urgent/repeat.csv: %w", err)
	}
	return nil
}

// The sorts of contact besides a new or worse problem, as ContactSorted and
// the note on a person's record name them.
const (
	SortNew     = "call"
	SortChaser  = "chaser"  // asks when somebody comes, nothing has changed
	SortComfort = "comfort" // our own call to hear whether it is worse
)

// ContactSorted says what sort of contact a case is. A chaser that says that
// it is worse is no chaser.
type ContactSorted struct {
	Sort string `cbor:"1,keyasint"`
	By   string `cbor:"2,keyasint"`
}

// FactKind is kind 224.
func (ContactSorted) FactKind() fact.Kind { return kind(224, "contact-sorted", fact.Highest) }

// SortContact says what sort of contact this is.
func SortContact(c Case, by access.Caller, sort string) ([]fact.Draft, error) {
	if err := mustBeOpen(c); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{SortNew, SortChaser, SortComfort}, sort) {
		return nil, refusal.Field("sort", "Choose whether it is new or worse, or only asks when somebody comes")
	}
	if c.Sort() == sort && len(c.Sorts.Values) > 0 || sort == SortNew && c.Sorts.Empty() {
		return nil, nil
	}
	return []fact.Draft{fact.Say(c.ID, ContactSorted{Sort: sort, By: by.Says()})}, nil
}

// Sort gives what sort of contact this is: a new one unless everybody who said
// anything said otherwise.
func (c Case) Sort() string {
	v, ok := c.Sorts.Get()
	if !ok || v.Sort == "" {
		return SortNew
	}
	return v.Sort
}

// Earlier is a contact before this one, as it was known when it was looked at.
type Earlier struct {
	Case      fact.Subject `cbor:"1,keyasint"` // zero: another organisation's
	At        fact.Millis  `cbor:"2,keyasint"`
	Complaint string       `cbor:"3,keyasint,omitempty"`
	Dx        codes.Dx     `cbor:"4,keyasint,omitempty"`
	DxName    string       `cbor:"5,keyasint,omitempty"`
	Outcome   string       `cbor:"6,keyasint,omitempty"`
	Where     string       `cbor:"7,keyasint,omitempty"` // the organisation, when not ours
	Way       string       `cbor:"8,keyasint,omitempty"`
	Household string       `cbor:"9,keyasint,omitempty"` // about somebody of the household: their relation
	Counts    bool         `cbor:"10,keyasint,omitempty"`
	Text      string       `cbor:"11,keyasint,omitempty"` // of a report from elsewhere
	Report    string       `cbor:"12,keyasint,omitempty"` // its identifier
}

// RepeatFound says that this contact reached the number at which a repeat
// caller goes to a clinician, and what the contacts before it were.
type RepeatFound struct {
	Contacts int       `cbor:"1,keyasint"` // this one included
	Hours    int       `cbor:"2,keyasint"`
	Earlier  []Earlier `cbor:"3,keyasint"`
	From     string    `cbor:"4,keyasint"` // "our records", "the national service"
}

// FactKind is kind 225.
func (RepeatFound) FactKind() fact.Kind { return kind(225, "repeat-found", fact.Grow) }

// RepeatOverridden says why the questions are asked all the same. The urgency
// that came with the finding stands: a clinician alone lowers it.
type RepeatOverridden struct {
	Found fact.ID `cbor:"1,keyasint"`
	Why   string  `cbor:"2,keyasint"`
	Plan  fact.ID `cbor:"3,keyasint,omitempty"` // the agreed plan that it follows
	By    string  `cbor:"4,keyasint"`
}

// FactKind is kind 226.
func (RepeatOverridden) FactKind() fact.Kind { return kind(226, "repeat-overridden", fact.Grow) }

// EarlierContacts lists what the record says of contacts in the window before
// this case, the earliest first, each case once.
func (r RepeatRule) EarlierContacts(p record.Person, self fact.Subject, now time.Time) []Earlier {
	var out []Earlier
	for _, c := range p.CasesSince(now.Add(-r.Within), self) {
		out = append(out, Earlier{
			Case: c.Says.Case, At: c.At, Complaint: c.Says.Complaint, Dx: c.Says.Dx, Outcome: c.Says.Outcome, Way: c.Says.Way,
			Counts: r.counts(p, c.Says.Case, now),
		})
	}
	return out
}

// counts tells whether a case is a contact by the rule: unless every note of
// it is of a sort that is not counted.
func (r RepeatRule) counts(p record.Person, about fact.Subject, now time.Time) bool {
	for _, c := range p.Contacts {
		if c.Says.Case == about && c.At >= fact.At(now.Add(-r.Within)) && !slices.Contains(r.NotCounted, c.Says.Way) {
			return true
		}
	}
	return false
}

// OfHousehold marks contacts as those of somebody of the household, counted
// only when the rule says so.
func (r RepeatRule) OfHousehold(all []Earlier, relation string) []Earlier {
	out := slices.Clone(all)
	for i := range out {
		out[i].Household = relation
		if relation == "" {
			out[i].Household = "same household"
		}
		out[i].Counts = out[i].Counts && r.Household
	}
	return out
}

// Reached gives how many contacts there are, this one included, and whether
// that is as many as send a caller to a clinician.
func (r RepeatRule) Reached(all []Earlier) (contacts int, reached bool) {
	contacts = 1
	for _, e := range all {
		if e.Counts {
			contacts++
		}
	}
	return contacts, contacts >= r.Contacts
}

// mostEarlier bounds what one finding keeps; the newest are kept.
const mostEarlier = 40

// JudgeRepeat says that this is a repeat caller when the rule says so, and sets
// what is needed to at least a clinician. Said already with as many contacts,
// it says nothing. It never makes anything less urgent.
func JudgeRepeat(c Case, by access.Caller, r *Rules, all []Earlier, from string, now time.Time) ([]fact.Draft, error) {
	contacts, reached := r.Repeat.Reached(all)
	if !reached || c.Closed() || !c.Begun() || slices.Contains(r.Repeat.NotCounted, c.Sort()) {
		return nil, nil
	}
	for _, f := range c.Repeats {
		if f.Says.Contacts >= contacts {
			return nil, nil
		}
	}
	slices.SortStableFunc(all, func(a, b Earlier) int { return int(a.At - b.At) })
	if len(all) > mostEarlier {
		all = all[len(all)-mostEarlier:]
	}
	out := []fact.Draft{fact.Say(c.ID, RepeatFound{Contacts: contacts, Hours: int(r.Repeat.Within.Hours()), Earlier: all, From: from})}
	d, err := r.disposition(r.Repeat.Dx, now)
	if err != nil {
		return nil, err
	}
	d.Why = fmt.Sprintf("Contact number %d in %d hours: to a clinician", contacts, int(r.Repeat.Within.Hours()))
	old, had := c.Disposition()
	switch {
	case !had:
		return append(out, fact.Say(c.ID, d)), nil
	case old.What.Level < d.Level, old.What.Level == d.Level && old.What.Due != 0 && (d.Due == 0 || old.What.Due <= d.Due):
		return out, nil // more urgent already
	}
	d.SG, d.SD, d.Due = old.What.SG, old.What.SD, sooner(old.What, d)
	return append(out, fact.Say(c.ID, d)), nil
}

// Repeat gives the finding that stands, the one with the most contacts; ok is
// false when there is none or everybody's was overridden.
func (c Case) Repeat() (RepeatMade, bool) {
	var out RepeatMade
	found := false
	for _, f := range c.Repeats {
		if f.Overridden == "" && (!found || f.Says.Contacts > out.Says.Contacts) {
			out, found = f, true
		}
	}
	return out, found
}

// OverrideRepeat goes on with the questions although the rule says that a
// clinician takes the call. It needs a reason; the agreed plan for somebody
// who rings often is one, while its day of review has not passed.
func OverrideRepeat(c Case, by access.Caller, why string, plan *record.Alert, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.Triage); err != nil {
		return nil, err
	}
	f, ok := c.Repeat()
	if !ok {
		return nil, nil
	}
	o := RepeatOverridden{Found: f.Fact, Why: strings.TrimSpace(why), By: by.Says()}
	if plan != nil {
		if plan.ReviewDue(now) || !plan.Stands || plan.Ask != "" {
			return nil, refusal.New(refusal.Invalid, "The agreed plan is past its review or in doubt: it decides nothing by itself. Give a reason of your own, or go to a clinician.")
		}
		o.Plan = plan.Fact
		if o.Why == "" {
			o.Why = "By the agreed plan of " + plan.Says.Author
		}
	}
	switch {
	case o.Why == "":
		return nil, refusal.Field("why", "Say why no clinician takes this call first. A clinician reads it.")
	case len(o.Why) > MaxWords:
		return nil, refusal.Newf(refusal.Invalid, "That is longer than %d characters. Keep the rest for a note.", MaxWords)
	}
	return []fact.Draft{fact.Say(c.ID, o)}, nil
}
