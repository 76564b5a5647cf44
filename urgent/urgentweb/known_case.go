package urgentweb

import (
	"net/http"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// reachView is the number to ring as a page shows it.
type reachView struct {
	Text, Href  string
	First, Tone string // what to ask or know before one rings
	Refused     bool   // they said no, and nobody gave a reason against it
}

// reachOf is the one way in which a page comes by a number to ring.
func reachOf(c urgent.Case, to codes.Phone) reachView {
	if to.Dial() == "" {
		return reachView{}
	}
	number, first, ok := c.Reach(urgent.ByVoice, to).Person()
	v := reachView{First: first, Refused: !ok}
	switch {
	case !ok:
		v.Tone = "red"
	case first != "":
		v.Tone = "ask"
	}
	if ok {
		v.Text, v.Href = "Ring "+number.Display(), "tel:"+number.Dial()
	}
	return v
}

// shownNumber gives a number as a line of text on a page, or that it is not
// to be rung.
func shownNumber(c urgent.Case, to codes.Phone) string {
	if !to.Present() {
		return ""
	}
	if _, first, ok := c.Reach(urgent.ByVoice, to).Person(); !ok {
		return "number not shown: " + lowerFirst(first)
	}
	return to.Display()
}

// hideNumbers takes every number of the patient and their callers off the lines
// of a page when they said no to ringing and nobody gave a reason against it:
// what was said stays readable, the number is one step away and on record.
func hideNumbers(p *casePage, person record.Person) {
	if !p.Reach.Refused {
		return
	}
	var swap []string
	add := func(n codes.Phone) {
		if shown := n.Display(); shown != "" && shown != shownNumber(p.C, n) {
			swap = append(swap, shown, "(number not shown)")
		}
	}
	for _, v := range p.C.Caller.Values {
		add(v.Value.RingBack)
	}
	for _, a := range p.C.Attempts {
		add(a.What.Number)
	}
	if p.C.Taken != nil {
		add(p.C.Taken.Calling)
	}
	for _, v := range p.C.Patient.Values {
		for _, l := range v.Value.Identity.Lines {
			add(l.Phone)
		}
	}
	for _, l := range person.Lines {
		add(l.Phone)
	}
	for _, ar := range p.C.Arrived {
		add(ar.What.Referral.Callback)
		for _, k := range ar.What.Referral.Contacts {
			for _, n := range k.Phones {
				add(n)
			}
		}
	}
	hide := strings.NewReplacer(swap...)
	for i := range p.People {
		p.People[i].Value = hide.Replace(p.People[i].Value)
	}
	for i := range p.Line {
		for j := range p.Line[i].Moments {
			m := &p.Line[i].Moments[j]
			m.What, m.More = hide.Replace(m.What), hide.Replace(m.More)
		}
	}
}

// childView is what the forms about children offer.
type childView struct {
	Consents, Refer []web.Option
	Brought         []string
}

func (a *App) childOf() childView {
	rules := a.Cases.Rules.Children
	v := childView{Consents: []web.Option{{Text: "Choose"}}, Refer: []web.Option{{Text: "Choose"}}}
	for _, s := range rules.Consents {
		v.Consents = append(v.Consents, web.Option{Value: s.Key, Text: s.Says})
	}
	for _, s := range rules.Refer {
		about, _, _ := strings.Cut(s.Key, " ")
		v.Refer = append(v.Refer, web.Option{Value: s.Key, Text: upperFirst(about) + ": " + s.Says})
	}
	for _, s := range rules.Brought {
		v.Brought = append(v.Brought, s.Says)
	}
	return v
}

// plainAnswers are yes, no and not sure without keys.
func plainAnswers() []web.Choice {
	return []web.Choice{{Value: "yes", Text: "Yes"}, {Value: "no", Text: "No"}, {Value: "unsure", Text: "Not sure", Tone: "uns"}}
}

func answerOf(s string) record.Answer {
	return map[string]record.Answer{"yes": record.Yes, "no": record.No, "unsure": record.Unsure}[s]
}

// knownForm is what the small forms about what is known send; each page sends
// one of them.
type knownForm struct {
	Seen string `form:"seen" max:"4000"`
	Do   string `form:"do" max:"20"`

	RingWhy string `form:"ring_why" max:"1000" label:"Why you ring all the same"`
	Service string `form:"service" max:"40"`

	Consents   string `form:"consents" max:"40" label:"Who consents"`
	ConsentWho string `form:"consent_who" max:"300" label:"Who that is"`
	Competent  string `form:"competent" of:"yes no unsure"`
	JudgedBy   string `form:"judged_by" max:"200" label:"Who judged it"`
	ConsentFor string `form:"consent_for" max:"300" label:"To what"`

	BroughtWhat   string `form:"brought_what" max:"300" label:"Where and when"`
	BroughtReason string `form:"brought_reason" max:"1000" label:"Why, as they say"`
	BroughtWorry  string `form:"brought_worry" max:"1000" label:"What worries you"`

	ReferTo string `form:"refer_to" max:"60" label:"To whom"`
	Danger  string `form:"danger" of:"yes no unsure"`
	Worry   string `form:"worry" max:"1500" lines:"yes" label:"What worries you"`
	Knows   string `form:"knows" max:"1000" label:"Who knows"`
	Others  string `form:"others" max:"1000" label:"Others at home"`
}

// fieldsOfKnown are the names under which a verb's fields stand in each form.
func fieldsOfKnown(do, field string) string {
	names := map[string]map[string]string{
		"consent": {"consents": "consents", "who": "consent_who", "competent": "competent", "judged_by": "judged_by", "for": "consent_for"},
		"brought": {"what": "brought_what", "reason": "brought_reason", "worry": "brought_worry"},
		"refer":   {"to": "refer_to", "now": "danger"},
	}
	if name, ok := names[do][field]; ok {
		return name
	}
	return field
}

// caseKnown does one thing about what is known: asks a national service again,
// keeps who consents, that somebody was not brought, a safeguarding referral,
// or why one rings against a no.
func (a *App) caseKnown(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.WriteNote); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var f knownForm
	form, err := web.ReadForm(r, &f)
	if err != nil {
		return err
	}
	if form.OK() {
		err = a.knownAct(r, by, id, f)
		for _, e := range refusal.Fields(err) {
			form.Fail(fieldsOfKnown(f.Do, e.Field), "", e.Sentence)
		}
	}
	if !form.OK() {
		return a.caseAgain(w, r, by, form)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/case/"+id.String())
}

func (a *App) knownAct(r *http.Request, by web.Caller, id fact.Subject, f knownForm) error {
	ctx := r.Context()
	seen, err := seenIn(f.Seen)
	if err != nil {
		return err
	}
	switch f.Do {
	case "ring":
		_, err = a.Cases.Do(ctx, by, access.WriteNote, id, seen, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
			return urgent.OverrideContact(c, by, urgent.ByVoice, f.RingWhy)
		})
		return err
	case "again":
		_, err = a.Cases.Do(ctx, by, access.WriteNote, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.AskAgain(c, by, a.Cases.Rules, a.pregnant(r, by, c), exchange.National(f.Service), now)
		})
		return err
	case "consent", "brought", "refer":
		return a.childAct(r, by, id, f)
	}
	return refusal.New(refusal.Invalid, "The form did not arrive whole. Open the case again.")
}

func (a *App) pregnant(r *http.Request, by web.Caller, c urgent.Case) record.Answer {
	p, _ := a.personOf(r.Context(), by, c)
	return p.Pregnant()
}

// childAct writes in the record of the case's patient. A safeguarding worry
// needs no record: without one it is a note on the case and its phone task.
func (a *App) childAct(r *http.Request, by web.Caller, id fact.Subject, f knownForm) error {
	ctx, rules := r.Context(), a.Cases.Rules.Children
	c, err := a.Cases.Case(ctx, by, id)
	if err != nil {
		return err
	}
	about, ok := c.Patient.Get()
	if !ok || about.Record.Zero() {
		if f.Do != "refer" {
			return refusal.New(refusal.Invalid, "No record is linked to this case. Choose the patient’s record first, or write it as a note.")
		}
		return a.referWithoutRecord(r, by, id, f)
	}
	_, err = a.Cases.Record(ctx, by, about.Record, nil, func(p record.Person, fresh record.New, now time.Time) ([]fact.Draft, error) {
		switch f.Do {
		case "consent":
			return record.StateConsent(p, by, rules, record.ConsentStated{
				Case: id, Consents: f.Consents, Who: f.ConsentWho, Competent: answerOf(f.Competent), JudgedBy: f.JudgedBy, For: f.ConsentFor,
			}, now)
		case "brought":
			return record.WasNotBrought(p, by, rules, record.NotBrought{Case: id, What: f.BroughtWhat, Reason: f.BroughtReason, Worry: f.BroughtWorry}, fresh, now)
		}
		return record.ReferSafeguarding(p, by, rules, f.referral(id), fresh, now)
	})
	return err
}

func (f knownForm) referral(id fact.Subject) record.SafeguardingReferred {
	about, _, _ := strings.Cut(f.ReferTo, " ")
	return record.SafeguardingReferred{Case: id, About: about, To: f.ReferTo, Worry: f.Worry, Now: answerOf(f.Danger), Knows: f.Knows, Others: f.Others}
}

func (a *App) referWithoutRecord(r *http.Request, by web.Caller, id fact.Subject, f knownForm) error {
	_, err := a.Cases.Do(r.Context(), by, access.WriteNote, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
		drafts, says, err := record.ReferWithoutRecord(by, a.Cases.Rules.Children, f.referral(id), a.Cases.NewCase, now)
		if err != nil {
			return nil, err
		}
		more, err := urgent.Note(c, by, says)
		return append(more, drafts...), err
	})
	return err
}

// caseAnswer gives the answer of a national service as it came.
func (a *App) caseAnswer(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	for _, q := range c.Questions {
		reply, ok := q.Answer()
		if !ok || string(q.Put.Query.Service) != r.PathValue("service") || len(reply.Original) == 0 {
			continue
		}
		raw, err := a.Cases.Journal.Attachment(r.Context(), reply.Original[0])
		if err != nil {
			return refusal.New(refusal.Unavailable, "The answer as it came is not on this device yet. Look again in a while.").Because(err)
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="answer.xml"`)
		_, err = w.Write(raw)
		return err
	}
	return refusal.New(refusal.Missing, "There is no such answer on this case.")
}
