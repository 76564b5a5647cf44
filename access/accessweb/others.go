package accessweb

import (
	"net/http"

	"holdfast/fact"
	"holdfast/web"
)

// otherSession is one of a person's own sessions somewhere else.
type otherSession struct{ ID, Desk, Role, Way, Until string }

func (p *Pages) otherSessions(r *http.Request, by web.Caller) ([]otherSession, error) {
	open, err := p.Gate.OtherSessions(r.Context(), by)
	if err != nil {
		return nil, err
	}
	var out []otherSession
	for _, one := range open {
		o := one.Opened
		out = append(out, otherSession{
			ID: one.ID.String(), Desk: o.Desk, Role: o.Role.Title(), Way: o.Way, Until: o.Until.Time().In(p.Shell.Zone()).Format("Mon 2 Jan 15:04"),
		})
	}
	return out, nil
}

// endForm names the session to end; empty: all others.
type endForm struct {
	Session string `form:"session" max:"40"`
}

// endOthers ends other sessions of whoever asks.
func (p *Pages) endOthers(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var f endForm
	if _, err := web.ReadForm(r, &f); err != nil {
		return err
	}
	var which fact.Subject
	if f.Session != "" {
		var err error
		if which, err = fact.ParseSubject(f.Session); err != nil {
			return err
		}
	}
	if err := p.Gate.EndOthers(r.Context(), by, which); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/session")
}
