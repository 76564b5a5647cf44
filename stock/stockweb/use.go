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

type useForm struct {
	First int64  `form:"first" label:"Number" need:"Type the number as it stands on the form"`
	Last  int64  `form:"last" label:"To"`
	How   string `form:"how" label:"What became of it" need:"Choose what became of it" of:"issued voided spoiled lost stolen"`
	Note  string `form:"note" label:"What happened" max:"300"`
	Asks  string `form:"asks" label:"Why it is used without holding it" max:"300"`
}

func (p *Pages) use(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showUse(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showUse(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	if err := by.May(access.UseForm); err != nil {
		return err
	}
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	v, err := p.actPage(r, by, one, "Say what became of a form", f)
	if err != nil {
		return err
	}
	return web.Render(w, r, status, usePage(v))
}

// useDone saves what became of forms.
func (p *Pages) useDone(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	one, err := p.about(r, by)
	if err != nil {
		return err
	}
	var in useForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if in.Last == 0 {
		in.Last = in.First
	}
	req := stock.Using{Units: share.Some(uint64(in.First), uint64(in.Last)), How: stock.How(in.How), Note: in.Note, Asks: in.Asks}
	return p.saved(w, r, by, access.UseForm, one, f, func(now stock.Range, here stock.Device, at time.Time) ([]fact.Draft, error) {
		return stock.UseForm(now, by, here, req, at)
	}, func() error { return p.showUse(w, r, by, http.StatusUnprocessableEntity, f) })
}

// hows are the choices, as words on the page.
func hows(issue bool) (out []web.Choice) {
	for _, h := range stock.Hows() {
		if h != stock.Issued || issue {
			out = append(out, web.Choice{Value: string(h), Text: upper(string(h))})
		}
	}
	return out
}
