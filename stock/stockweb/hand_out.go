package stockweb

import (
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/share"
	"holdfast/stock"
	"holdfast/web"
)

type handForm struct {
	First int64  `form:"first" label:"First number" need:"Type the first number as it stands on the form"`
	Last  int64  `form:"last" label:"Last number" need:"Type the last number as it stands on the form"`
	To    string `form:"to" label:"Device" need:"Choose a device"`
}

func (p *Pages) handOut(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showHandOut(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showHandOut(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	if err := by.May(access.KeepForms); err != nil {
		return err
	}
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	v, err := p.actPage(r, by, one, "Hand out", f)
	if err != nil {
		return err
	}
	others, err := p.devices(r, one, p.Forms.Here().ID)
	if err != nil {
		return err
	}
	v.Devices = options(others)
	return web.Render(w, r, status, handOutPage(v))
}

// handOutDone gives numbers of this device to another.
func (p *Pages) handOutDone(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	others, err := p.devices(r, one, p.Forms.Here().ID)
	if err != nil {
		return err
	}
	var in handForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	units, to := share.Some(uint64(in.First), uint64(in.Last)), pick(others, in.To)
	return p.saved(w, r, by, access.KeepForms, one, f, func(now stock.Range, here stock.Device, at time.Time) ([]fact.Draft, error) {
		return stock.HandOut(now, by, here, units, to, at)
	}, func() error { return p.showHandOut(w, r, by, http.StatusUnprocessableEntity, f) })
}
