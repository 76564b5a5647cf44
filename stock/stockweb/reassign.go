package stockweb

import (
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/stock"
	"holdfast/web"
)

const disputed = "disputed"

type reassignForm struct {
	Lost string `form:"lost" label:"Lost device" need:"Choose the device that is lost"`
	To   string `form:"to" label:"Takes over" need:"Choose the device that takes them over"`
	Why  string `form:"why" label:"Why" max:"300" need:"Say how it was lost, and how you know"`
}

func (p *Pages) reassign(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showReassign(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showReassign(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	if err := by.May(access.ReassignForms); err != nil {
		return err
	}
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	v, err := p.actPage(r, by, one, "Propose to move the numbers", f)
	if err != nil {
		return err
	}
	all, err := p.devices(r, one, fact.Subject{})
	if err != nil {
		return err
	}
	var first []web.Option
	if one.Rights.InDispute() {
		first = append(first, web.Option{Value: disputed, Text: "What is in dispute"})
	}
	v.Lost, v.Devices = options(all, first...), options(all)
	return web.Render(w, r, status, reassignPage(v))
}

// proposeDone is the first person's word.
func (p *Pages) proposeDone(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	all, err := p.devices(r, one, fact.Subject{})
	if err != nil {
		return err
	}
	var in reassignForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	lost, to := pick(all, in.Lost), pick(all, in.To)
	if f.OK() && in.Lost != disputed && lost.ID.Zero() {
		f.Fail("lost", "Lost device", "Choose one of those shown")
	}
	return p.saved(w, r, by, access.ReassignForms, one, f, func(now stock.Range, _ stock.Device, at time.Time) ([]fact.Draft, error) {
		return stock.Propose(now, by, lost, to, in.Why, at)
	}, func() error { return p.showReassign(w, r, by, http.StatusUnprocessableEntity, f) })
}

// approveDone is the second person's.
func (p *Pages) approveDone(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	id, err := factOf(r, "proposal")
	if err != nil {
		return err
	}
	err = p.Forms.Do(r.Context(), by, access.ReassignForms, one.Subject, func(now stock.Range, _ stock.Device, at time.Time) ([]fact.Draft, error) {
		return stock.Approve(now, by, id, at)
	})
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, pathOf(one))
}
