// Package entryweb is the pages of the ways into homes: whether one is kept,
// opening it, changing it, and who opened what.
//
// Its law: it decides nothing; every page passes the gate first; one page alone
// shows a way in, of one home, for a short time, and no browser, printer or
// half-typed form keeps it.
package entryweb

import (
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
	get := func(pattern string, h web.Handler) { m.Handle(web.Session, http.MethodGet, pattern, h) }
	post := func(pattern string, h web.Handler) { m.Handle(web.Session, http.MethodPost, pattern, h) }
	get("/homes", p.watch)
	get("/more-homes", p.more)
	post("/more-homes", p.askMore)
	post("/more-homes/{day}/{ask}", p.agree)
	get("/homes/{id}", p.home)
	post("/homes/{id}/open", p.open)
	get("/homes/{id}/shown", p.shown)
	post("/homes/{id}/cover", p.cover)
	get("/homes/{id}/keep", p.keepPage)
	post("/homes/{id}/keep", p.keep)
	post("/homes/{id}/none", p.none)
	post("/homes/{id}/doubt", p.doubt)
	post("/homes/{id}/chase", p.chase)
	post("/homes/{id}/seen/{opening}", p.seen)
	for _, step := range []string{"open", "cover", "none", "doubt", "chase"} {
		get("/homes/{id}/"+step, p.back)
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
