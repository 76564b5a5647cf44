package urgentweb

import (
	"context"
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// repeatDrafts says what sort of contact this is and, when one goes on, that
// it is a repeat caller. c is the case as it was before this act.
func (a *App) repeatDrafts(c urgent.Case, by web.Caller, f callForm, person *record.Person, home Household, now time.Time) ([]fact.Draft, error) {
	if !c.Begun() {
		c.Taken = &urgent.CallTaken{} // taken in this act
	}
	var out []fact.Draft
	if f.Sort != "" {
		more, err := urgent.SortContact(c, by, f.Sort)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
		c.Sorts = fact.Register[urgent.ContactSorted]{Values: []fact.Stated[urgent.ContactSorted]{{Value: urgent.ContactSorted{Sort: f.Sort}}}}
	}
	if person == nil || f.Do != "go" && f.Do != "skip" {
		return out, nil
	}
	more, err := urgent.JudgeRepeat(c, by, a.Cases.Rules, earlierOf(c, *person, home, a.Cases.Rules.Repeat, now), "our records", now)
	return append(out, more...), err
}

// callHome reads the household of the chosen record; a call never waits for
// it or fails with it.
func (a *App) callHome(ctx context.Context, by web.Caller, person *record.Person, now time.Time) Household {
	if person == nil {
		return Household{}
	}
	home, err := a.household(ctx, by, *person, now)
	if err != nil {
		return Household{}
	}
	return home
}

// repeatPage is the early exit of a repeat caller.
type repeatPage struct {
	Frame  web.Frame
	ID     string
	Seen   string
	Who    web.Patient
	Needs  string
	Repeat *repeatView
	Form   *web.Form
}

// callRepeat shows the contacts before this one and where it goes.
func (a *App) callRepeat(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.showRepeat(w, r, by, http.StatusOK, nil)
}

func (a *App) showRepeat(w http.ResponseWriter, r *http.Request, by web.Caller, status int, form *web.Form) error {
	if err := by.May(access.Triage); err != nil {
		return a.Cases.Refuses(r.Context(), by, access.Triage)
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	ctx, now := r.Context(), a.Shell.Now()
	c, err := a.Cases.Case(ctx, by, id)
	if err != nil {
		return err
	}
	person, _ := a.personOf(ctx, by, c)
	home, _ := a.household(ctx, by, person, now)
	p := repeatPage{ID: id.String(), Seen: seenOf(c), Form: form, Needs: needWords(c, a.Cases.Rules), Who: a.patientBar(c, person, now)}
	p.Repeat = repeatOf(c, person, home, a.Cases.Rules, now, a.Shell.Zone())
	if p.Repeat == nil || !p.Repeat.Stands {
		return web.SeeOther(w, r, callPath(id))
	}
	p.Frame = a.Shell.Frame(r, by, "Repeat caller, call "+c.Number)
	p.Frame.Here, p.Frame.ErrorsIn = "/call", !form.OK()
	p.Frame.Keys = []web.Key{web.K("F9", "Outcome and service"), web.K("F4", "Get a clinician")}
	if p.Repeat.Plan != nil && !p.Repeat.Plan.Overdue {
		p.Frame.Keys = append(p.Frame.Keys, web.K("Alt+P", "Go on by the plan"))
	}
	return web.Render(w, r, status, repeatPageView(p))
}

// callRepeatOver goes on with the questions, by the agreed plan or for a
// reason.
func (a *App) callRepeatOver(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.Triage); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var f struct {
		Seen string `form:"seen" max:"4000"`
		Do   string `form:"do" max:"20"`
		Why  string `form:"over_why" max:"1000" label:"Why no clinician takes it first"`
	}
	form, err := web.ReadForm(r, &f)
	if err != nil {
		return err
	}
	seen, err := seenIn(f.Seen)
	if err != nil {
		return err
	}
	ctx := r.Context()
	var plan *record.Alert
	if f.Do == "plan" {
		c, err := a.Cases.Case(ctx, by, id)
		if err != nil {
			return err
		}
		person, trouble := a.personOf(ctx, by, c)
		one, ok := person.FrequentPlan()
		if !ok {
			return refusal.New(refusal.Missing, "The agreed plan is not shown any more. "+trouble)
		}
		plan = &one
	}
	if form.OK() {
		_, err = a.Cases.Do(ctx, by, access.Triage, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.OverrideRepeat(c, by, f.Why, plan, now)
		})
		for _, e := range refusal.Fields(err) {
			form.Fail("over_why", "", e.Sentence)
		}
	}
	if !form.OK() {
		return a.showRepeat(w, r, by, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return a.askBegin(w, r, by, id)
}
