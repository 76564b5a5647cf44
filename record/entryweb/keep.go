package entryweb

import (
	"net/http"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/record/entry"
	"holdfast/web"
)

// keepForm is never half-kept on this device: the form has no draft.
type keepForm struct {
	Seen  string `form:"seen" max:"4096"`
	Code  string `form:"code" label:"Key safe code" max:"60"`
	Where string `form:"where" label:"Where the key safe is" max:"200"`
	Alarm string `form:"alarm" label:"Alarm" max:"200"`
	Other string `form:"other" label:"What else one must know" max:"400"`
	Why   string `form:"why" label:"Why it is written now" max:"400"`
}

func (p *Pages) keepPage(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showKeep(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showKeep(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	id, err := person(r)
	if err != nil {
		return err
	}
	if err := by.May(access.KeepEntry); err != nil {
		return err
	}
	h, err := p.Homes.Home(r.Context(), by, id, p.Shell.Now())
	if err != nil {
		return err
	}
	v := p.homeOf(r, by, id, h, f)
	if s := f.Value("seen"); s != "" {
		v.Seen = s
	} else if v.Desk {
		seen, err := p.Homes.SeenAtSite(r.Context(), by, id)
		if err != nil {
			return err
		}
		v.Seen = seenOf(seen)
	}
	v.Frame.Keys = []web.Key{web.K("F9", "Keep it")}
	return web.Render(w, r, status, keepView(v))
}

// keep closes what was typed for the vault.
func (p *Pages) keep(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in keepForm
	return p.saved(w, r, by, &in, func(id fact.Subject) error {
		seen, err := readSeen(in.Seen)
		if err != nil {
			return err
		}
		return p.Homes.Keep(r.Context(), by, id, seen, entry.Plain{Code: in.Code, Where: in.Where, Alarm: in.Alarm, Other: in.Other}, in.Why)
	}, p.showKeep)
}

type noneForm struct {
	Seen string `form:"seen" max:"4096"`
	Why  string `form:"none_why" label:"Why nothing is kept any more" max:"400" need:"Say why nothing is kept any more"`
}

// none says that nothing is kept any more.
func (p *Pages) none(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in noneForm
	return p.saved(w, r, by, &in, func(id fact.Subject) error {
		seen, err := readSeen(in.Seen)
		if err != nil {
			return err
		}
		return p.Homes.KeepNone(r.Context(), by, id, seen, in.Why)
	}, p.showKeep)
}

type doubtForm struct {
	Why string `form:"doubt_why" label:"Who may know it" max:"400" need:"Say who may know it, or what happened"`
}

// doubt says that it may be known to others.
func (p *Pages) doubt(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in doubtForm
	return p.saved(w, r, by, &in, func(id fact.Subject) error { return p.Homes.Doubt(r.Context(), by, id, in.Why) }, p.showHome)
}

type chaseForm struct {
	Note string `form:"note" label:"How far it has come" max:"400" need:"Say how far it has come"`
}

// chase notes how far the change has come.
func (p *Pages) chase(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in chaseForm
	return p.saved(w, r, by, &in, func(id fact.Subject) error { return p.Homes.Chase(r.Context(), by, id, in.Note) }, p.showHome)
}

// saved reads a form, runs what it asks for and goes back to the home; a mistake
// in a field shows the form again.
func (p *Pages) saved(w http.ResponseWriter, r *http.Request, by web.Caller, into any, do func(fact.Subject) error,
	again func(http.ResponseWriter, *http.Request, web.Caller, int, *web.Form) error) error {
	id, err := person(r)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(r, into)
	if err != nil {
		return err
	}
	if f.OK() {
		err := do(id)
		if err == nil {
			return web.SeeOther(w, r, pathOf(id))
		}
		if !f.Take(err) {
			return err
		}
	}
	return again(w, r, by, http.StatusUnprocessableEntity, f)
}
