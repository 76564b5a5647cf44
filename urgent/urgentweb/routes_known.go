package urgentweb

import (
	"net/http"

	"holdfast/web"
)

// knownRoutes registers what is known before a call: notes and plans, repeat
// callers, children.
func (a *App) knownRoutes(m *web.Mux) {
	m.Handle(web.Session, http.MethodGet, "/known/{id}", a.knownPage)
	m.Handle(web.Session, http.MethodGet, "/known/{id}/write", a.knownPage)
	m.Handle(web.Session, http.MethodPost, "/known/{id}", a.knownWrite)
	m.Handle(web.Session, http.MethodPost, "/case/{id}/known", a.caseKnown)
	m.Handle(web.Session, http.MethodGet, "/case/{id}/answer/{service}", a.caseAnswer)
	m.Handle(web.Session, http.MethodGet, "/call/{id}/repeat", a.callRepeat)
	m.Handle(web.Session, http.MethodPost, "/call/{id}/repeat", a.callRepeatOver)
}
