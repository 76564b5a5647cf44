package entryweb

import (
	"encoding/hex"
	"net/http"
	"strings"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record/entry"
	"holdfast/record/entrydb"
	"holdfast/web"
)

// homeView is the page of one home.
type homeView struct {
	Frame    web.Frame
	Form     *web.Form
	Path     string
	Called   string
	Seen     string // the frontier of what the page shows
	Kept     bool
	Desk     bool     // this machine asks the site
	Says     []string // about what is kept, never what it is
	Visit    string   // "for your visit, case 4711"; empty: it does not open for one
	NoVisit  string   // why not
	Open     bool
	Until    string
	Why      []string // it must be changed
	Unsure   bool     // others who know it may have left
	Chases   []string
	Openings []openingLine
	Rights   homeRights
}

type homeRights struct{ Open, Keep, Watch bool }

// openingLine is one opening in words.
type openingLine struct {
	At, Who, Why, Unusual, SeenBy string
	Alarming                      bool
	Person, Home                  string // of lists: whose home, and its page
	Note                          string // where to say that one has taken note of it; empty: nothing to say
}

func (p *Pages) home(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showHome(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showHome(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	id, err := person(r)
	if err != nil {
		return err
	}
	h, err := p.Homes.Home(r.Context(), by, id, p.Shell.Now())
	if err != nil {
		return err
	}
	return web.Render(w, r, status, homePage(p.homeOf(r, by, id, h, f)))
}

func (p *Pages) homeOf(r *http.Request, by web.Caller, id fact.Subject, h entrydb.Home, f *web.Form) homeView {
	v := homeView{
		Frame: p.frame(r, by, "Way in", f), Form: f, Path: pathOf(id), Called: h.Person.Called(), Seen: seenOf(h.Code), Kept: h.Code.Kept(),
		Why: h.Why, Unsure: h.Unsure, Open: h.Open, Until: p.atTime(h.Until),
		Rights: homeRights{by.May(access.OpenEntry) == nil, by.May(access.KeepEntry) == nil, by.May(access.WatchEntry) == nil},
	}
	v.Says = p.keptWords(h.Code)
	if !p.Homes.Here() {
		v.Desk, v.Kept = true, len(h.Person.Entry) > 0
		v.Says = []string{"This machine keeps no way into a home: a stolen one must not. The site opens it and shows it here"}
	}
	v.Visit, v.NoVisit = p.visitWords(h.Grounds)
	for _, c := range h.Code.Chases {
		if c.Current {
			v.Chases = append(v.Chases, p.at(c.At)+", "+c.What.Says+": "+c.What.Note)
		}
	}
	for i := len(h.Code.Openings) - 1; i >= 0 && len(v.Openings) < 50; i-- {
		v.Openings = append(v.Openings, p.openingWords(h.Code.Openings[i]))
	}
	if v.Kept && v.Rights.Open {
		if v.Open {
			v.Frame.Keys = append(v.Frame.Keys, web.K("F9", "Show it"))
		} else if v.Visit != "" {
			v.Frame.Keys = append(v.Frame.Keys, web.K("F9", "Open it"))
		}
		v.Frame.Keys = append(v.Frame.Keys, web.K("E", "Emergency"))
	}
	if v.Rights.Keep {
		v.Frame.Keys = append(v.Frame.Keys, web.K("C", "Keep or change it"))
	}
	return v
}

func (p *Pages) keptWords(c entry.Code) (out []string) {
	for _, v := range c.Standing() {
		s := "Kept since " + p.at(v.At) + ", by " + orNobody(v.Says)
		if v.Why != "" {
			s += ": " + v.Why
		}
		if v.Unverified {
			s += ". Not verified: it was written where entries are held back"
		}
		out = append(out, s)
	}
	if c.Apart() {
		out = append(out, "Written apart: all of them are shown when it is opened. Whoever finds out which opens the home writes it anew")
	}
	if n := len(c.NotShown); n > 0 {
		out = append(out, "Something more is on record that this program cannot read")
	}
	return out
}

func orNobody(s string) string {
	if s == "" {
		return "somebody whose name is not on it"
	}
	return s
}

// visitWords says for which visit it opens, or why for none.
func (p *Pages) visitWords(g entry.Grounds) (visit, not string) {
	not = "It opens for whoever has a visit to this home, near its time. You have none on record"
	if g.Unknown {
		not += ", and not all cases could be read"
	}
	for _, one := range g.Relations {
		if !one.Visit || !one.Mine {
			continue
		}
		near, from, until := p.Homes.Rules.Near(one, p.Shell.Now())
		if near {
			return "for your visit, case " + one.Number, ""
		}
		not = "Your visit on case " + one.Number + " opens it from " + p.atTime(from) + " to " + p.atTime(until)
	}
	return "", not
}

func (p *Pages) openingWords(o entry.Opening) openingLine {
	l := openingLine{At: p.at(o.At), Who: orNobody(o.What.Says), SeenBy: strings.Join(o.SeenBy, ", "), Alarming: o.What.Alarming()}
	l.Why = "For a visit"
	if o.What.Ground == entry.ForEmergency {
		l.Why = "Emergency: " + o.What.Reason
	}
	if o.What.Number != "" {
		l.Why += ", case " + o.What.Number
	}
	var unusual []string
	for _, u := range o.What.Unusual {
		unusual = append(unusual, string(u))
	}
	l.Unusual = strings.Join(unusual, "; ")
	return l
}

// seenOf writes a frontier into a form; readSeen reads it again.
func seenOf(c entry.Code) string {
	var b []byte
	for _, id := range c.Frontier {
		b = append(b, id[:]...)
	}
	return hex.EncodeToString(b)
}

func readSeen(s string) ([]fact.ID, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b)%len(fact.ID{}) != 0 {
		return nil, refusal.New(refusal.Invalid, "The form did not arrive whole. Open the page anew.")
	}
	out := []fact.ID{}
	for ; len(b) > 0; b = b[len(fact.ID{}):] {
		out = append(out, fact.ID(b[:len(fact.ID{})]))
	}
	return out, nil
}
