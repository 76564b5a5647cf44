package record

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
)

// FrequentCalls is the key of the agreed plan for somebody who rings often.
const FrequentCalls = "frequent"

// MostParts is how many parts a plan may have.
const MostParts = 12

// MostHeadings is how many parts a kind of plan asks for: what does not fit on
// one screen is not read at night.
const MostHeadings = 5

// PlanKind is one line of content/plans.csv.
type PlanKind struct {
	Key, Name string
	Alert     AlertKind
	Decision  Decision // when the writer does not choose
	Clinician bool     // only a clinician writes it
	Months    int      // until it is looked at again
	Withheld  bool
	Headings  []string
}

// Plans is the table of kinds of plan. It is read once and never changed.
type Plans struct{ kinds []PlanKind }

// LoadPlans reads content/plans.csv.
func LoadPlans(set *content.Set) (*Plans, error) {
	t, err := set.Table("plans.csv", "key", "name", "alert", "decision", "writes", "review_months", "withheld", "headings")
	if err != nil {
		return nil, err
	}
	p := &Plans{}
	for i := range t.Len() {
		k := PlanKind{Key: t.Cell(i, "key"), Name: t.Cell(i, "name"), Clinician: t.Cell(i, "writes") == "clinician", Withheld: t.Cell(i, "withheld") == "yes"}
		for _, h := range strings.Split(t.Cell(i, "headings"), ";") {
			if h = strings.TrimSpace(h); h != "" {
				k.Headings = append(k.Headings, h)
			}
		}
		bad := func(what string) error {
			return refusal.Newf(refusal.Invalid, "content plans.csv, %q: %s", k.Key, what)
		}
		n := slices.IndexFunc(AlertKinds(), func(a AlertKind) bool { return a.String() == t.Cell(i, "alert") })
		decision, known := map[string]Decision{"": NoDecision, "no": DoNotAttempt, "yes": Attempt, "form": SeeForm}[t.Cell(i, "decision")]
		k.Months, err = strconv.Atoi(t.Cell(i, "review_months"))
		switch {
		case k.Key == "" || k.Name == "":
			return nil, bad("key and name are needed")
		case slices.ContainsFunc(p.kinds, func(o PlanKind) bool { return o.Key == k.Key }):
			return nil, bad("stands twice")
		case n < 0:
			return nil, bad("alert is none that a record knows")
		case !known:
			return nil, bad("decision is no, yes, form or empty")
		case !slices.Contains([]string{"clinician", "anybody"}, t.Cell(i, "writes")):
			return nil, bad("writes is clinician or anybody")
		case err != nil || k.Months < 1 || k.Months > 60:
			return nil, bad("review_months is a number from 1 to 60")
		case len(k.Headings) > MostHeadings:
			return nil, bad("has too many headings")
		}
		k.Alert, k.Decision = AlertKinds()[n], decision
		if (k.Alert == Resuscitation) != (k.Decision != NoDecision) || k.Alert == Resuscitation && !k.Clinician {
			return nil, bad("a plan about resuscitation says what it decides and is written by clinicians, and no other does")
		}
		p.kinds = append(p.kinds, k)
	}
	if _, ok := p.Kind(FrequentCalls); !ok {
		return nil, refusal.New(refusal.Invalid, "content plans.csv: the row \"frequent\" is missing, by which agreed plans for frequent calls are found")
	}
	return p, nil
}

// Kinds lists the kinds of plan in the table's order.
func (p *Plans) Kinds() []PlanKind { return p.kinds }

// Kind finds a kind of plan by its key.
func (p *Plans) Kind(key string) (PlanKind, bool) {
	for _, k := range p.kinds {
		if k.Key == key {
			return k, true
		}
	}
	return PlanKind{}, false
}

// NextReview gives the day on which a plan of this kind that is written or
// reviewed now is to be looked at again, in London.
func (k PlanKind) NextReview(now time.Time) codes.Date {
	return codes.DateOf(now.In(codes.London()).AddDate(0, k.Months, 0))
}

// PlanRequest is a plan as somebody writes it.
type PlanRequest struct {
	Plan     string
	Text     string // what to know, in a line or two
	Decision Decision
	Parts    []PlanPart
	Author   string // who decided or signed
	As       string
	From     string
	Signed   codes.Date
	Review   codes.Date // zero: as long as the table says
	Kept     string
	Source   Source
	Replaces fact.ID
}

// WritePlan writes a special patient note or a plan. It has an author and a
// day of review; a decision about resuscitation also the day it was signed. A
// key safe's plan says that there is one and never its code: that lies in the
// vault of entry codes.
func WritePlan(p Person, by access.Caller, plans *Plans, req PlanRequest, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	if !p.Registered {
		return nil, refusal.New(refusal.Missing, "There is no record to add this to. Register the person first.")
	}
	k, ok := plans.Kind(req.Plan)
	if !ok {
		return nil, refusal.Field("plan", "Choose what kind of note or plan it is")
	}
	if k.Clinician && by.Role != access.Device {
		if err := by.May(access.Consult); err != nil {
			return nil, refusal.Newf(refusal.Forbidden, "“%s” is written by a clinician. Get a clinician, or write a special patient note.", k.Name)
		}
	}
	w := PlanWritten{
		Plan: k.Key, Name: k.Name, From: strings.TrimSpace(req.From), As: strings.TrimSpace(req.As), Replaces: req.Replaces, Withheld: k.Withheld,
		Alert: AlertAdded{
			Kind: k.Alert, Text: strings.TrimSpace(req.Text), Author: strings.TrimSpace(req.Author), Signed: req.Signed, Review: req.Review,
			Source: req.Source, Kept: strings.TrimSpace(req.Kept),
		},
	}
	if k.Alert == Resuscitation {
		w.Alert.Decision = req.Decision
		if req.Decision == NoDecision {
			w.Alert.Decision = k.Decision
		}
	}
	if w.Alert.Review.IsZero() {
		w.Alert.Review = k.NextReview(now)
	}
	if err := w.sound(by, k, req); err != nil {
		return nil, err
	}
	for _, part := range req.Parts {
		if part.Text = strings.TrimSpace(part.Text); part.Text != "" {
			w.Parts = append(w.Parts, part)
		}
	}
	if req.Replaces != (fact.ID{}) {
		if a, ok := p.AlertOf(req.Replaces); !ok || !a.Stands {
			return nil, refusal.New(refusal.Missing, "What this would replace does not stand on the record shown here. Look at the record again.")
		}
	}
	for _, a := range p.StandingOf(k.Alert) {
		if a.Ask == "" && a.Plan != nil && a.Says == w.Alert && a.Plan.Key == w.Plan && slices.Equal(a.Plan.Parts, w.Parts) {
			return nil, nil
		}
	}
	return []fact.Draft{fact.Say(p.Subject, w)}, nil
}

// sound refuses a plan that a reader could not act on.
func (w PlanWritten) sound(by access.Caller, k PlanKind, req PlanRequest) error {
	if w.Alert.Author == "" {
		return refusal.Field("author", "Write who decided this: name, and where they can be asked")
	}
	if len(req.Parts) > MostParts {
		return refusal.Field("text", "A plan has at most 12 parts: put some together")
	}
	for _, text := range []string{w.From, w.As} {
		if err := tooLong("from", text, MaxText); err != nil {
			return err
		}
	}
	written := 0
	for _, part := range req.Parts {
		if err := tooLong("text", part.Text, MaxText); err != nil {
			return err
		}
		if k.Alert == KeySafe && digitsInARow(part.Text) >= 3 {
			return refusal.Field("text", "Write where the key safe is, never its code. Codes are kept apart and opened one at a time.")
		}
		written += len(strings.TrimSpace(part.Text))
	}
	if w.Alert.Text == "" && written == 0 && k.Alert != Resuscitation {
		return refusal.Field("text", "Write what has to be known, in a line or two")
	}
	if w.Alert.Text == "" && k.Alert != Resuscitation {
		return refusal.Field("text", "Write first, in a line or two, what a reader in a hurry must know")
	}
	return soundAlert(by, w.Alert)
}

// ReviewPlan says that a plan or an alert was looked at again and stands until
// the next day of review. A decision about resuscitation is reviewed by a
// clinician.
func ReviewPlan(p Person, by access.Caller, plans *Plans, req PlanReviewed, now time.Time) ([]fact.Draft, error) {
	if err := by.May(access.WritePerson); err != nil {
		return nil, err
	}
	a, ok := p.AlertOf(req.Plan)
	if !ok || !a.Stands {
		return nil, refusal.New(refusal.Missing, "This does not stand on the record shown here. Look at the record again.")
	}
	k, planned := PlanKind{}, false
	if a.Plan != nil {
		k, planned = plans.Kind(a.Plan.Key)
	}
	if a.Says.Kind == Resuscitation || planned && k.Clinician {
		if err := by.May(access.Consult); err != nil {
			return nil, refusal.New(refusal.Forbidden, "This is reviewed by a clinician. It stands until then.")
		}
	}
	if a.Disputed {
		return nil, refusal.New(refusal.Invalid, "Decisions on this record disagree: a clinician settles which one stands before any is reviewed.")
	}
	if req.Next.IsZero() && planned {
		req.Next = k.NextReview(now)
	}
	req.Words, req.Author = strings.TrimSpace(req.Words), strings.TrimSpace(req.Author)
	switch today := codes.DateOf(now.In(codes.London())); {
	case req.Next.IsZero():
		return nil, refusal.Field("next", "Say when it is to be looked at again")
	case req.Next.String() <= today.String():
		return nil, refusal.Field("next", "The next day of review is a day to come")
	}
	if err := tooLong("words", req.Words, MaxText); err != nil {
		return nil, err
	}
	if len(a.Reviewed.Values) == 1 && a.Reviewed.Values[0].Value == req {
		return nil, nil
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, nil
}
