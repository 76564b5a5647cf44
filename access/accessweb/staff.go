package accessweb

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// staffLine is one person on the staff page.
type staffLine struct {
	Path         string // the person's own page
	Link         string // path that makes an enrolment link; empty: no role held
	Name         string
	Title        string
	Registration string
	Roles        string
	Passkeys     int
}

// madeLink is an enrolment link, shown once.
type madeLink struct{ Name, URL, Until string }

type staffView struct {
	Frame    web.Frame
	Lines    []staffLine
	Form     *web.Form
	Roles    []access.Role
	Made     *madeLink
	Passkeys bool
	Many     bool // more are on the list than are shown
	Gone     bool // a link was asked for that was shown already
	Shared   []sharedLine
	News     []string // what administrators are to know about ways in
}

func (p *Pages) staff(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showStaff(w, r, by, http.StatusOK, nil, nil)
}

func (p *Pages) showStaff(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form, made *madeLink) error {
	list, err := p.Gate.StaffList(r.Context(), by)
	many := errors.Is(err, accessdb.ErrManyStaff)
	if err != nil && !many {
		return err
	}
	v := staffView{
		Many: many, Frame: p.Shell.Frame(r, by, "Staff"), Form: f, Roles: access.Roles(), Made: made, Passkeys: p.Passkeys != nil,
		Lines: linesOf(list, p.Shell.Now()), News: newsOf(list, p.Gate.Policy.News, p.Shell.Now(), p.Shell.Zone()),
	}
	v.Gone, v.Shared = r.URL.Query().Get("link") == "gone", p.shared(list)
	if made != nil {
		v.Frame.Live = "" // nothing takes the link off the page that shows it once
	}
	v.Frame.ErrorsIn = !f.OK()
	v.Frame.Here = "/staff"
	v.Frame.Keys = []web.Key{web.K("F9", "Add the person")}
	return web.Render(w, r, status, staffPage(v))
}

func linesOf(list []accessdb.Person, now time.Time) []staffLine {
	var out []staffLine
	for _, one := range list {
		d, _ := one.Staff.Details.Get()
		line := staffLine{Path: "/staff/" + one.Person.String(), Name: one.Staff.Name(), Title: d.Title, Registration: d.Registration, Passkeys: len(one.Staff.Passkeys)}
		if said := one.Staff.Registered(); said != "" {
			line.Registration = said
		}
		var held []string
		for _, role := range access.Roles() {
			if len(one.Staff.Holds(role, now)) > 0 {
				held = append(held, role.Title())
			}
		}
		if line.Roles = strings.Join(held, ", "); len(held) > 0 {
			line.Link = "/staff/" + one.Person.String() + "/link"
		}
		out = append(out, line)
	}
	return out
}

type staffForm struct {
	Name         string   `form:"name" label:"Name" max:"80" need:"Write the name that colleagues know them by"`
	Title        string   `form:"title" label:"Title" max:"40"`
	Registration string   `form:"registration" label:"Registration" max:"40"`
	Roles        []string `form:"role" label:"Roles" need:"Choose at least one role" of:"call-handler clinician dispatcher receptionist manager clinical-governance information-governance administrator commissioner carer host-operator"`
}

// addStaff adds a person with first roles.
func (p *Pages) addStaff(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in staffForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if f.OK() {
		var roles []access.Role
		for _, one := range in.Roles {
			roles = append(roles, access.Role(one))
		}
		_, err := p.Gate.AddStaff(r.Context(), by, access.PersonAdded{Name: in.Name, Title: in.Title, Registration: in.Registration}, roles)
		if err == nil {
			return web.SeeOther(w, r, "/staff")
		}
		if !f.Take(err) {
			return err
		}
	}
	return p.showStaff(w, r, by, http.StatusUnprocessableEntity, f, nil)
}

// sharedLine is an account at a provider that is linked to several people: it
// signs in none of them until an administrator has taken the wrong links away.
type sharedLine struct {
	Provider, Account string
	People            []web.Option // their pages, and names
}

func (p *Pages) shared(list []accessdb.Person) (out []sharedLine) {
	var all []access.Staff
	for _, one := range list {
		all = append(all, one.Staff)
	}
	for _, one := range access.SharedAccounts(all) {
		l := sharedLine{Provider: p.providerTitle(one.Issuer), Account: one.Account}
		for _, s := range one.People {
			l.People = append(l.People, web.Option{Value: "/staff/" + s.Person.String(), Text: s.Name()})
		}
		out = append(out, l)
	}
	return out
}

const staffLink = "/staff/link" // the page that shows a new link, once

// shownLink shows the link that the caller has just made, this once. The same
// page read again says so.
func (p *Pages) shownLink(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if by.May(access.ManageStaff) != nil {
		return p.Gate.Enter(r.Context(), by, access.ManageStaff, fact.Subject{}) // refuses, on record
	}
	made, ok := p.Gate.TakeShown(by, staffLink)
	if !ok {
		return web.SeeOther(w, r, "/staff?link=gone")
	}
	until := made.Until.In(p.Shell.Zone()).Format("Mon 2 Jan 15:04")
	return p.showStaff(w, r, by, http.StatusOK, nil, &madeLink{made.Name, addressOf(r) + "/enrol/" + made.Token, until})
}

// makeLink makes an enrolment link, which the page it leads to shows once.
func (p *Pages) makeLink(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	person, err := fact.ParseSubject(r.PathValue("person"))
	if err != nil {
		return refusal.New(refusal.Missing, "There is no such person on the staff list.").Because(err)
	}
	list, err := p.Gate.StaffList(r.Context(), by)
	if err != nil && !errors.Is(err, accessdb.ErrManyStaff) {
		return err
	}
	for _, one := range list {
		if one.Person != person {
			continue
		}
		role, ok := one.Staff.FirstRole(p.Shell.Now())
		if !ok {
			return refusal.New(refusal.Forbidden, "This person holds no role now. Give them one first.")
		}
		token, err := p.Gate.MakeLink(r.Context(), by, person, role, access.ForPasskey, p.Gate.Policy.EnrolLink)
		if err != nil {
			return err
		}
		made := accessdb.ShownLink{Token: token, Name: one.Staff.Name(), Until: p.Shell.Now().Add(p.Gate.Policy.EnrolLink)}
		if err := p.Gate.ShowOnce(by, staffLink, made); err != nil {
			return err
		}
		return web.SeeOther(w, r, staffLink)
	}
	if err != nil {
		return err
	}
	return refusal.New(refusal.Missing, "There is no such person on the staff list.")
}

// addressOf is this device's address as the administrator's browser knows it.
func addressOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func roleClass(f *web.Form) string {
	if f.Error("role") != "" {
		return "f err"
	}
	return "f"
}

func roleHint(f *web.Form) string {
	if e := f.Error("role"); e != "" {
		return e
	}
	return "A person may hold several and works in one at a time"
}
