package urgentweb

import (
	"net/http"

	"holdfast/access"
	"holdfast/web"
)

// home sends everybody to where their work begins.
func (a *App) home(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return web.SeeOther(w, r, homeOf(by.Role))
}

func homeOf(role access.Role) string {
	switch role {
	case access.CallHandler:
		return "/call"
	case access.Manager:
		return "/board"
	case access.Administrator:
		return "/staff"
	case access.InformationGovernance:
		return "/looks"
	case access.HostOperator:
		return "/devices"
	case access.Commissioner:
		return "/figures"
	case access.Carer:
		return "/session"
	}
	return "/worklist"
}
