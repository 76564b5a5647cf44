package accessweb

import (
	"net/http"
	"slices"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// purposeCookie keeps on this browser what the person signed in said they need
// records for. It opens nothing: the table says for what a role may look, and
// every look says for what it was.
func purposeCookie(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-holdfast-purpose"
	}
	return "holdfast-purpose"
}

// purposeOf reads what was said in this session; anything else counts as
// nothing said. The cookie names its session, so that nobody goes on under what
// a colleague said at the same desk.
func purposeOf(r *http.Request, by access.Caller) access.Purpose {
	c, err := r.Cookie(purposeCookie(r))
	if err != nil {
		return ""
	}
	for _, p := range access.PurposesOf(by.Role) {
		if c.Value == purposeValue(by, p) {
			return p
		}
	}
	return ""
}

func purposeValue(by access.Caller, p access.Purpose) string {
	return fact.Labelled("holdfast/purpose/1", by.Session[:], []byte(p)).String()
}

func purposeOptions(by access.Caller) []web.Option {
	var out []web.Option
	for _, p := range access.PurposesOf(by.Role) {
		out = append(out, web.Option{Value: string(p), Text: capital(string(p))})
	}
	return out
}

// statePurpose says what the person needs records for from now on.
func (p *Pages) statePurpose(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return err
	}
	var in struct {
		Purpose string `form:"purpose" max:"40"`
	}
	if _, err := web.ReadForm(r, &in); err != nil {
		return err
	}
	if !slices.Contains(access.PurposesOf(by.Role), access.Purpose(in.Purpose)) {
		return refusal.New(refusal.Invalid, "Choose one of the purposes of your role.")
	}
	http.SetCookie(w, &http.Cookie{
		Name: purposeCookie(r), Value: purposeValue(by, access.Purpose(in.Purpose)), Path: "/", MaxAge: int(p.Gate.Policy.SessionLasts.Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
	return web.SeeOther(w, r, "/session")
}
