package urgentweb

import (
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/urgent"
	"holdfast/web"
)

// caseForm is what the small forms of a case hold; each page sends one of
// them.
type caseForm struct {
	Seen     string   `form:"seen" max:"4000"`
	OverWhy  string   `form:"over_why" max:"1000" label:"Why you take it over"`
	Words    string   `form:"words" max:"15000" lines:"yes" label:"Note"`
	CloseWhy string   `form:"close_why" max:"1000" label:"Why it ends here"`
	Dx       string   `form:"dx" max:"12" label:"Outcome"`
	DxWhy    string   `form:"dx_why" max:"2000" label:"Why"`
	Flags    []string `form:"flag" max:"64"`
	Record   string   `form:"record" max:"40"`

	// about an ambulance that does not come
	CancelWho  string `form:"cancel_who" max:"200" label:"Who cancelled it"`
	CancelWhy  string `form:"cancel_why" max:"1000" label:"Why they cancelled it"`
	CancelTell string `form:"cancel_tell" max:"200" label:"Who tells the patient or family"`
	Cancelled  string `form:"cancelled" max:"64"`
	ToldWhom   string `form:"told_whom" max:"200" label:"Whom you spoke to"`
	ToldPlan   string `form:"told_plan" max:"1000" label:"What happens instead"`

	Step           string `form:"step" of:"asked came none"`
	Language       string `form:"interpreter_language" max:"60" label:"Language"`
	InterpreterWhy string `form:"interpreter_why" max:"1000" label:"What was done instead"`
	OverrideWhy    string `form:"override_why" max:"1000" label:"Why the record must be seen"`
}

// caseVerb is a verb with what the form said.
type caseVerb func(f caseForm, c urgent.Case, now time.Time) ([]fact.Draft, error)

// caseAct runs a verb from a form on the case's page. What must be mended
// comes back on that page with everything typed; field is where a mistake in
// the reason stands.
func (a *App) caseAct(w http.ResponseWriter, r *http.Request, by web.Caller, act access.Act, field string, verb caseVerb) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var in caseForm
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	if form.OK() {
		_, err = a.Cases.Do(r.Context(), by, act, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return verb(in, c, now)
		})
		for _, e := range refusal.Fields(err) {
			name := e.Field
			if name == "why" {
				name = field
			}
			form.Fail(name, "", e.Sentence)
		}
	}
	if !form.OK() {
		return a.caseAgain(w, r, by, form)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/case/"+id.String())
}

// caseAgain shows the case with a form that must be mended.
func (a *App) caseAgain(w http.ResponseWriter, r *http.Request, by web.Caller, form *web.Form) error {
	page, err := a.readCase(r, by)
	if err != nil {
		return err
	}
	page.Form, page.Frame.ErrorsIn = form, true
	return web.Render(w, r, http.StatusUnprocessableEntity, caseView(page))
}

// caseClaim takes a free case; whoever is second is told who has it.
func (a *App) caseClaim(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.Claim, "", func(_ caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.Claim(c, by)
	})
}

// caseRelease gives the caller's own claim back.
func (a *App) caseRelease(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.Claim, "", func(_ caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.Release(c, by, "")
	})
}

// caseTakeOver takes the case from whoever has it, with a reason.
func (a *App) caseTakeOver(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.Claim, "over_why", func(f caseForm, c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.TakeOver(c, by, f.OverWhy, now)
	})
}

// caseNote adds a note.
func (a *App) caseNote(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.WriteNote, "", func(f caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.Note(c, by, f.Words)
	})
}

// caseClose ends the case.
func (a *App) caseClose(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.Close, "close_why", func(f caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.Close(c, by, f.CloseWhy)
	})
}

// caseDisposition changes what is needed, by hand.
func (a *App) caseDisposition(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.Dispose, "dx_why", func(f caseForm, c urgent.Case, now time.Time) ([]fact.Draft, error) {
		if f.Dx == "" {
			return nil, refusal.Field("dx", "Choose what is needed now")
		}
		return urgent.SetDisposition(c, by, a.Cases.Rules, codes.Dx(f.Dx), f.DxWhy, now)
	})
}

// caseFlags says that the alerts shown were read, all in one.
func (a *App) caseFlags(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.WriteNote, "", func(f caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		var read []fact.ID
		for _, text := range f.Flags {
			id, err := fact.ParseID(text)
			if err != nil {
				return nil, refusal.New(refusal.Invalid, "The form did not arrive whole. Open the case again.").Because(err)
			}
			read = append(read, id)
		}
		return urgent.ReadFlags(c, by, read)
	})
}
