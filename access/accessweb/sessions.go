package accessweb

import (
	"net/http"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// Sessions finds who is asking by the session cookie: the session door of a
// Shell.
func Sessions(g *accessdb.Gate) web.Sessions { return sessions{g} }

type sessions struct{ gate *accessdb.Gate }

// Caller answers web.ErrNoSession when there is no session, or it has ended.
func (s sessions) Caller(r *http.Request) (access.Caller, error) {
	token := web.SessionToken(r)
	if token == "" {
		return access.Caller{}, web.ErrNoSession
	}
	by, err := s.gate.Caller(r.Context(), token)
	if refusal.Is(err, refusal.Forbidden) {
		return access.Caller{}, web.ErrNoSession
	}
	if err == nil {
		by.Purpose = purposeOf(r, by)
	}
	return by, err
}
