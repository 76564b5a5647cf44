package accessweb

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// registerProviders adds signing in by an identity provider, and linking
// people's accounts there. Whether any is used is configuration and policy: while
// none is, these pages say so and do nothing. The two public ones wait for no
// other stranger: each provider has its own few places, so that one that hangs
// takes no turn away from the sign-in page.
func (p *Pages) registerProviders(m *web.Mux) {
	m.Add(web.Route{Door: web.Public, Method: http.MethodGet, Pattern: "/sign-in/with/{provider}", AtOnce: true}, p.goElsewhere)
	m.Add(web.Route{Door: web.Public, Method: http.MethodGet, Pattern: "/sign-in/from/{provider}", AtOnce: true}, p.comeBack)
	m.Handle(web.Session, http.MethodGet, "/session/accounts", p.accounts)
	m.Handle(web.Session, http.MethodGet, "/session/accounts/{provider}", p.goToLink)
	m.Handle(web.Session, http.MethodPost, "/session/accounts/drop", p.dropAccount)
	m.Handle(web.Session, http.MethodPost, "/staff/{person}/accounts", p.linkAccount)
	m.Handle(web.Session, http.MethodPost, "/staff/{person}/accounts/drop", p.dropAccountOf)
}

func (p *Pages) byProvider() bool { return p.Gate.Policy.ByProvider && len(p.Providers.List()) > 0 }

// wayElsewhere is where the way to one provider begins, as usual and in each role.
type wayElsewhere struct {
	Title, Href string
	As          []web.Option // address, and the role
}

// elsewhere lists the ways to providers. The role is chosen before somebody sets
// out, by links: what a form leads to may not leave this site.
func (p *Pages) elsewhere(next string) (out []wayElsewhere) {
	if !p.byProvider() {
		return nil
	}
	for _, one := range p.Providers.List() {
		w := wayElsewhere{Title: one.Title, Href: "/sign-in/with/" + one.Name + "?next=" + url.QueryEscape(next)}
		for _, r := range access.Roles() {
			w.As = append(w.As, web.Option{Value: w.Href + "&role=" + url.QueryEscape(string(r)), Text: capital(r.Title())})
		}
		out = append(out, w)
	}
	return out
}

// elsewhereSays is why a provider let nobody in, as the sign-in page is told
// after it: one word for each trouble, and the provider's name in our addresses.
func (p *Pages) elsewhereSays(r *http.Request) (string, int) {
	q := r.URL.Query()
	t := accessdb.Trouble(q.Get("elsewhere"))
	if t == "" || !p.byProvider() {
		return "", 0
	}
	if t == accessdb.TroubleUnreachable || t == accessdb.TroubleBusy {
		return p.Providers.Says(t, q.Get("at")), http.StatusServiceUnavailable
	}
	return p.Providers.Says(t, q.Get("at")), http.StatusForbidden
}

// tripCookie holds, in the browser alone, which trip to a provider is under way
// and which page was asked for before it.
func tripCookie(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-holdfast-trip"
	}
	return "holdfast-trip"
}

// trip is what a browser keeps of one: its state, the page that was asked for,
// whether an account is to be linked, and the role that was chosen. The state is
// bound to the role: another one written into the cookie ends the trip.
type trip struct {
	state, next string
	links       bool
	role        access.Role
}

// setTrip keeps a trip; an empty state ends it.
func (p *Pages) setTrip(w http.ResponseWriter, r *http.Request, t trip) {
	c := &http.Cookie{Name: tripCookie(r), Path: "/", MaxAge: -1, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode}
	if t.state != "" {
		what := ""
		if t.links {
			what = "links"
		}
		c.Value = strings.Join([]string{t.state, base64.RawURLEncoding.EncodeToString([]byte(t.next)), what, string(t.role)}, ".")
		c.MaxAge = int(p.Gate.Policy.ProviderTrip.Seconds())
	}
	http.SetCookie(w, c)
}

func tripOf(r *http.Request) trip {
	c, err := r.Cookie(tripCookie(r))
	if err != nil {
		return trip{next: "/"}
	}
	parts := append(strings.Split(c.Value, "."), "", "", "")
	t := trip{state: parts[0], next: "/", links: parts[2] == "links", role: access.Role(parts[3])}
	if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && web.LocalPath(string(raw)) {
		t.next = string(raw)
	}
	return t
}

// pressed tells whether a look came from a link on a page of ours: no other site
// sends anybody to a provider through us. It is a plain link and no form, because
// what a form leads to may not leave this site (Content-Security-Policy).
func pressed(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	from, err := url.Parse(r.Header.Get("Referer")) // browsers without fetch metadata; ours is sent within the site alone
	return err == nil && from.Host == r.Host && from.Host != ""
}

// goElsewhere sends somebody to the provider whose button they pressed.
func (p *Pages) goElsewhere(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	if !p.byProvider() {
		return noSuchProvider()
	}
	if !pressed(r) {
		return web.SeeOther(w, r, "/sign-in?next="+url.QueryEscape(next(r)))
	}
	browser, err := p.browserOf(r)
	if err != nil {
		return err
	}
	role := access.Role(r.URL.Query().Get("role"))
	address, state, err := p.Providers.Begin(r.Context(), access.Caller{}, role, r.PathValue("provider"), browser)
	if err != nil {
		return p.notElsewhere(w, r, err, "/sign-in", next(r))
	}
	p.setTrip(w, r, trip{state: state, next: next(r), role: role})
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

func noSuchProvider() error {
	return refusal.New(refusal.Missing, "This organisation signs nobody in by an identity provider.")
}

// comeBack takes in whoever comes back from a provider: it opens their session,
// or links the account for which they set out. Code and state leave the
// browser's address with the answer.
func (p *Pages) comeBack(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	if !p.byProvider() {
		return noSuchProvider()
	}
	t := tripOf(r)
	p.setTrip(w, r, trip{})
	w.Header().Set("Referrer-Policy", "no-referrer")
	browser, err := p.browserOf(r)
	if err != nil {
		return err
	}
	name, answer := r.PathValue("provider"), accessdb.Answer{Query: r.URL.Query(), Kept: t.state}
	if t.links {
		return p.comeBackLinked(w, r, name, answer, browser)
	}
	token, by, err := p.Providers.SignIn(r.Context(), t.role, name, answer, browser, p.Desk)
	if err != nil {
		return p.notElsewhere(w, r, err, "/sign-in", t.next)
	}
	if err := p.settle(w, r, token, by); err != nil {
		return err
	}
	return web.SeeOther(w, r, t.next)
}

// notElsewhere shows a trouble on a page of ours: the sign-in page, beside the
// other ways in, or the page where accounts are linked.
func (p *Pages) notElsewhere(w http.ResponseWriter, r *http.Request, err error, page, next string) error {
	var e *accessdb.ProviderError
	if !errors.As(err, &e) {
		return err
	}
	q := url.Values{"elsewhere": {string(e.Trouble)}, "at": {e.Name}}
	if next != "/" {
		q.Set("next", next)
	}
	return web.SeeOther(w, r, page+"?"+q.Encode())
}

// linksAt is the page where people link their own accounts.
const linksAt = "/session/accounts"

// accountLine is one account on a page.
type accountLine struct{ Provider, Issuer, Account, Since, By string }

type accountsView struct {
	Frame     web.Frame
	Lines     []accountLine
	Providers []web.Option // to which somebody may set out, and their names
	Says      string
	Two       bool
}

// accounts shows whoever is signed in which accounts are theirs.
func (p *Pages) accounts(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	s, err := p.Gate.OwnAccounts(r.Context(), by)
	if err != nil {
		return err
	}
	v := accountsView{Frame: p.Shell.Frame(r, by, "Accounts at other services"), Lines: p.accountLines(s)}
	v.Frame.Here = "/session"
	status := http.StatusOK
	if v.Says, _ = p.elsewhereSays(r); v.Says != "" {
		status = http.StatusUnprocessableEntity
	}
	if p.byProvider() {
		for _, one := range p.Providers.List() {
			if n := len(s.AccountsAt(one.Issuer)); n > 1 {
				v.Two = true
			} else if n == 0 {
				v.Providers = append(v.Providers, web.Option{Value: linksAt + "/" + one.Name, Text: one.Title})
			}
		}
	}
	return web.Render(w, r, status, accountsPage(v))
}

// goToLink sends whoever is signed in to a provider, to show which account there
// is theirs. When their passkey has to be asked for again the page before it
// asks.
func (p *Pages) goToLink(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if by.May(access.LinkOwnAccount) != nil {
		return p.Gate.Enter(r.Context(), by, access.LinkOwnAccount, by.Person) // refuses, on record
	}
	if !p.byProvider() {
		return noSuchProvider()
	}
	if !pressed(r) {
		return web.SeeOther(w, r, linksAt)
	}
	browser, err := p.browserOf(r)
	if err != nil {
		return err
	}
	address, state, err := p.Providers.Begin(r.Context(), by, "", r.PathValue("provider"), browser)
	if errors.Is(err, access.ErrProve) {
		return web.SeeOther(w, r, linksAt)
	}
	if err != nil {
		return p.notElsewhere(w, r, err, linksAt, "/")
	}
	keepBrowser(w, r, browser)
	p.setTrip(w, r, trip{state: state, next: linksAt, links: true})
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

func (p *Pages) comeBackLinked(w http.ResponseWriter, r *http.Request, name string, a accessdb.Answer, browser string) error {
	by, err := Sessions(p.Gate).Caller(r)
	if errors.Is(err, web.ErrNoSession) { // said after they are back, and here, so that code and state go into no other address
		q := url.Values{"elsewhere": {string(accessdb.TroubleLocked)}, "at": {name}}
		return web.SeeOther(w, r, "/sign-in?next="+url.QueryEscape(linksAt+"?"+q.Encode()))
	}
	if err != nil {
		return err
	}
	if err := p.Providers.Link(r.Context(), by, name, a, browser); err != nil {
		return p.notElsewhere(w, r, err, linksAt, "/")
	}
	return web.SeeOther(w, r, linksAt)
}

// accountForm is one account, as a page sends it.
type accountForm struct {
	Issuer  string `form:"issuer" label:"At" max:"300" need:"Choose the service"`
	Account string `form:"account" label:"Account" max:"255" need:"Type what the service calls this person"`
}

// dropAccount takes one of the caller's own accounts away.
func (p *Pages) dropAccount(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if by.May(access.LinkOwnAccount) != nil {
		return p.Gate.Enter(r.Context(), by, access.LinkOwnAccount, by.Person) // refuses, on record
	}
	var in accountForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if !f.OK() {
		return refusal.New(refusal.Invalid, "The form did not arrive whole. Go back and send it again.")
	}
	if err := p.Gate.UnlinkIdentity(r.Context(), by, by.Person, access.IdentityUnlinked{Issuer: in.Issuer, Account: in.Account}); err != nil {
		return err
	}
	return web.SeeOther(w, r, linksAt)
}

// linkAccount links an account to a member of staff, as an administrator says.
func (p *Pages) linkAccount(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.ofMember(w, r, by, func(person fact.Subject, in accountForm, f *web.Form) error {
		known := false
		for _, one := range p.providerOptions() {
			known = known || one.Value == in.Issuer
		}
		if !known {
			f.Fail("issuer", "At", "Choose one of those shown")
			return nil
		}
		return p.Gate.LinkIdentity(r.Context(), by, person, access.IdentityLinked{Issuer: in.Issuer, Account: in.Account})
	})
}

// dropAccountOf takes an account away from a member of staff.
func (p *Pages) dropAccountOf(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.ofMember(w, r, by, func(person fact.Subject, in accountForm, _ *web.Form) error {
		return p.Gate.UnlinkIdentity(r.Context(), by, person, access.IdentityUnlinked{Issuer: in.Issuer, Account: in.Account})
	})
}

// ofMember does something about one person's accounts and shows the person
// again, with what must be mended where it could not be done.
func (p *Pages) ofMember(w http.ResponseWriter, r *http.Request, by web.Caller, do func(fact.Subject, accountForm, *web.Form) error) error {
	if by.May(access.LinkAccounts) != nil {
		return p.Gate.Enter(r.Context(), by, access.LinkAccounts, fact.Subject{}) // refuses, on record
	}
	person, err := memberIn(r)
	if err != nil {
		return err
	}
	var in accountForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if f.OK() {
		err := do(person, in, f)
		if err == nil && f.OK() {
			return web.SeeOther(w, r, "/staff/"+person.String())
		}
		if err != nil && !f.Take(err) {
			return err
		}
	}
	return p.showMember(w, r, by, person, http.StatusUnprocessableEntity, f)
}

func (p *Pages) accountLines(s access.Staff) (out []accountLine) {
	for _, one := range s.Identities {
		l := accountLine{Provider: p.providerTitle(one.Issuer), Issuer: one.Issuer, Account: one.Account, Since: p.moment(one.At.Time()), By: "an administrator"}
		if one.Own {
			l.By = "themselves"
		}
		out = append(out, l)
	}
	return out
}

// providerTitle is a provider as people know it; one that is not in use any more
// is called what it calls itself.
func (p *Pages) providerTitle(issuer string) string {
	for _, known := range p.Providers.List() {
		if known.Issuer == issuer {
			return known.Title
		}
	}
	return issuer
}

// providerOptions lists the providers at which an account may be linked, by their
// issuers.
func (p *Pages) providerOptions() (out []web.Option) {
	if !p.byProvider() {
		return nil
	}
	for _, one := range p.Providers.List() {
		out = append(out, web.Option{Value: one.Issuer, Text: one.Title})
	}
	return out
}

// accountsIn says on a person's own page what of this they have.
func (p *Pages) accountsIn(v *ownWays, s access.Staff) {
	v.Accounts = p.byProvider() || len(s.Identities) > 0
	if !p.byProvider() {
		return
	}
	for _, one := range p.Providers.List() {
		says := "Not linked"
		switch all := s.AccountsAt(one.Issuer); {
		case len(all) == 1:
			says = "Linked"
		case len(all) > 1:
			says = "Linked twice: opens nothing"
		}
		v.Pairs = append(v.Pairs, web.Pair{Name: one.Title, Value: says})
	}
}
