package urgentweb

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// mostFound is how many people are offered: one key each.
const mostFound = 9

// callFound is what the trace found.
type callFound struct {
	Asked   bool // enough was known to look
	People  []callMatch
	More    bool
	Trouble string // why nothing could be looked up
	Chosen  string
}

// callMatch is one person who may be meant.
type callMatch struct {
	Key, ID, Called, About, NHS, On string
	All                             bool
}

// mostLikely is how many people stand in sight; the others are one step away,
// so that what is to be known of the patient is not pushed off the page.
const mostLikely = 3

// likely gives the people in sight: the one who was chosen, else the first few.
func (t callFound) likely() []callMatch {
	for _, m := range t.People {
		if m.ID == t.Chosen {
			return []callMatch{m}
		}
	}
	return t.People[:min(mostLikely, len(t.People))]
}

// others gives the people who are not in sight.
func (t callFound) others() []callMatch {
	var out []callMatch
	near := t.likely()
	for _, m := range t.People {
		if !slices.Contains(near, m) {
			out = append(out, m)
		}
	}
	return out
}

// callSearch looks for the patient when at least two things are known. A trace
// that does not answer hinders nothing.
func (a *App) callSearch(ctx context.Context, by web.Caller, f callForm, h callHeard) callFound {
	out := callFound{Chosen: f.Record}
	q := record.Query{Given: f.First, Family: f.Last, Born: h.Born, Postcode: h.Place.Postcode}
	if h.NHS.Matchable() {
		q.Number = h.NHS.Text
	}
	if h.RingBack.Present() && f.Is == string(urgent.CallerPatient) {
		q.Phone = h.RingBack
	}
	if f.Tel != "" && h.Calling.Present() {
		q.Phone = h.Calling // the line tells it: whose number it is
	}
	if f.Look == string(urgent.No) || known(f, h) < 2 && q.Number == "" && f.Tel == "" {
		return out
	}
	out.Asked = true
	all, err := a.People.Find(ctx, by, q)
	if err != nil {
		out.Trouble = upperFirst(sayOf(err))
		return out
	}
	out.More = len(all) > mostFound
	for i, m := range all[:min(len(all), mostFound)] {
		out.People = append(out.People, matchOf(i, m))
	}
	return out
}

// known counts the things by which a person can be found.
func known(f callForm, h callHeard) int {
	n := 0
	for _, yes := range []bool{f.First+f.Last != "", !h.Born.IsZero(), h.Place.Postcode != ""} {
		if yes {
			n++
		}
	}
	return n
}

func matchOf(i int, m record.Match) callMatch {
	about := joined(" · ", joined(" ", m.Born.Display(), m.Sex.Letter()), m.Address)
	if m.Restricted {
		about = joined(" · ", m.Born.Display(), "address restricted")
	}
	return callMatch{
		Key: strconv.Itoa(i + 1), ID: m.Person.String(), Called: m.Called, About: about,
		NHS: orWords(m.NHS.Format(), "none known"), On: m.On, All: m.All,
	}
}

// title says how many were found.
func (t callFound) title() string {
	switch {
	case !t.Asked:
		return "Trace"
	case t.Trouble != "":
		return "Trace did not answer"
	case len(t.People) == 0:
		return "Trace: nobody found"
	case t.More:
		return "Trace: more than " + strconv.Itoa(mostFound) + " possible people"
	}
	return "Trace: " + count(len(t.People), "possible person", "possible people")
}

// callTrace answers with the parts of the page that hang on what was typed:
// who it may be, what to know of them, and what must be mended.
func (a *App) callTrace(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := by.May(access.TakeCall); err != nil {
		return err
	}
	p := callPage{ID: r.PathValue("id"), NoAsk: a.noAsking(by)}
	form, err := web.ReadForm(r, &p.F)
	if err != nil {
		return err
	}
	ctx, now := r.Context(), a.Shell.Now()
	p.Form, p.Heard = form, p.F.hear(form, false, now)
	p.Trace = a.callSearch(ctx, by, p.F, p.Heard)
	c, err := a.begunCase(ctx, by, p.ID)
	if err != nil {
		return err
	}
	p.Case = c
	a.callWho(&p, by, now)
	p.Know = a.callKnows(ctx, by, c, p.F, p.Heard, now)
	p.Starts = a.callStarts(p.F, p.Heard, now)
	return web.Render(w, r, http.StatusOK, callParts(p, now))
}

// begunCase reads the case of a call, nil before anything of it was saved.
func (a *App) begunCase(ctx context.Context, by web.Caller, text string) (*urgent.Case, error) {
	id, err := fact.ParseSubject(text)
	if err != nil {
		return nil, nil // the page of a new call that has drawn no case
	}
	c, err := a.Cases.Case(ctx, by, id)
	if refusal.Is(err, refusal.Missing) {
		return nil, nil
	}
	return &c, err
}

// partFields are the fields that callParts hangs on.
const partFields = "tel number caller ring_back place first last born sex nhs practice look record why"

// fromRecord gives what was typed, else what the chosen record says.
func (p callPage) fromRecord(name string) string {
	if v := p.Form.Value(name); v != "" || p.Know.Person == nil || p.Heard.Record.Zero() {
		return v
	}
	id := p.Know.Person.Identity().Shown()
	switch name {
	case "first":
		return id.Name.Given
	case "last":
		return id.Name.Family
	case "practice":
		return id.Practice.Name
	case "nhs":
		return id.NHS.Format()
	case "born":
		return id.Born.Display()
	case "sex":
		if id.Sex != codes.SexNotAsked {
			return string(id.Sex)
		}
	}
	return ""
}
