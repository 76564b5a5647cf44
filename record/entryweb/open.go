package entryweb

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record/entry"
	"holdfast/record/entrydb"
	"holdfast/web"
)

type openForm struct {
	Emergency string `form:"emergency" of:"yes"`
	Reason    string `form:"reason" label:"Why somebody must get in at once" max:"400"`
}

// mostReason bounds, in bytes, what of a reason that is too long is handed on.
const mostReason = 4 << 10

// open opens one home and leads to the page that shows it.
func (p *Pages) open(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := person(r)
	if err != nil {
		return err
	}
	var in openForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	ask := entry.Asking{Emergency: in.Emergency == "yes", Reason: in.Reason}
	if ask.Emergency && in.Reason == "" && f.Value("reason") != "" {
		ask.Reason = strings.ToValidUTF8(f.Value("reason")[:min(len(f.Value("reason")), mostReason)], "") // nothing stops an emergency but silence
	}
	var shown entrydb.Shown
	if p.Homes.Here() {
		err = p.Homes.Open(r.Context(), by, id, ask)
	} else {
		shown, err = p.Homes.OpenAtSite(r.Context(), by, id, ask)
	}
	switch {
	case err != nil && f.Take(err):
		return p.showHome(w, r, by, http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	case p.Homes.Here():
		return web.SeeOther(w, r, pathOf(id)+"/shown")
	}
	return p.show(w, r, by, id, shown) // this machine keeps nothing that a second look could show
}

// shownView is the one page that shows a way in.
type shownView struct {
	Frame   web.Frame
	Path    string
	Called  string
	Address string
	Until   string
	Left    string // whole seconds until it is covered
	Ways    []wayView
	Apart   bool
}

type wayView struct {
	Since      string
	Pairs      []web.Pair
	Unverified bool
	Unreadable bool
}

// shown shows it until it is covered; then this page leads back by itself, with
// and without script.
func (p *Pages) shown(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := person(r)
	if err != nil {
		return err
	}
	s, err := p.Homes.Shown(r.Context(), by, id, p.Shell.Now())
	if refusal.Is(err, refusal.Taken) {
		return web.SeeOther(w, r, pathOf(id))
	}
	if err != nil {
		return err
	}
	return p.show(w, r, by, id, s)
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, by web.Caller, id fact.Subject, s entrydb.Shown) error {
	now := p.Shell.Now()
	left := strconv.Itoa(max(1, int(s.Until.Sub(now)/time.Second)))
	v := shownView{
		Frame: p.frame(r, by, "Way in", nil), Path: pathOf(id), Called: s.Person.Called(), Address: s.Person.Address.Or(s.Person.Identity().Address).String(),
		Until: s.Until.In(p.Shell.Zone()).Format("15:04:05"), Left: left, Apart: len(s.Ways) > 1,
	}
	v.Frame.Live = "" // nothing looks at this page anew
	v.Frame.Keys = []web.Key{web.K("F9", "Cover it")}
	for _, way := range s.Ways {
		v.Ways = append(v.Ways, p.wayOf(way))
	}
	w.Header().Set("Refresh", left+"; url="+pathOf(id))
	return web.Render(w, r, http.StatusOK, shownPage(v))
}

func (p *Pages) wayOf(w entrydb.Way) wayView {
	v := wayView{Since: p.at(w.Value.At) + ", " + orNobody(w.Value.Says), Unverified: w.Value.Unverified, Unreadable: w.Unreadable}
	for _, one := range []web.Pair{
		{Name: "Key safe code", Value: w.Plain.Code}, {Name: "Where the key safe is", Value: w.Plain.Where},
		{Name: "Alarm", Value: w.Plain.Alarm}, {Name: "Besides", Value: w.Plain.Other},
	} {
		if one.Value != "" {
			v.Pairs = append(v.Pairs, one)
		}
	}
	return v
}

// cover covers it before its time.
func (p *Pages) cover(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := person(r)
	if err != nil {
		return err
	}
	if err := p.Homes.Cover(r.Context(), by, id); err != nil {
		return err
	}
	return web.SeeOther(w, r, pathOf(id))
}
