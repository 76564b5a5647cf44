package accessweb

import (
	"net/http"

	"holdfast/web"
)

// useLink signs in with a one-time link: one GET, then the first page of the
// link's role. The same browser may come again; another is refused.
func (p *Pages) useLink(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	browser, err := p.browser(w, r)
	if err != nil {
		return err
	}
	token, by, err := p.Gate.UseLink(r.Context(), r.PathValue("token"), browser, p.Desk)
	if err != nil {
		return err
	}
	if err := p.settle(w, r, token, by); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/")
}
