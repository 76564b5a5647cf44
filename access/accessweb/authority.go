package accessweb

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// Authority is what the page about the authority of desks needs to know of the
// rest.
type Authority struct {
	Codes  int           // on one sealed paper
	Lasts  time.Duration // of a desk's authority
	Name   func(fact.Subject) string
	Device func(fact.Subject) string
	Desks  func() map[fact.Subject]string // by device: its name
}

func (p *Pages) registerAuthority(m *web.Mux) {
	if p.Authority == nil {
		return
	}
	m.Handle(web.Session, http.MethodGet, "/authority", p.authority)
	m.Handle(web.Session, http.MethodPost, "/authority/paper", p.renewByPaper)
	m.Handle(web.Session, http.MethodPost, "/authority/print", p.printLease)
	if p.Links {
		m.Handle(web.Session, http.MethodPost, "/authority/demo", p.renewInDemo)
	}
	if p.Passkeys == nil {
		return
	}
	for pattern, h := range map[string]web.Handler{
		"/authority/first/begin": p.beginRenewal, "/authority/first/finish": p.confirmRenewal,
		"/authority/second/begin": p.beginSecond, "/authority/second/finish": p.finishRenewal,
	} {
		m.Add(web.Route{Door: web.Session, Method: http.MethodPost, Pattern: pattern, MaxBody: 64 << 10, Refuse: refuseVouch}, h)
	}
}

type authorityView struct {
	Frame web.Frame
	Form  *web.Form
	Desk  *deskAuthority // nil at a site node
	Site  *siteAuthority // nil at a desk, and to who prints no papers
	Lasts string
}

// deskAuthority is how a desk's own authority stands.
type deskAuthority struct {
	Out, Warn   bool
	Ends, Last  string
	Second      bool // the first has confirmed
	Demo        bool
	DemoSeconds []web.Option
}

type siteAuthority struct {
	Desks  []web.Option
	Papers []leasePaperLine
	Twice  []string
	Lapses []lapseLine
}

type leasePaperLine struct{ For, Made, Left string }

type lapseLine struct{ ID, Desk, Since, Until string }

// authority says how this desk's authority stands and renews it; at a site node
// it shows administrators the sealed papers.
func (p *Pages) authority(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.RenewLease, fact.Subject{}); err != nil {
		return err
	}
	return p.showAuthority(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showAuthority(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	v := authorityView{Frame: p.Shell.Frame(r, by, "Authority of desks"), Form: f, Lasts: plural(int(p.Authority.Lasts.Hours()), "hour", "hours")}
	v.Frame.Here, v.Frame.ErrorsIn = "/authority", !f.OK()
	var err error
	switch {
	case p.Gate.Leases != nil:
		v.Frame.Title = "Authority of this desk"
		v.Desk, err = p.deskAuthority(r.Context(), by)
	case by.May(access.PrintLease) == nil:
		v.Site, err = p.siteAuthority(r.Context(), by)
	}
	if err != nil {
		return err
	}
	return web.Render(w, r, status, authorityPage(v))
}

func (p *Pages) deskAuthority(ctx context.Context, by web.Caller) (*deskAuthority, error) {
	s := p.Gate.Leases.Standing()
	d := &deskAuthority{Out: s.Out, Warn: s.Warn, Ends: p.clock(fact.At(s.Ends)), Second: p.Gate.WaitsForSecond(by), Demo: p.Links}
	d.Last = p.clock(fact.At(s.At)) + ", " + p.renewedBy(s.Way, s.By)
	if !p.Links {
		return d, nil
	}
	all, err := p.Gate.Seconds(ctx, by)
	d.DemoSeconds = []web.Option{{Text: "Choose"}}
	for _, one := range all {
		d.DemoSeconds = append(d.DemoSeconds, web.Option{Value: one.Person.String(), Text: one.Staff.Name()})
	}
	return d, err
}

// renewedBy says who renewed a desk's authority.
func (p *Pages) renewedBy(way access.LeaseWay, by []fact.Subject) string {
	var names []string
	for _, one := range by {
		if way == access.LeaseBySite {
			names = append(names, p.Authority.Device(one))
			continue
		}
		names = append(names, p.Authority.Name(one))
	}
	who := strings.Join(names, " and ")
	switch way {
	case access.LeaseBySite:
		return "by site node " + who
	case access.LeaseByTwo:
		return "by " + who
	case access.LeaseByPaper:
		return "by " + who + ", with a code of the sealed paper"
	}
	return "when the desk was admitted"
}

func (p *Pages) siteAuthority(ctx context.Context, by web.Caller) (*siteAuthority, error) {
	all, err := p.Gate.LeasePapers(ctx, by)
	if err != nil {
		return nil, err
	}
	out := &siteAuthority{Desks: []web.Option{{Value: "all", Text: "Every desk"}}}
	for id, name := range p.Authority.Desks() {
		out.Desks = append(out.Desks, web.Option{Value: id.String(), Text: name})
	}
	slices.SortFunc(out.Desks[1:], func(a, b web.Option) int { return strings.Compare(a.Text+a.Value, b.Text+b.Value) })
	for i, one := range all.Papers {
		out.Papers = append(out.Papers, leasePaperLine{
			For: p.deskNamed(one.Desk), Made: p.clock(one.At) + ", " + p.Authority.Name(one.By), Left: strconv.Itoa(all.Left[i]),
		})
	}
	slices.SortFunc(out.Papers, func(a, b leasePaperLine) int {
		return cmp.Or(strings.Compare(a.For, b.For), strings.Compare(a.Made, b.Made))
	})
	for _, uses := range all.Twice {
		var where []string
		for _, u := range uses {
			where = append(where, p.deskNamed(u.Desk)+" at "+p.clock(u.At)+" "+p.renewedBy(access.LeaseByPaper, u.By))
		}
		slices.Sort(where)
		out.Twice = append(out.Twice, "Paper "+string(uses[0].Set)+": "+strings.Join(where, "; and "))
	}
	slices.Sort(out.Twice)
	for i := len(all.Lapses) - 1; i >= 0; i-- {
		c := all.Lapses[i]
		line := lapseLine{ID: c.ID.String(), Desk: p.deskNamed(c.Says.Device), Since: p.clock(c.Says.Since), Until: "It still has none, as far as is known here"}
		if c.Lapse.Ended {
			line.Until = p.clock(c.Lapse.At)
		}
		out.Lapses = append(out.Lapses, line)
	}
	return out, nil
}

func (p *Pages) deskNamed(id fact.Subject) string {
	if id.Zero() {
		return "Every desk"
	}
	return p.Authority.Device(id)
}

// renewByPaper spends a code of the sealed paper.
func (p *Pages) renewByPaper(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.RenewLease); err != nil {
		return p.Gate.Enter(r.Context(), by, access.RenewLease, fact.Subject{}) // refuses, on record
	}
	var in struct {
		Code string `form:"code" label:"Code" max:"40" need:"Type a code from the sealed paper"`
	}
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if f.OK() {
		err := p.Gate.RenewByPaper(r.Context(), by, in.Code)
		if err == nil {
			return web.SeeOther(w, r, "/authority")
		}
		if refusal.Is(err, refusal.Forbidden) {
			err = refusal.Field("code", sentence(err))
		}
		if !f.Take(err) {
			return err
		}
	}
	return p.showAuthority(w, r, by, http.StatusUnprocessableEntity, f)
}

// renewInDemo renews by two people where nobody has a passkey.
func (p *Pages) renewInDemo(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.RenewLease); err != nil {
		return p.Gate.Enter(r.Context(), by, access.RenewLease, fact.Subject{}) // refuses, on record
	}
	var in struct {
		Second string `form:"second" label:"Second person" max:"80" need:"Choose the second person"`
	}
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if f.OK() {
		second, err := fact.ParseSubject(in.Second)
		if err != nil {
			err = refusal.Field("second", "Choose one of those shown.")
		} else {
			err = p.Gate.RenewByTwoInDemo(r.Context(), by, second)
		}
		if err == nil {
			return web.SeeOther(w, r, "/authority")
		}
		if refusal.Is(err, refusal.Forbidden) {
			err = refusal.Field("second", sentence(err))
		}
		if !f.Take(err) {
			return err
		}
	}
	return p.showAuthority(w, r, by, http.StatusUnprocessableEntity, f)
}

// printLease shows a new sealed paper, this once.
func (p *Pages) printLease(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.PrintLease); err != nil {
		return p.Gate.Enter(r.Context(), by, access.PrintLease, fact.Subject{}) // refuses, on record
	}
	var in struct {
		Desk string `form:"desk" label:"For" max:"80" need:"Choose a desk, or every desk"`
	}
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	var printed []string
	var desk fact.Subject
	if f.OK() && in.Desk != "all" {
		if desk, err = fact.ParseSubject(in.Desk); err != nil {
			f.Take(refusal.Field("desk", "Choose one of those shown."))
		}
	}
	if f.OK() {
		if printed, err = p.Gate.PrintLeasePaper(r.Context(), by, desk, p.Authority.Codes); err != nil && !f.Take(err) {
			return err
		}
	}
	if !f.OK() {
		return p.showAuthority(w, r, by, http.StatusUnprocessableEntity, f)
	}
	frame := p.Shell.Frame(r, by, "Sealed paper")
	frame.Here, frame.Live, frame.Keys = "/authority", "", []web.Key{web.K("F9", "I have printed and sealed it")}
	return web.Render(w, r, http.StatusOK, leasePaperPage(frame, p.deskNamed(desk), printed, p.Shell.Now().In(p.Shell.Zone()).Format("Mon 2 Jan 2006 15:04")))
}

func (p *Pages) mayRenew(r *http.Request, by web.Caller) error {
	if err := by.May(access.RenewLease); err != nil {
		return p.Gate.Enter(r.Context(), by, access.RenewLease, fact.Subject{}) // refuses, on record
	}
	return nil
}

func (p *Pages) beginRenewal(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.mayRenew(r, by); err != nil {
		return err
	}
	options, err := p.Passkeys.BeginRenewal(r.Context(), by)
	if err != nil {
		return notSo(err)
	}
	return writeJSON(w, http.StatusOK, options)
}

func (p *Pages) beginSecond(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.mayRenew(r, by); err != nil {
		return err
	}
	options, err := p.Passkeys.BeginSecond(r.Context(), by)
	if err != nil {
		return notSo(err)
	}
	return writeJSON(w, http.StatusOK, options)
}

func (p *Pages) confirmRenewal(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.renewalAnswer(w, r, by, p.Passkeys.ConfirmRenewal)
}

func (p *Pages) finishRenewal(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.renewalAnswer(w, r, by, p.Passkeys.RenewByTwo)
}

// renewalAnswer hands a passkey's answer on.
func (p *Pages) renewalAnswer(w http.ResponseWriter, r *http.Request, by web.Caller, take func(context.Context, access.Caller, []byte) error) error {
	if err := p.mayRenew(r, by); err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if err := take(r.Context(), by, body); err != nil {
		return notSo(err)
	}
	return writeJSON(w, http.StatusOK, goTo{"/authority"})
}
