package accessweb

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/journal"
	"holdfast/web"
)

// momentForm is how a moment is typed, in the organisation's own time.
const momentForm = "2006-01-02 15:04"

// cutLine is one hold on the review page.
type cutLine struct {
	ID, Whom, Since, Why, Made string
	Over                       bool
	Back                       int
}

// heldLine is one entry that is held back.
type heldLine struct{ ID, What, When, Who, About string }

// counted is how many entries of one kind a hold would take.
type counted struct {
	What string
	N    int
}

// foreseen is what a hold would do, shown before it is done.
type foreseen struct {
	Whom, Since string
	Kinds       []counted
	Total       string
	Nothing     bool
	Open        []string
}

type heldView struct {
	Frame    web.Frame
	Cuts     []cutLine
	Chosen   *cutLine
	Held     []heldLine
	Next     string
	Form     *web.Form
	Whom     []web.Option
	Foreseen *foreseen
}

type cutForm struct {
	Whom  string `form:"whom" label:"Whom" need:"Choose a machine or a person"`
	Since string `form:"since" label:"Trusted up to" need:"Give a date and a time: 2026-11-21 04:12"`
	Why   string `form:"why" label:"Why" max:"400" need:"Say why; whoever reviews the entries reads it"`
}

// ask reads what the form asks for.
func (p *Pages) ask(in cutForm) (access.CutAsk, error) {
	out := access.CutAsk{Why: in.Why}
	sort, id, _ := strings.Cut(in.Whom, ":")
	s, err := fact.ParseSubject(id)
	if err != nil {
		return out, refusal.Field("whom", "Choose one of those shown.")
	}
	if out.Person = s; sort == "device" {
		out.Person, out.Device = fact.Subject{}, s
	}
	if out.Since, err = time.ParseInLocation(momentForm, strings.Replace(in.Since, "T", " ", 1), p.Shell.Zone()); err != nil {
		return out, refusal.Field("since", "Write it like 2026-11-21 04:12.")
	}
	return out, nil
}

// held lists what is held back and by which holds.
func (p *Pages) held(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showHeld(w, r, by, http.StatusOK, nil, nil)
}

func (p *Pages) showHeld(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form, seen *foreseen) error {
	var cut fact.ID
	if text := cmp.Or(r.URL.Query().Get("cut"), r.PathValue("cut")); text != "" {
		var err error
		if cut, err = parseFact(text); err != nil {
			return err
		}
	}
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64) // anything else begins at the start
	review, err := p.Gate.Held(r.Context(), by, cut, after)
	if err != nil {
		return err
	}
	v := heldView{Frame: p.Shell.Frame(r, by, "Held back"), Form: f, Foreseen: seen}
	v.Frame.Here, v.Frame.ErrorsIn = "/held", !f.OK()
	for _, c := range review.Cuts {
		line := p.cutLine(c, review.Devices)
		v.Cuts = append(v.Cuts, line)
		if c.ID == cut {
			v.Chosen = &line
		}
	}
	for _, one := range review.Held {
		v.Held = append(v.Held, p.heldLine(one))
	}
	if review.Next != 0 {
		v.Next = "/held?" + url.Values{"cut": {cut.String()}, "after": {strconv.FormatInt(review.Next, 10)}}.Encode()
	}
	if v.Whom, err = p.whom(r.Context(), by, review.Devices); err != nil {
		return err
	}
	return web.Render(w, r, status, heldPage(v))
}

func (p *Pages) clock(at fact.Millis) string {
	return web.ClockWords(at.Time(), p.Shell.Now(), p.Shell.Zone())
}

func (p *Pages) cutLine(c journal.Cut, devices map[fact.Subject]journal.Enrolled) cutLine {
	line := cutLine{ID: c.ID.String(), Since: p.clock(c.Says.Since), Why: c.Says.Why, Made: p.Trust.Name(c.By) + ", " + p.clock(c.At), Over: c.Over, Back: len(c.Back)}
	if line.Whom = p.Trust.Name(c.Says.Person); c.Says.Person.Zero() {
		line.Whom = "Machine " + devices[c.Says.Device].Card.Name
	}
	if c.Replaced {
		line.Made = "The holders, by exchanging the pages, " + p.clock(c.At)
	}
	if c.Lapse != nil {
		line.Why, line.Made = "Written while this desk’s authority had run out", "The desk itself; it has none yet"
		if c.Lapse.Ended {
			line.Made = "The desk itself; renewed " + p.clock(c.Lapse.At)
		}
	}
	return line
}

func (p *Pages) heldLine(f fact.Fact) heldLine {
	return heldLine{
		ID: f.ID.String(), What: upper(p.Trust.Kind(f.Body.Kind)), When: p.clock(f.Header.Recorded), Who: p.Trust.Name(f.Body.Person), About: f.Header.Subject.String()[:8],
	}
}

// whom lists the machines and people that entries can be held back of.
func (p *Pages) whom(ctx context.Context, by web.Caller, devices map[fact.Subject]journal.Enrolled) ([]web.Option, error) {
	out := []web.Option{{Text: "Choose"}}
	for id, d := range devices {
		out = append(out, web.Option{Value: "device:" + id.String(), Text: "Machine " + d.Card.Name})
	}
	slices.SortFunc(out[1:], func(a, b web.Option) int { return strings.Compare(a.Text+a.Value, b.Text+b.Value) })
	staff, err := p.Gate.StaffList(ctx, by)
	for _, one := range staff {
		out = append(out, web.Option{Value: "person:" + one.Person.String(), Text: one.Staff.Name()})
	}
	if errors.Is(err, accessdb.ErrManyStaff) {
		return append(out, web.Option{Text: "Not everybody is listed: more are on the staff list than are read at once"}), nil
	}
	return out, err
}

// forecast shows what a hold would take, before anybody decides.
func (p *Pages) forecast(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in cutForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	status, seen := http.StatusUnprocessableEntity, (*foreseen)(nil)
	if f.OK() {
		if seen, err = p.foresee(r.Context(), by, in); err == nil {
			status = http.StatusOK
		} else if !f.Take(err) {
			return err
		}
	}
	return p.showHeld(w, r, by, status, f, seen)
}

func (p *Pages) foresee(ctx context.Context, by web.Caller, in cutForm) (*foreseen, error) {
	ask, err := p.ask(in)
	if err != nil {
		return nil, err
	}
	c, err := p.Gate.Forecast(ctx, by, ask)
	if err != nil {
		return nil, err
	}
	out, err := p.foreseen(ctx, in, c)
	return &out, err
}

func (p *Pages) foreseen(ctx context.Context, in cutForm, c accessdb.Forecast) (foreseen, error) {
	out := foreseen{Since: in.Since, Total: plural(c.Facts, "entry", "entries"), Nothing: c.Nothing}
	if c.More {
		out.Total = "more than " + out.Total
	}
	for kind, n := range c.Kinds {
		out.Kinds = append(out.Kinds, counted{p.Trust.Kind(kind), n})
	}
	slices.SortFunc(out.Kinds, func(a, b counted) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.What, b.What)) })
	var err error
	out.Open, err = p.Trust.Open(ctx, c.Subjects)
	return out, err
}

// cut holds entries back.
func (p *Pages) cut(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in cutForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if f.OK() {
		ask, err := p.ask(in)
		if err == nil {
			var id fact.ID
			if id, err = p.Gate.Cut(r.Context(), by, ask); err == nil {
				return web.SeeOther(w, r, "/held?cut="+id.String())
			}
		}
		if !f.Take(err) {
			return err
		}
	}
	return p.showHeld(w, r, by, http.StatusUnprocessableEntity, f, nil)
}

type readmitForm struct {
	Facts []string `form:"fact" label:"Entries"`
	All   bool     `form:"all"`
	Why   string   `form:"back_why" label:"What you looked at" max:"400"`
}

// readmit lets held entries count.
func (p *Pages) readmit(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in readmitForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	cut, err := parseFact(r.PathValue("cut"))
	if err != nil {
		return err
	}
	var facts []fact.ID
	for _, text := range in.Facts {
		id, err := parseFact(text)
		if err != nil {
			return err
		}
		facts = append(facts, id)
	}
	if err := p.Gate.Readmit(r.Context(), by, cut, facts, in.All, in.Why); err != nil {
		if !f.Take(err) {
			return err
		}
		return p.showHeld(w, r, by, http.StatusUnprocessableEntity, f, nil)
	}
	return web.SeeOther(w, r, "/held?cut="+cut.String())
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
