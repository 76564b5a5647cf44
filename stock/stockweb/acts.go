package stockweb

import (
	"net/http"

	"holdfast/access"
	"holdfast/stock"
	"holdfast/web"
)

// actView is a page with one form about a range.
type actView struct {
	Frame   web.Frame
	Title   string
	Line    rangeLine
	Back    string
	Form    *web.Form
	Left    string // what this device may use
	Devices []web.Option
	Lost    []web.Option
	Issue   bool
	Ask     bool // the share here is empty
	Use     useLine
	Confirm bool
}

// actPage makes what all of these pages have.
func (p *Pages) actPage(r *http.Request, by web.Caller, one stock.Range, title string, f *web.Form) (actView, error) {
	here := p.Forms.Here()
	v := actView{
		Frame: p.frame(r, by, title, f), Title: title, Line: lineOf(one, here, nil), Back: pathOf(one), Form: f,
		Issue: by.May(access.UseForm) == nil && by.Role == access.Clinician, Ask: one.LeftAt(here.ID) == 0, Left: leftWords(one, here),
	}
	v.Frame.Keys = []web.Key{web.K("F9", title)}
	return v, nil
}

func leftWords(r stock.Range, here stock.Device) string {
	left := r.Rights.Left(here.ID)
	if len(left) == 0 {
		return here.Name + " has none left."
	}
	says := here.Name + " has " + stock.Numbers(left[0])
	for i, u := range left[1:] {
		if i == 7 {
			return says + " and more."
		}
		says += ", " + stock.Numbers(u)
	}
	return says + "."
}

// saved runs a verb and goes back to the range; a mistake in a field shows the
// form again.
func (p *Pages) saved(w http.ResponseWriter, r *http.Request, by web.Caller, act access.Act, one stock.Range, f *web.Form, v verb, again func() error) error {
	if f.OK() {
		err := p.Forms.Do(r.Context(), by, act, one.Subject, v)
		if err == nil {
			return web.SeeOther(w, r, pathOf(one))
		}
		if !f.Take(err) {
			return err
		}
	}
	return again()
}
