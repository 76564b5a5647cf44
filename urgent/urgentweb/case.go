package urgentweb

import (
	"context"
	"net/http"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// casePage is everything that the page of one case shows.
type casePage struct {
	Frame     web.Frame
	ID        string
	Seen      string
	C         urgent.Case
	Who       web.Patient
	Stage     caseStage
	Form      *web.Form // of what came back with mistakes; nil on a first look
	Line      []lineDay
	Kept      string // how many entries, and whether another place has them
	Sent      []sentView
	Asked     []askedRun
	Apart     []apartView // what was written apart and waits for a person
	Asks      []caseAsk
	Alerts    []alertLine
	Unread    []fact.ID   // alerts that nobody on this case has read
	Trouble   string      // why the person's record is not shown
	Maybe     []callMatch // records that the patient may have, when none is linked
	MaybeNot  string      // why none could be looked for
	Due       []dueLine
	Entry     *entryLine // how to get into the home; nil: no record is linked
	People    []web.Pair
	Record    string // the page of the patient's record; empty: none may be opened
	Codes     []web.Option
	Known     knownView
	Reach     reachView
	Child     childView
	Priority  int
	NeedWords string // what is needed, with its code
	Rights    caseRights
	Phone     casePhone
	Queue     queueView
	Forms     []urgent.ShortForm // the other ways in and out

	ReportOurs bool // it was handed on to a service that does not tell the GP
}

// caseRights are the acts that this caller may do on this case now.
type caseRights struct{ Claim, Release, TakeOver, Consult, GoOn, Note, Dispose, Close, Report, OnCall bool }

// caseStage says where the case stands and what comes next.
type caseStage struct {
	Title, More string
	Tone        string
}

// subjectIn reads the case or task that an address names.
func subjectIn(r *http.Request) (fact.Subject, error) {
	id, err := fact.ParseSubject(r.PathValue("id"))
	if err != nil {
		return id, refusal.New(refusal.Missing, "There is no such case here. Look for it on the worklist.").Because(err)
	}
	return id, nil
}

// caseSeen shows one case.
func (a *App) caseSeen(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	page, err := a.readCase(r, by)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, caseView(page))
}

// caseLive tells an open page of the case to look anew when the case or the
// patient's record has changed.
func (a *App) caseLive(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	topics := []string{caseTopic(id.String())}
	for _, p := range c.Patient.Values {
		topics = append(topics, caseTopic(personKey+p.Value.Record.String()))
	}
	return a.Shell.Watch(w, r, by, web.Watch{Topics: topics})
}

func (a *App) readCase(r *http.Request, by web.Caller) (casePage, error) {
	ctx, now, zone := r.Context(), a.Shell.Now(), a.Shell.Zone()
	id, err := subjectIn(r)
	if err != nil {
		return casePage{}, err
	}
	c, err := a.Cases.Case(ctx, by, id)
	if err != nil {
		return casePage{}, err
	}
	h, err := a.Cases.Journal.History(ctx, id)
	if err != nil {
		return casePage{}, err
	}
	p := casePage{ID: id.String(), Seen: seenOf(c), C: c, Kept: a.Keeping.kept(h, a.Shell.Now()), Rights: rightsOf(c, by), Forms: a.Cases.Rules.Forms.All, ReportOurs: c.ReportIsOurs(a.Cases.Rules)}
	person, trouble := a.personOf(ctx, by, c)
	p.Trouble = trouble
	p.Maybe, p.MaybeNot = a.caseMaybe(ctx, by, c)
	p.Who = a.patientBar(c, person, now)
	p.Who.Flags = append(p.Who.Flags, a.whoTags(c, person, now)...)
	p.Line = a.lineOf(h, now, zone)
	if p.Sent, err = a.sentOf(ctx, c, now, zone); err != nil {
		return casePage{}, err
	}
	p.Asked = a.askedOf(c, now, zone)
	if p.Apart, err = a.apartOfCase(r, by, c, h); err != nil {
		return casePage{}, err
	}
	p.Asks = append(heldAsks(c, now, zone), notShown(c)...)
	p.Alerts, p.Unread = alertsOf(c, person, now)
	p.Alerts = append(a.identityLines(person), p.Alerts...)
	p.Entry = entryOf(c, person, by)
	p.Known = a.known(ctx, by, c, person, now)
	p.Known.Trouble = trouble
	p.Reach, p.Child = reachOf(c, c.RingBack()), a.childOf()
	p.People = append(a.whoIsWho(c, now, zone), a.whoMore(c, person, now)...)
	p.Record = recordPath(c, by)
	p.Stage = a.stageOf(c, by, now, zone)
	hideNumbers(&p, person)
	p.Codes, p.NeedWords = codeOptions(a.Cases.Rules), needWords(c, a.Cases.Rules)
	if d, ok := c.Disposition(); ok {
		p.Priority = priorityOf(a.Cases.Rules.Priority(d.What))
	}
	if p.Due, err = a.dueOf(ctx, by, c); err != nil {
		return casePage{}, err
	}
	p.Phone = a.casePhoneOf(ctx, by, c, now, zone)
	if p.Queue, err = a.queueOf(ctx, by, c); err != nil {
		return casePage{}, err
	}
	p.Frame = a.caseFrame(r, by, p)
	return p, nil
}

func (a *App) caseFrame(r *http.Request, by web.Caller, p casePage) web.Frame {
	f := a.Shell.Frame(r, by, "Case "+p.C.Number)
	f.Here, f.Live = "/worklist", "/case/"+p.ID+"/live"
	if p.Rights.Consult || p.Rights.GoOn {
		f.Keys = append(f.Keys, web.K("E", "Consultation"))
	}
	if p.Rights.Claim {
		f.Keys = append(f.Keys, web.K("C", "Claim"))
	}
	f.Keys = append(f.Keys, web.K("N", "Note"))
	if p.Rights.Dispose {
		f.Keys = append(f.Keys, web.K("O", "Change outcome"))
	}
	if len(p.Unread) > 0 {
		f.Keys = append(f.Keys, web.K("F8", "Flags read"))
	}
	if p.Entry != nil {
		f.Keys = append(f.Keys, web.K("W", "Way in"))
	}
	if len(p.Apart) > 0 {
		f.Keys = append(f.Keys, web.K("D", "Settle"))
	}
	if p.Known.Person != "" {
		f.Keys = append(f.Keys, web.K("K", "Notes and plans"))
	}
	if p.Rights.Note {
		f.Keys = append(f.Keys, web.K("L", "Tell the patient"))
	}
	f.Keys = append(f.Keys, web.K("R", "Ring"))
	f.Keys = append(f.Keys, p.Queue.keys()...)
	return f
}

func rightsOf(c urgent.Case, by web.Caller) caseRights {
	may := func(act access.Act) bool { return by.May(act) == nil }
	open, mine := !c.Closed(), c.HeldBy(by.Person)
	others := len(c.Claims) > 0 && !mine
	stage := c.Stage()
	works := stage == urgent.Waiting || stage == urgent.SendFailed || stage == urgent.Consulting
	return caseRights{
		Claim: open && !mine && !others && may(access.Claim) && stage != urgent.OnCall, Release: open && mine,
		TakeOver: open && others && may(access.Claim), Note: may(access.WriteNote),
		Consult: works && !others && may(access.Consult) && !(mine && startedBy(c, by)),
		GoOn:    works && mine && startedBy(c, by) && may(access.Consult),
		Dispose: open && may(access.Dispose), Close: open && !others && may(access.Close),
		Report: may(access.SendReport), OnCall: open && stage == urgent.OnCall && may(access.TakeCall),
	}
}

func startedBy(c urgent.Case, by web.Caller) bool {
	for _, s := range c.Started {
		if s.Person == by.Person {
			return true
		}
	}
	return false
}

// stageOf says in words who has the case and what is next.
func (a *App) stageOf(c urgent.Case, by web.Caller, now time.Time, zone *time.Location) caseStage {
	var holders []string
	for _, claim := range c.Claims {
		name := claim.By
		if claim.Person == by.Person {
			name = "You"
		}
		holders = append(holders, name+", since "+web.ClockWords(claim.At.Time(), now, zone))
	}
	s := caseStage{Title: upperFirst(string(c.Stage())), More: strings.Join(holders, "; ")}
	switch {
	case len(c.Claims) > 0 && !c.HeldBy(by.Person) && c.OnList():
		s.Title, s.More = "Taken by "+holders[0], "Take it over only with a reason; nothing they wrote is lost."
	case c.HeldBy(by.Person) && c.Stage() == urgent.Waiting:
		s.Title, s.More = "Yours", joined(". ", s.More, "Nobody else takes it while you have it")
	case c.Stage() == urgent.Waiting:
		s.Title, s.More = "Free", "Nobody has it."
	case c.Stage() == urgent.OnCall && c.Taken != nil:
		s.More = joined(", ", c.Taken.By, "since "+web.ClockWords(c.Began.Time(), now, zone))
	case c.Stage() == urgent.SendFailed:
		s.Tone, s.More = "stop", "No receipt, or it was refused. Ring them; the case stays here until somebody has it."
	case c.Closed():
		last := c.Closings[len(c.Closings)-1]
		s.More = joined(". ", last.What.By+", "+web.ClockWords(last.At.Time(), now, zone), last.What.Why)
	}
	return s
}

// personOf reads the linked record; when it is not shown the words say why,
// which is never "no alerts".
func (a *App) personOf(ctx context.Context, by web.Caller, c urgent.Case) (record.Person, string) {
	about, ok := c.Patient.Get()
	if c.HeldBack != nil && c.Patient.Disputed() {
		about, ok = sameRecord(c)
	}
	switch {
	case c.Patient.Disputed() && !ok:
		return record.Person{}, "Two patients are stated for this case. Until somebody decides, no record is shown."
	case !ok || about.Record.Zero():
		return record.Person{}, "No record is linked. What is known stands in this case alone."
	case !c.MayView():
		return record.Person{}, "The patient does not want their record looked at."
	}
	p, err := a.People.Person(ctx, by, about.Record)
	if err != nil {
		return record.Person{}, "The record cannot be shown: " + sayOf(err) + " Treat alerts as unknown, not as none."
	}
	return p, ""
}

// sayOf gives the sentence of a refusal, and never the text of anything else.
func sayOf(err error) string {
	if refusal.KindOf(err) == 0 {
		return "it could not be read."
	}
	return ended(err.Error())
}

// parties names an organisation as people say it.
func partyName(p exchange.Party) string {
	switch {
	case p.Name != "":
		return p.Name
	case p.ODS != "":
		return string(p.ODS)
	case p.Service != "":
		return "service " + string(p.Service)
	}
	return "an organisation not named"
}
