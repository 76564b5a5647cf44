package urgentweb

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// apartForm is how a person says which of several values stands.
type apartForm struct {
	Seen   string `form:"seen" max:"4000"`
	Kind   int64  `form:"kind"`
	Part   string `form:"part" max:"40"`
	Choice string `form:"choice" max:"120" label:"Which one stands"`
	Why    string `form:"why" max:"2000" label:"Why"`
	Back   string `form:"back" max:"40"`
}

// apartView is one disagreement, ready to be shown with its form.
type apartView struct {
	ID, Subject, Seen, Back string
	Kind, Part              string
	What, Called            string
	Shown, Stops, Who       string
	Values                  []apartValue
	Also                    []fact.Choice
	May                     bool // this caller may settle it
	ByTask                  bool // it is settled on the list of tasks
	Choice, Why             string
	ChoiceError, WhyError   string
	Key                     string
	Since                   time.Time
	List                    string
}

// apartValue is one side: what was said, by whom, when and on which device.
type apartValue struct{ Text, By, Choice string }

// apartPage is the list of all that waits for a person, or what waits on one
// subject.
type apartPage struct {
	Frame web.Frame
	Title string
	All   []apartView
}

// apart lists what was written apart and waits for a person.
func (a *App) apart(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	all, err := a.Cases.Apart(r.Context(), by)
	if err != nil {
		return err
	}
	p := apartPage{Title: "To settle"}
	if p.All, err = a.apartViews(r, by, all, nil, ""); err != nil {
		return err
	}
	p.Frame = a.Shell.Frame(r, by, p.Title)
	p.Frame.Here, p.Frame.Keys = "/tasks", []web.Key{web.K("J K", "Row"), web.K("Enter", "Look and settle")}
	if by.Role == access.Administrator {
		p.Frame.Here = "/apart"
	}
	return web.Render(w, r, http.StatusOK, apartListView(p))
}

// apartOne shows what waits on one subject, every value beside the others.
func (a *App) apartOne(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.apartShow(w, r, by, http.StatusOK, apartForm{Back: r.URL.Query().Get("back")}, nil)
}

func (a *App) apartShow(w http.ResponseWriter, r *http.Request, by web.Caller, status int, in apartForm, form *web.Form) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	all, seen, err := a.Cases.ApartOf(r.Context(), by, id)
	if err != nil {
		return err
	}
	p := apartPage{Title: "Settled: nothing disagrees here"}
	if len(all) > 0 {
		p.Title = upperFirst(all[0].Called) + ": to settle"
	}
	if p.All, err = a.apartViews(r, by, all, seen, in.Back); err != nil {
		return err
	}
	for i := range p.All {
		v := &p.All[i]
		if !form.OK() && v.Kind == strconv.FormatInt(in.Kind, 10) && v.Part == in.Part {
			v.Choice, v.Why, v.ChoiceError, v.WhyError = in.Choice, in.Why, form.Error("choice"), form.Error("why")
		}
	}
	p.Frame = a.Shell.Frame(r, by, p.Title)
	p.Frame.Here, p.Frame.ErrorsIn, p.Frame.Keys = "/tasks", !form.OK(), []web.Key{web.K("D", "Settle the first")}
	return web.Render(w, r, status, apartOneView(p))
}

// apartSettle states which value stands. What must be mended comes back with
// everything typed.
func (a *App) apartSettle(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var in apartForm
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	if in.Choice == "" {
		form.Fail("choice", "Which one stands", "Choose which one stands. Nothing was saved.")
	}
	if form.OK() {
		req := fact.Settling{Matter: fact.Matter{Kind: uint32(in.Kind), Part: in.Part}, Choice: in.Choice, Why: in.Why}
		err = a.Cases.Settle(r.Context(), by, id, seen, req)
		if err != nil && !form.Take(err) {
			return err
		}
	}
	if !form.OK() {
		return a.apartShow(w, r, by, http.StatusUnprocessableEntity, in, form)
	}
	if back, err := fact.ParseSubject(in.Back); err == nil {
		return web.SeeOther(w, r, "/case/"+back.String())
	}
	return web.SeeOther(w, r, "/apart/"+id.String())
}

// apartOfCase lists what waits on a case and on the one record it is linked
// to, for the page of the case.
func (a *App) apartOfCase(r *http.Request, by web.Caller, c urgent.Case, h fact.History) ([]apartView, error) {
	out, err := a.apartViews(r, by, urgentdb.Waiting(c.ID, h, a.Cases.Rules), h.Frontier(), c.ID.String())
	if err != nil {
		return nil, err
	}
	p, ok := c.Patient.Get()
	if !ok || p.Record.Zero() || !c.MayView() {
		return keyed(out), nil
	}
	of, err := a.Cases.Journal.History(r.Context(), p.Record)
	if err != nil {
		return nil, err
	}
	more, err := a.apartViews(r, by, urgentdb.Waiting(p.Record, of, a.Cases.Rules), of.Frontier(), c.ID.String())
	return keyed(append(more, out...)), err
}

// keyed gives the first one its key.
func keyed(all []apartView) []apartView {
	for i := range all {
		all[i].Key = ""
		if i == 0 {
			all[i].Key = "D"
		}
	}
	return all
}

// apartViews words disagreements; of the task's own kinds the list of tasks
// has the buttons.
func (a *App) apartViews(r *http.Request, by web.Caller, all []urgentdb.Apart, seen []fact.ID, back string) ([]apartView, error) {
	if len(all) == 0 {
		return nil, nil
	}
	where, err := a.Cases.Where(r.Context())
	if err != nil {
		return nil, err
	}
	now, zone := a.Shell.Now(), a.Shell.Zone()
	var out []apartView
	for i, d := range all {
		v := apartView{
			ID: "apart-" + d.Subject.String()[:8] + "-" + strconv.Itoa(i), Subject: d.Subject.String(), Seen: seenOf(urgent.Case{Frontier: seen}), Back: back,
			Kind: strconv.FormatUint(uint64(d.Matter.Kind), 10), Part: d.Matter.Part, What: d.What, Called: d.Called,
			Shown: d.Join.Shown, Stops: d.Join.Stops, Who: d.WhoSettles(), Also: d.Also, Since: d.Since(), List: d.Join.List,
			May: d.Join.MaySettle(string(by.Role)) && by.May(access.SettleApart) == nil, ByTask: d.Sort == urgentdb.AboutTask,
		}
		for _, value := range d.Values {
			v.Values = append(v.Values, apartValue{Text: value.Text, By: a.saidBy(value, where, now, zone), Choice: value.Choice})
		}
		out = append(out, v)
	}
	return keyed(out), nil
}

// saidBy says who wrote a value, when, and on which device.
func (a *App) saidBy(v fact.Value, where func(fact.FeedID) string, now time.Time, zone *time.Location) string {
	who := a.personWords(fact.Fact{Body: fact.Body{Person: v.Person, Role: v.Role}})
	device := where(v.Feed)
	if v.Person.Zero() {
		who = "a device, by itself"
	}
	return joined(", ", who, web.ClockWords(v.At.Time(), now, zone), joinedBefore("on ", orWords(device, "a device not named here")))
}

// words gives all the values in one line, for a row.
func (v apartView) words() string {
	var all []string
	for _, one := range v.Values {
		all = append(all, one.Text)
	}
	slices.Sort(all)
	return strings.Join(all, " / ")
}

// href is where one looks and settles.
func (v apartView) href() string {
	if v.ByTask {
		return "/tasks#t-" + v.Subject
	}
	return "/apart/" + v.Subject
}
