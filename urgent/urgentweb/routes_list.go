package urgentweb

import (
	"net/http"

	"holdfast/web"
)

// listRoutes registers worklist, case, consultation, report, board, tasks and
// services.
func (a *App) listRoutes(m *web.Mux) {
	get := func(pattern string, h web.Handler) { m.Handle(web.Session, http.MethodGet, pattern, h) }
	post := func(pattern string, h web.Handler) { m.Handle(web.Session, http.MethodPost, pattern, h) }
	stream := func(pattern string, h web.Handler) {
		m.Add(web.Route{Door: web.Session, Method: http.MethodGet, Pattern: pattern, Stream: true}, h)
	}
	get("/{$}", a.home)
	get("/worklist", a.worklist)
	stream("/worklist/rows", a.worklistRows)
	post("/worklist/next", a.worklistNext)
	get("/case/{id}", a.caseSeen)
	stream("/case/{id}/live", a.caseLive)
	post("/case/{id}/claim", a.caseClaim)
	post("/case/{id}/release", a.caseRelease)
	post("/case/{id}/take-over", a.caseTakeOver)
	post("/case/{id}/note", a.caseNote)
	post("/case/{id}/close", a.caseClose)
	post("/case/{id}/disposition", a.caseDisposition)
	post("/case/{id}/flags", a.caseFlags)
	post("/case/{id}/link", a.caseLink)
	post("/case/{id}/ambulance/cancelled", a.caseCancelled)
	post("/case/{id}/ambulance/told", a.caseTold)
	post("/case/{id}/interpreter", a.caseInterpreter)
	post("/case/{id}/override", a.caseOverride)
	get("/case/{id}/original/{n}", a.caseOriginal)
	get("/case/{id}/consult", a.consult)
	post("/case/{id}/consult", a.consultSent)
	get("/case/{id}/report", a.report)
	post("/case/{id}/report", a.reportMake)
	post("/case/{id}/report/done", a.reportDone)
	post("/case/{id}/report/send", a.reportSend)
	post("/case/{id}/report/correct", a.reportCorrect)
	a.outwardRoutes(get, post)
	get("/board", a.board)
	stream("/board/live", a.boardLive)
	get("/tasks", a.tasks)
	post("/tasks/{id}/take", a.taskTake)
	post("/tasks/{id}/done", a.taskDone)
	get("/apart", a.apart)
	get("/apart/{id}", a.apartOne)
	post("/apart/{id}", a.apartSettle)
	get("/services", a.services)
	get("/figures", a.figures)
}
