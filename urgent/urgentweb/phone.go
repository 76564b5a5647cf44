package urgentweb

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/urgent"
	"holdfast/web"
)

// phoneLine is what a page says of the telephone in front of whoever reads it.
type phoneLine struct {
	Shown   bool   // an exchange was ever heard here
	Silent  string // since when nothing is heard; empty: it is
	Seat    string // the extension; empty: none is chosen
	Offer   *phoneOffer
	More    int      // further calls on this telephone
	Says    []string // of the call that this page is about
	Gone    string   // when its caller rang off; empty: they have not
	Back    string   // where the page is, for forms
	Trouble string   // why it can't be told
}

// phoneOffer is a call on this telephone that the page is not about.
// Tie is where a form leads that says: it is the call of this page, taken by
// hand; empty: it can't be.
type phoneOffer struct{ Who, Since, Href, Do, Tie, Call string }

// Topics of what changes about telephones.
const (
	phoneTopic     = "phone/any"   // an exchange is heard or is silent, a call ended
	phoneCallTopic = "phone/call/" // before a call
	phoneSeatTopic = "phone/seat/" // before an extension
	phoneBoard     = "phone/board"
)

// tellPhone tells open pages what facts say of telephones.
func (a *App) tellPhone(facts []fact.Fact) {
	live := a.Shell.Live()
	board := false
	for _, f := range facts {
		if !urgent.OfTelephone(f.Body.Kind) {
			continue
		}
		board = true
		switch f.Body.Kind {
		case urgent.TelephoneEvent{}.FactKind().Number:
			e, err := fact.Read[urgent.TelephoneEvent](f)
			if err != nil {
				continue
			}
			id := f.Header.Subject.String()
			live.Publish(phoneCallTopic+id, id)
			for _, x := range []string{e.Extension, e.To} {
				if x != "" {
					live.Publish(phoneSeatTopic+x, id)
				}
			}
			if e.Extension == "" { // of whoever has it
				live.Publish(phoneTopic, id)
			}
		default:
			live.Publish(phoneTopic, f.Header.Subject.String())
		}
	}
	if board {
		live.Publish(phoneBoard, "calls")
	}
}

// phoneLive is the stream of a page that shows the telephone: of the case or
// of the call that its address names, if it names one.
func (a *App) phoneLive(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.TakeCall); err != nil {
		return err
	}
	about, err := a.phoneAbout(r, by)
	if err != nil {
		return err
	}
	return a.Shell.Watch(w, r, by, web.Watch{
		Topics: a.phoneTopics(r.Context(), by, about),
		Draw: func(ctx context.Context, by web.Caller, _ []web.Change) ([]web.Fragment, error) {
			return []web.Fragment{{ID: "phone", HTML: phoneSays(a.phoneLineOf(ctx, by, about))}}, nil
		},
	})
}

// phoneTopics are what a page listens to.
func (a *App) phoneTopics(ctx context.Context, by web.Caller, about phoneAbout) []string {
	topics := []string{phoneTopic}
	if seat, err := a.Phone.Seat(ctx, by); err == nil && seat != "" {
		topics = append(topics, phoneSeatTopic+seat)
	}
	for _, id := range about.calls() {
		topics = append(topics, phoneCallTopic+id.String())
	}
	return topics
}

// phoneAbout is what a page is about: a case, or a call not taken yet.
type phoneAbout struct {
	Case *urgent.Case
	Call fact.Subject
}

func (p phoneAbout) calls() []fact.Subject {
	var out []fact.Subject
	if p.Case != nil {
		for _, t := range p.Case.Ties {
			out = append(out, t.Call)
		}
	}
	if !p.Call.Zero() && !slices.Contains(out, p.Call) {
		out = append(out, p.Call)
	}
	return out
}

func (p phoneAbout) path() string {
	v := url.Values{}
	if p.Case != nil {
		v.Set("case", p.Case.ID.String())
	}
	if !p.Call.Zero() {
		v.Set("tel", p.Call.String())
	}
	return "/phone/live?" + v.Encode()
}

func (a *App) phoneAbout(r *http.Request, by web.Caller) (phoneAbout, error) {
	var out phoneAbout
	out.Call = telOf(r.URL.Query().Get("tel"))
	id, err := fact.ParseSubject(r.URL.Query().Get("case"))
	if err != nil {
		return out, nil
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return out, err
	}
	out.Case = &c
	return out, nil
}

// telOf reads the name of a telephone call; anything else is none.
func telOf(text string) fact.Subject {
	id, err := fact.ParseSubject(text)
	if err != nil {
		return fact.Subject{}
	}
	return id
}

// phoneOn fills the telephone of a page and lets it follow.
func (a *App) phoneOn(r *http.Request, by web.Caller, f *web.Frame, about phoneAbout) phoneLine {
	if a.Phone == nil || by.May(access.TakeCall) != nil {
		return phoneLine{}
	}
	line := a.phoneLineOf(r.Context(), by, about)
	line.Back = r.URL.RequestURI()
	if line.Shown {
		f.Live = about.path()
		f.Keys = append(f.Keys, web.K("Alt+A", "Call on my telephone"))
	}
	return line
}

// phoneLineOf says how the telephone stands for somebody. What can't be told is
// said to be so; it hinders nothing.
func (a *App) phoneLineOf(ctx context.Context, by web.Caller, about phoneAbout) phoneLine {
	now, zone := a.Shell.Now(), a.Shell.Zone()
	standing, err := a.Phone.Standing(ctx)
	if err != nil {
		return phoneLine{Shown: true, Trouble: "Whether a call is on your telephone can’t be told here. Take calls by hand."}
	}
	line := phoneLine{Shown: standing.Known}
	if !standing.Known {
		return line
	}
	if standing.Silent {
		line.Silent = web.ClockWords(standing.Since, now, zone)
	}
	if line.Seat, err = a.Phone.Seat(ctx, by); err == nil {
		err = a.phoneOffers(ctx, by, about, &line, now, zone)
	}
	for _, id := range about.calls() {
		if err == nil {
			err = a.phoneAboutCall(ctx, by, id, &line, now, zone)
		}
	}
	if err != nil {
		line.Trouble = "Whether a call is on your telephone can’t be told here. Take calls by hand."
	}
	return line
}

// phoneOffers finds a call on this telephone that the page is not about.
func (a *App) phoneOffers(ctx context.Context, by web.Caller, about phoneAbout, line *phoneLine, now time.Time, zone *time.Location) error {
	mine, err := a.Phone.Mine(ctx, by)
	if err != nil {
		return err
	}
	for _, c := range mine {
		if slices.Contains(about.calls(), c.ID) {
			continue
		}
		if line.Offer != nil {
			line.More++
			continue
		}
		o := phoneOffer{Who: phoneWho(c), Since: web.ClockWords(c.AnsweredAt().Time(), now, zone), Href: "/call?tel=" + c.ID.String(), Do: "Take it"}
		if len(c.Cases) > 0 {
			o.Do, o.Href = "Open its case", "/case/"+c.Cases[0].Case.String()
			if by.Role == access.CallHandler {
				o.Href = callPath(c.Cases[0].Case)
			}
		}
		if about.Case != nil && len(c.Cases) == 0 && len(about.Case.Ties) == 0 && !about.Case.Closed() {
			o.Tie, o.Call = callPath(about.Case.ID)+"/tie", c.ID.String()
		}
		line.Offer = &o
	}
	return nil
}

// phoneWho says who rings, as far as the line tells.
func phoneWho(c urgent.Call) string {
	if words := c.From.Display(); words != "" {
		return words
	}
	return "A caller whose number is not known"
}

// phoneAboutCall says how the call of this page stands.
func (a *App) phoneAboutCall(ctx context.Context, by web.Caller, id fact.Subject, line *phoneLine, now time.Time, zone *time.Location) error {
	c, err := a.Phone.Call(ctx, by, id)
	if err != nil || len(c.Events) == 0 {
		return err
	}
	if over := c.OverAt(); over != 0 {
		line.Gone = web.ClockWords(over.Time(), now, zone)
		return nil
	}
	line.Gone = ""
	if since := c.HeldSince(); since != 0 {
		line.Says = append(line.Says, "On hold since "+web.ClockWords(since.Time(), now, zone))
	}
	var others []string
	for _, x := range c.On() {
		if x == line.Seat {
			continue
		}
		people, err := a.Phone.At(ctx, x)
		if err != nil {
			return err
		}
		who := "extension " + x
		var names []string
		for _, p := range people {
			names = append(names, a.Name(p))
		}
		if len(names) > 0 {
			who = strings.Join(names, " or ") + ", extension " + x
		}
		others = append(others, who)
	}
	if len(others) > 0 {
		line.Says = append(line.Says, "Also on the call: "+strings.Join(others, "; "))
	}
	if c.Waiting() {
		line.Says = append(line.Says, "Nobody has the caller: waiting again since "+web.ClockWords(c.WaitingSince().Time(), now, zone))
	}
	return nil
}

// phoneSit says at which extension somebody sits.
func (a *App) phoneSit(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var f struct {
		Extension string `form:"extension" max:"40"`
		Back      string `form:"back" max:"400"`
	}
	if _, err := web.ReadForm(r, &f); err != nil {
		return err
	}
	if err := a.Phone.Sit(r.Context(), by, f.Extension); err != nil {
		return err
	}
	if !web.LocalPath(f.Back) {
		f.Back = "/call"
	}
	return web.SeeOther(w, r, f.Back)
}

// callFromPhone opens the page of a call that is on a telephone, with its
// number filled in. One that somebody has taken leads to its case.
func (a *App) callFromPhone(w http.ResponseWriter, r *http.Request, by web.Caller, tel fact.Subject) error {
	call, err := a.Phone.Call(r.Context(), by, tel)
	if err != nil {
		return err
	}
	if len(call.Cases) > 0 {
		return web.SeeOther(w, r, callPath(call.Cases[0].Case))
	}
	id := a.Phone.CaseOf(tel)
	v, at, ok, err := a.draftValues(r.Context(), by, callDraft(id))
	if err != nil {
		return err
	}
	p := callPage{ID: id.String(), Opened: a.Shell.Now(), Tel: tel}
	if answered := call.AnsweredAt(); answered != 0 {
		p.Opened = answered.Time()
	}
	if ok {
		p.Restored = at
	} else {
		v = url.Values{"number": {call.From.Display()}}
	}
	v.Set("tel", tel.String())
	return a.callShow(w, r, by, p, v, http.StatusOK)
}

// callTel reads the call by which a form says that it came. What can't be read
// ties nothing, and hinders nothing.
func (a *App) callTel(ctx context.Context, by web.Caller, text string) urgent.Call {
	id := telOf(text)
	if a.Phone == nil || id.Zero() {
		return urgent.Call{}
	}
	c, err := a.Phone.Call(ctx, by, id)
	if err != nil {
		return urgent.Call{}
	}
	return c
}

// tied says that the case is taken by a telephone call, if it is.
func tied(c urgent.Case, by web.Caller, call urgent.Call) []fact.Draft {
	if len(call.Events) == 0 {
		return nil
	}
	out, err := urgent.TakeTelephoned(c, call, by)
	if err != nil {
		return nil // it is taken by hand
	}
	return out
}

// seatOf gives the extension of whoever asks; empty when it is not known.
func (a *App) seatOf(ctx context.Context, by web.Caller) string {
	if a.Phone == nil {
		return ""
	}
	seat, err := a.Phone.Seat(ctx, by)
	if err != nil {
		return ""
	}
	return seat
}

// joinOn says where a clinician joins the call.
func joinOn(seat string) string {
	if seat == "" {
		return ""
	}
	return ", extension " + seat + ": join the call, or take it over"
}

// listPhoneTopics are what a list listens to besides, for who takes calls.
func (a *App) listPhoneTopics(ctx context.Context, by web.Caller) []string {
	if a.Phone == nil || by.May(access.TakeCall) != nil {
		return nil
	}
	return a.phoneTopics(ctx, by, phoneAbout{})
}

// listPhone draws the telephone of a list when it has changed.
func (a *App) listPhone(ctx context.Context, by web.Caller, changes []web.Change) []web.Fragment {
	if !slices.ContainsFunc(changes, func(c web.Change) bool { return strings.HasPrefix(c.Topic, "phone/") }) {
		return nil
	}
	return []web.Fragment{{ID: "phone", HTML: phoneSays(a.phoneLineOf(ctx, by, phoneAbout{}))}}
}

// newCallDone forgets the half-typed new call that was sent. What is half-typed
// of another call stays: a call from the telephone has a page of its own.
func (a *App) newCallDone(ctx context.Context, by web.Caller, sent string) error {
	v, _, ok, err := a.draftValues(ctx, by, newCallDraft)
	if err != nil {
		return err
	}
	if other := v.Get("case"); ok && other != "" && other != sent {
		return nil
	}
	return a.draftDone(ctx, by, newCallDraft, sent)
}

// callTie says that a call on the telephone is the one of this page: it was
// taken by hand before the exchange told of it.
func (a *App) callTie(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.TakeCall); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	call := a.callTel(r.Context(), by, r.PostFormValue("tel"))
	_, err = a.Cases.Do(r.Context(), by, access.TakeCall, id, nil, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		if !c.Begun() {
			return nil, refusal.New(refusal.Missing, "There is no such call here.")
		}
		return urgent.TakeTelephoned(c, call, by)
	})
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, callPath(id))
}
