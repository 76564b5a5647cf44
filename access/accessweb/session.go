package accessweb

import (
	"net/http"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/web"
)

// session shows who is signed in here, and the way out.
func (p *Pages) session(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return err
	}
	f := p.Shell.Frame(r, by, "Your session")
	pairs := []web.Pair{
		{Name: "You", Value: by.Says()}, {Name: "Working as", Value: by.Role.Title()}, {Name: "On", Value: by.Desk},
		{Name: "Until", Value: by.Until.In(p.Shell.Zone()).Format("Mon 2 Jan 15:04"), Num: true},
	}
	said := purposeOptions(by)
	if len(said) > 0 {
		pairs = append(pairs, web.Pair{Name: "You look for", Value: orUsual(by, said)})
	}
	ways, err := p.waysOf(r, by)
	if err != nil {
		return err
	}
	others, err := p.otherSessions(r, by)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, sessionPage(f, pairs, others, ways, said, string(by.Purpose)))
}

func orUsual(by web.Caller, all []web.Option) string {
	if by.Purpose != "" {
		return string(by.Purpose)
	}
	return strings.ToLower(all[0].Text)
}

// signOut ends the session and takes it away from the browser.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.SignOut(r.Context(), by); err != nil {
		return err
	}
	web.EndSession(w, r)
	return web.SeeOther(w, r, "/sign-in")
}
