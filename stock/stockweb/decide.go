package stockweb

import (
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/stock"
	"holdfast/web"
)

type decideForm struct {
	Decision string `form:"decision" label:"Decision" need:"Choose one" of:"confirm refuse"`
	Why      string `form:"why" label:"Why" max:"300"`
}

func (p *Pages) decide(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showDecide(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showDecide(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	if err := by.May(access.DecideForm); err != nil {
		return err
	}
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	id, err := factOf(r, "use")
	if err != nil {
		return err
	}
	v, err := p.actPage(r, by, one, "Decide on a form", f)
	if err != nil {
		return err
	}
	for _, u := range one.Open() {
		if u.Right.Fact == id {
			v.Use = p.useLine(one, u, by, p.Forms.Here())
			v.Confirm, _ = one.Rights.MayDecide(p.Forms.Here().ID, u.Right)
			return web.Render(w, r, status, decidePage(v))
		}
	}
	return refusal.New(refusal.Taken, "This use has been decided on already. Look at the range.")
}

// decideDone confirms or refuses a provisional use.
func (p *Pages) decideDone(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	id, err := factOf(r, "use")
	if err != nil {
		return err
	}
	var in decideForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	again := func() error { return p.showDecide(w, r, by, http.StatusUnprocessableEntity, f) }
	if f.OK() && in.Decision == "refuse" {
		err := p.Forms.Refuse(r.Context(), by, one.Subject, id, in.Why)
		switch {
		case err == nil:
			return web.SeeOther(w, r, pathOf(one))
		case !f.Take(err):
			return err
		}
		return again()
	}
	return p.saved(w, r, by, access.DecideForm, one, f, func(now stock.Range, here stock.Device, at time.Time) ([]fact.Draft, error) {
		return stock.Confirm(now, by, here, id, at)
	}, again)
}

// decisions are the choices at this device.
func decisions(confirm bool) []web.Choice {
	refuse := web.Choice{Value: "refuse", Text: "Refuse", Tone: "bad"}
	if confirm {
		return []web.Choice{{Value: "confirm", Text: "Confirm"}, refuse}
	}
	return []web.Choice{refuse}
}
