package urgentweb

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/triage/triageweb"
	"holdfast/urgent"
	"holdfast/web"
)

// newCallDraft is the half-typed call of which nothing is saved yet.
const newCallDraft = "call/new"

func callDraft(id fact.Subject) string { return "call/" + id.String() }
func callPath(id fact.Subject) string  { return "/call/" + id.String() }

// callNew shows an empty call. Nothing is saved before something is sent; what
// was typed before the browser closed is there again.
func (a *App) callNew(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.TakeCall); err != nil {
		return err
	}
	if tel := telOf(r.URL.Query().Get("tel")); a.Phone != nil && !tel.Zero() {
		return a.callFromPhone(w, r, by, tel)
	}
	v, at, ok, err := a.draftValues(r.Context(), by, newCallDraft)
	if err != nil {
		return err
	}
	p := callPage{Forms: a.Cases.Rules.Forms.All, Opened: a.Shell.Now()}
	if ok {
		p.Restored = at
		p.ID = v.Get("case")
		if ms, err := strconv.ParseInt(v.Get("opened"), 10, 64); err == nil {
			p.Opened = time.UnixMilli(ms)
		}
	}
	if _, err := fact.ParseSubject(p.ID); err != nil {
		id, err := a.Cases.NewCase()
		if err != nil {
			return err
		}
		p.ID = id.String()
	}
	return a.callShow(w, r, by, p, v, http.StatusOK)
}

// callOpen shows a call that was taken.
func (a *App) callOpen(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	p := callPage{Forms: a.Cases.Rules.Forms.All, Case: &c, ID: id.String(), Opened: c.Began.Time(), Open: r.URL.Query().Get("say")}
	v, at, ok, err := a.draftValues(r.Context(), by, callDraft(id))
	if err != nil {
		return err
	}
	if ok {
		p.Restored = at
		v = withLife(v, c)
	} else {
		v = callValues(c)
	}
	return a.callShow(w, r, by, p, v, http.StatusOK)
}

// callArrived reads the form that was sent and the case it is about: the one
// in the address, else the one that the page of a new call had drawn.
func (a *App) callArrived(r *http.Request) (f callForm, form *web.Form, id fact.Subject, err error) {
	if form, err = web.ReadForm(r, &f); err != nil {
		return f, nil, id, err
	}
	if r.PathValue("id") != "" {
		id, err = subjectIn(r)
		return f, form, id, err
	}
	if id, err = fact.ParseSubject(f.Case); err != nil {
		id, err = a.Cases.NewCase()
	}
	return f, form, id, err
}

// callSave takes the call if that was not done, saves what can be read, and
// goes where the button says. What can't be read stays on the page.
func (a *App) callSave(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	f, form, id, err := a.callArrived(r)
	if err != nil {
		return err
	}
	now := a.Shell.Now()
	h := f.hear(form, f.Do == "skip", now)
	h.Tel = a.callTel(r.Context(), by, f.Tel)
	seen, err := seenIn(f.Seen)
	if err != nil {
		return err
	}
	if h.Record.Zero() && f.Do == "temporary" {
		if h.Record, err = a.Cases.NewCase(); err != nil {
			return err
		}
	}
	person := a.callPerson(r.Context(), by, h.Record, f.Look)
	home := a.callHome(r.Context(), by, person, now)
	_, err = a.Cases.Do(r.Context(), by, access.TakeCall, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		out, err := f.save(c, by, a.Cases.Rules, h, form, person, now)
		if err != nil {
			return nil, err
		}
		more, err := a.repeatDrafts(c, by, f, person, home, now)
		return append(out, more...), err
	})
	if err != nil && !form.Take(err) {
		return err
	}
	return a.callSaved(w, r, by, id, f, form)
}

// save says everything that the form says, in one act.
func (f callForm) save(c urgent.Case, by web.Caller, rules *urgent.Rules, h callHeard, form *web.Form, person *record.Person, now time.Time) ([]fact.Draft, error) {
	out, err := callBegin(&c, by, h, now)
	if err != nil {
		return nil, err
	}
	more, err := urgent.Describe(c, by, f.description(h, form, person))
	if err != nil {
		return nil, err
	}
	out = append(out, more...)
	if f.lifeGiven() {
		c.Place = placed(c.Place, h.Place)
		if more, err = lifeCheck(c, by, rules, f.life(), now); err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	if len(h.Unread) > 0 {
		if more, err = urgent.Note(c, by, "Heard, could not be read as typed: "+strings.Join(h.Unread, "; ")); err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	if more, err = f.temporary(by, h, form, now); err != nil {
		return nil, err
	}
	out = append(out, more...)
	if more, err = f.support(c, by); err != nil {
		return nil, err
	}
	out = append(out, more...)
	if f.Do == "flags" && len(f.Flags) > 0 {
		if more, err = urgent.ReadFlags(c, by, flagIDs(f.Flags)); err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	if person != nil && (f.Do == "go" || f.Do == "skip") {
		more, err = record.NoteContact(*person, by, record.ContactNoted{Case: c.ID, Way: orWords(f.Sort, urgent.SortNew), Complaint: clipped(f.Why, record.MaxText)}, now)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// callBegin takes the call unless it was taken, and puts number and place
// where the verbs that follow in the same act find them.
func callBegin(c *urgent.Case, by web.Caller, h callHeard, now time.Time) ([]fact.Draft, error) {
	if c.Begun() {
		return tied(*c, by, h.Tel), nil
	}
	out, err := urgent.TakeCall(*c, by, h.Calling, now)
	c.Taken = &urgent.CallTaken{Calling: h.Calling}
	return append(out, tied(*c, by, h.Tel)...), err
}

// callSaved goes on. With something to mend the page comes back with
// everything that was typed.
func (a *App) callSaved(w http.ResponseWriter, r *http.Request, by web.Caller, id fact.Subject, f callForm, form *web.Form) error {
	ctx := r.Context()
	if err := a.newCallDone(ctx, by, f.Case); err != nil {
		return err
	}
	goOn := f.Do == "go" || f.Do == "skip"
	if form.OK() {
		if err := a.draftDone(ctx, by, callDraft(id), ""); err != nil {
			return err
		}
		if f.lifeGiven() && a.Cases.Rules.Judge(f.life()).Found && !goOn {
			return web.SeeOther(w, r, callPath(id)+"?say="+a.firstInstruction(ctx, by, id))
		}
		if goOn {
			return a.askBegin(w, r, by, id)
		}
		return web.SeeOther(w, r, callPath(id))
	}
	if err := a.draftKeep(ctx, by, callDraft(id), r.PostForm); err != nil {
		return err
	}
	if !goOn || r.PathValue("id") == "" {
		return web.SeeOther(w, r, callPath(id))
	}
	c, err := a.Cases.Case(ctx, by, id)
	if err != nil {
		return err
	}
	p := callPage{Forms: a.Cases.Rules.Forms.All, Case: &c, ID: id.String(), Opened: c.Began.Time(), Mend: true}
	return a.callShow(w, r, by, p, r.PostForm, http.StatusUnprocessableEntity)
}

// callPerson reads the chosen record, nil when none is chosen, when the
// patient objects, or when it can't be read: the call goes on without it, and
// its page says so.
func (a *App) callPerson(ctx context.Context, by web.Caller, id fact.Subject, look string) *record.Person {
	if id.Zero() || look == string(urgent.No) {
		return nil
	}
	p, err := a.People.Person(ctx, by, id)
	if err != nil {
		return nil
	}
	return &p
}

func flagIDs(texts []string) []fact.ID {
	var out []fact.ID
	for _, t := range texts {
		if id, err := fact.ParseID(t); err == nil {
			out = append(out, id)
		}
	}
	return out
}

// drawerID is what the address says to open, if the page has it.
func drawerID(all []triageweb.Drawer, instruction string) string {
	for _, d := range all {
		if d.Text.ID == instruction {
			return triageweb.ID(instruction)
		}
	}
	return ""
}
