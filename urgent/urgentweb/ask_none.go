package urgentweb

import (
	"net/http"

	"holdfast/access"
	"holdfast/urgent"
	"holdfast/web"
)

// noAsking says why questions do not run for somebody, and what to do instead;
// empty when they do. It is said on the page of the call, before anybody goes on:
// the call is saved all the same.
func (a *App) noAsking(by web.Caller) string {
	if by.May(access.Triage) != nil {
		return "Asking the questions is for a call handler or a clinician. The call is saved all the same and stands on the worklist: one of them asks. Life threat: F2, as always."
	}
	if _, err := a.mayAsk(by); err != nil {
		return "Questions do not run here: the organisation’s clinical safety officer has not signed them. The call is saved all the same: get a clinician on the line, who decides without them. When none is free, ask from your paper and set the outcome by hand. Life threat: F2, as always."
	}
	return ""
}

// askNone is the page of a call whose questions do not run: the call is saved,
// and the ways on stand there.
func (a *App) askNone(w http.ResponseWriter, r *http.Request, by web.Caller, c urgent.Case) error {
	p := a.askPageOf(r.Context(), by, c)
	p.None = a.noAsking(by)
	p.Frame = a.Shell.Frame(r, by, "No questions here")
	p.Frame.Here = "/call"
	p.Frame.Keys = []web.Key{web.K("F2", "Emergency"), web.K("F4", "Get a clinician"), web.K("F9", "Outcome by hand")}
	return web.Render(w, r, http.StatusOK, askNoneView(p))
}
