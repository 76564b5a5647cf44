package urgentweb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/triage"
	"holdfast/urgent"
	"holdfast/web"
)

// tellPage is the page on which advice is written to the patient.
type tellPage struct {
	Frame   web.Frame
	ID      string
	Seen    string
	Filling string
	C       urgent.Case
	Who     web.Patient
	Form    *web.Form
	Keys    []web.Choice
	Routes  []web.Choice
	Texts   []tellText
	Told    []string
	Safe    string   // whether a text is safe, as on record
	Ask     bool     // it is to be asked now
	Stops   string   // why nothing may go by text or e-mail
	Dead    string   // why nothing may go at all
	NoWire  []string // routes that no machine here carries
	Words   string   // of the text that would go
	Sent    []letterView
	May     bool
	Example string
}

// tellText is one text that may go on paper or by e-mail.
type tellText struct {
	Key, Words string
	Chosen     bool
}

// letterView is one letter that was written.
type letterView struct {
	ID, What, To, Language, By, State, Tone string
	At                                      time.Time
	Paper, Open                             bool
}

// tellForm is what the page sends.
type tellForm struct {
	Seen     string   `form:"seen" max:"4000"`
	Filling  string   `form:"case" max:"40"`
	Key      string   `form:"key" max:"40" label:"What to write"`
	Route    string   `form:"route" max:"20" label:"How"`
	Language string   `form:"language" of:"en cy" label:"Language"`
	Large    string   `form:"large" of:"yes"`
	Phone    string   `form:"phone" max:"40" label:"Mobile number"`
	Email    string   `form:"email" max:"254" label:"E-mail address"`
	Agreed   string   `form:"agreed" of:"yes" label:"Asked now"`
	Told     string   `form:"told" of:"yes"`
	Advice   []string `form:"advice" max:"200"`
}

func tellPath(id string) string { return "/case/" + id + "/tell" }

// tell shows what may be written to the patient, and what was.
func (a *App) tell(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	form, err := a.halfTyped(r.Context(), by, "tell/"+r.PathValue("id"))
	if err != nil {
		return err
	}
	return a.tellShow(w, r, by, form, http.StatusOK)
}

// halfTyped gives the form that somebody was typing, or nil.
func (a *App) halfTyped(ctx context.Context, by web.Caller, key string) (*web.Form, error) {
	values, _, ok, err := a.draftValues(ctx, by, key)
	if err != nil || !ok {
		return nil, err
	}
	return web.NewForm(values), nil
}

func (a *App) tellShow(w http.ResponseWriter, r *http.Request, by web.Caller, form *web.Form, status int) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	p, err := a.tellPageOf(r.Context(), by, c, form)
	if err != nil {
		return err
	}
	p.Frame = a.Shell.Frame(r, by, "Tell the patient, case "+c.Number)
	p.Frame.Here, p.Frame.Live = "/worklist", "/case/"+p.ID+"/live"
	if p.Dead == "" && p.May {
		p.Frame.Keys = []web.Key{web.K("F9", "Write it"), web.K("Esc", "Leave a field")}
	}
	p.Frame.ErrorsIn = form != nil && !form.OK()
	return web.Render(w, r, status, tellView(p))
}

func (a *App) tellPageOf(ctx context.Context, by web.Caller, c urgent.Case, form *web.Form) (tellPage, error) {
	now := a.Shell.Now()
	p := tellPage{ID: c.ID.String(), Seen: seenOf(c), C: c, Form: form, May: by.May(access.WriteToPatient) == nil, Told: c.Told(), Filling: newFilling()}
	if kept := form.Value("case"); kept != "" {
		p.Filling = kept
	}
	person, _ := a.personOf(ctx, by, c)
	p.Who = a.patientBar(c, person, now)
	letters := a.Cases.Rules.Letters
	for i, key := range letters.Keys {
		p.Keys = append(p.Keys, web.Choice{Value: key, Text: strings.Join(letters.Words(key, "title", urgent.InEnglish), " ")})
		if i == 0 {
			p.Words = strings.ReplaceAll(strings.Join(letters.Words(key, "text", urgent.InEnglish), " "), "{service}", a.Us.Name)
		}
	}
	p.Dead, p.Stops = c.MayNotWrite(exchange.ByPaper), c.MayNotWrite(exchange.ByText)
	contact, _ := c.Contact.Get()
	p.Safe, p.Ask = "Safe to text: "+yesNo(contact.Text), contact.Text != urgent.Yes
	p.Routes = []web.Choice{{Value: string(exchange.ByPaper), Text: "Print"}}
	if p.Stops == "" {
		for _, one := range []struct {
			route exchange.Route
			text  string
		}{{exchange.ByText, "Text"}, {exchange.ByEmail, "E-mail"}} {
			if a.wired(one.route) {
				p.Routes = append(p.Routes, web.Choice{Value: string(one.route), Text: one.text})
				continue
			}
			p.NoWire = append(p.NoWire, one.text)
		}
	}
	for _, one := range a.adviceOf(c, triage.English) {
		one.Chosen = form == nil || form.Has("advice", one.Key)
		p.Texts = append(p.Texts, one)
	}
	for _, l := range slices.Backward(c.Outward.Letters) {
		p.Sent = append(p.Sent, letterOf(c, l))
	}
	return p, nil
}

func (a *App) wired(route exchange.Route) bool { return a.Wired != nil && a.Wired(route) }

func newFilling() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// adviceOf lists the reviewed texts that belong to the case's newest
// questions: what to do, and when to ring again.
func (a *App) adviceOf(c urgent.Case, lang triage.Lang) []tellText {
	w := a.Triage.Words(lang)
	var out []tellText
	add := func(key, words string) {
		if words != "" && !slices.ContainsFunc(out, func(t tellText) bool { return t.Key == key }) {
			out = append(out, tellText{Key: key, Words: words})
		}
	}
	for _, t := range c.NewestTriages() {
		for _, id := range t.What.Outcome.Advice {
			if text, err := w.Advice(id); err == nil && text.RatePerMinute == 0 {
				add("advice/"+id, strings.Join(text.Steps, " "))
			}
		}
		for _, rule := range t.What.Outcome.SafetyNet {
			add("worse/"+rule, upperFirst(w.Worse(rule)))
		}
	}
	return out
}

func letterOf(c urgent.Case, l urgent.LetterSent) letterView {
	e := c.Envelope(l.What.Envelope)
	v := letterView{ID: l.What.Envelope.String(), What: l.What.Title, To: l.What.To, Language: languageWords(l.What.Language, l.What.Large), By: l.What.By, At: l.At.Time(), Paper: l.What.Route == exchange.ByPaper}
	v.Open = !e.Ended()
	switch s := e.Standing(); {
	case s == exchange.Waiting && v.Paper:
		v.State, v.Tone = "to be printed and given", "amb"
	case s == exchange.Delivered:
		v.State, v.Tone = "it reached the phone", "grn"
	case e.NeedsPerson():
		v.State, v.Tone = string(s)+": ring them, or print it", "red"
	default:
		v.State = string(s)
	}
	return v
}

func languageWords(language string, large bool) string {
	out := "English"
	if language == urgent.InWelsh {
		out = "Cymraeg"
	}
	if large {
		out += ", large print"
	}
	return out
}

// tellSend writes to the patient.
func (a *App) tellSend(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.WriteToPatient); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var in tellForm
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	writing := a.writingOf(c, in, form)
	if form.OK() {
		_, err = a.Cases.Write(r.Context(), by, id, seen, writing, a.Us)
		if err != nil && !form.Take(err) {
			return err
		}
	}
	if !form.OK() {
		return a.tellShow(w, r, by, form, http.StatusUnprocessableEntity)
	}
	if err := a.draftDone(r.Context(), by, "tell/"+id.String(), in.Filling); err != nil {
		return err
	}
	return web.SeeOther(w, r, tellPath(id.String()))
}

func (a *App) writingOf(c urgent.Case, in tellForm, form *web.Form) urgent.Writing {
	out := urgent.Writing{
		Route: exchange.Route(in.Route), Key: in.Key, Language: in.Language, Large: in.Large == "yes", Email: in.Email,
		Agreed: in.Agreed == "yes", Told: in.Told == "yes", Filling: in.Filling,
	}
	switch {
	case out.Route == "":
		form.Fail("route", "How", "Choose how: print, text or e-mail")
	case out.Route != exchange.ByPaper && !a.wired(out.Route):
		form.Fail("route", "How", "No machine here carries this: print it, or ring them")
	case out.Route == exchange.ByText:
		phone, err := codes.ParsePhone(in.Phone)
		if err != nil {
			form.Fail("phone", "Mobile number", sayOf(err))
		}
		out.Phone = phone
	}
	lang := triage.English
	if in.Language == urgent.InWelsh {
		lang = triage.Welsh
	}
	for _, one := range a.adviceOf(c, lang) {
		if slices.Contains(in.Advice, one.Key) {
			out.Advice, out.Lines = append(out.Advice, one.Key), append(out.Lines, one.Words)
		}
	}
	return out
}

// letterPage is one letter ready for paper.
type letterPage struct {
	Frame  web.Frame
	ID     string
	Letter exchange.Letter
	Sent   letterView
	May    bool
	Seen   string
}

func envelopeIn(r *http.Request) (exchange.EnvelopeID, error) {
	id, err := exchange.ParseEnvelopeID(r.PathValue("letter"))
	if err != nil {
		return id, refusal.New(refusal.Missing, "There is no such letter on this case.").Because(err)
	}
	return id, nil
}

// letter shows one letter, as it is printed.
func (a *App) letter(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.SeeCase); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	envelope, err := envelopeIn(r)
	if err != nil {
		return err
	}
	c, l, err := a.Cases.Letter(r.Context(), by, id, envelope)
	if err != nil {
		return err
	}
	p := letterPage{ID: id.String(), Letter: l, Seen: seenOf(c), May: by.May(access.WriteToPatient) == nil, Frame: a.Shell.Frame(r, by, l.Title)}
	for _, one := range c.Outward.Letters {
		if one.What.Envelope == envelope {
			p.Sent = letterOf(c, one)
		}
	}
	return web.Render(w, r, http.StatusOK, letterSheet(p))
}

// letterGiven says that a letter was printed and given, or said on the phone.
func (a *App) letterGiven(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.letterAct(w, r, by, func(c urgent.Case, id exchange.EnvelopeID, how string, now time.Time) ([]fact.Draft, error) {
		return urgent.GiveLetter(c, by, id, exchange.Route(how), now)
	})
}

// letterAgain sends a letter once more.
func (a *App) letterAgain(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.letterAct(w, r, by, func(c urgent.Case, id exchange.EnvelopeID, _ string, now time.Time) ([]fact.Draft, error) {
		if why := c.StopsLetter(c.Envelope(id)); why != "" {
			return nil, refusal.New(refusal.Taken, why+".")
		}
		e := c.Envelope(id)
		if len(e.Routes) == 0 {
			return nil, refusal.New(refusal.Missing, "There is no such letter on this case.")
		}
		return exchange.AskAgain(e, by, now.Add(a.Cases.Rules.Letters.Receipt[e.Routes[0]]), now)
	})
}

// letterForm is what the buttons of a letter send.
type letterForm struct {
	Seen string `form:"seen" max:"4000"`
	How  string `form:"how" of:"paper phone"`
}

func (a *App) letterAct(w http.ResponseWriter, r *http.Request, by web.Caller, verb func(urgent.Case, exchange.EnvelopeID, string, time.Time) ([]fact.Draft, error)) error {
	if err := a.Cases.Refuses(r.Context(), by, access.WriteToPatient); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	envelope, err := envelopeIn(r)
	if err != nil {
		return err
	}
	var in letterForm
	if _, err := web.ReadForm(r, &in); err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	_, err = a.Cases.Do(r.Context(), by, access.WriteToPatient, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return verb(c, envelope, in.How, now)
	})
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, tellPath(id.String()))
}
