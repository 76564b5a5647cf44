package urgentweb

import "holdfast/web"

// outwardRoutes registers what leaves for patients and practices, and the short
// forms.
func (a *App) outwardRoutes(get, post func(string, web.Handler)) {
	get("/reports", a.reports)
	get("/reports/print", a.allReports)
	get("/case/{id}/tell", a.tell)
	post("/case/{id}/tell", a.tellSend)
	get("/case/{id}/tell/{letter}", a.letter)
	post("/case/{id}/tell/{letter}/given", a.letterGiven)
	post("/case/{id}/tell/{letter}/again", a.letterAgain)
	get("/form/{form}", a.shortForm)
	post("/form/{form}", a.shortFormSent)
	get("/case/{id}/form/{form}", a.shortForm)
	post("/case/{id}/form/{form}", a.shortFormSent)
	post("/case/{id}/lives", a.deathInError)
	get("/case/{id}/wrong-patient", a.wrongPatient)
	post("/case/{id}/wrong-patient", a.wrongSent)
}
