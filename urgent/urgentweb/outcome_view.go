package urgentweb

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/directory"
	"holdfast/exchange"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/web"
)

// mostOffered is how many services have a key of their own, and mostShut how
// many are listed beneath them that can't be chosen.
const (
	mostOffered = 8
	mostShut    = 2
)

// outcomePage is everything that the page of outcome and service shows.
type outcomePage struct {
	Frame     web.Frame
	Case      urgent.Case
	Who       web.Patient
	Seen      string
	Form      *web.Form
	Set       bool   // there is an outcome
	NoAsk     string // why no questions run here, and what to do instead
	Name      string
	Codes     string // Dx05 · SG 1047 · SD 4003
	From, Due time.Time
	Why       []string
	NotSooner []string
	Lowered   string
	Options   []web.Option
	Rows      []outcomeRow
	More      []outcomeRow // services with no key: every reason is here
	Found     int
	Near      string
	Chosen    string   // subject
	Reasons   []string // why one may pass over the first
	Say       []string
	Contact   []web.Pair
	Stand     outcomeStand
	Request   string
	Missing   []string
	Drawn     time.Time
}

// outcomeRow is one service as the list shows it.
type outcomeRow struct {
	Key, ID, Name, Who string
	For, Against       []string
	When, Spare        string
	Far, FarMore       string
	Do                 string // what choosing it does
	Shut               bool
}

// outcomeStand says where the case stands after the outcome.
type outcomeStand struct {
	Kind string // choose, own, sent, ambulance, self-care, closed
	What string
	More string
	Tone string
	Due  time.Time // when no receipt makes it a phone task
}

func (p outcomePage) path() string { return outcomePath(p.Case.ID) }

func (p outcomePage) mayChoose() bool { return p.Stand.Kind == "choose" }

func (a *App) outcomePageOf(ctx context.Context, by web.Caller, c urgent.Case, form *web.Form, another bool) (outcomePage, error) {
	now, zone := a.Shell.Now(), a.Shell.Zone()
	know := a.askKnow(ctx, by, c)
	p := outcomePage{NoAsk: a.noAsking(by), Case: c, Who: a.callBar(c, know), Seen: seenOf(c), Form: form, Options: codeOptions(a.Cases.Rules), Reasons: a.Call.passed, Drawn: now}
	p.Request, p.Missing = requestWords(c, zone)
	d, ok := c.Disposition()
	if !ok {
		return p, nil
	}
	row, _ := a.Cases.Rules.Code(d.What.Dx)
	p.Set, p.Name, p.From, p.Due = true, orWords(row.Name, "Outcome "+string(d.What.Dx)), d.What.From.Time(), timeOf(d.What.Due)
	p.Codes = joined(" · ", string(d.What.Dx), named("SG ", d.What.SG), named("SD ", d.What.SD))
	a.outcomeWhy(&p, c, d.What)
	p.Contact = contactPairs(c)
	var err error
	if p.Stand, err = a.standOf(ctx, by, c, row); err != nil {
		return p, err
	}
	if another && p.Stand.Kind == "own" {
		p.Stand.Kind = "choose"
	}
	if !p.mayChoose() {
		return p, nil
	}
	all, err := a.rankedFor(ctx, by, c, now)
	if err != nil {
		return p, err
	}
	p.Near = string(c.Place.Or(codes.Place{}).Postcode)
	a.outcomeRows(&p, all, now)
	return p, nil
}

func named(name, value string) string {
	if value == "" {
		return ""
	}
	return name + value
}

func (a *App) outcomeWhy(p *outcomePage, c urgent.Case, d urgent.DispositionSet) {
	texts := triageTexts{a.Triage}
	if d.Lowered {
		p.Lowered = d.Why
	} else if d.Why != "" {
		p.Why = append(p.Why, d.Why)
	}
	t := c.LastTriage()
	if t == nil && d.Why == "" {
		p.Why = append(p.Why, "Set by hand, without questions")
	}
	if t != nil {
		p.Why = append(p.Why, texts.Reasons(t.What.Record)...)
		p.NotSooner = texts.notSooner(t.What.Record)
		p.Say = texts.sayings(t.What.Outcome)
	}
}

// contactPairs says how whoever rang may be told.
func contactPairs(c urgent.Case) []web.Pair {
	v, ok := c.Contact.Get()
	if !ok {
		return []web.Pair{{Name: "Told by", Value: "Not asked whether ringing or texting is safe: ask now"}}
	}
	return []web.Pair{{Name: "Told by", Value: v.String()}}
}

// standOf says what the page is for now.
func (a *App) standOf(ctx context.Context, by web.Caller, c urgent.Case, row triage.Disposition) (outcomeStand, error) {
	if c.Closed() {
		return outcomeStand{Kind: "closed", What: "Closed.", More: c.Closings[len(c.Closings)-1].What.Why, Tone: "grn"}, nil
	}
	if all := c.SentNow(); len(all) > 0 {
		return a.sentStand(c, worstSent(c, all)), nil
	}
	switch {
	case row.Mode == triage.ModeSelfCare:
		return outcomeStand{Kind: "self-care", What: "Care at home.", More: "Give the advice, say when to ring again, then close."}, nil
	case row.Mode == triage.ModeAmbulance && len(c.Ambulances) > 0:
		return outcomeStand{Kind: "ambulance", What: "An ambulance is asked for.", More: "Ambulance control is rung by dispatch, before all other tasks. The case stays open until they have it.", Tone: "red"}, nil
	}
	if v, ok := c.Service.Get(); ok && c.Stage() == urgent.Waiting {
		return a.chosenStand(ctx, by, v)
	}
	return outcomeStand{Kind: "choose"}, nil
}

// chosenStand is a service that was chosen and gets no envelope: our own list,
// or one that is rung.
func (a *App) chosenStand(ctx context.Context, by web.Caller, v urgent.ServiceChosen) (outcomeStand, error) {
	entries, err := a.Services.All(ctx, by)
	if err != nil {
		return outcomeStand{}, err
	}
	out := outcomeStand{Kind: "own", What: "Chosen: " + v.Name + ".", Tone: "grn", More: "They take no messages. It is a task for dispatch already to ring them; the case waits on the worklist meanwhile."}
	for _, e := range entries {
		if s, ok := e.Current(); ok && e.Subject == v.Service && a.ours(s) {
			out.More = "It waits on our own worklist, with its deadline."
		}
	}
	return out, nil
}

// ours tells whether a service is our own.
func (a *App) ours(s directory.Service) bool { return s.ODS != "" && s.ODS == a.Us.ODS }

// worstSent gives the referral that needs a person most, of several made
// apart.
func worstSent(c urgent.Case, all []urgent.Sent) urgent.Sent {
	worst := all[0]
	for _, s := range all {
		if e := c.Envelope(s.What.Envelope); e.NeedsPerson() || c.Envelope(worst.What.Envelope).Standing() == exchange.Delivered {
			worst = s
		}
	}
	return worst
}

func (a *App) sentStand(c urgent.Case, s urgent.Sent) outcomeStand {
	e := c.Envelope(s.What.Envelope)
	to := partyName(s.What.To)
	switch e.Standing() {
	case exchange.Delivered:
		r := e.Receipts[len(e.Receipts)-1]
		more := "They number it " + orWords(r.Case, "not said") + "."
		if took := r.Filed.Time().Sub(s.At.Time()); took > 0 && took < time.Hour {
			more = "Receipt back in " + strconv.Itoa(int((took+time.Second-1)/time.Second)) + " s. " + more
		}
		return outcomeStand{Kind: "sent", What: to + " has it.", More: more, Tone: "grn"}
	case exchange.Refused, exchange.Late, exchange.Doubtful:
		return outcomeStand{Kind: "choose", What: to + ": " + string(e.Standing()) + ".", More: "It is a phone task for dispatch now. Ring them, or choose another service.", Tone: "red"}
	}
	return outcomeStand{
		Kind: "sent", What: "On its way to " + to + ".", Tone: "amb", Due: e.Due.Time(),
		More: "No receipt yet: without one by " + e.Due.Time().In(a.Shell.Zone()).Format("15:04:05") + " it becomes a phone task.",
	}
}

// outcomeRows lists the services: eight with a key, all others beneath.
func (a *App) outcomeRows(p *outcomePage, all []directory.Ranked, now time.Time) {
	p.Found = len(all)
	want := p.Form.Value("service")
	if v, ok := p.Case.Service.Get(); ok && want == "" {
		want = v.Service.String()
	}
	shut := 0
	for i, r := range all {
		row := rowOfService(i, r, p.Due, now, a.Shell.Zone(), a.Us)
		if want == "" && i == 0 && !row.Shut || want == row.ID {
			p.Chosen = row.ID
		}
		if row.Shut {
			shut++
		}
		if i < mostOffered && shut <= mostShut {
			p.Rows = append(p.Rows, row)
			continue
		}
		p.More = append(p.More, row)
	}
}

func rowOfService(i int, r directory.Ranked, due, now time.Time, zone *time.Location, us exchange.Party) outcomeRow {
	s := r.Service
	row := outcomeRow{
		ID: r.Entry.Subject.String(), Name: s.Name, Who: joined(" · ", s.Provider, string(s.Type)), Shut: r.Blocked(), When: "not known",
	}
	if i < mostOffered && !row.Shut {
		row.Key = strconv.Itoa(i + 1)
	}
	for _, x := range r.For {
		row.For = append(row.For, x.Text)
	}
	for _, x := range r.Against {
		row.Against = append(row.Against, x.Text)
	}
	if !r.Earliest.IsZero() {
		row.When = web.ClockWords(r.Earliest, now, zone)
		row.Spare = spareWords(r.ToSpare, due)
	}
	switch {
	case s.ComesToThem:
		row.Far, row.FarMore = "Comes to them", "no travel"
	case r.Distance:
		row.Far = codes.Miles(r.Metres) + " miles"
	default:
		row.Far = "not known"
	}
	row.Do = doWords(s, us)
	return row
}

func spareWords(d time.Duration, due time.Time) string {
	switch {
	case due.IsZero():
		return ""
	case d < 0:
		return codes.Span(d) + " late"
	}
	return codes.Span(d) + " to spare"
}

// doWords says what choosing a service does.
func doWords(s directory.Service, us exchange.Party) string {
	switch {
	case s.ODS != "" && s.ODS == us.ODS:
		return "Our own list"
	case len(routesOf(s)) == 0:
		return "Ring first"
	case s.ComesToThem:
		return "Ask for visit"
	}
	return "Send"
}

func (a *App) outcomeFrame(r *http.Request, by web.Caller, p outcomePage) web.Frame {
	f := a.Shell.Frame(r, by, "Outcome and service")
	f.Here = "/call"
	f.Live = p.path() + "/live"
	f.ErrorsIn = p.Form != nil && !p.Form.OK()
	if p.mayChoose() {
		f.Keys = []web.Key{web.K("1–8", "Choose service"), web.K("F9", "Send")}
	}
	f.Keys = append(f.Keys, web.K("F2", "Emergency"), web.K("F4", "Get a clinician"))
	if by.May(access.Dispose) == nil {
		f.Keys = append(f.Keys, web.K("Alt+U", "Change outcome"))
	}
	f.Keys = append(f.Keys, web.K("Alt+W", "Worse: ask again"))
	return f
}

// outcomeLive redraws where the case stands when a receipt comes or does not.
func (a *App) outcomeLive(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	if _, err := a.Cases.Case(r.Context(), by, id); err != nil {
		return err
	}
	return a.Shell.Watch(w, r, by, web.Watch{
		Topics: []string{caseTopic(id.String())},
		Draw: func(ctx context.Context, by web.Caller, _ []web.Change) ([]web.Fragment, error) {
			c, err := a.Cases.Case(ctx, by, id)
			if err != nil {
				return nil, err
			}
			d, _ := c.Disposition()
			row, _ := a.Cases.Rules.Code(d.What.Dx)
			stand, err := a.standOf(ctx, by, c, row)
			if err != nil {
				return nil, err
			}
			return []web.Fragment{{ID: "stand", HTML: outcomeStanding(stand, id.String(), a.Shell.Now())}}, nil
		},
	})
}
