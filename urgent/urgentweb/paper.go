package urgentweb

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/urgent"
	"holdfast/web"
)

// newPaperDraft is the half-typed paper of which nothing is saved yet.
const newPaperDraft = "paper/new"

// paperBody is the most that one paper with its pictures may be, in bytes.
const paperBody = 5 << 20

// paperRoutes registers the pages on which cases from paper are typed in and
// checked.
func (a *App) paperRoutes(m *web.Mux) {
	m.Handle(web.Session, http.MethodGet, "/paper", a.paper)
	m.Handle(web.Session, http.MethodGet, "/paper/new", a.paperNew)
	m.Add(web.Route{Door: web.Session, Method: http.MethodPost, Pattern: "/paper/new", MaxBody: paperBody, Files: true, Lasts: 60 * time.Second}, a.paperSent)
	m.Handle(web.Session, http.MethodGet, "/paper/{id}/check", a.paperCheck)
	m.Handle(web.Session, http.MethodPost, "/paper/{id}/check", a.paperChecked)
	m.Handle(web.Session, http.MethodGet, "/paper/{id}/picture/{n}", a.paperPicture)
}

// paperPage lists what was typed in and waits for a second look.
type paperPage struct {
	Frame    web.Frame
	Rows     []urgent.Row
	Entered  *urgent.Case // the one typed in a moment ago
	Half     string       // since when one is half-typed
	MayEnter bool
	MayCheck bool
	Within   time.Duration // of being typed in
}

func (a *App) paper(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	rows, err := a.Cases.ToCheck(r.Context(), by)
	if err != nil {
		return err
	}
	p := paperPage{Frame: a.Shell.Frame(r, by, "Paper"), Rows: rows, Within: a.Cases.Rules.Paper.Check, MayEnter: by.May(access.EnterPaper) == nil, MayCheck: by.May(access.CheckPaper) == nil}
	p.Frame.Keys = []web.Key{web.K("J K", "Row"), web.K("Enter", "Open"), web.K("N", "Enter a paper")}
	if id, err := fact.ParseSubject(r.URL.Query().Get("entered")); err == nil {
		c, err := a.Cases.Case(r.Context(), by, id)
		if err != nil {
			return err
		}
		p.Entered = &c
	}
	if _, at, ok, err := a.draftValues(r.Context(), by, newPaperDraft); err != nil {
		return err
	} else if ok {
		p.Half = web.ClockWords(at, p.Frame.Now, p.Frame.Zone)
	}
	return web.Render(w, r, http.StatusOK, paperView(p))
}

// paperNewPage is the form.
type paperNewPage struct {
	Frame    web.Frame
	ID       string
	Form     *web.Form
	Restored string
	Rules    urgent.PaperRules
	Outcomes []web.Option
	Codes    []web.Option
	Days     []web.Option
}

func (a *App) paperNew(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.EnterPaper); err != nil {
		return err
	}
	v, at, ok, err := a.draftValues(r.Context(), by, newPaperDraft)
	if err != nil {
		return err
	}
	p := paperNewPage{Form: web.NewForm(url.Values{"day": {codes.DateOf(a.Shell.Now()).Display()}})}
	if ok {
		p.Form, p.ID = web.NewForm(v), v.Get("case")
		p.Restored = web.ClockWords(at, a.Shell.Now(), a.Shell.Zone())
	}
	return a.paperShow(w, r, by, p, http.StatusOK)
}

func (a *App) paperShow(w http.ResponseWriter, r *http.Request, by web.Caller, p paperNewPage, status int) error {
	p.Frame = a.Shell.Frame(r, by, "Enter a case from paper")
	p.Frame.Here, p.Frame.ErrorsIn = "/paper", status != http.StatusOK
	p.Frame.Keys = []web.Key{web.K("Ctrl+Enter", "Save")}
	p.Rules, p.Outcomes, p.Codes, p.Days = a.Cases.Rules.Paper, outcomeOptions(a.Cases.Rules), codeOptions(a.Cases.Rules), dayOptions(p.Frame.Now, p.Frame.Zone)
	p.Outcomes[0].Text = "It did not end on paper"
	if _, err := fact.ParseSubject(p.ID); err != nil {
		id, err := a.Cases.NewCase()
		if err != nil {
			return err
		}
		p.ID = id.String()
	}
	return web.Render(w, r, status, paperNewView(p))
}

func (a *App) paperSent(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.EnterPaper); err != nil {
		return err
	}
	if err := web.ReadUpload(r, paperBody); err != nil {
		return err
	}
	var f paperForm
	form, err := web.ReadForm(r, &f)
	if err != nil {
		return err
	}
	id, err := fact.ParseSubject(f.Case)
	if err != nil {
		if id, err = a.Cases.NewCase(); err != nil {
			return err
		}
	}
	in := f.read(form, a.Shell.Now())
	for _, p := range form.Pictures(r, "pictures", "Pictures of the paper") {
		in.Pictures = append(in.Pictures, fact.Blob{Media: p.Media, Bytes: p.Bytes})
	}
	if form.OK() {
		err = a.Cases.EnterPaper(r.Context(), by, id, in)
		form.Take(err)
	}
	if !form.OK() {
		if err := a.draftKeep(r.Context(), by, newPaperDraft, r.PostForm); err != nil {
			return err
		}
		return a.paperShow(w, r, by, paperNewPage{ID: id.String(), Form: form}, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	if err := a.draftDone(r.Context(), by, newPaperDraft, f.Case); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/paper?entered="+id.String())
}

// paperCheckPage is what was typed in beside the pictures of the paper.
type paperCheckPage struct {
	Frame    web.Frame
	ID       string
	Seen     string
	C        urgent.Case
	Who      web.Patient
	Form     *web.Form
	Pages    []paperSheet
	Told     []web.Pair
	Outcome  string
	Also     []string // other cases as which the same form was entered
	Mine     bool     // typed in by who looks
	Codes    []web.Option
	NoRecord bool
}

// paperSheet is one entry from paper.
type paperSheet struct {
	About    []web.Pair
	Pictures []paperShown
}

type paperShown struct {
	Href  string
	Media string
	Name  string
}

func (a *App) paperCheck(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.paperCheckShow(w, r, by, nil, http.StatusOK)
}

func (a *App) paperCheckShow(w http.ResponseWriter, r *http.Request, by web.Caller, form *web.Form, status int) error {
	if err := a.Cases.Refuses(r.Context(), by, access.CheckPaper); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	if !c.FromPaper() {
		return refusal.New(refusal.Missing, "This case did not come from paper.")
	}
	if len(c.Paper.ToCheck()) == 0 {
		return web.SeeOther(w, r, "/case/"+id.String())
	}
	p := paperCheckPage{ID: id.String(), Seen: seenOf(c), C: c, Form: form, Frame: a.Shell.Frame(r, by, "Check against paper, case "+c.Number), Codes: codeOptions(a.Cases.Rules)}
	p.Frame.Here, p.Frame.ErrorsIn = "/paper", status != http.StatusOK
	p.Frame.Keys = []web.Key{web.K("Ctrl+Enter", "It agrees: report to the GP")}
	if p.Also, err = a.Cases.AlsoEntered(r.Context(), c); err != nil {
		return err
	}
	person, _ := a.personOf(r.Context(), by, c)
	p.Who = a.patientBar(c, person, p.Frame.Now)
	about, _ := c.Patient.Get()
	p.NoRecord = about.Record.Zero()
	for _, e := range c.Paper.ToCheck() {
		p.Mine = p.Mine || e.Typist == by.Person
	}
	n := 0
	for _, e := range c.Paper.Entered {
		sheet := paperSheet{About: a.paperAbout(e, p.Frame)}
		for range e.Pictures {
			n++
			sheet.Pictures = append(sheet.Pictures, paperShown{Href: "/paper/" + p.ID + "/picture/" + strconv.Itoa(n), Name: "Paper, picture " + strconv.Itoa(n)})
		}
		if err := a.paperMedia(r, e, sheet.Pictures); err != nil {
			return err
		}
		p.Pages = append(p.Pages, sheet)
	}
	p.Told, p.Outcome = a.paperTold(c, p.Frame)
	return web.Render(w, r, status, paperCheckView(p))
}

// paperMedia finds which of the pictures a browser can show.
func (a *App) paperMedia(r *http.Request, e urgent.PaperPage, shown []paperShown) error {
	for i, at := range e.Pictures {
		raw, err := a.Cases.Journal.Attachment(r.Context(), at)
		if err != nil {
			return err
		}
		shown[i].Media = web.PictureMedia(raw)
	}
	return nil
}

// paperAbout says who wrote the paper and who typed it in, and both times.
func (a *App) paperAbout(e urgent.PaperPage, f web.Frame) []web.Pair {
	done := ""
	for _, key := range e.What.Done {
		done = joined("; ", done, a.Cases.Rules.Paper.DoneName(key))
	}
	return []web.Pair{
		{Name: "Written by", Value: e.What.Author}, {Name: "Began, on paper", Value: web.ClockWords(e.Happened.Time(), f.Now, f.Zone)},
		{Name: "Typed in by", Value: e.What.By}, {Name: "Typed in", Value: web.ClockWords(e.Recorded.Time(), f.Now, f.Zone)},
		{Name: "Form", Value: orWords(e.What.Form, "No number")}, {Name: "Done already", Value: orWords(done, "Nothing is ticked")},
		{Name: "Could not be read", Value: orWords(e.What.Unread, "Nothing")},
	}
}

// paperTold is what was typed in, in the order of the paper.
func (a *App) paperTold(c urgent.Case, f web.Frame) (told []web.Pair, outcome string) {
	say := func(name, value string) {
		told = append(told, web.Pair{Name: name, Value: orWords(value, "Not on the paper")})
	}
	about, _ := c.Patient.Get()
	id := about.Identity
	say("Patient", id.Called())
	say("Born", id.Born.Display())
	say("NHS number", id.NHS.Format())
	say("Practice", id.Practice.Name)
	say("Number calling", shownNumber(c, c.RingBack()))
	say("Where", c.Place.Or(codes.Place{}).String())
	caller := c.Caller.Or(urgent.CallerDescribed{})
	say("Caller", joined(", ", caller.Name, caller.Relation))
	say("Why they rang", c.Reason.Or(""))
	if l, ok := c.LifeThreat(); ok {
		say("Awake, breathing, bleeding", joined(", ", orWords(string(l.Awake), "not asked"), orWords(string(l.Breathing), "not asked"), orWords(string(l.Bleeding), "not asked")))
	}
	for _, one := range c.Consultations {
		say("History", one.What.History)
		say("Examination", one.What.Examination)
		say("Working diagnosis", one.What.Diagnosis)
		say("Plan", one.What.Plan)
		say("Told to ring for", orWords(one.What.Net.Worse, one.What.Net.Why))
		say("What should happen", one.What.Net.Expect)
	}
	if set, ok := c.Outcome.Get(); ok {
		row, _ := a.Cases.Rules.Outcome(set.Outcome)
		outcome = joined(": ", row.Name, set.Detail)
		say("Outcome", outcome)
		say("The GP is asked", set.Action)
		return told, outcome
	}
	if d, ok := c.Disposition(); ok {
		say("Still needs", a.dxWords(d.What))
	}
	return told, ""
}

// paperCheckForm is how the check went.
type paperCheckForm struct {
	Seen  string `form:"seen" max:"4000"`
	Do    string `form:"do" of:"agrees differs"`
	Words string `form:"words" max:"4000" lines:"yes" label:"What differs"`
	Dx    string `form:"dx" max:"20" label:"What is needed now"`
}

// paperChecked records the check. What needs nothing more is reported to the GP
// at once.
func (a *App) paperChecked(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.CheckPaper); err != nil {
		return err
	}
	var f paperCheckForm
	form, err := web.ReadForm(r, &f)
	if err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	seen, err := seenIn(f.Seen)
	if err != nil {
		return err
	}
	ended := false
	if form.OK() {
		_, err = a.Cases.Do(r.Context(), by, access.CheckPaper, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			ended = c.Decided && f.Dx == ""
			return urgent.CheckPaper(c, by, a.Cases.Rules, urgent.PaperChecked{Agrees: f.Do == "agrees", Words: f.Words}, codes.Dx(f.Dx), now)
		})
		form.Take(err)
	}
	if !form.OK() {
		return a.paperCheckShow(w, r, by, form, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	if ended {
		return a.reportAfter(w, r, by, id)
	}
	return web.SeeOther(w, r, "/case/"+id.String())
}

// paperPicture hands out one picture of the paper.
func (a *App) paperPicture(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	var all []fact.Attachment
	for _, e := range c.Paper.Entered {
		all = slices.Concat(all, e.Pictures)
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(all) {
		return refusal.New(refusal.Missing, "There is no such picture on this case.")
	}
	raw, err := a.Cases.Journal.Attachment(r.Context(), all[n-1])
	if err != nil {
		return err
	}
	return web.ShowPicture(w, raw, "case-"+c.Number+"-paper-"+strconv.Itoa(n))
}

// tellPaper words what came from paper, and its check.
func (a *App) tellPaper(t tellers) {
	on(t, func(v urgent.PaperEntered) sentence {
		done := ""
		for _, key := range v.Done {
			done = joined("; ", done, a.Cases.Rules.Paper.DoneName(key))
		}
		more := joined(" ", ended("Written by "+v.Author), ended(done))
		if v.Unread != "" {
			more = joined(" ", more, ended("Could not be read: "+v.Unread))
		}
		return sentence{59, joined(" ", "Typed in from paper", v.Form) + ".", more, ""}
	})
	on(t, func(v urgent.PaperChecked) sentence {
		if v.Agrees {
			return sentence{59, "Compared with the paper: it agrees.", ended(v.Words), ""}
		}
		return sentence{59, "Compared with the paper: it differs.", ended(v.Words), "key"}
	})
}
