package entryweb

import (
	"net/http"
	"strconv"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record/entrydb"
	"holdfast/web"
)

// watchView is what the coordinator sees.
type watchView struct {
	Frame   web.Frame
	Homes   string
	Unseen  []openingLine
	Noted   []openingLine
	Changes []changeLine
	Causes  []causeLine
	Asks    []askLine
	Unsure  bool // who has left can't be told whole
}

type changeLine struct {
	Person, Home string
	Why, Chases  []string
}

type causeLine struct{ Says, Progress string }

type askLine struct {
	At, Who, Why string
	Agree        string // where to agree; empty: not for this caller
}

// mostLines bounds each list of the page; more are counted.
const mostLines = 300

// watch lists openings, what must be changed, and who asks for more.
func (p *Pages) watch(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	all, err := p.Homes.Watch(r.Context(), by, p.Shell.Now())
	if err != nil {
		return err
	}
	v := watchView{Frame: p.frame(r, by, "Homes", nil), Homes: web.Plural(all.Homes, "home", "homes"), Unsure: all.Unsure}
	v.Unseen, v.Noted = p.lines(r, by, all.Unseen), p.lines(r, by, all.Noted)
	for i, c := range all.Changes {
		if i == mostLines {
			break
		}
		line := changeLine{Person: p.Called(r, by, c.Person), Home: homeFor(by, c.Person), Why: c.Why}
		for _, n := range c.Chases {
			line.Chases = append(line.Chases, p.at(n.At)+", "+n.What.Says+": "+n.What.Note)
		}
		v.Changes = append(v.Changes, line)
	}
	for _, c := range all.Causes {
		v.Causes = append(v.Causes, causeLine{c.Says, strconv.Itoa(c.Changed) + " of " + web.Plural(c.Homes, "home", "homes") + " changed"})
	}
	v.Asks = p.asks(by, all.Asks)
	return web.Render(w, r, http.StatusOK, watchPage(v))
}

func (p *Pages) lines(r *http.Request, by web.Caller, all []entrydb.Line) (out []openingLine) {
	for i, one := range all {
		if i == mostLines {
			break
		}
		l := p.openingWords(one.Opening)
		l.Person, l.Home = p.Called(r, by, one.Person), homeFor(by, one.Person)
		if len(one.Opening.SeenBy) == 0 && one.Opening.By != by.Person {
			l.Note = pathOf(one.Person) + "/seen/" + one.Opening.Fact.String()
		}
		out = append(out, l)
	}
	return out
}

// homeFor is the page of a home, for those who may open it.
func homeFor(by web.Caller, person fact.Subject) string {
	if by.May(access.SeeEntry) != nil {
		return ""
	}
	return pathOf(person)
}

func (p *Pages) asks(by web.Caller, all []entrydb.Ask) (out []askLine) {
	for _, a := range all {
		l := askLine{At: p.at(a.More.At), Who: a.More.What.Says, Why: a.More.What.Why}
		if a.More.What.Person != by.Person && by.May(access.AgreeEntry) == nil {
			l.Agree = "/more-homes/" + a.Day.String() + "/" + a.More.Fact.String()
		}
		out = append(out, l)
	}
	return out
}

// seen says that the caller has taken note of somebody else's opening.
func (p *Pages) seen(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := person(r)
	if err != nil {
		return err
	}
	opening, err := fact.ParseID(r.PathValue("opening"))
	if err != nil {
		return refusal.New(refusal.Missing, "There is no such opening here.").Because(err)
	}
	if err := p.Homes.TakeNote(r.Context(), by, id, opening); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/homes")
}

// moreView is the page on which a second person agrees that somebody opens more
// homes than is usual.
type moreView struct {
	Frame web.Frame
	Form  *web.Form
	Asks  []askLine
	Usual string
}

func (p *Pages) more(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showMore(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showMore(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	asks, err := p.Homes.Asks(r.Context(), by, p.Shell.Now())
	if err != nil {
		return err
	}
	v := moreView{Frame: p.frame(r, by, "More homes", f), Form: f, Asks: p.asks(by, asks), Usual: strconv.Itoa(p.Homes.Rules.InAHour)}
	v.Frame.Keys = []web.Key{web.K("F9", "Ask")}
	return web.Render(w, r, status, morePage(v))
}

type moreForm struct {
	Why string `form:"more_why" label:"Why more homes are to be opened" max:"400" need:"Say why more homes are to be opened"`
}

// askMore asks for a second person's word.
func (p *Pages) askMore(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in moreForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if f.OK() {
		err := p.Homes.AskForMore(r.Context(), by, in.Why)
		if err == nil {
			return web.SeeOther(w, r, "/more-homes")
		}
		if !f.Take(err) {
			return err
		}
	}
	return p.showMore(w, r, by, http.StatusUnprocessableEntity, f)
}

// agree is the second person's word.
func (p *Pages) agree(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	day, err := fact.ParseSubject(r.PathValue("day"))
	if err != nil {
		return refusal.New(refusal.Missing, "Nobody has asked for this here.").Because(err)
	}
	ask, err := fact.ParseID(r.PathValue("ask"))
	if err != nil {
		return refusal.New(refusal.Missing, "Nobody has asked for this here.").Because(err)
	}
	if err := p.Homes.AgreeToMore(r.Context(), by, day, ask); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/more-homes")
}
