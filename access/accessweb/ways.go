package accessweb

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode/qr"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// registerWays adds the second choice, recovery, witnesses and admission for a
// shift.
func (p *Pages) registerWays(m *web.Mux) {
	m.Handle(web.Public, http.MethodPost, "/sign-in/code", p.signInByCode)
	m.Handle(web.Session, http.MethodGet, "/session/code", p.beginCode)
	m.Handle(web.Session, http.MethodPost, "/session/code", p.enrolCode)
	m.Handle(web.Session, http.MethodPost, "/session/code/drop", p.dropCode)
	if p.Passkeys == nil {
		return
	}
	m.Handle(web.Public, http.MethodGet, "/recover", p.recover)
	m.Handle(web.Public, http.MethodPost, "/recover", p.useRecovery)
	m.Handle(web.Session, http.MethodPost, "/session/recovery", p.printRecovery)
	m.Handle(web.Session, http.MethodGet, "/vouch", p.vouch)
	m.Handle(web.Session, http.MethodGet, "/vouch/link", p.vouched)
	m.Add(web.Route{Door: web.Session, Method: http.MethodPost, Pattern: "/vouch/{person}/begin", MaxBody: 64 << 10, Refuse: refuseVouch}, p.beginVouch)
	m.Add(web.Route{Door: web.Session, Method: http.MethodPost, Pattern: "/vouch/finish", MaxBody: 64 << 10, Refuse: refuseVouch}, p.finishVouch)
	m.Handle(web.Session, http.MethodGet, "/admit", p.admit)
	m.Handle(web.Session, http.MethodPost, "/admit", p.admitForShift)
	m.Handle(web.Session, http.MethodGet, admitLink, p.admitted)
}

type codeFields struct {
	Login string `form:"login" label:"Sign-in name" max:"80"`
	Code  string `form:"code" label:"Code" max:"12"`
	As    string `form:"as" label:"Work as" max:"40"`
}

// signInByCode opens a session with a password and an authenticator's code. Every
// refusal is shown at the door in the same words.
func (p *Pages) signInByCode(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	var in codeFields
	if _, err := web.ReadForm(r, &in); err != nil {
		return err
	}
	browser, err := p.browserOf(r)
	if err != nil {
		return err
	}
	token, by, err := p.Gate.SignInByCode(r.Context(), in.Login, r.PostForm.Get("password"), in.Code, access.Role(in.As), browser, p.Desk)
	if refusal.Is(err, refusal.Forbidden) && p.Gate.Policy.SecondChoice {
		return p.showDoor(w, r, http.StatusForbidden, in, sentence(err))
	}
	if err != nil {
		return err
	}
	keepBrowser(w, r, browser)
	if err := p.settle(w, r, token, by); err != nil {
		return err
	}
	return web.SeeOther(w, r, next(r))
}

// ownWays is what a person's own page says about how they come in.
type ownWays struct {
	Pairs    []web.Pair
	Code     bool
	HasCode  bool
	CodeText string
	Recovery bool
	Admit    bool
	Accounts bool // accounts at identity providers may be linked
}

func (p *Pages) waysOf(r *http.Request, by web.Caller) (ownWays, error) {
	v := ownWays{Code: p.Gate.Policy.SecondChoice, Recovery: p.Passkeys != nil && p.Gate.Policy.RecoveryCodes > 0, CodeText: "Set up password and code", Admit: by.May(access.AdmitShift) == nil}
	if by.May(access.KeepOwnWays) != nil {
		return ownWays{}, nil
	}
	s, err := p.Gate.Own(r.Context(), by)
	if err != nil {
		return v, err
	}
	v.Pairs = []web.Pair{{Name: "Passkeys", Value: strconv.Itoa(len(s.Usable())), Num: true}}
	if a, ok := s.Authenticator(); ok {
		v.HasCode, v.CodeText = true, "Change password and code"
		v.Pairs = append(v.Pairs, web.Pair{Name: "Password and code", Value: "As " + a.Login})
	} else if v.Code {
		v.Pairs = append(v.Pairs, web.Pair{Name: "Password and code", Value: "Not set up"})
	}
	if v.Recovery {
		v.Pairs = append(v.Pairs, web.Pair{Name: "Recovery codes left", Value: strconv.Itoa(s.CodesLeft()), Num: true})
	}
	p.accountsIn(&v, s)
	return v, nil
}

type codeView struct {
	Frame web.Frame
	Form  *web.Form
	QR    qrCode
	Type  string
	Least int
}

func (p *Pages) beginCode(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showCode(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showCode(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	a, err := p.Gate.BeginAuthenticator(r.Context(), by)
	if err != nil {
		return err
	}
	v := codeView{Frame: p.Shell.Frame(r, by, "Password and code"), Form: f, Type: a.Type, Least: p.Gate.Policy.PasswordLeast}
	v.Frame.Here, v.Frame.ErrorsIn, v.Frame.Keys = "/session", !f.OK(), []web.Key{web.K("F9", "Save password and code")}
	if v.QR, err = drawQR(a.URL); err != nil {
		return err
	}
	return web.Render(w, r, status, codePage(v))
}

func (p *Pages) enrolCode(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.KeepOwnWays); err != nil {
		return p.Gate.Enter(r.Context(), by, access.KeepOwnWays, fact.Subject{}) // refuses, on record
	}
	var in codeFields
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	err = p.Gate.EnrolAuthenticator(r.Context(), by, in.Login, r.PostForm.Get("password"), in.Code)
	if err == nil {
		return web.SeeOther(w, r, "/session")
	}
	if !f.Take(err) {
		return err
	}
	return p.showCode(w, r, by, http.StatusUnprocessableEntity, f)
}

func (p *Pages) dropCode(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.DropAuthenticator(r.Context(), by); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/session")
}

// printRecovery shows a new paper of recovery codes, this once.
func (p *Pages) printRecovery(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	printed, err := p.Gate.PrintRecovery(r.Context(), by)
	if err != nil {
		return err
	}
	f := p.Shell.Frame(r, by, "Recovery codes")
	f.Here, f.Live, f.Keys = "/session", "", []web.Key{web.K("F9", "I have printed it")}
	return web.Render(w, r, http.StatusOK, papersPage(f, by.Name, printed, p.Shell.Now().In(p.Shell.Zone()).Format("Mon 2 Jan 2006 15:04")))
}

func (p *Pages) recover(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	return web.Render(w, r, http.StatusOK, recoverPage(p.Shell.Outside(r, "Use a recovery code"), p.where(), nil, ""))
}

// useRecovery spends a recovery code on the page where a passkey is made.
func (p *Pages) useRecovery(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	var in struct {
		Code string `form:"code" label:"Code" max:"40" need:"Type a code from your paper"`
	}
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	says, status := "", http.StatusUnprocessableEntity
	if f.OK() {
		token, err := p.Gate.Recover(r.Context(), in.Code)
		switch {
		case err == nil:
			return web.SeeOther(w, r, "/enrol/"+token)
		case refusal.Is(err, refusal.Forbidden):
			says, status = sentence(err), http.StatusForbidden
		case !f.Take(err):
			return err
		}
	}
	return web.Render(w, r, status, recoverPage(p.Shell.Outside(r, "Use a recovery code"), p.where(), f, says))
}

type vouchView struct {
	Many  bool // more are on the staff list than could be read
	Frame web.Frame
	Lines []staffLine
}

func (p *Pages) vouch(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	list, err := p.Gate.Colleagues(r.Context(), by)
	many := errors.Is(err, accessdb.ErrManyStaff)
	if err != nil && !many {
		return err
	}
	v := vouchView{Many: many, Frame: p.Shell.Frame(r, by, "Vouch for a colleague"), Lines: linesOf(list, p.Shell.Now())}
	v.Frame.Here = "/session"
	for i, one := range list {
		v.Lines[i].Link = one.Person.String()
	}
	return web.Render(w, r, http.StatusOK, vouchPage(v))
}

func (p *Pages) beginVouch(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.VouchFor); err != nil {
		return p.Gate.Enter(r.Context(), by, access.VouchFor, fact.Subject{}) // refuses, on record
	}
	person, err := fact.ParseSubject(r.PathValue("person"))
	if err != nil {
		return refusal.New(refusal.Missing, "There is no such person on the staff list.").Because(err)
	}
	options, err := p.Passkeys.BeginWitness(r.Context(), by, person)
	if err != nil {
		return notSo(err)
	}
	return writeJSON(w, http.StatusOK, options)
}

func (p *Pages) finishVouch(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.VouchFor); err != nil {
		return p.Gate.Enter(r.Context(), by, access.VouchFor, fact.Subject{}) // refuses, on record
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if err := p.Passkeys.FinishWitness(r.Context(), by, body); err != nil {
		return notSo(err)
	}
	return writeJSON(w, http.StatusOK, goTo{"/vouch/link"})
}

// notSo tells somebody who may vouch why they may not vouch like this: it is no
// matter of their role.
func notSo(err error) error {
	if refusal.Is(err, refusal.Forbidden) || refusal.Is(err, refusal.Missing) {
		return refusal.New(refusal.Invalid, sentence(err)).Because(err)
	}
	return err
}

// refuseVouch answers the script as refuseJSON does, and sets apart who is signed
// out and who may vouch but not like this.
func refuseVouch(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusUnprocessableEntity
	switch {
	case errors.Is(err, web.ErrNoSession):
		status, err = http.StatusUnauthorized, refusal.New(refusal.Forbidden, "You are signed out. Sign in again.")
	case !refusal.Is(err, refusal.Invalid):
		refuseJSON(w, r, err)
		return
	}
	if e := writeJSON(w, status, struct {
		Say string `json:"say"`
	}{sentence(err)}); e != nil {
		http.Error(w, sentence(err), status)
	}
}

// shownLink is an enrolment link as its page shows it, this once.
type shownLink struct {
	Name, URL, Until, Says string
	QR                     qrCode
}

func (p *Pages) vouched(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.VouchFor); err != nil {
		return p.Gate.Enter(r.Context(), by, access.VouchFor, fact.Subject{}) // refuses, on record
	}
	made, ok, err := p.Gate.Witnessed(r.Context(), by)
	if err != nil {
		return err
	}
	if !ok {
		return web.SeeOther(w, r, "/vouch")
	}
	return p.showLink(w, r, by, "You have vouched for "+made.Name, shownLink{Name: made.Name, Until: made.Until.In(p.Shell.Zone()).Format("15:04")}, made.Token)
}

func (p *Pages) showLink(w http.ResponseWriter, r *http.Request, by web.Caller, title string, made shownLink, token string) (err error) {
	made.URL = addressOf(r) + "/enrol/" + token
	if made.QR, err = drawQR(made.URL); err != nil {
		return err
	}
	f := p.Shell.Frame(r, by, title)
	f.Here, f.Live = "/session", ""
	return web.Render(w, r, http.StatusOK, linkPage(f, title, made))
}

type admitView struct {
	Frame  web.Frame
	Form   *web.Form
	Bodies []web.Option
	Roles  []web.Option
	Most   int
	Gone   bool // a link was asked for that was shown already
}

func (p *Pages) admit(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.AdmitShift, fact.Subject{}); err != nil {
		return err
	}
	return p.showAdmit(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showAdmit(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	v := admitView{Frame: p.Shell.Frame(r, by, "Admit somebody for one shift"), Form: f, Most: int(p.Gate.Policy.ShiftMost.Hours())}
	v.Frame.Here, v.Frame.ErrorsIn, v.Frame.Keys = "/session", !f.OK(), []web.Key{web.K("F9", "Admit them")}
	v.Gone = r.URL.Query().Get("link") == "gone"
	v.Roles = roleNames([]access.Role{access.Clinician, access.CallHandler, access.Dispatcher})
	for _, b := range codes.RegistrationBodies() {
		v.Bodies = append(v.Bodies, web.Option{Value: b, Text: b})
	}
	return web.Render(w, r, status, admitPage(v))
}

const admitLink = "/admit/link" // the page that shows a new link, once

// admitted shows the link of whoever was just admitted, this once.
func (p *Pages) admitted(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.AdmitShift); err != nil {
		return p.Gate.Enter(r.Context(), by, access.AdmitShift, fact.Subject{}) // refuses, on record
	}
	made, ok := p.Gate.TakeShown(by, admitLink)
	if !ok {
		return web.SeeOther(w, r, "/admit?link=gone")
	}
	link := shownLink{Name: made.Name, Until: p.Shell.Now().Add(p.Gate.Policy.ShiftLink).In(p.Shell.Zone()).Format("15:04"), Says: made.Says}
	return p.showLink(w, r, by, made.Name+" is admitted until "+made.Until.In(p.Shell.Zone()).Format("15:04"), link, made.Token)
}

type admitForm struct {
	Name   string `form:"name" label:"Name" max:"80" need:"Write the name that colleagues will know them by"`
	Title  string `form:"title" label:"Title" max:"40"`
	Body   string `form:"body" label:"Registered with" of:"GMC NMC HCPC GPhC" need:"Choose the body they are registered with"`
	Number string `form:"number" label:"Registration number" max:"20" need:"Type the number from their card"`
	Looked string `form:"looked" label:"Looked up" of:"yes"`
	Role   string `form:"role" label:"Here as" of:"call-handler clinician dispatcher" need:"Choose what they are here to do"`
	Hours  int    `form:"hours" label:"Hours" need:"Say how long the shift lasts"`
}

func (p *Pages) admitForShift(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.AdmitShift); err != nil {
		return p.Gate.Enter(r.Context(), by, access.AdmitShift, fact.Subject{}) // refuses, on record
	}
	var in admitForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if !f.OK() {
		return p.showAdmit(w, r, by, http.StatusUnprocessableEntity, f)
	}
	now := p.Shell.Now()
	a := access.Admission{
		Name: in.Name, Title: in.Title, Body: in.Body, Number: in.Number, LookedUp: in.Looked == "yes", Role: access.Role(in.Role),
		Until: now.Add(time.Duration(min(max(in.Hours, -1), 1000)) * time.Hour),
	}
	token, err := p.Gate.AdmitForShift(r.Context(), by, a)
	if err != nil {
		if !f.Take(err) {
			return err
		}
		return p.showAdmit(w, r, by, http.StatusUnprocessableEntity, f)
	}
	made := accessdb.ShownLink{Token: token, Name: in.Name, Until: a.Until, Says: in.Body + " " + strings.ToUpper(in.Number) + ": not checked with the register."}
	if a.LookedUp {
		made.Says = ""
	}
	if err := p.Gate.ShowOnce(by, admitLink, made); err != nil {
		return err
	}
	return web.SeeOther(w, r, admitLink)
}

// qrCode is a QR code as one path of unit squares.
type qrCode struct{ Box, Path string }

func drawQR(text string) (qrCode, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return qrCode{}, err
	}
	const quiet = 4 // modules of margin (ISO/IEC 18004, section 9.1)
	n := code.Bounds().Dx()
	var path strings.Builder
	for y := range n {
		for x := range n {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	size := strconv.Itoa(n + 2*quiet)
	return qrCode{Box: "0 0 " + size + " " + size, Path: path.String()}, nil
}

// newsOf lists recovery codes that were used, colleagues who were vouched for,
// and accounts at which tries were slowed, newest first.
func newsOf(list []accessdb.Person, lasts time.Duration, now time.Time, zone *time.Location) []string {
	type line struct {
		at   time.Time
		says string
	}
	var all []line
	add := func(at fact.Millis, says string) {
		if now.Sub(at.Time()) < lasts {
			all = append(all, line{at.Time(), at.Time().In(zone).Format("Mon 2 Jan 15:04") + ": " + says})
		}
	}
	for _, one := range list {
		name := one.Staff.Name()
		for _, c := range one.Staff.Codes {
			add(c.At, "a recovery code of "+name+" was used to enrol a passkey. If it was not them, end their roles and hold back what they entered.")
		}
		for _, w := range one.Staff.Witnessed {
			add(w.At, "a colleague vouched for "+name+", who may enrol a passkey.")
		}
		for _, a := range one.Staff.Identities {
			who := "an administrator"
			if a.Own {
				who = "themselves"
			}
			add(a.At, "an account at "+a.Issuer+" was linked to "+name+" by "+who+". It may open their sessions.")
		}
		if s := one.Staff.Slow; s.At != 0 {
			add(s.At, strconv.Itoa(int(s.Wrong))+" wrong tries in a row at the account of "+name+". Further ones wait; they themselves can sign in by passkey.")
		}
		for _, a := range one.Staff.Admitted {
			if now.Before(a.Until.Time()) {
				add(fact.At(now), name+" is here for one shift, until "+a.Until.Time().In(zone).Format("15:04")+": "+a.Says()+".")
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].at.After(all[j].at) })
	var out []string
	for _, l := range all {
		out = append(out, l.says)
	}
	return out
}
