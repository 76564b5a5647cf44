// Package stockweb is the pages of numbered forms: which ranges there are, who
// holds how many, what became of each number, and what waits for a person.
//
// Its law: it decides nothing; every page passes the gate first; a number that
// is not firm says so in words.
package stockweb

import (
	"net/http"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/stock"
	"holdfast/stock/stockdb"
	"holdfast/web"
)

// Pages serves the numbered forms of one organisation on one device.
type Pages struct {
	Shell *web.Shell
	Forms *stockdb.Forms
}

// Register adds the routes.
func (p *Pages) Register(m *web.Mux) {
	get, post := http.MethodGet, http.MethodPost
	m.Handle(web.Session, get, "/forms", p.list)
	m.Handle(web.Session, post, "/forms", p.receive)
	m.Handle(web.Session, get, "/forms/{range}", p.rangePage)
	m.Handle(web.Session, get, "/forms/{range}/use", p.use)
	m.Handle(web.Session, post, "/forms/{range}/use", p.useDone)
	m.Handle(web.Session, get, "/forms/{range}/hand-out", p.handOut)
	m.Handle(web.Session, post, "/forms/{range}/hand-out", p.handOutDone)
	m.Handle(web.Session, get, "/forms/{range}/decide/{use}", p.decide)
	m.Handle(web.Session, post, "/forms/{range}/decide/{use}", p.decideDone)
	m.Handle(web.Session, get, "/forms/{range}/reassign", p.reassign)
	m.Handle(web.Session, post, "/forms/{range}/reassign", p.proposeDone)
	m.Handle(web.Session, post, "/forms/{range}/approve/{proposal}", p.approveDone)
}

// about reads which range a page is about and folds it; the gate is passed
// there.
func (p *Pages) about(r *http.Request, by web.Caller) (stock.Range, error) {
	id, err := fact.ParseSubject(r.PathValue("range"))
	if err != nil {
		return stock.Range{}, refusal.New(refusal.Missing, "There is no such range of forms here.").Because(err)
	}
	return p.Forms.Range(r.Context(), by, id)
}

func factOf(r *http.Request, name string) (fact.ID, error) {
	id, err := fact.ParseID(r.PathValue(name))
	if err != nil {
		return id, refusal.New(refusal.Missing, "There is no such entry here.").Because(err)
	}
	return id, nil
}

func pathOf(r stock.Range) string { return "/forms/" + r.Subject.String() }

// frame makes the frame of a page under Forms.
func (p *Pages) frame(r *http.Request, by web.Caller, title string, f *web.Form) web.Frame {
	frame := p.Shell.Frame(r, by, title)
	frame.Here, frame.ErrorsIn = "/forms", !f.OK()
	return frame
}

// at writes a moment as people read it.
func (p *Pages) at(m fact.Millis) string {
	return web.ClockWords(m.Time(), p.Shell.Now(), p.Shell.Zone())
}

// verb is a verb with its request bound; it is run where the rights are.
type verb = func(r stock.Range, here stock.Device, now time.Time) ([]fact.Draft, error)

// devices lists the organisation's devices and those that facts about the
// range name, this one apart.
func (p *Pages) devices(r *http.Request, about stock.Range, but fact.Subject) ([]stock.Device, error) {
	all, err := p.Forms.Devices(r.Context())
	if err != nil {
		return nil, err
	}
	for _, n := range about.Names {
		all = append(all, stock.Device{ID: n.Device, Name: n.Says})
	}
	var out []stock.Device
	seen := map[fact.Subject]bool{but: true}
	for _, d := range all {
		if !seen[d.ID] {
			seen[d.ID] = true
			out = append(out, d)
		}
	}
	return out, nil
}

// pick finds the device that a form names; the zero Device is none of them.
func pick(all []stock.Device, value string) stock.Device {
	for _, d := range all {
		if d.ID.String() == value {
			return d
		}
	}
	return stock.Device{}
}

func options(all []stock.Device, first ...web.Option) []web.Option {
	out := append([]web.Option{{Value: "", Text: "Choose a device"}}, first...)
	for _, d := range all {
		out = append(out, web.Option{Value: d.ID.String(), Text: d.Name})
	}
	return out
}
