package urgentweb

import (
	"net/http"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// consultPage is everything that the consultation shows.
type consultPage struct {
	Frame    web.Frame
	ID       string
	Seen     string
	C        urgent.Case
	Who      web.Patient
	Form     *web.Form
	Filling  string // names this filling-in, so that a late draft is not kept
	Restored string // when what is half-typed was kept
	Mine     bool
	Holder   string
	News     newsView
	Outcomes []web.Option
	Days     []web.Option
	Alerts   []alertLine
	Trouble  string
	Sent     []sentView
	Asked    []askedRun
	AskNews  bool // pregnancy bears on the score
}

// consult shows the form, with what was half-typed.
func (a *App) consult(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.Consult); err != nil {
		return err
	}
	page, _, err := a.readConsult(r, by)
	if err != nil {
		return err
	}
	values, at, ok, err := a.draftValues(r.Context(), by, "consult/"+page.ID)
	if err != nil {
		return err
	}
	page.Form = web.NewForm(consultFirst(page.C, by))
	if ok {
		page.Form = web.NewForm(values)
		page.Restored = web.ClockWords(at, page.Frame.Now, page.Frame.Zone)
	}
	return web.Render(w, r, http.StatusOK, consultView(page))
}

// consultSent takes the form: to begin, to work out the score, or to finish.
func (a *App) consultSent(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in consultForm
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	switch in.Do {
	case "start":
		return a.consultStart(w, r, by, in)
	case "finish":
		return a.consultFinish(w, r, by, in, form)
	}
	return a.consultShow(w, r, by, in, form, http.StatusOK)
}

func (a *App) consultStart(w http.ResponseWriter, r *http.Request, by web.Caller, in consultForm) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	_, err = a.Cases.Do(r.Context(), by, access.Consult, id, seen, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.StartConsultation(c, by, orWords(in.Mode, "phone"))
	})
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/case/"+id.String()+"/consult")
}

// consultShow gives the form back with everything typed and the score of what
// was measured so far.
func (a *App) consultShow(w http.ResponseWriter, r *http.Request, by web.Caller, in consultForm, form *web.Form, status int) error {
	if err := by.May(access.Consult); err != nil {
		return err
	}
	page, who, err := a.readConsult(r, by)
	if err != nil {
		return err
	}
	if err := a.draftKeep(r.Context(), by, "consult/"+page.ID, r.PostForm); err != nil {
		return err
	}
	obs := in.obs(form)
	page.Form, page.News = form, a.newsOf(obs, who, form, page.Frame.Now)
	if !form.OK() {
		status, page.Frame.ErrorsIn = http.StatusUnprocessableEntity, true
	}
	return web.Render(w, r, status, consultView(page))
}

// consultFinish records the consultation with its outcome as one act, writes
// the report to the GP, and shows it.
func (a *App) consultFinish(w http.ResponseWriter, r *http.Request, by web.Caller, in consultForm, form *web.Form) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	obs := in.obs(form)
	if in.Action == "" {
		row, _ := a.Cases.Rules.Outcome(in.Outcome)
		in.Action = row.Action
		r.PostForm.Set("gp_action", row.Action)
	}
	if form.OK() {
		_, err = a.Cases.Do(r.Context(), by, access.Consult, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			if news := a.newsOf(obs, identityOf(c), form, now); form.OK() {
				finish := in.finish(obs, news)
				out, err := urgent.FinishConsultation(c, by, a.Cases.Rules, finish, now)
				if err != nil {
					return nil, err
				}
				more, err := urgent.AnswerConsultation(c, by, a.Cases.Rules, finish, a.Us, triageTexts{a.Triage}, now)
				return append(out, more...), err
			}
			return nil, nil
		})
		form.Take(err)
	}
	if !form.OK() {
		return a.consultShow(w, r, by, in, form, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	if err := a.draftDone(r.Context(), by, "consult/"+id.String(), in.Case); err != nil {
		return err
	}
	return a.reportAfter(w, r, by, id)
}

// reportAfter writes the report; where that is refused the case's page says
// what is missing, and the consultation stays recorded.
func (a *App) reportAfter(w http.ResponseWriter, r *http.Request, by web.Caller, id fact.Subject) error {
	_, err := a.Cases.Do(r.Context(), by, access.SendReport, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.MakeReport(c, by, a.Cases.Rules, a.Us, now)
	})
	if err != nil {
		return err
	}
	if err := a.sendsItself(r.Context(), by, id); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/case/"+id.String()+"/report")
}

func (a *App) readConsult(r *http.Request, by web.Caller) (consultPage, record.Identity, error) {
	ctx, now, zone := r.Context(), a.Shell.Now(), a.Shell.Zone()
	id, err := subjectIn(r)
	if err != nil {
		return consultPage{}, record.Identity{}, err
	}
	c, err := a.Cases.Case(ctx, by, id)
	if err != nil {
		return consultPage{}, record.Identity{}, err
	}
	person, trouble := a.personOf(ctx, by, c)
	who := identityOf(c)
	p := consultPage{
		ID: id.String(), Seen: seenOf(c), C: c, Mine: c.HeldBy(by.Person), Trouble: trouble,
		Filling: id.String() + "-" + strconv.Itoa(len(c.Consultations)), Asked: a.askedOf(c, now, zone),
		Outcomes: outcomeOptions(a.Cases.Rules), Days: dayOptions(now, zone), AskNews: who.Sex != codes.Male,
	}
	for _, claim := range c.Claims {
		p.Holder = claim.By + ", since " + web.ClockWords(claim.At.Time(), now, zone)
	}
	p.Who = a.patientBar(c, person, now)
	p.Alerts, _ = alertsOf(c, person, now)
	if p.Sent, err = a.sentOf(ctx, c, now, zone); err != nil {
		return consultPage{}, record.Identity{}, err
	}
	p.Frame = a.Shell.Frame(r, by, "Consultation, case "+c.Number)
	p.Frame.Here = "/worklist"
	p.Frame.Keys = []web.Key{web.K("1 2 3 4 5 6 7", "Section, when not typing"), web.K("O", "Work out NEWS2"), web.K("Ctrl+Enter", "Finish"), web.K("Esc", "Leave a field")}
	return p, who, nil
}

// identityOf is the patient as stated on the case.
func identityOf(c urgent.Case) record.Identity {
	about, _ := c.Patient.Get()
	return about.Identity
}

func outcomeOptions(r *urgent.Rules) []web.Option {
	out := []web.Option{{Value: "", Text: "Choose"}}
	for _, o := range r.Outcomes {
		out = append(out, web.Option{Value: o.Key, Text: o.Name})
	}
	return out
}

// daysAhead is how far ahead a GP can be asked to act by a list.
const daysAhead = 21

// dayOptions are the days by which a GP may be asked to act.
func dayOptions(now time.Time, zone *time.Location) []web.Option {
	out := []web.Option{{Value: "", Text: "Nothing asked"}}
	today := codes.DateOf(now)
	for n := range daysAhead {
		d := today.Add(n)
		out = append(out, web.Option{Value: d.String(), Text: dayWords(codes.LondonTime(d, 12*60, false), zone)})
	}
	return out
}
