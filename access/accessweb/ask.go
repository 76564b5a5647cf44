package accessweb

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// keptField is one field of a form that waits while its sender is asked for
// something: it goes on as it was typed, once.
type keptField struct{ Name, Value string }

// askView is the page that asks for a passkey, or for a reason, before what
// was sent goes on.
type askView struct {
	Frame    web.Frame
	Say      string
	To       string // where what was sent goes on
	Get      bool   // it was a look, not a form
	Kept     []keptField
	Error    string
	Passkey  bool
	Demo     bool
	Held     bool // before one more record: a colleague's word is enough
	LetOn    bool // they have no passkey, and a shift manager may let them go on
	None     bool // they have no passkey
	For      string
	About    string // of a reason
	Act      string
	Why      string
	WhyError string
}

// Ask answers an error by asking the caller for what is wanting, with what
// they typed kept; false when nothing of that sort is wanting.
func (p *Pages) Ask(w http.ResponseWriter, r *http.Request, by *web.Caller, err error) bool {
	if by == nil {
		return false
	}
	var why *access.NeedsReason
	v := askView{Say: sentence(err), To: r.URL.RequestURI(), Get: r.Method == http.MethodGet || r.Method == http.MethodHead}
	switch {
	case errors.As(err, &why):
		v.About, v.Act = why.About.String(), string(why.Act)
	case errors.Is(err, access.ErrProve):
		v.Held = errors.Is(err, access.ErrHeld)
	default:
		return false
	}
	if !v.Get {
		if bad := r.ParseForm(); bad != nil {
			return false
		}
		v.Kept = keptOf(r, "_prove_")
		if why != nil {
			v.Kept = keptOf(r, "_reason_")
		}
	}
	if why != nil {
		return p.showReason(w, r, *by, v) == nil
	}
	return p.showProof(w, r, *by, v) == nil
}

// keptOf gives the fields of a form but for those of the page that asks.
func keptOf(r *http.Request, without string) (out []keptField) {
	var names []string
	for name := range r.PostForm {
		if !strings.HasPrefix(name, without) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range r.PostForm[name] {
			out = append(out, keptField{name, value})
		}
	}
	return out
}

func (p *Pages) showProof(w http.ResponseWriter, r *http.Request, by web.Caller, v askView) error {
	v.Frame = p.Shell.Frame(r, by, "Show that it is you")
	v.Frame.Live = ""
	v.None = p.Passkeys != nil && p.Gate.LacksPasskey(r.Context(), by.Person)
	v.Passkey = p.Passkeys != nil && !v.None
	v.LetOn = v.None && v.Held && !p.Links && p.Gate.Policy.LetOnMost > 0
	v.Demo = p.Links
	return web.Render(w, r, http.StatusForbidden, provePage(v))
}

func (p *Pages) showReason(w http.ResponseWriter, r *http.Request, by web.Caller, v askView) error {
	v.Frame = p.Shell.Frame(r, by, "Say why")
	v.Frame.Live, v.Frame.ErrorsIn = "", v.WhyError != ""
	return web.Render(w, r, http.StatusForbidden, reasonPage(v))
}

func (p *Pages) registerAsk(m *web.Mux) {
	const most = 1 << 20 // what was typed comes along
	m.Add(web.Route{Door: web.Session, Method: http.MethodPost, Pattern: "/prove", MaxBody: most}, p.prove)
	m.Add(web.Route{Door: web.Session, Method: http.MethodPost, Pattern: "/reason", MaxBody: most}, p.reason)
	if p.Passkeys != nil {
		m.Add(web.Route{Door: web.Session, Method: http.MethodPost, Pattern: "/prove/begin", MaxBody: 64 << 10, Refuse: refuseJSON}, p.beginProof)
		m.Add(web.Route{Door: web.Session, Method: http.MethodPost, Pattern: "/prove/manager", MaxBody: 64 << 10, Refuse: refuseJSON}, p.beginLetOn)
	}
}

// beginProof answers the options of navigator.credentials.get as JSON.
func (p *Pages) beginProof(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return err
	}
	return p.beginSignIn(w, r, by)
}

// beginLetOn asks for the passkey of a shift manager who is there, as JSON.
func (p *Pages) beginLetOn(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	options, err := p.Passkeys.BeginLetOn(r.Context(), by)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, options)
}

// prove takes the proof and sends what was kept on its way: the browser sends
// it itself, to where it was meant for, with all that was typed.
func (p *Pages) prove(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	v := askView{
		Say: r.PostForm.Get("_prove_say"), To: r.PostForm.Get("_prove_to"), Get: r.PostForm.Get("_prove_get") == "yes",
		Held: r.PostForm.Get("_prove_held") == "yes", Kept: keptOf(r, "_prove_"),
	}
	if !web.LocalPath(v.To) {
		return refusal.New(refusal.Invalid, "The form did not arrive whole. Go back and send it again.")
	}
	path, _, _ := strings.Cut(v.To, "?")
	err := p.proof(r, by, path)
	if refusal.Is(err, refusal.Forbidden) || refusal.Is(err, refusal.Invalid) {
		v.Error = sentence(err)
		return p.showProof(w, r, by, v)
	}
	if err != nil {
		return err
	}
	return goOn(w, r, v)
}

func (p *Pages) proof(r *http.Request, by web.Caller, what string) error {
	switch answer := r.PostForm.Get("_prove_answer"); {
	case answer != "" && p.Passkeys != nil && r.PostForm.Get("_prove_way") == access.WayColleague:
		return p.Passkeys.LetOn(r.Context(), by, []byte(answer), what)
	case answer != "" && p.Passkeys != nil:
		return p.Passkeys.Prove(r.Context(), by, []byte(answer), what)
	case p.Links && r.PostForm.Get("_prove_way") == "demo":
		return p.Gate.ProveInDemo(r.Context(), by, what)
	}
	return refusal.New(refusal.Invalid, "Your passkey gave no answer. Press the button again.")
}

// goOn sends a look to its page, and a form to where it was meant for: by 307
// the browser sends it again as it is.
func goOn(w http.ResponseWriter, r *http.Request, v askView) error {
	if v.Get {
		return web.SeeOther(w, r, v.To)
	}
	w.Header().Set("Location", v.To)
	w.WriteHeader(http.StatusTemporaryRedirect)
	return nil
}

// reason takes why a record is opened; what was typed stays when something
// fails.
func (p *Pages) reason(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if by.May(access.GiveReason) != nil {
		return p.Gate.Enter(r.Context(), by, access.GiveReason, fact.Subject{})
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	v := askView{
		Say: r.PostForm.Get("_reason_say"), To: r.PostForm.Get("_reason_to"), Get: r.PostForm.Get("_reason_get") == "yes",
		About: r.PostForm.Get("_reason_about"), Act: r.PostForm.Get("_reason_act"), Why: r.PostForm.Get("_reason_why"),
		Kept: keptOf(r, "_reason_"),
	}
	about, err := fact.ParseSubject(v.About)
	if err != nil || !web.LocalPath(v.To) {
		return refusal.New(refusal.Invalid, "The form did not arrive whole. Open the record again.")
	}
	err = p.Gate.GiveReason(r.Context(), by, about, access.Act(v.Act), v.Why)
	for _, f := range refusal.Fields(err) {
		v.WhyError = f.Sentence
	}
	if v.WhyError != "" {
		return p.showReason(w, r, by, v)
	}
	if err != nil {
		return err
	}
	return goOn(w, r, v)
}
