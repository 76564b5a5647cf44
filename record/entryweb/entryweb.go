// Package entryweb is the pages of the ways into homes: whether one is kept,
// opening it, changing it, and who opened what.
//
// Its law: it decides nothing; every page passes the gate first; one page alone
// shows a way in, of one home, for a short time, and no browser, printer or
// half-typed form keeps it.
package entryweb

import (
	"holdfast/access"
	"net/http"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record/entrydb"
	"holdfast/web"
)

// Pages serves the ways into homes of one organisation on one device.
type Pages struct {
	Shell *web.Shell
	Homes *entrydb.Homes
	// Called names a person for the list of openings, without opening their
	// record: whoever watches knows whose home to ring about.
	Called func(r *http.Request, by web.Caller, person fact.Subject) string
}

// Register adds the routes.
func (p *Pages) Register(m *web.Mux) {
	for _, r := range []struct {
		method, pattern string
		act             access.Act
		h               web.Handler
	}{
		{http.MethodGet, "/homes", access.WatchEntry, p.watch},
		{http.MethodGet, "/more-homes", access.OpenEntry, p.more},
		{http.MethodPost, "/more-homes", access.OpenEntry, p.askMore},
		{http.MethodPost, "/more-homes/{day}/{ask}", access.AgreeEntry, p.agree},
		{http.MethodGet, "/homes/{id}", access.SeeEntry, p.home},
		{http.MethodGet, "/homes/{id}/shown", access.OpenEntry, p.shown},
		{http.MethodGet, "/homes/{id}/keep", access.KeepEntry, p.keepPage},
		{http.MethodPost, "/homes/{id}/keep", access.KeepEntry, p.keep},
		{http.MethodPost, "/homes/{id}/open", access.OpenEntry, p.open},
		{http.MethodPost, "/homes/{id}/cover", access.OpenEntry, p.cover},
		{http.MethodPost, "/homes/{id}/none", access.KeepEntry, p.none},
		{http.MethodPost, "/homes/{id}/doubt", access.KeepEntry, p.doubt},
		{http.MethodPost, "/homes/{id}/chase", access.WatchEntry, p.chase},
		{http.MethodPost, "/homes/{id}/seen/{opening}", access.WatchEntry, p.seen},
		{http.MethodGet, "/homes/{id}/open", access.OpenEntry, p.back},
		{http.MethodGet, "/homes/{id}/cover", access.OpenEntry, p.back},
		{http.MethodGet, "/homes/{id}/none", access.KeepEntry, p.back},
		{http.MethodGet, "/homes/{id}/doubt", access.KeepEntry, p.back},
		{http.MethodGet, "/homes/{id}/chase", access.WatchEntry, p.back},
	} {
		m.Handle(web.Session, r.method, r.pattern, p.door(r.act, r.h))
	}
}

// door refuses who may not before anything of the request is read; the verbs
// enter the gate for the home that is meant.
func (p *Pages) door(act access.Act, h web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request, by web.Caller) error {
		if by.May(act) != nil {
			return p.Homes.Gate.Enter(r.Context(), by, act, fact.Subject{})
		}
		return h(w, r, by)
	}
}

// back leads a page that is asked for again after a form came back with
// mistakes to where the form is.
func (p *Pages) back(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	id, err := person(r)
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, pathOf(id))
}

func person(r *http.Request) (fact.Subject, error) {
	id, err := fact.ParseSubject(r.PathValue("id"))
	if err != nil {
		return id, refusal.New(refusal.Missing, "There is no such record here.").Because(err)
	}
	return id, nil
}

func pathOf(id fact.Subject) string { return "/homes/" + id.String() }

// frame makes the frame of a page under Homes.
func (p *Pages) frame(r *http.Request, by web.Caller, title string, f *web.Form) web.Frame {
	frame := p.Shell.Frame(r, by, title)
	frame.Here, frame.ErrorsIn = "/homes", !f.OK()
	return frame
}

func (p *Pages) at(m fact.Millis) string {
	return web.ClockWords(m.Time(), p.Shell.Now(), p.Shell.Zone())
}

func (p *Pages) atTime(t time.Time) string { return web.ClockWords(t, p.Shell.Now(), p.Shell.Zone()) }
