package record

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/content"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
)

// Children is the table of content/children.csv: who is a child, who may
// consent, what follows when somebody was not brought, and to whom a worry
// about somebody's safety goes. It is read once and never changed.
type Children struct {
	Below    int // years; younger is a child
	Consents []Step
	Brought  []Step
	Refer    []Step // keys begin with "child " or "adult "
}

// Step is one line of the table.
type Step struct {
	Key, Says string
	List      task.List
	Within    time.Duration
}

// LoadChildren reads content/children.csv.
func LoadChildren(set *content.Set) (*Children, error) {
	t, err := set.Table("children.csv", "setting", "key", "value", "list", "minutes")
	if err != nil {
		return nil, err
	}
	c := &Children{}
	for i := range t.Len() {
		s := Step{Key: t.Cell(i, "key"), Says: t.Cell(i, "value"), List: task.List(t.Cell(i, "list"))}
		bad := func(what string) error {
			return refusal.Newf(refusal.Invalid, "content children.csv, line %d: %s", i+1, what)
		}
		if s.Key == "" || s.Says == "" {
			return nil, bad("key and value are needed")
		}
		if s.List != "" {
			minutes, err := strconv.Atoi(t.Cell(i, "minutes"))
			if err != nil || minutes < 0 || !slices.Contains(task.Lists(), s.List) {
				return nil, bad("a task needs a list that there is, and minutes")
			}
			s.Within = time.Duration(minutes) * time.Minute
		}
		switch t.Cell(i, "setting") {
		case "child":
			if c.Below, err = strconv.Atoi(s.Says); err != nil || c.Below < 16 || c.Below > 21 {
				return nil, bad("who is a child is said in years, 16 to 21")
			}
		case "consents":
			c.Consents = append(c.Consents, s)
		case "brought":
			c.Brought = append(c.Brought, s)
		case "refer":
			if s.List == "" || !strings.HasPrefix(s.Key, "child ") && !strings.HasPrefix(s.Key, "adult ") {
				return nil, bad("a referral is for a child or an adult, and its task stands on a list")
			}
			c.Refer = append(c.Refer, s)
		default:
			return nil, bad("no such setting")
		}
	}
	for _, s := range c.Brought {
		if s.List == "" {
			return nil, refusal.Newf(refusal.Invalid, "content children.csv: the step %q stands on nobody's list", s.Key)
		}
	}
	if c.Below == 0 || len(c.Consents) == 0 || len(c.Brought) == 0 || len(c.ReferOf("child")) == 0 || len(c.ReferOf("adult")) == 0 {
		return nil, refusal.New(refusal.Invalid, "content children.csv: child, consents, brought and refer for children and adults are needed")
	}
	return c, nil
}

// ReferOf lists to whom a worry about a child or an adult goes.
func (c *Children) ReferOf(about string) []Step {
	var out []Step
	for _, s := range c.Refer {
		if strings.HasPrefix(s.Key, about+" ") {
			out = append(out, s)
		}
	}
	return out
}

// step finds a line by its key.
func step(all []Step, key string) (Step, bool) {
	for _, s := range all {
		if s.Key == key {
			return s, true
		}
	}
	return Step{}, false
}

// IsChild tells whether somebody is a child at now. With no birth date or age
// it is Unsure, which is never no.
func (c *Children) IsChild(id Identity, now time.Time) Answer {
	if least, most, ok := id.Born.YearsAt(now); ok {
		switch {
		case most < c.Below:
			return Yes
		case least >= c.Below:
			return No
		}
		return Unsure
	}
	if id.Age.Years > 0 {
		switch { // an age that was guessed may be two years off
		case id.Age.Years < c.Below-2:
			return Yes
		case id.Age.Years > c.Below+2:
			return No
		}
	}
	return Unsure
}

// StateResponsibility says who has parental responsibility, by whose word.
func StateResponsibility(p Person, by access.Caller, req ResponsibilityStated, _ time.Time) ([]fact.Draft, error) {
	if err := mayWrite(p, by); err != nil {
		return nil, err
	}
	req.Name, req.Relation, req.StatedBy, req.Limits = strings.TrimSpace(req.Name), strings.TrimSpace(req.Relation), strings.TrimSpace(req.StatedBy), strings.TrimSpace(req.Limits)
	switch {
	case req.Name == "":
		return nil, refusal.Field("name", "Write who it is")
	case req.Has < Yes || req.Has > Unsure:
		return nil, refusal.Field("has", "Say whether they have parental responsibility: yes, no or not sure")
	case req.StatedBy == "":
		return nil, refusal.Field("stated_by", "Write whose word this is")
	case len(p.Responsible) >= 20:
		return nil, refusal.Field("name", "Twenty people are on record already: end those who no longer apply")
	}
	for field, text := range map[string]string{"name": req.Name, "relation": req.Relation, "stated_by": req.StatedBy, "limits": req.Limits} {
		if err := tooLong(field, text, MaxText); err != nil {
			return nil, err
		}
	}
	for _, r := range p.Responsible {
		if r.Says == req {
			return nil, nil
		}
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, nil
}

// EndResponsibility says that such a statement no longer holds.
func EndResponsibility(p Person, by access.Caller, req ResponsibilityEnded, _ time.Time) ([]fact.Draft, error) {
	if err := mayWrite(p, by); err != nil {
		return nil, err
	}
	if req.Why = strings.TrimSpace(req.Why); req.Why == "" {
		return nil, refusal.Field("why", "Say why it no longer holds. It stays readable in the history.")
	}
	if err := tooLong("why", req.Why, MaxText); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(p.Responsible, func(r Responsible) bool { return r.Fact == req.Stated }) {
		return nil, nil
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, nil
}

// StateConsent says who consents to care in a contact. For the patient's own
// consent as a child somebody must have judged that they can decide this.
func StateConsent(p Person, by access.Caller, rules *Children, req ConsentStated, now time.Time) ([]fact.Draft, error) {
	if err := mayWrite(p, by); err != nil {
		return nil, err
	}
	req.Who, req.JudgedBy, req.For, req.Words = strings.TrimSpace(req.Who), strings.TrimSpace(req.JudgedBy), strings.TrimSpace(req.For), strings.TrimSpace(req.Words)
	_, known := step(rules.Consents, req.Consents)
	child := rules.IsChild(p.Identity(), now) != No
	switch {
	case req.Case.Zero():
		return nil, refusal.New(refusal.Invalid, "Consent is to one contact: say which case.")
	case !known:
		return nil, refusal.Field("consents", "Choose who consents")
	case req.Consents == "self" && child && (req.Competent != Yes || req.JudgedBy == ""):
		return nil, refusal.Field("competent", "A child consents when somebody has judged that they understand this: say yes, and who judged it")
	case req.Consents != "self" && req.Who == "" && req.Consents != "nobody":
		return nil, refusal.Field("who", "Write who consents")
	}
	for field, text := range map[string]string{"who": req.Who, "judged_by": req.JudgedBy, "for": req.For, "words": req.Words} {
		if err := tooLong(field, text, MaxText); err != nil {
			return nil, err
		}
	}
	if all := p.ConsentFor(req.Case); len(all) > 0 && all[len(all)-1].Says == req {
		return nil, nil
	}
	return []fact.Draft{fact.Say(p.Subject, req)}, nil
}

// ConsentFor lists what was said of who consents in a contact; each is shown,
// since none is taken back by another.
func (p Person) ConsentFor(c fact.Subject) []Consent {
	var out []Consent
	for _, one := range p.Consents {
		if one.Says.Case == c {
			out = append(out, one)
		}
	}
	return out
}

// New draws the subject of a task.
type New func() (fact.Subject, error)

// WasNotBrought records that somebody who depends on others was not brought,
// and puts the next steps on their lists. It never closes anything.
func WasNotBrought(p Person, by access.Caller, rules *Children, req NotBrought, fresh New, now time.Time) ([]fact.Draft, error) {
	if err := mayWrite(p, by); err != nil {
		return nil, err
	}
	req.What, req.Worry, req.Reason = strings.TrimSpace(req.What), strings.TrimSpace(req.Worry), strings.TrimSpace(req.Reason)
	switch {
	case req.Case.Zero():
		return nil, refusal.New(refusal.Invalid, "Say which case they were to be brought for.")
	case req.What == "":
		return nil, refusal.Field("what", "Write where and when they were expected")
	}
	for field, text := range map[string]string{"what": req.What, "worry": req.Worry, "reason": req.Reason} {
		if err := tooLong(field, text, MaxText); err != nil {
			return nil, err
		}
	}
	for _, m := range p.Missed {
		if m.Says.Case == req.Case && m.Says.What == req.What {
			return nil, nil // pressed twice
		}
	}
	req.Times, req.Steps = len(p.Missed)+1, nil
	for _, s := range rules.Brought {
		req.Steps = append(req.Steps, s.Says)
	}
	out := []fact.Draft{fact.Say(p.Subject, req)}
	for _, s := range rules.Brought {
		more, err := raise(fresh, s, "Not brought: "+s.Says+".", req.Case, p.Subject, false, now)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// ReferSafeguarding passes a worry about somebody's safety on: the fact first,
// and with it a phone task on whose list it falls. The task names nobody.
func ReferSafeguarding(p Person, by access.Caller, rules *Children, req SafeguardingReferred, fresh New, now time.Time) ([]fact.Draft, error) {
	if err := mayWrite(p, by); err != nil {
		return nil, err
	}
	req.Worry, req.Knows, req.Others = strings.TrimSpace(req.Worry), strings.TrimSpace(req.Knows), strings.TrimSpace(req.Others)
	to, known := step(rules.ReferOf(req.About), req.To)
	switch {
	case req.Case.Zero():
		return nil, refusal.New(refusal.Invalid, "Say which case this came up in.")
	case !known:
		return nil, refusal.Field("to", "Choose to whom it goes")
	case req.Worry == "":
		return nil, refusal.Field("worry", "Write what worries you, in the words that were said")
	case req.Now < Yes || req.Now > Unsure:
		return nil, refusal.Field("now", "Say whether they are in danger now")
	case req.Knows == "":
		return nil, refusal.Field("knows", "Write whether they, or a parent, know of this and what they said")
	}
	for field, text := range map[string]string{"worry": req.Worry, "knows": req.Knows, "others": req.Others} {
		if err := tooLong(field, text, MaxText); err != nil {
			return nil, err
		}
	}
	for _, r := range p.Referred {
		if r.Says == req {
			return nil, nil
		}
	}
	urgent := req.Now != No || to.Within == 0
	more, err := raise(fresh, to, "Safeguarding: ring "+to.Says+". Read the case to them.", req.Case, p.Subject, urgent, now)
	if err != nil {
		return nil, err
	}
	return append([]fact.Draft{fact.Say(p.Subject, req)}, more...), nil
}

// raise puts a step on its list. Whoever may write this down is never refused
// for the task that follows.
func raise(fresh New, s Step, reason string, about, person fact.Subject, urgent bool, now time.Time) ([]fact.Draft, error) {
	id, err := fresh()
	if err != nil {
		return nil, err
	}
	due := now.Add(s.Within)
	if urgent {
		due = now
	}
	return task.Raise(task.Task{Subject: id}, access.Caller{Role: access.Device}, task.Raised{
		What: task.Other, List: s.List, Reason: reason, About: about, Person: person, Due: fact.At(due), Urgent: urgent,
	}, now)
}

func mayWrite(p Person, by access.Caller) error {
	if err := by.May(access.WritePerson); err != nil {
		return err
	}
	if !p.Registered {
		return refusal.New(refusal.Missing, "There is no record to add this to. Register the person first.")
	}
	return nil
}

// ChildWords says who has parental responsibility, one line each.
func (p Person) ChildWords() []string {
	var out []string
	for _, r := range p.Responsible {
		word := map[Answer]string{Yes: "has parental responsibility", No: "has no parental responsibility", Unsure: "not sure whether they have parental responsibility"}[r.Says.Has]
		line := r.Says.Name
		if r.Says.Relation != "" {
			line += " (" + r.Says.Relation + ")"
		}
		line += ": " + word + ", says " + r.Says.StatedBy
		if ph := r.Says.Phone.Display(); ph != "" {
			line += ". " + ph
		}
		if r.Says.Limits != "" {
			line += ". " + r.Says.Limits
		}
		out = append(out, line)
	}
	return out
}

// ReferWithoutRecord puts a safeguarding worry on its list when the patient
// has no record here: the phone task, and the words for a note on the case.
func ReferWithoutRecord(by access.Caller, rules *Children, req SafeguardingReferred, fresh New, now time.Time) (drafts []fact.Draft, note string, err error) {
	stand := Person{Subject: req.Case, Registered: true}
	drafts, err = ReferSafeguarding(stand, by, rules, req, fresh, now)
	if err != nil || len(drafts) == 0 {
		return nil, "", err
	}
	to, _ := step(rules.ReferOf(req.About), req.To)
	note = "Safeguarding referral about this " + req.About + ", to " + to.Says + ". Worry: " + strings.TrimSpace(req.Worry) +
		". In danger now: " + req.Now.String() + ". Who knows: " + strings.TrimSpace(req.Knows) + ". Others: " + strings.TrimSpace(req.Others) + "."
	out := drafts[1:] // the referral itself belongs on a record, and there is none
	for i := range out {
		if r, ok := out[i].Content.(task.Raised); ok {
			r.Person = fact.Subject{}
			out[i].Content = r
		}
	}
	return out, note, nil
}
