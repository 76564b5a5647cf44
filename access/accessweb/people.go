package accessweb

import (
	"context"
	"errors"
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// InHand is open work that one person holds: known by a number, never by whom
// it is about.
type InHand struct {
	What  string // "Case 26-118204", "Task: ring ambulance control"
	Since time.Time
	Due   time.Time // zero: none
}

// HeldBy knows the open work that people hold, wherever it is kept.
type HeldBy interface {
	// Of lists what a person holds.
	Of(ctx context.Context, person fact.Subject) ([]InHand, error)
	// GiveBack puts all of it back on its lists and says how many. It lets the
	// caller in first. What could not be given back stays with the person and
	// stays listed.
	GiveBack(ctx context.Context, by web.Caller, person fact.Subject, why string) (int, error)
}

// memberView is one member of staff: roles over time, sessions, open work.
type memberView struct {
	Frame    web.Frame
	Path     string // "/staff/…"
	Name     string
	Pairs    []web.Pair
	Grants   []grantLine
	Sessions []sessionLine
	InHand   []inHandLine
	Lists    bool // open work is known here
	Gone     bool // holds no role now and none is planned
	Form     *web.Form
	Give     []web.Option
	End      []web.Option

	Accounts  []accountLine
	Providers []web.Option // at which an account may be linked; none: nobody signs in by them
}

type grantLine struct{ Role, From, Until, State string }

type sessionLine struct{ Role, On, Until string }

type inHandLine struct{ What, Since, Due string }

func (p *Pages) registerPeople(m *web.Mux) {
	m.Handle(web.Session, http.MethodGet, "/permissions", p.permissions)
	m.Handle(web.Session, http.MethodPost, "/session/purpose", p.statePurpose)
	m.Handle(web.Session, http.MethodGet, "/staff/import", p.roster)
	m.Add(web.Route{Door: web.Session, Method: http.MethodPost, Pattern: "/staff/import", MaxBody: 512 << 10}, p.rosterSent)
	m.Handle(web.Session, http.MethodGet, "/staff/{person}", p.member)
	m.Handle(web.Session, http.MethodPost, "/staff/{person}/roles", p.changeRoles)
	m.Handle(web.Session, http.MethodPost, "/staff/{person}/leave", p.leave)
	m.Handle(web.Session, http.MethodPost, "/staff/{person}/give-back", p.giveBack)
}

func memberIn(r *http.Request) (fact.Subject, error) {
	person, err := fact.ParseSubject(r.PathValue("person"))
	if err != nil {
		return person, refusal.New(refusal.Missing, "There is no such person on the staff list.").Because(err)
	}
	return person, nil
}

func (p *Pages) member(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	person, err := memberIn(r)
	if err != nil {
		return err
	}
	return p.showMember(w, r, by, person, http.StatusOK, nil)
}

func (p *Pages) showMember(w http.ResponseWriter, r *http.Request, by web.Caller, person fact.Subject, status int, f *web.Form) error {
	s, sessions, err := p.Gate.Member(r.Context(), by, person)
	if err != nil {
		return err
	}
	now := p.Shell.Now()
	v := memberView{
		Frame: p.Shell.Frame(r, by, s.Name()), Path: "/staff/" + person.String(), Name: s.Name(), Form: f,
		Gone: s.Gone(now), Lists: p.HeldBy != nil,
		Give: []web.Option{{Value: "", Text: "None"}}, End: []web.Option{{Value: "", Text: "None"}},
	}
	v.Frame.Here, v.Frame.ErrorsIn = "/staff", !f.OK()
	d, _ := s.Details.Get()
	for _, one := range []web.Pair{{Name: "Title", Value: d.Title}, {Name: "Registration", Value: d.Registration}} {
		if one.Value == "" {
			one.Value = "not on record"
		}
		v.Pairs = append(v.Pairs, one)
	}
	for _, role := range access.Roles() {
		v.Give = append(v.Give, web.Option{Value: string(role), Text: capital(role.Title())})
	}
	for _, g := range s.Grants {
		v.Grants = append(v.Grants, p.grantLine(g, now))
		if o := (web.Option{Value: string(g.Role), Text: capital(g.Role.Title())}); !g.Over(now) && !hasOption(v.End, o) {
			v.End = append(v.End, o)
		}
	}
	for _, one := range sessions {
		v.Sessions = append(v.Sessions, p.sessionLine(one))
	}
	if p.HeldBy != nil {
		held, err := p.HeldBy.Of(r.Context(), person)
		if err != nil {
			return err
		}
		for _, one := range held {
			v.InHand = append(v.InHand, inHandLine{What: one.What, Since: p.moment(one.Since), Due: p.moment(one.Due)})
		}
	}
	v.Accounts, v.Providers = p.accountLines(s), p.providerOptions()
	return web.Render(w, r, status, memberPage(v))
}

func hasOption(all []web.Option, one web.Option) bool {
	for _, o := range all {
		if o == one {
			return true
		}
	}
	return false
}

func (p *Pages) moment(at time.Time) string {
	if at.IsZero() || at.UnixMilli() == 0 {
		return ""
	}
	return at.In(p.Shell.Zone()).Format("Mon 2 Jan 2006 15:04")
}

func (p *Pages) grantLine(g access.Grant, now time.Time) grantLine {
	line := grantLine{Role: capital(g.Role.Title()), From: "as given", Until: "until it is ended", State: "Held"}
	if g.From != 0 {
		line.From = p.moment(g.From.Time())
	}
	if g.Until != 0 {
		line.Until = p.moment(g.Until.Time())
	}
	switch {
	case g.Ended:
		line.State = "Ended"
	case g.Over(now):
		line.State = "Run out"
	case !g.In(now):
		line.State = "Planned"
	}
	return line
}

func (p *Pages) sessionLine(s accessdb.OpenSession) sessionLine {
	return sessionLine{Role: capital(s.Opened.Role.Title()), On: s.Opened.Desk, Until: p.moment(s.Opened.Until.Time())}
}

type changeForm struct {
	Give  string `form:"give" label:"Give the role" max:"40"`
	End   string `form:"end" label:"End the role" max:"40"`
	From  string `form:"from" label:"From" max:"30"`
	Until string `form:"until" label:"Last day" max:"30"`
	Why   string `form:"why" label:"Why" max:"200" need:"Say why: joins the night team, moves to the base, agency doctor for one shift"`
}

// changeRoles moves a person: gives a role, ends one, or both, now or from a
// day on.
func (p *Pages) changeRoles(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in changeForm
	return p.moving(w, r, by, &in, func(person fact.Subject, f *web.Form) error {
		c := access.Change{Give: access.Role(in.Give), End: access.Role(in.End), Why: in.Why, From: p.dayIn(f, "from", in.From, 0), Until: p.dayIn(f, "until", in.Until, 1)}
		if !f.OK() {
			return nil
		}
		return p.Gate.ChangeRoles(r.Context(), by, person, c)
	})
}

type leaveForm struct {
	At  string `form:"last" label:"Last day" max:"30"`
	Why string `form:"left" label:"Why they leave" max:"200" need:"Say why: left, contract over, long leave"`
}

// leave ends everything a person holds: now, or after a last day. What they
// hold of open work is on the page that follows.
func (p *Pages) leave(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in leaveForm
	return p.moving(w, r, by, &in, func(person fact.Subject, f *web.Form) error {
		at := p.dayIn(f, "last", in.At, 1)
		if !f.OK() {
			return nil
		}
		return p.Gate.Leave(r.Context(), by, person, at, in.Why)
	})
}

// giveBack puts what a person holds back on its lists.
func (p *Pages) giveBack(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	person, err := memberIn(r)
	if err != nil {
		return err
	}
	if p.HeldBy == nil {
		return refusal.New(refusal.Unavailable, "This machine does not know what people hold. Use a site node.")
	}
	if _, err := p.HeldBy.GiveBack(r.Context(), by, person, "Given back for somebody who has gone"); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/staff/"+person.String())
}

// moving reads a form about one person, does what it says and shows the person
// again, with what must be mended where it could not be done.
func (p *Pages) moving(w http.ResponseWriter, r *http.Request, by web.Caller, in any, do func(fact.Subject, *web.Form) error) error {
	if err := p.Gate.Enter(r.Context(), by, access.ManageStaff, fact.Subject{}); err != nil {
		return err
	}
	person, err := memberIn(r)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r, in)
	if err != nil {
		return err
	}
	if f.OK() {
		err := do(person, f)
		if err == nil && f.OK() {
			return web.SeeOther(w, r, "/staff/"+person.String())
		}
		if err != nil && !p.asMistake(f, err) {
			return err
		}
	}
	return p.showMember(w, r, by, person, http.StatusUnprocessableEntity, f)
}

// asMistake shows a verb's refusal at the form that led to it.
func (p *Pages) asMistake(f *web.Form, err error) bool {
	if f.Take(err) {
		return true
	}
	var e *refusal.Error
	if errors.As(err, &e) && (e.Kind == refusal.Taken || e.Kind == refusal.Missing || e.Kind == refusal.Forbidden) {
		f.Fail("why", "", e.Sentence)
		return true
	}
	return false
}

// dayIn reads a day of a form; after is how many days later it is over.
func (p *Pages) dayIn(f *web.Form, field, text string, after int) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := access.ReadDay(text, p.Shell.Zone())
	if err != nil {
		f.Fail(field, "", err.Error())
		return time.Time{}
	}
	return t.AddDate(0, 0, after)
}
