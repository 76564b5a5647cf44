package urgentweb

import (
	"net/http"

	"holdfast/web"
)

// callRoutes registers call-taking, questions, outcome and service, a call
// handler's own calls, and drafts.
func (a *App) callRoutes(m *web.Mux) {
	get := func(pattern string, h web.Handler) { m.Handle(web.Session, http.MethodGet, pattern, h) }
	post := func(pattern string, h web.Handler) { m.Handle(web.Session, http.MethodPost, pattern, h) }
	get("/call", a.callNew)
	post("/call", a.callSave)
	post("/call/emergency", a.callEmergency)
	get("/call/{id}", a.callOpen)
	post("/call/{id}", a.callSave)
	post("/call/{id}/emergency", a.callEmergency)
	post("/call/{id}/life", a.callLife)
	get("/call/{id}/trace", a.callTrace)
	post("/call/{id}/said", a.callSaidNote)
	post("/call/{id}/clinician", a.callClinician)
	post("/call/{id}/them", a.callThem)
	get("/call/{id}/ask", a.ask)
	post("/call/{id}/ask", a.askSent)
	post("/call/{id}/ask/add", a.askAdd)
	post("/call/{id}/ask/finish", a.askFinish)
	get("/call/{id}/outcome", a.outcome)
	m.Add(web.Route{Door: web.Session, Method: http.MethodGet, Pattern: "/call/{id}/outcome/live", Stream: true}, a.outcomeLive)
	post("/call/{id}/outcome/change", a.outcomeChange)
	post("/call/{id}/outcome/close", a.outcomeClose)
	post("/call/{id}/refer", a.outcomeRefer)
	for _, step := range []string{"emergency", "life", "said", "clinician", "them", "ask/add", "ask/finish", "outcome/change", "outcome/close", "refer", "tie"} {
		get("/call/{id}/"+step, callBack(step))
	}
	get("/mycalls", a.myCalls)
	post("/call/{id}/tie", a.callTie)
	post("/phone/extension", a.phoneSit)
	get("/phone/extension", func(w http.ResponseWriter, r *http.Request, _ web.Caller) error { return web.SeeOther(w, r, "/call") })
	m.Add(web.Route{Door: web.Session, Method: http.MethodGet, Pattern: "/phone/live", Stream: true}, a.phoneLive)
	post("/draft", a.draftSave)
}

// callBack leads a page that is asked for again after a form came back with
// mistakes to the page that holds the form.
func callBack(step string) web.Handler {
	page := map[string]string{"ask/add": "/ask", "ask/finish": "/ask", "outcome/change": "/outcome", "outcome/close": "/outcome", "refer": "/outcome"}[step]
	return func(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
		id, err := subjectIn(r)
		if err != nil {
			return err
		}
		return web.SeeOther(w, r, callPath(id)+page)
	}
}
