package stockweb

import (
	"net/http"
	"slices"

	"holdfast/access"
	"holdfast/fact/share"
	"holdfast/stock"
	"holdfast/web"
)

// rangeLine is one range on the list.
type rangeLine struct {
	ID, Href, What, Numbers, Left, Here string
	Waiting                             int
	Marks                               []web.Tag
	Bars                                []bar
}

type listView struct {
	Frame   web.Frame
	Lines   []rangeLine
	Form    *web.Form
	Receive bool
	Device  string
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showList(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showList(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	all, err := p.Forms.List(r.Context(), by)
	if err != nil {
		return err
	}
	here := p.Forms.Here()
	v := listView{Frame: p.frame(r, by, "Numbered forms", f), Form: f, Receive: by.May(access.KeepForms) == nil, Device: here.Name}
	for _, one := range all {
		v.Lines = append(v.Lines, lineOf(one, here, all))
	}
	if v.Receive {
		v.Frame.Keys = []web.Key{web.K("F9", "Receive the forms")}
	}
	return web.Render(w, r, status, listPage(v))
}

func lineOf(r stock.Range, here stock.Device, all []stock.Range) rangeLine {
	account := r.Account()
	l := rangeLine{
		ID: "p-" + r.Subject.String(), Href: pathOf(r), What: r.What(), Numbers: receivedAs(r), Waiting: len(r.Open()),
		Here: bar{Count: r.LeftAt(here.ID)}.count(), Bars: bars(r, here.ID), Left: bar{Count: account.Lines[len(account.Lines)-1].Count}.count(),
	}
	l.Marks = marksOf(r, all)
	return l
}

// marksOf says in words what is not well with a range.
func marksOf(r stock.Range, all []stock.Range) (out []web.Tag) {
	if n := len(r.Open()); n > 0 {
		out = append(out, web.Tag{Text: bar{Count: uint64(n)}.count() + " provisional", Tone: "amb"})
	}
	if r.Rights.InDispute() {
		out = append(out, web.Tag{Text: "In dispute", Tone: "red"})
	}
	if n := len(r.Waiting()); n > 0 {
		out = append(out, web.Tag{Text: "Waits for a second person", Tone: "amb"})
	}
	if len(r.NotShown)+len(r.Gaps) > 0 {
		out = append(out, web.Tag{Text: "Something is not shown here", Tone: "ask"})
	}
	if twice(r, all) {
		out = append(out, web.Tag{Text: "Same numbers received twice", Tone: "red"})
	}
	return out
}

// twice tells whether another range has some of the same numbers of the same
// forms: received apart, before either knew of the other.
func twice(r stock.Range, all []stock.Range) bool {
	return slices.ContainsFunc(all, func(o stock.Range) bool { return o.Subject != r.Subject && r.SameNumbers(o) })
}

func receivedAs(r stock.Range) string {
	if r.Received.Empty() {
		return "numbers not known here yet"
	}
	v := r.Received.Values[0].Value
	return stock.Numbers(share.Some(v.First, v.Last))
}

type receiveForm struct {
	What  string `form:"what" label:"Forms" max:"80" need:"Say what the forms are, such as FP10SS"`
	First int64  `form:"first" label:"First number" need:"Type the first number as it stands on the form"`
	Last  int64  `form:"last" label:"Last number" need:"Type the last number as it stands on the form"`
}

// receive takes a new range in at this device.
func (p *Pages) receive(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in receiveForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if f.OK() {
		_, err := p.Forms.Receive(r.Context(), by, stock.Receiving{What: in.What, First: uint64(in.First), Last: uint64(in.Last)})
		if err == nil {
			return web.SeeOther(w, r, "/forms")
		}
		if !f.Take(err) {
			return err
		}
	}
	return p.showList(w, r, by, http.StatusUnprocessableEntity, f)
}
