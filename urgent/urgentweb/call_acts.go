package urgentweb

import (
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/task"
	"holdfast/urgent"
	"holdfast/web"
)

// callEmergency requests an ambulance with whatever is there. It needs nothing
// and refuses nothing; what was typed is kept for afterwards.
func (a *App) callEmergency(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	f, _, id, err := a.callArrived(r)
	if err != nil {
		return err
	}
	e := urgent.Emergency{Calling: codes.ReceivePhone(f.Number), Place: placeOf(f.Place)}
	tel := a.callTel(r.Context(), by, f.Tel)
	_, err = a.Cases.Do(r.Context(), by, access.CallEmergency, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		if asked(c, e) {
			return nil, nil
		}
		out, err := urgent.CallAmbulance(c, by, a.Cases.Rules, e, now)
		return append(out, tied(c, by, tel)...), err
	})
	if err != nil {
		return err
	}
	if err := a.callKeep(r, by, id, f); err != nil {
		return err
	}
	return web.SeeOther(w, r, callPath(id)+"?say="+a.firstInstruction(r.Context(), by, id))
}

// asked tells whether an ambulance was requested already and this request
// would say nothing new: the key was pressed twice.
func asked(c urgent.Case, e urgent.Emergency) bool {
	n := len(c.Ambulances)
	if n == 0 {
		return false
	}
	last := c.Ambulances[n-1].What
	return (e.Place.IsZero() || e.Place == last.Place) && (!e.Calling.Present() || last.Number.Present())
}

// callKeep keeps the whole form for the call's page after a step that saved
// only a part of it.
func (a *App) callKeep(r *http.Request, by web.Caller, id fact.Subject, f callForm) error {
	if f.Case == "" { // another form of the page: what the call's own form holds stays
		return a.draftMove(r.Context(), by, id)
	}
	if err := a.newCallDone(r.Context(), by, f.Case); err != nil {
		return err
	}
	if !f.typed() {
		return nil
	}
	return a.draftKeep(r.Context(), by, callDraft(id), r.PostForm)
}

// typed tells whether the form holds more than number, place and the three
// first questions, which are saved at once.
func (f callForm) typed() bool {
	return f.Is+f.CallerName+f.Relation+f.RingBack+f.With+f.CallerPlace+f.Language+f.Interpreter+f.First+f.Last+f.Born+f.Sex+
		f.NHS+f.Practice+f.Look+f.Record+f.Why+f.Ring+f.Text+f.Voicemail+f.Tell != ""
}

// callLife records the three first questions. A threat requests the ambulance
// in the same act and opens its instruction.
func (a *App) callLife(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	f, form, id, err := a.callArrived(r)
	if err != nil {
		return err
	}
	l := f.life()
	h := callHeard{Calling: codes.ReceivePhone(f.Number), Place: placeOf(f.Place), Tel: a.callTel(r.Context(), by, f.Tel)}
	_, err = a.Cases.Do(r.Context(), by, access.CallEmergency, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		out, err := callBegin(&c, by, h, now)
		if err != nil {
			return nil, err
		}
		if !h.Place.IsZero() {
			more, err := urgent.Describe(c, by, urgent.Description{Place: &h.Place})
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
			c.Place = placed(c.Place, h.Place)
		}
		more, err := lifeCheck(c, by, a.Cases.Rules, l, now)
		return append(out, more...), err
	})
	if err != nil && !form.Take(err) {
		return err
	}
	if err := a.callKeep(r, by, id, f); err != nil {
		return err
	}
	to := callPath(id)
	if t := a.Cases.Rules.Judge(l); t.Found {
		to += "?say=" + a.firstInstruction(r.Context(), by, id)
	}
	return web.SeeOther(w, r, to)
}

// life gives the three first answers.
func (f callForm) life() urgent.LifeThreatChecked {
	return urgent.LifeThreatChecked{
		Awake: urgent.YesNo(f.Awake), Breathing: urgent.YesNo(f.Breathing), Bleeding: urgent.YesNo(f.Bleeding), WithPatient: urgent.YesNo(f.with()),
	}
}

func (f callForm) lifeGiven() bool { return f.Awake+f.Breathing+f.Bleeding != "" }

// lifeCheck records the three answers unless they were given already; who is
// with the patient is no new answer.
func lifeCheck(c urgent.Case, by web.Caller, rules *urgent.Rules, l urgent.LifeThreatChecked, now time.Time) ([]fact.Draft, error) {
	if last, asked := c.LifeThreat(); asked {
		if last == l || !rules.Judge(l).Found && last.Awake == l.Awake && last.Breathing == l.Breathing && last.Bleeding == l.Bleeding {
			return nil, nil
		}
	}
	return urgent.CheckLifeThreat(c, by, rules, l, now)
}

// placed puts a place that is said in the same act where the verbs that follow
// find it.
func placed(was fact.Register[codes.Place], now codes.Place) fact.Register[codes.Place] {
	if now.IsZero() {
		return was
	}
	return fact.Register[codes.Place]{Values: []fact.Stated[codes.Place]{{Value: now}}}
}

// callSaidNote writes down one standing sentence: what the caller found or
// will do.
func (a *App) callSaidNote(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.WriteNote); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var f struct {
		Said string `form:"said" max:"200" need:"Say what is to be written down"`
		Back string `form:"back" max:"200"`
	}
	form, err := web.ReadForm(r, &f)
	if err != nil {
		return err
	}
	if !form.OK() {
		return refusal.New(refusal.Invalid, form.Errors()[0].Say)
	}
	_, err = a.Cases.Do(r.Context(), by, access.WriteNote, id, nil, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.Note(c, by, f.Said)
	})
	if err != nil {
		return err
	}
	if !web.LocalPath(f.Back) {
		f.Back = callPath(id)
	}
	return web.SeeOther(w, r, f.Back)
}

// callClinician asks for a clinician on the line: a task before all others.
func (a *App) callClinician(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	about, err := a.Cases.NewCase()
	if err != nil {
		return err
	}
	seat := a.seatOf(r.Context(), by)
	_, err = a.Cases.Do(r.Context(), by, access.DoTask, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		if !c.Begun() {
			return nil, refusal.New(refusal.Missing, "There is no such call here.")
		}
		return task.Raise(task.Task{Subject: about}, by, task.Raised{
			What: task.Other, List: task.Clinicians, Urgent: true, About: id,
			Reason: by.Says() + " asks for a clinician on the line now, case " + c.Number + joinOn(seat) + ".",
		}, now)
	})
	if err != nil {
		return err
	}
	back := r.PostFormValue("back")
	if !web.LocalPath(back) {
		back = callPath(id)
	}
	return web.SeeOther(w, r, back)
}
