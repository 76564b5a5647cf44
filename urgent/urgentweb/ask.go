package urgentweb

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/triage"
	"holdfast/triage/triageweb"
	"holdfast/urgent"
	"holdfast/web"
)

// askBegin goes from the call to its questions: those that the caller's words
// name begin at once, else a person chooses.
func (a *App) askBegin(w http.ResponseWriter, r *http.Request, by web.Caller, id fact.Subject) error {
	if by.May(access.Triage) != nil { // the page of the call says who asks
		return web.SeeOther(w, r, callPath(id))
	}
	if a.noAsking(by) != "" {
		return web.SeeOther(w, r, askPath(id))
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	_, _, under, err := a.askLoad(r.Context(), by, id)
	if err != nil {
		return err
	}
	if _, repeat := c.Repeat(); repeat && !under {
		return web.SeeOther(w, r, callPath(id)+"/repeat")
	}
	patient := c.Patient.Or(urgent.PatientDescribed{}).Identity
	found := a.matched(c.Reason.Or(""), patient.Born, patient.Sex, a.Shell.Now())
	if !under && len(found) > 0 {
		if err := a.askStart(r.Context(), by, c, found); err != nil {
			return err
		}
	}
	return web.SeeOther(w, r, askPath(id))
}

// ask shows the questions of a call, or which sets to choose from.
func (a *App) ask(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.Triage); err != nil {
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
	k, s, ok, err := a.askLoad(r.Context(), by, id)
	if a.noAsking(by) != "" && (!ok || err != nil) { // a run that is under way goes on
		return a.askNone(w, r, by, c)
	}
	if err != nil {
		return err
	}
	p := a.askPageOf(r.Context(), by, c)
	p.Adding = r.URL.Query().Has("add") || !ok
	p.Open = r.URL.Query().Get("say")
	if ok {
		a.askFill(&p, k, s, r.URL.Query().Get("q"))
	}
	if p.Adding {
		p.Sets = a.setsOf(c, s, ok)
	}
	if err := a.askRestore(r.Context(), by, &p); err != nil {
		return err
	}
	p.OpenID = drawerID(p.Drawers, p.Open)
	p.Frame = a.askFrame(r, by, p)
	p.Phone = a.phoneOn(r, by, &p.Frame, phoneAbout{Case: &c})
	return web.Render(w, r, http.StatusOK, askView(p))
}

// askRestore puts back what was typed and not yet sent.
func (a *App) askRestore(ctx context.Context, by web.Caller, p *askPage) error {
	v, _, ok, err := a.draftValues(ctx, by, askDraft(p.Case.ID))
	if err != nil || !ok {
		return err
	}
	if v.Has("words") {
		p.Words = v.Get("words")
	}
	for i := range p.Group.Asks {
		q := &p.Group.Asks[i]
		for n := range 3 {
			if at := strconv.Itoa(n); v.Get("k"+at) == q.Key {
				q.Chosen, q.Note = orWords(v.Get("q"+at), q.Chosen), orWords(v.Get("n"+at), q.Note)
			}
		}
	}
	return nil
}

// askForm is what the page of questions sends.
type askForm struct {
	Seen  string   `form:"seen" max:"4000"`
	Do    string   `form:"do" max:"20"`
	Sets  []string `form:"set" max:"80"`
	Words string   `form:"words" max:"8000" lines:"yes"`
}

// askSent takes answers, begins a run, or learns something about the call.
func (a *App) askSent(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, c, f, err := a.askArrived(r, by)
	if err != nil {
		return err
	}
	ctx := r.Context()
	k, s, ok, err := a.askLoad(ctx, by, id)
	if err != nil {
		return err
	}
	if f.Do == "again" {
		return a.askDrop(w, r, by, id, s)
	}
	if !ok {
		if len(f.Sets) == 0 {
			return web.SeeOther(w, r, askPath(id))
		}
		if err := a.askStart(ctx, by, c, f.Sets); err != nil {
			return err
		}
		return web.SeeOther(w, r, askPath(id))
	}
	k.Words = f.Words
	if err := a.askTake(r.PostForm, f, c, s); err != nil {
		return err
	}
	if err := a.askKeep(ctx, id, k, s); err != nil {
		return err
	}
	if err := a.draftDone(ctx, by, askDraft(id), ""); err != nil {
		return err
	}
	say, err := a.askAmbulance(ctx, by, c, s)
	if err != nil {
		return err
	}
	if say != "" {
		return web.SeeOther(w, r, askPath(id)+"?say="+say)
	}
	return web.SeeOther(w, r, askPath(id))
}

func (a *App) askArrived(r *http.Request, by web.Caller) (id fact.Subject, c urgent.Case, f askForm, err error) {
	if err = by.May(access.Triage); err != nil {
		return id, c, f, err
	}
	if id, err = subjectIn(r); err != nil {
		return id, c, f, err
	}
	if _, err = web.ReadForm(r, &f); err != nil {
		return id, c, f, err
	}
	c, err = a.Cases.Case(r.Context(), by, id)
	return id, c, f, err
}

// askDrop goes back to choosing, as long as nobody has been asked anything.
func (a *App) askDrop(w http.ResponseWriter, r *http.Request, by web.Caller, id fact.Subject, s *triage.Session) error {
	if s != nil && askedYet(s) {
		return refusal.New(refusal.Taken, "Questions have been answered. Add another symptom instead: nothing that was said is thrown away.")
	}
	if err := a.Drafts.DropDraft(r.Context(), askKey(id)); err != nil {
		return err
	}
	if err := a.draftDone(r.Context(), by, askDraft(id), ""); err != nil {
		return err
	}
	return web.SeeOther(w, r, askPath(id))
}

// askAdd merges another symptom into the call.
func (a *App) askAdd(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, c, f, err := a.askArrived(r, by)
	if err != nil {
		return err
	}
	k, s, ok, err := a.askLoad(r.Context(), by, id)
	if err != nil {
		return err
	}
	if !ok {
		return web.SeeOther(w, r, askPath(id))
	}
	for _, set := range f.Sets {
		if err := s.AddComplaint(set, fact.At(a.Shell.Now())); err != nil {
			return err
		}
	}
	if err := a.askKeep(r.Context(), id, k, s); err != nil {
		return err
	}
	say, err := a.askAmbulance(r.Context(), by, c, s)
	if err != nil {
		return err
	}
	if say != "" {
		return web.SeeOther(w, r, askPath(id)+"?say="+say)
	}
	return web.SeeOther(w, r, askPath(id))
}

// askFinish records the run and what it came to. When something more urgent is
// not excluded the higher bound stands.
func (a *App) askFinish(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, c, f, err := a.askArrived(r, by)
	if err != nil {
		return err
	}
	ctx := r.Context()
	k, s, ok, err := a.askLoad(ctx, by, id)
	if err != nil {
		return err
	}
	if !ok {
		return web.SeeOther(w, r, callPath(id)+"/outcome")
	}
	if f.Words != "" {
		k.Words = f.Words
	}
	if err := a.askTake(r.PostForm, f, c, s); err != nil {
		return err
	}
	if f.Do == "gone" || s.Next().Len() > 0 {
		if err := s.End(fact.At(a.Shell.Now())); err != nil {
			return err
		}
	}
	seen, err := seenIn(f.Seen)
	if err != nil {
		return err
	}
	if err := a.askRecord(ctx, by, id, seen, k, s); err != nil {
		return err
	}
	if err := a.Drafts.DropDraft(ctx, askKey(id)); err != nil {
		return err
	}
	if err := a.draftDone(ctx, by, askDraft(id), ""); err != nil {
		return err
	}
	return web.SeeOther(w, r, callPath(id)+"/outcome")
}

// setsOf lists the question sets to choose from, the likely ones chosen.
func (a *App) setsOf(c urgent.Case, s *triage.Session, under bool) []askSet {
	patient := c.Patient.Or(urgent.PatientDescribed{}).Identity
	now := a.Shell.Now()
	found := a.matched(c.Reason.Or(""), patient.Born, patient.Sex, now)
	age, sex := ageOf(patient.Born, now), sexOf(codes.Sex(patient.Sex))
	w := a.Triage.Words(triage.English)
	var have []string
	if under {
		have, found = s.Complaints(), nil
	}
	var out, last []askSet
	for _, id := range a.Triage.Complaints() {
		if slices.Contains(have, id) {
			continue
		}
		set := askSet{ID: id, Name: w.Title(id), Chosen: slices.Contains(found, id)}
		if age.Known && !a.Triage.Suits(id, age, sex) {
			set.More = "Not for this age: life threats are asked, then a clinician"
		}
		if id == triageweb.SomethingElse {
			set.Chosen = !under && len(found) == 0
			set.More = "Fits anything, and goes to a clinician"
			last = append(last, set)
			continue
		}
		out = append(out, set)
	}
	out = append(out, last...)
	for i := range out {
		if i < 9 {
			out[i].Key = strconv.Itoa(i + 1)
		}
	}
	return out
}
