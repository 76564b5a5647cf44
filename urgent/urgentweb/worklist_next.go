package urgentweb

import (
	"net/http"

	"holdfast/web"
)

// worklistNext takes what will be late first and opens it. Whoever is second
// gets the next one.
func (a *App) worklistNext(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := a.Cases.TakeNext(r.Context(), by)
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/case/"+id.String())
}
