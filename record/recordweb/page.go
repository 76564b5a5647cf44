package recordweb

import (
	"net/http"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/web"
)

// mostOffered is how many other records are offered to link.
const mostOffered = 9

// view is the page of one record.
type view struct {
	Frame   web.Frame
	Form    *web.Form
	Path    string
	Seen    string
	Called  string
	Banner  []web.Flag // restricted, dead, may be two people
	Who     []web.Pair
	Linked  []linkLine
	Missed  int
	Alerts  []web.Flag
	Since   []contactLine
	Traces  []traceLine
	Needs   []needLine
	Values  map[string]string // of the form of needs
	Query   string
	Offered []offer
	Trouble string // why nobody could be looked for
	Write   bool
}

type linkLine struct {
	ID, Called, About, State, Tone, Said, Why string
	Differ                                    []string
	Confirm                                   bool // this caller may agree as the second person
	Field, Typed, Error                       string
	Mine                                      bool // it waits for a second person, and this caller stated it
}

type contactLine struct{ At, What, Of string }

type traceLine struct {
	Head, Judged string
	Who          []web.Pair
	Differ       []web.Pair
}

type needLine struct {
	Code, Words, Do string
	Chosen          bool
}

type offer struct{ ID, Called, About, On string }

func (p *Pages) page(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.show(w, r, by, http.StatusOK, nil, "")
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, by web.Caller, status int, form *web.Form, query string) error {
	id, err := recordIn(r)
	if err != nil {
		return err
	}
	one, linked, missed, err := p.People.Alone(r.Context(), by, id)
	if err != nil {
		return err
	}
	now := p.Shell.Now()
	v := p.viewOf(one, linked, by, now)
	if form != nil && r.URL.Path == v.Path+"/needs" { // what was typed stays
		for name := range v.Values {
			v.Values[name] = form.Value(name)
		}
		for i, n := range v.Needs {
			v.Needs[i].Chosen = form.Has("need", n.Code)
		}
	}
	for i := range v.Linked {
		l := &v.Linked[i]
		l.Field = "f-unlink_why"
		if i > 0 {
			l.Field += "-" + l.ID[:8]
		}
		if form.Value("other") == l.ID {
			l.Typed, l.Error = form.Value("why"), form.Error("why")
		}
	}
	v.Form, v.Missed, v.Query = form, len(missed), strings.TrimSpace(query)
	v.Offered, v.Trouble = p.offers(r, by, one, v.Query, now)
	v.Frame = p.Shell.Frame(r, by, "Record of "+one.Called())
	v.Frame.ErrorsIn = form != nil && !form.OK()
	v.Frame.Keys = []web.Key{web.K("L", "Look for another record")}
	return web.Render(w, r, status, recordPage(v))
}

func (p *Pages) viewOf(one record.Person, linked []record.Joined, by web.Caller, now time.Time) view {
	id := one.Identity()
	together := record.Together(one, linked)
	v := view{
		Path: Path(one.Subject), Seen: seenOf(one.Frontier), Called: one.Called(), Banner: banner(one, linked), Who: p.who(one, now),
		Write: by.May(access.WritePerson) == nil, Values: map[string]string{
			"welsh": answerWord(id.Welsh), "language": id.Language, "interpreter": answerWord(id.Interpreter), "communication": id.Communication,
		},
	}
	for _, j := range linked {
		v.Linked = append(v.Linked, p.linkOf(one, j, by, now))
	}
	for _, a := range together.Standing() {
		tone := "amb"
		if a.Interrupts() {
			tone = "fill"
		}
		v.Alerts = append(v.Alerts, web.Flag{Tag: web.Tag{Text: a.Label(), Tone: tone}, What: ended(a.Sentence()), More: ended(a.Ask)})
	}
	for _, c := range together.CasesSince(time.Time{}, fact.Subject{}) {
		v.Since = append([]contactLine{{p.at(c.At, now), joined(": ", c.Says.Complaint, c.Says.Outcome), c.Of}}, v.Since...)
	}
	for i := len(one.Traces) - 1; i >= 0; i-- {
		v.Traces = append(v.Traces, p.traceOf(one.Traces[i], id, now))
	}
	for _, s := range p.Rules.Support {
		v.Needs = append(v.Needs, needLine{s.Code, s.Words, s.Do, hasWord(id.Needs, s.Code)})
	}
	return v
}

func hasWord(words, one string) bool {
	for _, w := range strings.Fields(words) {
		if w == one {
			return true
		}
	}
	return false
}

// banner says what must be seen first.
func banner(one record.Person, linked []record.Joined) []web.Flag {
	id := one.Identity()
	var out []web.Flag
	if id.Restricted {
		out = append(out, web.Flag{Tag: web.Tag{Text: "Protected", Tone: "fill"}, What: "Where this person can be found is protected.", More: "Never say, write or print an address, a phone number or a practice."})
	}
	if id.Death.Dead == record.Yes {
		out = append(out, web.Flag{Tag: web.Tag{Text: "Dead", Tone: "ask"}, What: "On record as dead: " + id.Death.String() + ".", More: "Somebody who rings for them is helped all the same; check that it is the right record."})
	}
	for _, j := range linked {
		if record.Twins(id, j.Person.Identity()) {
			out = append(out, web.Flag{Tag: web.Tag{Text: "Twins?", Tone: "ask"}, What: "Same birth date and last name as " + j.Person.Called() + ".", More: "Ask for the first name."})
		}
	}
	for _, d := range one.Disputes() {
		out = append(out, web.Flag{Tag: web.Tag{Text: "Two values", Tone: "ask"}, What: d.Field.String() + ": " + strings.Join(d.Values, " or ") + ".", More: "Ask which is right."})
	}
	return out
}

// who lists what the record says of who they are.
func (p *Pages) who(one record.Person, now time.Time) []web.Pair {
	id := one.Identity().Shown()
	var out []web.Pair
	add := func(name, value string) {
		if value != "" {
			out = append(out, web.Pair{Name: name, Value: value})
		}
	}
	add("Name", one.Called())
	add("Also called", names(one.Aliases))
	add("Called before", names(one.Former))
	add("Born", joined(" ", id.Born.Display(), bracket(id.AgeWords(now)), id.Sex.String()))
	if id.NHS.Present() {
		add("NHS number", joined(" ", id.NHS.Format(), bracket(id.NHS.Status.String())))
	}
	if id.CHI.Present() {
		add("CHI number", joined(" ", id.CHI.Format(), bracket(id.CHI.Status.String())))
	}
	if id.HCN.Present() {
		add("H&C number", joined(" ", id.HCN.Format(), bracket(id.HCN.Status.String())))
	}
	if id.Restricted {
		add("Address", "Protected")
	} else {
		add("Address", id.Address.String())
		for _, a := range one.LivedAt {
			add("Lived at", a.String())
		}
		for _, l := range id.Lines {
			add("Phone", joined(", ", l.Phone.Display(), l.Use, l.Of))
		}
		add("GP practice", joined(" ", id.Practice.Name, bracket(string(id.Practice.ODS))))
	}
	add("Language", id.Language)
	if id.Interpreter != record.NotAsked {
		add("Interpreter", id.Interpreter.String())
	}
	if id.Welsh != record.NotAsked {
		add("Wishes to use Welsh", id.Welsh.String())
	}
	for _, n := range p.Rules.NeedsOf(id.Needs) {
		add("Needs", n.Words+". "+n.Do)
	}
	add("Communication", id.Communication)
	add("Description", id.Description)
	return out
}

func (p *Pages) linkOf(one record.Person, j record.Joined, by web.Caller, now time.Time) linkLine {
	id := j.Person.Identity()
	l := linkLine{ID: j.Person.Subject.String(), Called: j.Person.Called(), About: joined(" · ", id.Born.Display(), id.AgeWords(now), id.NHS.Format())}
	link, straight := one.LinkTo(j.Person.Subject)
	if !straight {
		l.State, l.Tone, l.Said = "Linked through another record", "quiet", "Open that record to change it."
		return l
	}
	l.State, l.Tone = link.State.String(), "ask"
	if link.State == record.Same && j.Sure {
		l.Tone = "grn"
	}
	l.Said = p.Name(link.By) + ", " + p.at(link.At, now)
	l.Why, l.Differ = link.Why, link.Differ
	l.Confirm, l.Mine = link.Asks && link.By != by.Person, link.Asks && link.By == by.Person
	return l
}

func (p *Pages) traceOf(t record.Trace, stated record.Identity, now time.Time) traceLine {
	id := t.Says.Identity
	out := traceLine{
		Head:   t.Says.Index + ", asked by " + t.Says.By + ", " + p.at(t.Says.At, now),
		Judged: map[record.Answer]string{record.Yes: "This person", record.No: "Somebody else", record.Unsure: "Not sure that it is this person"}[t.Them],
	}
	for _, d := range record.Differences(stated.Shown(), id) {
		out.Differ = append(out.Differ, web.Pair{Name: d.Field.String(), Value: orNone(d.Here) + " here, " + d.There + " there"})
	}
	return out
}

// offers looks for other records by what was typed.
func (p *Pages) offers(r *http.Request, by web.Caller, one record.Person, query string, now time.Time) ([]offer, string) {
	if query == "" || by.May(access.FindPerson) != nil {
		return nil, ""
	}
	all, err := p.People.Find(r.Context(), by, record.QueryOf(query, now))
	if err != nil {
		if refusal.KindOf(err) == 0 {
			return nil, "Nobody could be looked for: the index could not be read."
		}
		return nil, err.Error()
	}
	var out []offer
	for _, m := range all {
		if m.Person != one.Subject && len(out) < mostOffered {
			out = append(out, offer{m.Person.String(), m.Called, joined(" · ", m.Born.Display(), m.Sex.String(), m.NHS.Format(), m.Address), m.On})
		}
	}
	return out, ""
}

func (p *Pages) at(m fact.Millis, now time.Time) string {
	return web.ClockWords(m.Time(), now, p.Shell.Zone())
}

func names(all []record.Name) string {
	var out []string
	for _, n := range all {
		out = append(out, n.Display())
	}
	return strings.Join(out, "; ")
}

func joined(with string, parts ...string) string {
	var out []string
	for _, s := range parts {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, with)
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// ended ends a sentence that has no full stop.
func ended(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}
