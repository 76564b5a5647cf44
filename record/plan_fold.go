package record

import (
	"bytes"
	"cmp"
	"slices"

	"holdfast/codes"
	"holdfast/fact"
)

// Known is what of a record came with plans, households and children.
type Known struct {
	Household   []HouseholdMember      `cbor:"1,keyasint,omitempty"`
	Responsible []Responsible          `cbor:"2,keyasint,omitempty"`
	Consents    []Consent              `cbor:"3,keyasint,omitempty"` // each is shown
	Missed      []Missed               `cbor:"4,keyasint,omitempty"`
	Referred    []SafeguardingReferral `cbor:"5,keyasint,omitempty"`
}

// Plan is what stands behind an alert that is a plan.
type Plan struct {
	Key      string     `cbor:"1,keyasint"`
	Name     string     `cbor:"2,keyasint"`
	Parts    []PlanPart `cbor:"3,keyasint,omitempty"`
	From     string     `cbor:"4,keyasint,omitempty"`
	As       string     `cbor:"5,keyasint,omitempty"`
	Withheld bool       `cbor:"6,keyasint,omitempty"`
}

// HouseholdMember is somebody who is stated to live with the person.
type HouseholdMember struct {
	Person   fact.Subject `cbor:"1,keyasint"`
	Relation string       `cbor:"2,keyasint,omitempty"`
	Source   Source       `cbor:"3,keyasint,omitempty"`
	Since    fact.Millis  `cbor:"4,keyasint"`
	place    int
}

// Responsible is one statement on parental responsibility that stands.
type Responsible struct {
	Fact  fact.ID              `cbor:"1,keyasint"`
	At    fact.Millis          `cbor:"2,keyasint"`
	Says  ResponsibilityStated `cbor:"3,keyasint"`
	place int
}

// Consent is who consents in one contact.
type Consent struct {
	Fact fact.ID       `cbor:"1,keyasint"`
	At   fact.Millis   `cbor:"2,keyasint"`
	Says ConsentStated `cbor:"3,keyasint"`
}

// Missed is one time at which somebody was not brought.
type Missed struct {
	Fact fact.ID     `cbor:"1,keyasint"`
	At   fact.Millis `cbor:"2,keyasint"`
	Says NotBrought  `cbor:"3,keyasint"`
}

// SafeguardingReferral is one referral to those who protect people.
type SafeguardingReferral struct {
	Fact fact.ID              `cbor:"1,keyasint"`
	At   fact.Millis          `cbor:"2,keyasint"`
	By   fact.Subject         `cbor:"3,keyasint"`
	Says SafeguardingReferred `cbor:"4,keyasint"`
}

// applyKnown folds what plans, households and children say.
func (f *folding) applyKnown(i int, one fact.Fact) error {
	at := one.Body.Happened.From
	switch one.Body.Kind {
	case PlanWritten{}.FactKind().Number:
		c, err := fact.Read[PlanWritten](one)
		if err == nil {
			f.plan(i, one, c)
		}
		return err
	case PlanReviewed{}.FactKind().Number:
		c, err := fact.Read[PlanReviewed](one)
		if err == nil {
			f.reviews = append(f.reviews, placed[PlanReviewed]{i, c})
		}
		return err
	case HouseholdLinked{}.FactKind().Number:
		c, err := fact.Read[HouseholdLinked](one)
		if err == nil {
			f.p.Household = append(f.p.Household, HouseholdMember{Person: c.With, Relation: c.Relation, Source: c.Source, Since: at, place: i})
		}
		return err
	case HouseholdUnlinked{}.FactKind().Number:
		c, err := fact.Read[HouseholdUnlinked](one)
		if err == nil {
			f.unlinked = append(f.unlinked, placed[HouseholdUnlinked]{i, c})
		}
		return err
	}
	return f.applyChildren(i, one, at)
}

func (f *folding) applyChildren(i int, one fact.Fact, at fact.Millis) error {
	switch one.Body.Kind {
	case ResponsibilityStated{}.FactKind().Number:
		c, err := fact.Read[ResponsibilityStated](one)
		if err == nil {
			f.p.Responsible = append(f.p.Responsible, Responsible{Fact: one.ID, At: at, Says: c, place: i})
		}
		return err
	case ResponsibilityEnded{}.FactKind().Number:
		c, err := fact.Read[ResponsibilityEnded](one)
		if err == nil {
			f.irresponsible = append(f.irresponsible, placed[ResponsibilityEnded]{i, c})
		}
		return err
	case ConsentStated{}.FactKind().Number:
		c, err := fact.Read[ConsentStated](one)
		if err == nil {
			f.p.Consents = append(f.p.Consents, Consent{Fact: one.ID, At: at, Says: c})
		}
		return err
	case NotBrought{}.FactKind().Number:
		c, err := fact.Read[NotBrought](one)
		if err == nil {
			f.p.Missed = append(f.p.Missed, Missed{Fact: one.ID, At: at, Says: c})
		}
		return err
	case SafeguardingReferred{}.FactKind().Number:
		c, err := fact.Read[SafeguardingReferred](one)
		if err == nil {
			f.p.Referred = append(f.p.Referred, SafeguardingReferral{Fact: one.ID, At: at, By: one.Body.Person, Says: c})
		}
		return err
	}
	return fact.ErrNewer
}

// known is what the fold gathers before it can be judged.
type known struct {
	reviews       []placed[PlanReviewed]
	unlinked      []placed[HouseholdUnlinked]
	irresponsible []placed[ResponsibilityEnded]
}

// plan puts a plan among the alerts, under its own fact.
func (f *folding) plan(i int, one fact.Fact, c PlanWritten) {
	f.overtake(c.Alert.Kind, i)
	f.p.Alerts = append(f.p.Alerts, Alert{
		Fact: one.ID, Says: c.Alert, By: one.Body.Person, Role: one.Body.Role, At: one.Body.Happened.From, Stands: true, place: i,
		Plan: &Plan{Key: c.Plan, Name: c.Name, Parts: c.Parts, From: c.From, As: c.As, Withheld: c.Withheld},
	})
	if c.Replaces != (fact.ID{}) {
		f.endings = append(f.endings, placed[AlertEnded]{i, AlertEnded{Alert: c.Replaces, Why: "Replaced by a later plan"}})
	}
}

// judgeKnown says which links and statements still hold, and when each alert
// is to be reviewed next. A link ends by the word of somebody who had seen it.
func (f *folding) judgeKnown() {
	f.p.Household = slices.DeleteFunc(f.p.Household, func(m HouseholdMember) bool {
		return slices.ContainsFunc(f.unlinked, func(u placed[HouseholdUnlinked]) bool { return u.value.With == m.Person && f.h.Before(m.place, u.at) })
	})
	f.p.Household = oneEach(f.p.Household)
	f.p.Responsible = slices.DeleteFunc(f.p.Responsible, func(r Responsible) bool {
		return slices.ContainsFunc(f.irresponsible, func(e placed[ResponsibilityEnded]) bool { return e.value.Stated == r.Fact && f.h.Before(r.place, e.at) })
	})
	for n := range f.p.Alerts {
		a := &f.p.Alerts[n]
		for _, r := range f.reviews {
			if r.value.Plan == a.Fact {
				a.Reviewed.Set(f.h, r.at, r.value)
			}
		}
	}
}

// oneEach keeps one line for each other person: relations that were stated
// apart stand side by side in it.
func oneEach(all []HouseholdMember) []HouseholdMember {
	var out []HouseholdMember
	for _, m := range all {
		n := slices.IndexFunc(out, func(o HouseholdMember) bool { return o.Person == m.Person })
		if n < 0 {
			out = append(out, m)
			continue
		}
		words := []string{out[n].Relation, m.Relation}
		slices.Sort(words)
		words = slices.DeleteFunc(slices.Compact(words), func(s string) bool { return s == "" })
		out[n].Relation = joinedWords(words)
		out[n].Since = min(out[n].Since, m.Since)
		out[n].Source = max(out[n].Source, m.Source)
	}
	slices.SortFunc(out, func(a, b HouseholdMember) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), bytes.Compare(a.Person[:], b.Person[:]))
	})
	return out
}

func joinedWords(words []string) string {
	out := ""
	for i, w := range words {
		if i > 0 {
			out += " or "
		}
		out += w
	}
	return out
}

// endsKnown lists the kinds that take something off a record: they count only
// when they are verified.
func endsKnown(kind uint32) bool {
	return kind == HouseholdUnlinked{}.FactKind().Number || kind == ResponsibilityEnded{}.FactKind().Number || kind == PlanReviewed{}.FactKind().Number
}

// NextReview gives the day on which the alert is to be looked at again: of
// several reviews written apart the earliest day. Zero when none was said.
func (a Alert) NextReview() codes.Date {
	next := a.Says.Review
	for i, r := range a.Reviewed.Values {
		if i == 0 || r.Value.Next.String() < next.String() {
			next = r.Value.Next
		}
	}
	return next
}

// WithheldFromPatient tells whether the alert must not stand where the patient
// or those around them may read along: danger, safeguarding and abuse always,
// a plan when it says so.
func (a Alert) WithheldFromPatient() bool {
	switch a.Says.Kind {
	case SceneDanger, Safeguarding, AbuseMarker, KeySafe:
		return true
	}
	return a.Plan != nil && a.Plan.Withheld
}

// ForPatient gives the record as the patient, or those around them, may read
// it: without what is withheld from them. Safeguarding and who said what about
// parental responsibility never stand in it.
func (p Person) ForPatient() Person {
	p.Alerts = slices.DeleteFunc(slices.Clone(p.Alerts), Alert.WithheldFromPatient)
	p.Known = Known{}
	p.Entry = nil
	return p
}

// again states an alert or plan anew as it stood.
func (a Alert) again(about fact.Subject) fact.Draft {
	if a.Plan == nil {
		return fact.Say(about, a.Says)
	}
	return fact.Say(about, PlanWritten{
		Plan: a.Plan.Key, Name: a.Plan.Name, Alert: a.Says, Parts: a.Plan.Parts, From: a.Plan.From, As: a.Plan.As, Withheld: a.Plan.Withheld,
	})
}

// Plans lists the plans that stand, those that may interrupt first.
func (p Person) Plans() []Alert {
	return slices.DeleteFunc(p.Standing(), func(a Alert) bool { return a.Plan == nil })
}

// FrequentPlan gives the agreed plan for somebody who rings often, the one
// that is to be reviewed first when there are several.
func (p Person) FrequentPlan() (Alert, bool) {
	var out Alert
	found := false
	for _, a := range p.Plans() {
		if a.Plan.Key == FrequentCalls && (!found || a.NextReview().String() < out.NextReview().String()) {
			out, found = a, true
		}
	}
	return out, found
}

// Shown says what is known about a kind of alert as pages say it: with entries
// that are not shown, nothing reads as "none" or "not asked".
func (p Person) Shown(k AlertKind) string {
	n := len(p.NotShown) + len(p.Gaps)
	if s := p.StatusOf(k); n == 0 || s == StatusListed {
		return s.String()
	}
	return "not shown: unknown, not none"
}

// Pregnant tells whether a pregnancy is on record. What is not on record is
// not asked, unless somebody said that there is none.
func (p Person) Pregnant() Answer {
	switch p.StatusOf(Pregnancy) {
	case StatusListed:
		return Yes
	case StatusNone:
		return No
	case StatusNotKnown:
		return Unsure
	}
	return NotAsked
}
