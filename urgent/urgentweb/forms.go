package urgentweb

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// formPage is one short form: of a case, or of a call that begins with it.
type formPage struct {
	Frame   web.Frame
	Case    string // empty: the case begins with this form
	Seen    string
	Filling string
	Who     web.Patient
	Rules   urgent.ShortForm
	Form    *web.Form
	Filled  []urgent.FormFilled // earlier ones on this case
	Death   []deathView
	May     bool
}

// deathView is one statement that the patient has died.
type deathView struct {
	Says, By, Why string
	Answers       []web.Pair
}

// formSent is what every short form sends beside its own fields.
type formSent struct {
	Seen    string `form:"seen" max:"4000"`
	Filling string `form:"case" max:"40"`
	Line    string `form:"line" max:"40"`
}

func formPath(caseID, form string) string {
	if caseID == "" {
		return "/form/" + form
	}
	return "/case/" + caseID + "/form/" + form
}

func (a *App) formOf(r *http.Request) (urgent.ShortForm, error) {
	f, ok := a.Cases.Rules.Forms.Form(r.PathValue("form"))
	if !ok {
		return f, refusal.New(refusal.Missing, "There is no such form. Choose one on the page of the case.")
	}
	return f, nil
}

// shortForm shows a short form, with what was half-typed.
func (a *App) shortForm(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	act := access.SeeCase
	if r.PathValue("id") == "" {
		act = access.TakeCall
	}
	if err := a.Cases.Refuses(r.Context(), by, act); err != nil {
		return err
	}
	form, err := a.halfTyped(r.Context(), by, "form/"+r.PathValue("form")+"/"+r.PathValue("id"))
	if err != nil {
		return err
	}
	return a.shortFormShow(w, r, by, form, http.StatusOK)
}

func (a *App) shortFormShow(w http.ResponseWriter, r *http.Request, by web.Caller, form *web.Form, status int) error {
	rules, err := a.formOf(r)
	if err != nil {
		return err
	}
	p := formPage{Rules: rules, Form: form, Filling: orWords(form.Value("case"), newFilling()), Case: r.PathValue("id")}
	title := rules.Name
	if p.Case == "" {
		p.May = true
	} else {
		id, err := subjectIn(r)
		if err != nil {
			return err
		}
		c, err := a.Cases.Case(r.Context(), by, id)
		if err != nil {
			return err
		}
		person, _ := a.personOf(r.Context(), by, c)
		p.Seen, p.Who, p.May = seenOf(c), a.patientBar(c, person, a.Shell.Now()), by.May(access.WriteNote) == nil
		title += ", case " + c.Number
		for _, f := range c.Outward.Forms {
			if f.What.Form == rules.Key {
				p.Filled = append(p.Filled, f)
			}
		}
		if rules.Key == urgent.FormDeath {
			p.Death = deathsOf(c)
		}
	}
	p.Frame = a.Shell.Frame(r, by, title)
	p.Frame.Here, p.Frame.Keys = "/worklist", []web.Key{web.K("F9", "Save"), web.K("F2", "Emergency")}
	p.Frame.ErrorsIn = form != nil && !form.OK()
	return web.Render(w, r, status, shortFormView(p))
}

func deathsOf(c urgent.Case) []deathView {
	var out []deathView
	for _, v := range c.Outward.Death.Values {
		d := deathView{By: v.Value.By, Why: v.Value.Why, Says: "Died, verified"}
		switch {
		case v.Value.InError:
			d.Says = "Lives: it was said in error"
		case !v.Value.Verified:
			d.Says = "Said to have died: not verified, care goes on"
		}
		for _, one := range v.Value.Answers {
			d.Answers = append(d.Answers, web.Pair{Name: one.Asked, Value: one.Words})
		}
		out = append(out, d)
	}
	return out
}

// shortFormSent takes a short form in; one without a case begins it.
func (a *App) shortFormSent(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	act := access.WriteNote
	if r.PathValue("id") == "" {
		act = access.TakeCall
	}
	if err := a.Cases.Refuses(r.Context(), by, act); err != nil {
		return err
	}
	rules, err := a.formOf(r)
	if err != nil {
		return err
	}
	var in formSent
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	filled := urgent.Filled{Form: rules.Key, Filling: in.Filling, Values: valuesOf(rules, r.PostForm, form)}
	id, err := a.fillForm(r.Context(), by, r.PathValue("id"), in, filled, form)
	if err != nil && !form.Take(err) {
		return err
	}
	if !form.OK() {
		return a.shortFormShow(w, r, by, form, http.StatusUnprocessableEntity)
	}
	if err := a.draftDone(r.Context(), by, "form/"+rules.Key+"/"+r.PathValue("id"), in.Filling); err != nil {
		return err
	}
	if rules.Key == urgent.FormDeath && by.May(access.SendReport) == nil {
		return a.tellsTheGP(w, r, by, id)
	}
	return web.SeeOther(w, r, "/case/"+id.String())
}

// tellsTheGP writes the report on a verified death at once. Where that is
// refused, the case's page says what is missing; the death stays recorded.
func (a *App) tellsTheGP(w http.ResponseWriter, r *http.Request, by web.Caller, id fact.Subject) error {
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	if c.Died() {
		if err := a.reportAfter(w, r, by, id); refusal.KindOf(err) == 0 {
			return err
		}
	}
	return web.SeeOther(w, r, "/case/"+id.String())
}

// mostWords is the most characters of one answer in a short form.
const mostWords = 2000

// valuesOf takes the answers of this form's own questions; what is too long is
// said, and stays as it was typed.
func valuesOf(f urgent.ShortForm, posted url.Values, form *web.Form) map[string][]string {
	out := map[string][]string{}
	for _, q := range f.Fields {
		for _, v := range posted[q.Name] {
			if len([]rune(v)) > mostWords {
				form.Fail(q.Name, q.Words, "At most 2,000 characters: put the rest into a note")
			}
			out[q.Name] = append(out[q.Name], strings.ToValidUTF8(v, "�"))
		}
	}
	return out
}

func (a *App) fillForm(ctx context.Context, by web.Caller, caseID string, in formSent, filled urgent.Filled, form *web.Form) (id fact.Subject, err error) {
	if !form.OK() {
		return id, nil
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return id, err
	}
	act := access.WriteNote
	if caseID == "" {
		act, seen = access.TakeCall, nil
		if id, err = subjectOfFilling(in.Filling); err != nil {
			return id, err
		}
	} else if id, err = fact.ParseSubject(caseID); err != nil {
		return id, refusal.New(refusal.Missing, "There is no such case here.").Because(err)
	}
	_, err = a.Cases.Do(ctx, by, act, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		if c.Begun() || caseID != "" {
			return urgent.FillForm(c, by, a.Cases.Rules, filled, now)
		}
		line, err := codes.ParsePhone(in.Line)
		if err != nil {
			return nil, refusal.Field("line", sayOf(err))
		}
		return urgent.BeginWithForm(c, by, a.Cases.Rules, line, filled, now)
	})
	return id, err
}

// subjectOfFilling names the case that begins with a form: by the filling, so
// that pressed twice it is one case.
func subjectOfFilling(filling string) (fact.Subject, error) {
	id, err := fact.ParseSubject(filling)
	if err != nil || id.Zero() {
		return id, refusal.New(refusal.Invalid, "The form did not arrive whole. Open it again.")
	}
	return id, nil
}

// deathInError takes back that the patient has died.
func (a *App) deathInError(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.WriteNote, "close_why", func(f caseForm, c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.DeathInError(c, by, a.Cases.Rules, f.CloseWhy, now)
	})
}

// wrongPage is the page on which a case is moved to the right patient.
type wrongPage struct {
	Frame web.Frame
	ID    string
	Seen  string
	C     urgent.Case
	Who   web.Patient
	Form  *web.Form
	Told  []string
	Found []record.Match
	None  bool // looked for, and nobody found

	Filling string
}

// wrongForm is what it sends.
type wrongForm struct {
	Seen     string `form:"seen" max:"4000"`
	Filling  string `form:"case" max:"40"`
	First    string `form:"first" max:"80" label:"First names"`
	Last     string `form:"last" max:"80" label:"Last name"`
	Born     string `form:"born" max:"20" label:"Born"`
	NHS      string `form:"nhs" max:"20" label:"NHS number"`
	Practice string `form:"practice" max:"120" label:"GP practice"`
	ODS      string `form:"ods" max:"12" label:"Practice code"`
	Record   string `form:"record" max:"40"`
	Why      string `form:"why" max:"1000" label:"Why"`
	Do       string `form:"do" of:"find move"`
}

// wrongPatient shows who the case stands under, and asks who it is about.
func (a *App) wrongPatient(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	form, err := a.halfTyped(r.Context(), by, "wrong/"+r.PathValue("id"))
	if err != nil {
		return err
	}
	return a.wrongShow(w, r, by, form, nil, http.StatusOK)
}

func (a *App) wrongShow(w http.ResponseWriter, r *http.Request, by web.Caller, form *web.Form, found []record.Match, status int) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	p := wrongPage{Filling: orWords(form.Value("case"), newFilling()), ID: id.String(), Seen: seenOf(c), C: c, Form: form, Found: found, None: form.Value("do") == "find" && form.OK() && len(found) == 0}
	person, _ := a.personOf(r.Context(), by, c)
	p.Who = a.patientBar(c, person, a.Shell.Now())
	for _, one := range c.Reports {
		if state := c.ReportState(one); state != urgent.ReportWithdrawn {
			p.Told = append(p.Told, orWords(partyName(one.What.Report.To), "the practice")+": "+string(state))
		}
	}
	p.Frame = a.Shell.Frame(r, by, "Filed under the wrong patient, case "+c.Number)
	p.Frame.Here, p.Frame.ErrorsIn = "/worklist", form != nil && !form.OK()
	return web.Render(w, r, status, wrongView(p))
}

// wrongSent looks for the right patient, or moves the case to them.
func (a *App) wrongSent(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.WriteNote); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var in wrongForm
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	to := a.rightPatient(r.Context(), by, in, form)
	if in.Do == "find" && form.OK() {
		found, err := a.People.Find(r.Context(), by, record.Query{Family: in.Last, Given: in.First, Born: to.Identity.Born, Number: in.NHS})
		if err != nil {
			return err
		}
		return a.wrongShow(w, r, by, form, found, http.StatusOK)
	}
	if form.OK() {
		_, err = a.Cases.Do(r.Context(), by, access.WriteNote, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.MoveToPatient(c, by, a.Cases.Rules, a.Us, to, now)
		})
		if err != nil && !form.Take(err) {
			return err
		}
	}
	if !form.OK() {
		return a.wrongShow(w, r, by, form, nil, http.StatusUnprocessableEntity)
	}
	if err := a.draftDone(r.Context(), by, "wrong/"+id.String(), in.Filling); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/case/"+id.String())
}

// rightPatient reads who the case is about: a record that was chosen, else as
// typed.
func (a *App) rightPatient(ctx context.Context, by web.Caller, in wrongForm, form *web.Form) urgent.RightPatient {
	out := urgent.RightPatient{Why: in.Why}
	if in.Record != "" {
		about, err := fact.ParseSubject(in.Record)
		if err != nil {
			form.Fail("record", "", "Choose one of these people again")
			return out
		}
		p, err := a.People.Person(ctx, by, about)
		if err != nil {
			form.Fail("record", "", "Their record can’t be shown: "+sayOf(err))
			return out
		}
		out.Record, out.Identity = about, p.Identity()
		return out
	}
	id := record.Identity{Name: record.Name{Given: in.First, Family: in.Last}, Practice: record.Practice{Name: in.Practice, ODS: codes.ODS(strings.ToUpper(in.ODS))}}
	if in.ODS != "" && !id.Practice.ODS.Sound() {
		form.Fail("ods", "Practice code", "A practice code is a letter and five digits, such as A12345")
	}
	var err error
	if in.Born != "" {
		if id.Born, err = codes.ParseBirthDate(in.Born, a.Shell.Now()); err != nil {
			form.Fail("born", "Born", sayOf(err))
		}
	}
	if id.NHS, err = codes.ParseNHSNumber(in.NHS); err != nil {
		form.Fail("nhs", "NHS number", sayOf(err))
	}
	out.Identity = id
	return out
}
