package accessweb

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// Looking is what the pages about looking need to know of the rest of the
// program.
type Looking struct {
	Whole   accessdb.Whole                                                        // what stands about one person
	Record  func(ctx context.Context, number string) (fact.Subject, error)        // the record, or the case, that a case number leads to
	Level   accessdb.Level                                                        // whether all of another device is here
	Unusual func(ctx context.Context, by web.Caller) (Judged, error)              // what is unusual lately
	InHand  func(ctx context.Context, person fact.Subject) ([]fact.Millis, error) // deadlines of somebody's open cases
	Told    func(ctx context.Context, by web.Caller) ([]Told, error)              // looks that governance was told of and has not reviewed
	Review  func(ctx context.Context, by web.Caller, id fact.Subject, note string) error
	Name    func(fact.Subject) string // of a member of staff
	Drafts  Keeper

	keeping sync.Mutex // one at a time changes what waits on a page
}

// Judged is what is unusual among the newest looks.
type Judged struct {
	Unusual []access.Unusual // the heaviest first
	Days    int              // how far back was looked
	Looks   int              // that were judged
	Beyond  int              // older ones of those days that were not
	Unread  int              // records that could not be read: looks at them were not judged
}

// Told is one look that governance was told of.
type Told struct {
	ID    fact.Subject
	What  string
	At    time.Time
	Alarm bool // a canary
}

// toldLine is it on the page.
type toldLine struct {
	ID, What string
	Alarm    bool
}

func (p *Pages) registerLooking(m *web.Mux) {
	if p.Looking == nil {
		return
	}
	m.Handle(web.Session, http.MethodGet, "/looks", p.looks)
	m.Handle(web.Session, http.MethodPost, "/looks", p.findLooks)
	m.Handle(web.Session, http.MethodPost, "/looks/mark", p.markRecord)
	m.Handle(web.Session, http.MethodPost, "/looks/reviewed", p.reviewed)
	m.Handle(web.Session, http.MethodGet, "/looks/{record}", p.whoLooked)
	m.Handle(web.Session, http.MethodGet, "/looks/{record}/report", p.lookReport)
	m.Handle(web.Session, http.MethodGet, "/surge", p.surge)
	m.Handle(web.Session, http.MethodPost, "/surge", p.liftCap)
}

// markLine is one record that is watched.
type markLine struct{ Record, Mark, Why, By, Staff string }

// unusualLine is one person's looks that are unusual.
type unusualLine struct {
	Who, Record, Rules, When, Href string
	Looks                          int
}

type looksView struct {
	Frame   web.Frame
	Form    *web.Form
	Told    []toldLine
	Unusual []unusualLine
	More    int
	Unread  string // what could not be judged; empty: nothing
	Beyond  string // what was not judged; empty: all was
	Marks   []markLine
	Kinds   []web.Option
}

type looksForm struct {
	Of     string `form:"of" label:"Whose record"`
	Record string `form:"record" label:"Record"`
	Mark   string `form:"mark" label:"Why it is watched"`
	Staff  string `form:"staff" label:"Member of staff"`
	Why    string `form:"why" label:"Why" max:"400"`
	Off    bool   `form:"off"`
	Task   string `form:"task"`
	Note   string `form:"note" label:"What came of it" max:"400"`
}

// mostUnusual is how many unusual looks the page shows.
const mostUnusual = 60

func (p *Pages) looks(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showLooks(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showLooks(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeLooks, fact.Subject{}); err != nil {
		return err
	}
	v := looksView{Frame: p.Shell.Frame(r, by, "Who looked"), Form: f, Kinds: []web.Option{{Text: "Choose"}}}
	v.Frame.Here, v.Frame.ErrorsIn = "/looks", !f.OK()
	for _, m := range append(access.Marks(), access.MarkCanary) {
		v.Kinds = append(v.Kinds, web.Option{Value: string(m), Text: markWords(m)})
	}
	for record, made := range p.Gate.Watched(r.Context()) {
		for _, m := range made {
			l := markLine{Record: record.String(), Mark: string(m.Mark), Why: m.Why, By: p.Looking.Name(m.By) + ", " + p.clock(m.At)}
			if !m.Staff.Zero() {
				l.Staff = p.Looking.Name(m.Staff)
			}
			v.Marks = append(v.Marks, l)
		}
	}
	sortLines(v.Marks)
	told, err := p.Looking.Told(r.Context(), by)
	if err != nil {
		return err
	}
	for _, t := range told {
		v.Told = append(v.Told, toldLine{t.ID.String(), t.What, t.Alarm})
	}
	is, err := p.Looking.Unusual(r.Context(), by)
	if err != nil {
		return err
	}
	v.Beyond = beyondWords(is)
	if is.Unread > 0 {
		v.Unread = web.Plural(is.Unread, "record", "records") + " could not be read: looks at them could not be judged."
	}
	for i, u := range is.Unusual {
		if i == mostUnusual {
			v.More = len(is.Unusual) - mostUnusual
			break
		}
		v.Unusual = append(v.Unusual, p.unusualLine(u))
	}
	return web.Render(w, r, status, looksPage(v))
}

// beyondWords says which looks were not judged.
func beyondWords(is Judged) string {
	if is.Beyond == 0 {
		return ""
	}
	return fmt.Sprintf("Only the newest %d looks of the last %d days were judged: %s older and not among these. Ask by record below.",
		is.Looks, is.Days, web.Plural(is.Beyond, "look is", "looks are"))
}

func sortLines(all []markLine) {
	slices.SortFunc(all, func(a, b markLine) int { return strings.Compare(a.Record+a.Mark, b.Record+b.Mark) })
}

func markWords(m access.Mark) string {
	switch m {
	case access.MarkStaff:
		return "Staff: somebody who works here"
	case access.MarkPublic:
		return "Well known: somebody the press asks about"
	case access.MarkSafeguarding:
		return "Safeguarding: somebody who must not be found"
	}
	return "Canary: nobody’s record, raises an alarm"
}

// noteError is what is wrong with what came of one of them.
func (v looksView) noteError(id string) string {
	if v.Form.Value("task") != id {
		return ""
	}
	return v.Form.Error("note")
}

func (p *Pages) unusualLine(u access.Unusual) unusualLine {
	l := unusualLine{
		Who: u.Name, Record: "many records", Rules: strings.Join(u.Rules, ", "), Looks: len(u.Looks),
		When: u.First.In(p.Shell.Zone()).Format("Mon 2 Jan 15:04"),
	}
	if u.Last.Sub(u.First) >= time.Minute {
		l.When += " to " + u.Last.In(p.Shell.Zone()).Format("Mon 2 Jan 15:04")
	}
	if !u.Record.Zero() {
		l.Record, l.Href = "record "+u.Record.String()[:8], "/looks/"+u.Record.String()
	}
	return l
}

// lookedRecord reads whose record is meant: a case number of theirs, or the
// record's own.
func (p *Pages) lookedRecord(r *http.Request, text, field string) (fact.Subject, error) {
	if s, err := fact.ParseSubject(text); err == nil && !s.Zero() {
		return s, nil
	}
	s, err := p.Looking.Record(r.Context(), text)
	if text == "" || refusal.Is(err, refusal.Missing) {
		return s, refusal.Field(field, "No record is known by this. Give the number of one of the person's cases, or the record's own, 32 characters.")
	}
	return s, err
}

func (p *Pages) findLooks(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeLooks, fact.Subject{}); err != nil {
		return err
	}
	var in looksForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	s, err := p.lookedRecord(r, in.Of, "of")
	if err == nil {
		return web.SeeOther(w, r, "/looks/"+s.String())
	}
	if !f.Take(err) {
		return err
	}
	return p.showLooks(w, r, by, http.StatusUnprocessableEntity, f)
}

func (p *Pages) markRecord(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if by.May(access.MarkRecord) != nil {
		return p.Gate.Enter(r.Context(), by, access.MarkRecord, fact.Subject{})
	}
	var in looksForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if err = p.mark(r, by, in); err == nil {
		return web.SeeOther(w, r, "/looks")
	}
	if !f.Take(err) {
		return err
	}
	return p.showLooks(w, r, by, http.StatusUnprocessableEntity, f)
}

// reviewed ends one look that governance was told of.
func (p *Pages) reviewed(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeLooks, fact.Subject{}); err != nil {
		return err
	}
	var in looksForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	id, err := fact.ParseSubject(in.Task)
	if err != nil {
		return refusal.New(refusal.Invalid, "The form did not arrive whole. Open the page again.").Because(err)
	}
	if in.Note == "" {
		f.Fail("note", "What came of it", "Say in a line what came of it")
	}
	if f.OK() {
		if err = p.Looking.Review(r.Context(), by, id, in.Note); err == nil {
			return web.SeeOther(w, r, "/looks")
		}
		if !f.Take(err) {
			return err
		}
	}
	return p.showLooks(w, r, by, http.StatusUnprocessableEntity, f)
}

func (p *Pages) mark(r *http.Request, by web.Caller, in looksForm) error {
	if err := p.Gate.Enter(r.Context(), by, access.MarkRecord, fact.Subject{}); err != nil {
		return err
	}
	s, err := p.lookedRecord(r, in.Record, "record")
	if err != nil {
		return err
	}
	req := access.RecordMarked{About: s, Mark: access.Mark(in.Mark), Off: in.Off, Why: in.Why}
	if in.Staff != "" && req.Mark == access.MarkStaff {
		if req.Staff, err = p.Gate.StaffNamed(r.Context(), in.Staff); err != nil {
			return err
		}
	}
	return p.Gate.MarkRecord(r.Context(), by, req, p.Looking.Whole)
}

// lookLine is one look on the page.
type lookLine struct{ When, Who, Role, Desk, Device, What, Why string }

type whoView struct {
	Frame    web.Frame
	Record   string
	Cases    int
	Missing  []string
	Looks    []lookLine
	Total    int
	Took     string
	Made     string
	Org      string
	OrgID    string
	Complete bool
}

// mostLooksShown is how many looks the page shows; the report has all.
const mostLooksShown = 500

func (p *Pages) who(r *http.Request, by web.Caller) (accessdb.WhoLooked, error) {
	s, err := fact.ParseSubject(r.PathValue("record"))
	if err != nil {
		return accessdb.WhoLooked{}, refusal.New(refusal.Missing, "There is no such record here.")
	}
	return p.Gate.WhoLookedAt(r.Context(), by, s, p.Looking.Whole, p.Looking.Level, p.Shell.Zone())
}

func (p *Pages) whoLooked(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	began := time.Now()
	all, err := p.who(r, by)
	if err != nil {
		return err
	}
	v := whoView{
		Frame: p.Shell.Frame(r, by, "Who looked at this record"), Record: all.Record.String(), Cases: len(all.Subjects) - 1,
		Missing: all.Missing, Complete: len(all.Missing) == 0, Total: len(all.Looks), Org: p.Organisation, OrgID: p.Gate.OrgID(),
		Made: all.Made.In(p.Shell.Zone()).Format("2 January 2006 15:04:05"),
	}
	v.Frame.Here = "/looks"
	devices := map[fact.Subject]string{}
	for _, d := range all.Devices {
		devices[d.Device] = d.Name
	}
	for i := len(all.Looks) - 1; i >= 0 && len(v.Looks) < mostLooksShown; i-- {
		v.Looks = append(v.Looks, p.lookLine(all.Looks[i], devices))
	}
	v.Took = fmt.Sprintf("%.2f s", time.Since(began).Seconds())
	return web.Render(w, r, http.StatusOK, whoLookedPage(v))
}

func (p *Pages) lookLine(s accessdb.Seen, devices map[fact.Subject]string) lookLine {
	what := capital(string(s.Act))
	switch {
	case s.Glass:
		what = "Broke the glass: " + string(s.Act)
	case s.Reason:
		what = "Gave a reason: " + string(s.Act)
	}
	return lookLine{
		When: s.At.In(p.Shell.Zone()).Format("2 Jan 2006 15:04:05"), Who: s.Name, Role: s.Role.Title(), Desk: s.Desk, Device: devices[s.Device], What: what, Why: s.Why,
	}
}

// lookReport gives the signed report as a file.
func (p *Pages) lookReport(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	all, err := p.who(r, by)
	if err != nil {
		return err
	}
	body, err := p.Gate.Signed(all)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="who-looked-`+all.Record.String()[:8]+`.txt"`)
	w.WriteHeader(http.StatusOK)
	w.Write(body) // a browser that went away needs no answer
	return nil
}

type liftLine struct{ Role, Until, Why, By string }

type surgeView struct {
	Frame web.Frame
	Form  *web.Form
	Now   []liftLine
	Past  []liftLine
	Roles []web.Option
	Hours []web.Option
	Caps  []web.Pair
}

type surgeForm struct {
	Role  string `form:"role" label:"For whom"`
	Hours int    `form:"hours" label:"For how long"`
	Why   string `form:"why" label:"Why" max:"400"`
}

func (p *Pages) surge(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showSurge(w, r, by, http.StatusOK, nil)
}

func (p *Pages) showSurge(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	lifts, err := p.Gate.Lifts(r.Context(), by)
	if err != nil {
		return err
	}
	v := surgeView{Frame: p.Shell.Frame(r, by, "Caps in a surge"), Form: f, Roles: []web.Option{{Text: "Choose"}}, Hours: []web.Option{{Text: "Choose"}}}
	v.Frame.Here, v.Frame.ErrorsIn = "/surge", !f.OK()
	for _, role := range access.Roles() {
		most := p.Gate.Looking.Of(role).Records
		v.Roles = append(v.Roles, web.Option{Value: string(role), Text: capital(role.Title())})
		v.Caps = append(v.Caps, web.Pair{Name: capital(role.Title()), Value: fmt.Sprintf("%d records an hour, then the passkey again", most)})
	}
	for _, h := range []int{1, 2, 4, 8, 12} {
		if time.Duration(h)*time.Hour <= p.Gate.Looking.LiftMost {
			v.Hours = append(v.Hours, web.Option{Value: fmt.Sprint(h), Text: web.Plural(h, "hour", "hours")})
		}
	}
	for i := len(lifts) - 1; i >= 0 && len(v.Past) < 20; i-- {
		l := lifts[i]
		line := liftLine{capital(l.Says.Role.Title()), p.clock(l.Says.Until), l.Says.Why, p.Looking.Name(l.By) + ", " + p.clock(l.At)}
		if p.Shell.Now().Before(l.Says.Until.Time()) {
			v.Now = append(v.Now, line)
			continue
		}
		v.Past = append(v.Past, line)
	}
	return web.Render(w, r, status, surgePage(v))
}

func (p *Pages) liftCap(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in surgeForm
	f, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	if in.Hours < 1 {
		f.Fail("hours", "For how long", "Choose for how long")
	}
	if f.OK() {
		until := fact.At(p.Shell.Now().Add(time.Duration(in.Hours) * time.Hour))
		err := p.Gate.LiftCap(r.Context(), by, access.CapLifted{Role: access.Role(in.Role), Until: until, Why: in.Why})
		if err == nil {
			return web.SeeOther(w, r, "/surge")
		}
		if !f.Take(err) {
			return err
		}
	}
	return p.showSurge(w, r, by, http.StatusUnprocessableEntity, f)
}
