package urgentweb

import (
	"net/http"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/web"
)

// knownPageData is the page on which notes and plans are written and
// reviewed, and what else is known is kept.
type knownPageData struct {
	Frame    web.Frame
	ID       string
	Seen     string
	Who      web.Patient
	Do       string // the form that came back; empty on a first look
	Form     *web.Form
	Plans    []planView
	Others   []planView // alerts that are no plans
	Ended    []endedView
	Kinds    []kindView
	Write    *record.PlanKind // the kind that is being written; nil: none
	Next     string           // when it would be reviewed
	Known    knownView
	Statuses []statusView
	Home     []homeView
	HomeMore bool
	Found    []callMatch
	Seek     string
	People   []responsibleView
	Child    record.Answer
	Disputed bool
	May      bool // a clinician's plans may be written
}

type endedView struct{ Name, Text, Why string }

type kindView struct {
	Key, Name string
	Off       bool
}

type statusView struct{ Kind, Name, Says string }

type homeView struct{ ID, Says string }

type responsibleView struct{ ID, Says string }

// of gives the form when it is the one that came back.
func (p knownPageData) of(do string) *web.Form {
	if p.Do == do {
		return p.Form
	}
	return nil
}

func knownPath(id fact.Subject) string { return "/known/" + id.String() }

// knownPage shows what is known of a person.
func (a *App) knownPage(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.showKnown(w, r, by, http.StatusOK, "", nil)
}

func (a *App) showKnown(w http.ResponseWriter, r *http.Request, by web.Caller, status int, do string, form *web.Form) error {
	if by.May(access.SeePerson) != nil {
		return a.Cases.Refuses(r.Context(), by, access.SeePerson)
	}
	id, err := recordIn(r)
	if err != nil {
		return err
	}
	ctx, now := r.Context(), a.Shell.Now()
	person, err := a.People.Person(ctx, by, id)
	if err != nil {
		return err
	}
	p := knownPageData{ID: id.String(), Do: do, Form: form, May: by.May(access.Consult) == nil, Who: whoOf(person, now), Child: a.Cases.Rules.Children.IsChild(person.Identity(), now)}
	for _, f := range person.Frontier {
		p.Seen = joined(" ", p.Seen, f.String())
	}
	_, p.Disputed = person.Resuscitation()
	a.fillPlans(&p, person, r, now)
	for _, k := range []record.AlertKind{record.Allergy, record.Medicine, record.Condition, record.Pregnancy} {
		p.Statuses = append(p.Statuses, statusView{strconv.Itoa(int(k)), upperFirst(k.String()), upperFirst(person.Shown(k))})
	}
	for _, one := range person.Responsible {
		p.People = append(p.People, responsibleView{one.Fact.String(), one.Says.Name})
	}
	if err := a.fillHome(&p, r, by, person, now); err != nil {
		return err
	}
	p.Frame = a.Shell.Frame(r, by, "Known of "+person.Called())
	p.Frame.Here, p.Frame.ErrorsIn = "/worklist", !form.OK()
	p.Frame.Keys = []web.Key{web.K("F9", "Keep what is written")}
	return web.Render(w, r, status, knownPageView(p))
}

func recordIn(r *http.Request) (fact.Subject, error) {
	id, err := fact.ParseSubject(r.PathValue("id"))
	if err != nil {
		return id, refusal.New(refusal.Missing, "There is no such record here.").Because(err)
	}
	return id, nil
}

// whoOf says whose record it is.
func whoOf(p record.Person, now time.Time) web.Patient {
	id := p.Identity().Shown()
	v := web.Patient{Name: p.Called(), End: emptyEnd(), Pairs: []web.Pair{
		{Name: "Born", Value: bornWords(id, now)}, {Name: "NHS no", Value: orWords(numberWords(id), "not known"), Num: true},
		{Name: "GP practice", Value: orWords(id.Practice.Name, "not known")},
	}}
	for _, a := range p.Standing() {
		tone := "amb"
		if a.Interrupts() {
			tone = "fill"
		}
		v.Flags = append(v.Flags, web.Tag{Text: a.Label(), Tone: tone})
	}
	return v
}

func (a *App) fillPlans(p *knownPageData, person record.Person, r *http.Request, now time.Time) {
	for _, one := range person.Standing() {
		if one.Plan != nil {
			p.Plans = append(p.Plans, planOf(one, now))
		} else {
			p.Others = append(p.Others, planOf(one, now))
		}
	}
	for _, one := range person.StandingOf(record.Medicine) {
		p.Others = append(p.Others, planOf(one, now))
	}
	for i := len(person.Alerts) - 1; i >= 0 && len(p.Ended) < 50; i-- {
		if one := person.Alerts[i]; !one.Stands {
			v := planOf(one, now)
			p.Ended = append(p.Ended, endedView{v.Name, v.Text, one.Why})
		}
	}
	for _, k := range a.Cases.Rules.Plans.Kinds() {
		p.Kinds = append(p.Kinds, kindView{k.Key, k.Name, k.Clinician && !p.May})
	}
	key := r.URL.Query().Get("plan")
	if p.Do == "plan" {
		key = p.Form.Value("plan")
	}
	if k, ok := a.Cases.Rules.Plans.Kind(key); ok && (p.May || !k.Clinician) {
		p.Write, p.Next = &k, k.NextReview(now).Display()
	}
}

func (a *App) fillHome(p *knownPageData, r *http.Request, by web.Caller, person record.Person, now time.Time) error {
	home, err := a.household(r.Context(), by, person, now)
	if err != nil {
		return err
	}
	for _, one := range home.People {
		v := homeView{Says: joined(", ", orWords(one.Called, "record "+one.Person.String()[:8]), one.Relation, one.Age)}
		if one.Stated {
			v.ID = one.Person.String()
		}
		p.Home = append(p.Home, v)
	}
	p.HomeMore = home.More
	seek := p.of("link").Value("sought") // in a form's body: no name stands in an address
	if seek == "" {
		return nil
	}
	p.Seek = seek
	found, err := a.People.Find(r.Context(), by, record.QueryOf(seek, now))
	if err != nil && refusal.KindOf(err) == 0 {
		return err
	}
	for i, m := range found {
		if i < 6 && m.Person != person.Subject {
			p.Found = append(p.Found, matchOf(i, m))
		}
	}
	return nil
}

// knownFields is what the forms of the page send; each sends a part of them.
type knownFields struct {
	Seen string `form:"seen" max:"4096"`
	Do   string `form:"do" max:"20"`

	Plan     string `form:"plan" max:"40"`
	Text     string `form:"text" max:"1500" lines:"yes" label:"What to know first"`
	Decision string `form:"decision" of:"no yes form"`
	Part0    string `form:"part0" max:"1500" lines:"yes"`
	Part1    string `form:"part1" max:"1500" lines:"yes"`
	Part2    string `form:"part2" max:"1500" lines:"yes"`
	Part3    string `form:"part3" max:"1500" lines:"yes"`
	Part4    string `form:"part4" max:"1500" lines:"yes"`
	Author   string `form:"author" max:"200" label:"Who decided it"`
	As       string `form:"as" max:"100" label:"Their profession"`
	From     string `form:"from" max:"200" label:"Their organisation"`
	Signed   string `form:"signed" max:"40" label:"Signed on"`
	Review   string `form:"review" max:"40" label:"Review on"`
	Kept     string `form:"kept" max:"200" label:"Where the paper is"`
	Source   string `form:"source" of:"staff paper message caller"`
	Replaces string `form:"replaces" max:"80"`

	Which string `form:"which" max:"80" label:"Which"`
	Next  string `form:"next" max:"40" label:"Next review"`
	Said  string `form:"said" max:"1000" label:"What was found, or why it ends"`

	Kind      string `form:"kind" max:"4" label:"What"`
	Answer    string `form:"answer" of:"none unknown"`
	Substance string `form:"substance" max:"300" label:"Which"`
	Detail    string `form:"detail" max:"600" label:"Reaction, dose or words"`

	Sought   string `form:"sought" max:"200"`
	With     string `form:"with" max:"40" label:"Who"`
	Relation string `form:"relation" max:"100" label:"Relation"`
	Why      string `form:"why" max:"500" label:"Why"`

	Name     string `form:"name" max:"200" label:"Name"`
	Kin      string `form:"kin" max:"100" label:"To the child"`
	Has      string `form:"has" of:"yes no unsure"`
	Phone    string `form:"phone" max:"60" label:"Phone"`
	StatedBy string `form:"stated_by" max:"200" label:"Whose word"`
	Limits   string `form:"limits" max:"500" label:"Limits"`
}

// namesOfKnown are the names under which the verbs' fields stand on the page.
func namesOfKnown(do, field string) string {
	names := map[string]map[string]string{
		"review": {"words": "said"}, "end": {"why": "said"},
		"heard": {"text": "detail", "substance": "substance"}, "responsible": {"relation": "kin"}, "irresponsible": {"why": "why"},
	}
	if name, ok := names[do][field]; ok {
		return name
	}
	return field
}

// knownWrite does what one of the page's forms asks.
func (a *App) knownWrite(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.WritePerson); err != nil {
		return err
	}
	id, err := recordIn(r)
	if err != nil {
		return err
	}
	var f knownFields
	form, err := web.ReadForm(r, &f)
	if err != nil {
		return err
	}
	seen, err := seenIn(f.Seen)
	if err != nil {
		return err
	}
	if f.Do == "seek" {
		return a.showKnown(w, r, by, http.StatusOK, "link", form)
	}
	now := a.Shell.Now()
	signed, review, next := f.day(form, "signed", f.Signed, now), f.day(form, "review", f.Review, now), f.day(form, "next", f.Next, now)
	if form.OK() {
		if f.Do == "link" || f.Do == "unlink" {
			err = a.knownLink(r, by, id, f)
		} else {
			_, err = a.Cases.Record(r.Context(), by, id, seen, func(p record.Person, _ record.New, now time.Time) ([]fact.Draft, error) {
				return a.knownVerb(p, by, f, signed, review, next, now)
			})
		}
		for _, e := range refusal.Fields(err) {
			form.Fail(namesOfKnown(f.Do, e.Field), "", e.Sentence)
		}
	}
	if !form.OK() {
		do := f.Do
		if do == "end" {
			do = "review"
		}
		return a.showKnown(w, r, by, http.StatusUnprocessableEntity, do, form)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, knownPath(id))
}

// day reads a day that may lie ahead.
func (f knownFields) day(form *web.Form, name, typed string, now time.Time) codes.Date {
	d, err := codes.ParseDate(typed, now)
	if err != nil {
		form.Fail(name, "", err.Error())
	}
	if !d.IsZero() && d.Year < now.Year()-50 && name != "signed" {
		d.Year += 100 // "1 3 27" of a day of review is a day to come
	}
	return d
}

func (a *App) knownVerb(p record.Person, by web.Caller, f knownFields, signed, review, next codes.Date, now time.Time) ([]fact.Draft, error) {
	rules := a.Cases.Rules
	which, _ := fact.ParseID(f.Which)
	switch f.Do {
	case "plan":
		replaces, _ := fact.ParseID(f.Replaces)
		k, _ := rules.Plans.Kind(f.Plan)
		req := record.PlanRequest{
			Plan: f.Plan, Text: f.Text, Author: f.Author, As: f.As, From: f.From, Signed: signed, Review: review, Kept: f.Kept, Replaces: replaces,
			Decision: map[string]record.Decision{"no": record.DoNotAttempt, "yes": record.Attempt, "form": record.SeeForm}[f.Decision],
			Source:   map[string]record.Source{"staff": record.FromStaff, "paper": record.FromPaper, "message": record.FromMessage, "caller": record.FromCaller}[f.Source],
		}
		for i, text := range []string{f.Part0, f.Part1, f.Part2, f.Part3, f.Part4} {
			if i < len(k.Headings) && text != "" {
				req.Parts = append(req.Parts, record.PlanPart{Heading: k.Headings[i], Text: text})
			}
		}
		return record.WritePlan(p, by, rules.Plans, req, now)
	case "review":
		if f.Which == "" {
			return nil, refusal.Field("which", "Choose which one was looked at")
		}
		return record.ReviewPlan(p, by, rules.Plans, record.PlanReviewed{Plan: which, Next: next, Words: f.Said}, now)
	case "end":
		if f.Which == "" {
			return nil, refusal.Field("which", "Choose which one ends")
		}
		return record.EndAlert(p, by, record.AlertEnded{Alert: which, Why: f.Said}, now)
	case "heard":
		return heard(p, by, f, now)
	case "responsible":
		phone, err := codes.ParsePhone(f.Phone)
		if err != nil {
			return nil, refusal.Field("phone", err.Error())
		}
		return record.StateResponsibility(p, by, record.ResponsibilityStated{
			Name: f.Name, Relation: f.Kin, Has: answerOf(f.Has), Phone: phone, StatedBy: f.StatedBy, Limits: f.Limits,
		}, now)
	case "irresponsible":
		return record.EndResponsibility(p, by, record.ResponsibilityEnded{Stated: which, Why: f.Why}, now)
	}
	return nil, refusal.New(refusal.Invalid, "The form did not arrive whole. Open the page again.")
}

// heard keeps an allergy, a medicine, a condition or a pregnancy, or that
// there is none.
func heard(p record.Person, by web.Caller, f knownFields, now time.Time) ([]fact.Draft, error) {
	n, err := strconv.Atoi(f.Kind)
	if err != nil {
		return nil, refusal.Field("kind", "Choose what it is about")
	}
	kind := record.AlertKind(n)
	switch f.Answer {
	case "none":
		return record.AnswerAlert(p, by, record.AlertAnswered{Kind: kind, Answer: record.NoneKnown, Source: record.FromCaller}, now)
	case "unknown":
		return record.AnswerAlert(p, by, record.AlertAnswered{Kind: kind, Answer: record.NotKnown, Source: record.FromCaller}, now)
	}
	a := record.AlertAdded{Kind: kind, Source: record.FromCaller}
	switch kind {
	case record.Allergy:
		a.Substance, a.Reaction = f.Substance, f.Detail
	case record.Medicine:
		a.Substance, a.Text = f.Substance, f.Detail
	default:
		a.Text = joined(". ", f.Substance, f.Detail)
	}
	return record.AddAlert(p, by, a, now)
}

// knownLink links and unlinks two people of one household, on both records.
func (a *App) knownLink(r *http.Request, by web.Caller, id fact.Subject, f knownFields) error {
	other, err := fact.ParseSubject(f.With)
	if err != nil {
		return refusal.Field("with", "Choose who it is")
	}
	return a.Cases.Household(r.Context(), by, id, other, func(p, q record.Person, now time.Time) ([]fact.Draft, error) {
		if f.Do == "unlink" {
			return record.UnlinkHousehold(p, q, by, f.Why, now)
		}
		return record.LinkHousehold(p, q, by, f.Relation, record.FromCaller, now)
	})
}
