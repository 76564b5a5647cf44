package accessweb

import (
	"net/http"

	"holdfast/web"
)

// enrol is the page a new passkey is made on. Looking at it spends nothing:
// the link is spent when the passkey is saved.
func (p *Pages) enrol(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	f := p.Shell.Outside(r, "Enrol a passkey")
	return web.Render(w, r, http.StatusOK, enrolPage(f, p.where(), "/enrol/"+r.PathValue("token")))
}
