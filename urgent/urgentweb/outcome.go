package urgentweb

import (
	"context"
	"net/http"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/directory"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/task"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/web"
)

func outcomePath(id fact.Subject) string { return callPath(id) + "/outcome" }

// outcome shows what is needed by when and why, and who can do it.
func (a *App) outcome(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	return a.outcomeShow(w, r, by, id, nil, http.StatusOK)
}

func (a *App) outcomeShow(w http.ResponseWriter, r *http.Request, by web.Caller, id fact.Subject, form *web.Form, status int) error {
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	another := form != nil || r.URL.Query().Has("another")
	p, err := a.outcomePageOf(r.Context(), by, c, form, another)
	if err != nil {
		return err
	}
	p.Frame = a.outcomeFrame(r, by, p)
	return web.Render(w, r, status, outcomeView(p))
}

// outcomeForm is what the page of outcome and service sends.
type outcomeForm struct {
	Seen       string   `form:"seen" max:"4000"`
	Service    string   `form:"service" max:"40"`
	PassedOver string   `form:"passed-over" max:"200" label:"Passing over number 1"`
	Said       []string `form:"said" max:"600"`
	Dx         string   `form:"dx" max:"12" label:"Outcome"`
	Why        string   `form:"why" max:"600" label:"Why"`
}

func (a *App) outcomeArrived(r *http.Request) (id fact.Subject, f outcomeForm, form *web.Form, seen []fact.ID, err error) {
	if id, err = subjectIn(r); err != nil {
		return id, f, nil, nil, err
	}
	if form, err = web.ReadForm(r, &f); err != nil {
		return id, f, nil, nil, err
	}
	seen, err = seenIn(f.Seen)
	return id, f, form, seen, err
}

// outcomeChange sets the outcome by hand. Only a clinician lowers it, and says
// why.
func (a *App) outcomeChange(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.Dispose); err != nil {
		return err
	}
	id, f, form, seen, err := a.outcomeArrived(r)
	if err != nil {
		return err
	}
	dx, err := codes.ParseDx(f.Dx)
	if err != nil || dx == "" {
		form.Fail("dx", "Outcome", "Choose the outcome")
		return a.outcomeShow(w, r, by, id, form, http.StatusUnprocessableEntity)
	}
	_, err = a.Cases.Do(r.Context(), by, access.Dispose, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.SetDisposition(c, by, a.Cases.Rules, dx, f.Why, now)
	})
	if form.Take(err) {
		return a.outcomeShow(w, r, by, id, form, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, outcomePath(id))
}

// outcomeRefer chooses a service and sends the case there, as one act.
func (a *App) outcomeRefer(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.Refer); err != nil {
		return err
	}
	id, f, form, seen, err := a.outcomeArrived(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	to, err := a.chosenOf(r.Context(), by, c, f.Service)
	if err != nil && !form.Take(err) {
		return err
	}
	if form.OK() {
		notes, err := a.recordNotes(r.Context(), c)
		if err != nil {
			return err
		}
		_, err = a.Cases.Do(r.Context(), by, access.Refer, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return a.send(c, by, to, f, notes, now)
		})
		if err != nil && !form.Take(err) {
			return err
		}
	}
	if !form.OK() {
		return a.outcomeShow(w, r, by, id, form, http.StatusUnprocessableEntity)
	}
	return web.SeeOther(w, r, outcomePath(id))
}

// chosen is a service with its place in the list as it is now.
type chosen struct {
	directory.Ranked
	Rank uint32
}

// chosenOf ranks the services anew, so that what is sent fits what is true now
// and not what an old page showed.
func (a *App) chosenOf(ctx context.Context, by web.Caller, c urgent.Case, service string) (chosen, error) {
	about, err := fact.ParseSubject(service)
	if err != nil {
		return chosen{}, refusal.Field("service", "Choose a service: 1 to 8")
	}
	all, err := a.rankedFor(ctx, by, c, a.Shell.Now())
	if err != nil {
		return chosen{}, err
	}
	for i, one := range all {
		if one.Entry.Subject != about {
			continue
		}
		if one.Blocked() {
			return chosen{}, refusal.Field("service", one.Service.Name+" can’t be chosen any more. Choose another")
		}
		return chosen{one, uint32(i + 1)}, nil
	}
	return chosen{}, refusal.Field("service", "This service is no longer listed. Choose another")
}

// rankedFor searches the directory for what the case needs.
func (a *App) rankedFor(ctx context.Context, by web.Caller, c urgent.Case, now time.Time) ([]directory.Ranked, error) {
	d, ok := c.Disposition()
	if !ok {
		return nil, nil
	}
	entries, err := a.Services.All(ctx, by)
	if err != nil {
		return nil, err
	}
	row, _ := a.Cases.Rules.Code(d.What.Dx)
	patient := c.Patient.Or(urgent.PatientDescribed{}).Identity
	need := directory.Need{
		Dx: d.What.Dx, Group: string(row.Group), Mode: string(row.Mode), Problem: d.What.SD, Born: patient.Born, Sex: patient.Sex,
		At: now, Near: c.Place.Or(codes.Place{}), Practice: patient.Practice.ODS,
	}
	if d.What.Due != 0 {
		need.Deadline = d.What.Due.Time()
	}
	return directory.Search(entries, need), nil
}

// send chooses the service, notes what was said, and prepares the referral; a
// service without a machine door becomes work for a person at once.
func (a *App) send(c urgent.Case, by web.Caller, to chosen, f outcomeForm, notes []string, now time.Time) ([]fact.Draft, error) {
	if stage := c.Stage(); stage == urgent.Sending || stage == urgent.HandedOn {
		return nil, refusal.New(refusal.Taken, "This case is on its way already. See where it stands before you send it elsewhere.")
	}
	choice := urgent.ServiceChosen{Service: to.Entry.Subject, Name: to.Service.Name, Rank: to.Rank, PassedOver: f.PassedOver, Type: string(to.Service.Type)}
	if to.Rank == 1 {
		choice.PassedOver = ""
	}
	out, err := urgent.ChooseService(c, by, choice)
	if err != nil {
		return nil, err
	}
	fresh := len(out) > 0
	more, err := saidNote(c, by, f.Said)
	if err != nil {
		return nil, err
	}
	out = append(out, more...)
	routes := routesOf(to.Service)
	switch {
	case a.ours(to.Service):
		return out, nil // it waits on our own list, where it is already
	case len(routes) == 0 && fresh:
		more, err = a.ringTask(c, by, to, now)
	case len(routes) > 0:
		ref := urgent.ReferralOf(c, by, a.Us, partyOf(to.Service, to.Door), triageTexts{a.Triage}, now)
		ref.Notes = append(ref.Notes, notes...)
		more, err = urgent.Refer(c, by, a.Cases.Rules, ref, routes, now)
	}
	return append(out, more...), err
}

// recordNotes says what of the patient's record is not settled, to go with a
// referral.
func (a *App) recordNotes(ctx context.Context, c urgent.Case) ([]string, error) {
	p, ok := c.Patient.Get()
	if !ok || p.Record.Zero() || !c.MayView() {
		return nil, nil
	}
	h, err := a.Cases.Journal.History(ctx, p.Record)
	if err != nil {
		return nil, err
	}
	return record.Fold(p.Record, h).Notes(), nil
}

func saidNote(c urgent.Case, by web.Caller, said []string) ([]fact.Draft, error) {
	if len(said) == 0 {
		return nil, nil
	}
	return urgent.Note(c, by, "Said before hanging up: "+strings.Join(said, " "))
}

// ringTask asks somebody to ring the service.
func (a *App) ringTask(c urgent.Case, by web.Caller, to chosen, now time.Time) ([]fact.Draft, error) {
	d, _ := c.Disposition()
	timer := task.TimerID(c.ID, "refer by phone "+to.Entry.Subject.String(), d.Fact)
	due := now.Add(a.Cases.Rules.Receipt)
	return task.Raise(task.Task{Subject: task.SubjectOf(timer)}, by, task.Raised{
		Timer: timer, What: task.PhoneNoRoute, List: task.Dispatch, About: c.ID, Ring: to.Service.Phone, Due: fact.At(due),
		Reason: "Ring " + to.Service.Name + ": refer case " + c.Number + ", they take no messages.",
	}, now)
}

// routesOf lists the machine doors of a service, in its order.
func routesOf(s directory.Service) []exchange.Route {
	var out []exchange.Route
	for _, d := range s.Doors {
		switch d.Route {
		case directory.RouteDirect:
			out = append(out, exchange.ByDirect)
		case directory.RouteBaRS:
			out = append(out, exchange.ByBars)
		case directory.RouteITK:
			out = append(out, exchange.ByITK)
		}
	}
	return out
}

func partyOf(s directory.Service, door directory.Door) exchange.Party {
	p := exchange.Party{ODS: s.ODS, Name: s.Name, Service: s.DoS, Phone: s.Phone}
	if door.Route != directory.RoutePhone {
		p.Endpoint = door.Endpoint
	}
	return p
}

// outcomeClose ends a case that needs nothing but the advice that was given.
func (a *App) outcomeClose(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, f, form, seen, err := a.outcomeArrived(r)
	if err != nil {
		return err
	}
	_, err = a.Cases.Do(r.Context(), by, access.Close, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		d, ok := c.Disposition()
		row, _ := a.Cases.Rules.Code(d.What.Dx)
		if !ok || row.Mode != triage.ModeSelfCare {
			return nil, refusal.New(refusal.Invalid, "Only care at home ends here. Send the case on, or ask a clinician to close it.")
		}
		out, err := saidNote(c, by, f.Said)
		if err != nil {
			return nil, err
		}
		more, err := urgent.Close(c, by, "Care at home: "+row.Name)
		return append(out, more...), err
	})
	if form.Take(err) {
		return a.outcomeShow(w, r, by, id, form, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, outcomePath(id))
}
