package accessweb

import (
	"net/http"
	"net/url"

	"holdfast/access"
	"holdfast/web"
)

// door is what the sign-in page shows.
type door struct {
	Frame    web.Frame
	Where    string
	Already  string // who is signed in on this browser; empty: nobody
	Next     string // page to go to afterwards
	Finish   string // where the passkey's answer goes
	Passkeys bool
	Links    bool
	Enrolled bool // a passkey was just enrolled
	Roles    []web.Option
	Code     bool   // an authenticator code with a password is taken
	CodeTo   string // where it goes
	CodeSays string // why it was not taken
	Login    string
	As       string // the role that was chosen with it
	Recovery bool   // recovery codes are taken
	Here     []web.Pair
	Tonight  []Notice
	Locked   []lockedLine // whose sessions wait here; the first is this screen's

	Elsewhere     []wayElsewhere // identity providers
	ElsewhereSays string         // why one let nobody in
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	if says, status := p.elsewhereSays(r); says != "" {
		return p.showDoorSaying(w, r, status, codeFields{}, "", says)
	}
	return p.showDoor(w, r, http.StatusOK, codeFields{}, "")
}

func (p *Pages) showDoor(w http.ResponseWriter, r *http.Request, status int, typed codeFields, says string) error {
	return p.showDoorSaying(w, r, status, typed, says, "")
}

func (p *Pages) showDoorSaying(w http.ResponseWriter, r *http.Request, status int, typed codeFields, says, elsewhere string) error {
	d := door{
		Frame: p.Shell.Outside(r, "Sign in"), Where: p.where(), Next: next(r), Passkeys: p.Passkeys != nil, Links: p.Links,
		Enrolled: r.URL.Query().Get("enrolled") == "yes", Roles: roleOptions(),
	}
	d.Finish = "/sign-in/finish?next=" + url.QueryEscape(d.Next)
	d.Code, d.CodeTo, d.Login, d.As, d.CodeSays = p.Gate.Policy.SecondChoice, "/sign-in/code?next="+url.QueryEscape(d.Next), typed.Login, typed.As, says
	d.Recovery = p.Passkeys != nil && p.Gate.Policy.RecoveryCodes > 0
	if by, err := Sessions(p.Gate).Caller(r); err == nil {
		d.Already = by.Says() + ", as " + by.Role.Title()
	}
	d.Elsewhere, d.ElsewhereSays = p.elsewhere(d.Next), elsewhere
	d.Locked = p.lockedHere(r)
	if p.Here != nil {
		d.Here = p.Here()
	}
	if p.Tonight != nil {
		d.Tonight = p.Tonight()
	}
	return web.Render(w, r, status, signInPage(d))
}

func (p *Pages) where() string {
	if p.Desk == "" {
		return p.Organisation
	}
	return p.Organisation + " · " + p.Desk
}

func roleOptions() []web.Option {
	out := []web.Option{{Value: "", Text: "As usual"}}
	for _, r := range access.Roles() {
		out = append(out, web.Option{Value: string(r), Text: capital(r.Title())})
	}
	return out
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// emergency is the page for a call that comes before anybody is signed in.
func (p *Pages) emergency(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	return web.Render(w, r, http.StatusOK, emergencyPage(p.Shell.Outside(r, "Emergency"), p.where()))
}
