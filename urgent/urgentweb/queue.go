package urgentweb

import (
	"context"
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/urgent"
	"holdfast/web"
)

// Colleague is somebody at work who may take a case over.
type Colleague struct {
	Person fact.Subject
	Name   string
	Role   access.Role
}

// queueView is what the page of a case shows of the queue.
type queueView struct {
	Hold       urgent.Hold // what waits for validation, was let go and is to be told, or crossed
	Held       bool
	Tell       bool
	Crossed    bool
	Tries      urgent.Tries
	Attempts   []urgent.Attempt
	Numbers    []web.Option
	Comfort    fact.Millis
	First      fact.Millis
	Offer      *urgent.Offer // to the caller
	Mine       *urgent.Offer // by the caller
	Colleagues []Colleague
	NotListed  string // why no colleagues are listed
	Steps      []web.Option
	May        queueRights
}

// queueRights are the acts of the queue that this caller may do on this case.
type queueRights struct{ Validate, LetGo, Ring, Step, Raise, HandOver bool }

// queueRoutes registers what is done to a case in the queue.
func (a *App) queueRoutes(m *web.Mux) {
	post := func(pattern string, h web.Handler) { m.Handle(web.Session, http.MethodPost, pattern, h) }
	post("/case/{id}/validate", a.caseValidate)
	post("/case/{id}/let-go", a.caseLetGo)
	post("/case/{id}/rang", a.caseRang)
	post("/case/{id}/no-contact", a.caseNoContact)
	post("/case/{id}/first", a.caseFirst)
	post("/case/{id}/hand-over", a.caseHandOver)
	post("/case/{id}/offer", a.caseOffer)
}

func (a *App) queueOf(ctx context.Context, by web.Caller, c urgent.Case) (queueView, error) {
	r := a.Cases.Rules
	v := queueView{Attempts: c.Attempts, Comfort: c.ComfortDue(r), First: c.First(), Tries: c.Tries(r)}
	v.Numbers = numberOptions(c, v.Tries.Untried)
	if v.Hold, v.Held = c.Held(); !v.Held {
		if v.Hold, v.Tell = c.ToTell(); !v.Tell {
			v.Hold, _ = c.Crossed()
		}
	}
	_, v.Crossed = c.Crossed()
	may := func(act access.Act) bool { return by.May(act) == nil }
	mine, open := c.HeldBy(by.Person), c.Begun() && !c.Closed()
	others := len(c.Claims) > 0 && !mine
	stage := c.Stage()
	working := open && stage != urgent.OnCall && stage != urgent.Finishing
	v.May = queueRights{
		Validate: v.Held && !others && may(access.Consult), LetGo: v.Held && may(access.Dispose), Ring: working && may(access.WriteNote),
		Step: working && !others && len(v.Attempts) > 0 && may(access.WriteNote), Raise: working && may(access.RaiseCase), HandOver: open && mine && may(access.WriteNote),
	}
	for _, s := range r.Queue.Steps {
		if s.Outcome == "" || may(access.SetOutcome) {
			v.Steps = append(v.Steps, web.Option{Value: s.Key, Text: s.Name})
		}
	}
	if o, ok := c.OfferTo(by.Person); ok && open {
		v.Offer = &o
	}
	for i := range c.Offers {
		if c.Offers[i].From == by.Person {
			v.Mine = &c.Offers[i]
		}
	}
	if v.May.HandOver && v.Mine == nil && a.Colleagues != nil {
		var err error
		if v.Colleagues, err = a.Colleagues(ctx, by); err != nil {
			v.NotListed = "Who is at work can't be listed just now: " + sayOf(err)
		}
	}
	return v, nil
}

func (v queueView) keys() []web.Key {
	var out []web.Key
	add := func(yes bool, key, words string) {
		if yes {
			out = append(out, web.K(key, words))
		}
	}
	add(v.May.Validate, "V", "It stands")
	add(v.May.Ring, "A", "I rang them")
	add(v.May.Raise, "P", "Put first")
	add(v.May.HandOver, "H", "Hand over")
	add(v.Offer != nil, "Y", "Take it over")
	return out
}

// queueForm is what the forms of the queue send; each page sends one of them.
type queueForm struct {
	Seen    string `form:"seen" max:"4000"`
	Do      string `form:"do" of:"stands instead accept decline back first"`
	Dx      string `form:"v_dx" max:"12" label:"Needed instead"`
	Why     string `form:"v_why" max:"2000" label:"Why"`
	GoWhy   string `form:"g_why" max:"2000" label:"Why it does not wait"`
	For     string `form:"r_for" of:"callback comfort telling" label:"Why you rang"`
	Number  string `form:"r_number" max:"40" label:"Number"`
	Other   string `form:"r_other" max:"40" label:"Another number"`
	How     string `form:"r_how" max:"20" label:"What came of it"`
	Worse   string `form:"r_worse" of:"yes no unsure" label:"Worse"`
	WorseDx string `form:"r_dx" max:"12" label:"Needed now"`
	Note    string `form:"r_note" max:"4000" lines:"yes" label:"Note"`
	Step    string `form:"s_step" max:"40" label:"Next step"`
	StepWhy string `form:"s_why" max:"2000" label:"Why"`
	First   string `form:"o_why" max:"1000" label:"Why it goes first"`
	To      string `form:"h_to" max:"40" label:"To whom"`
	HandOn  string `form:"h_note" max:"2000" label:"What they should know"`
	Offer   string `form:"h_offer" max:"80"`
}

// queueVerb is a verb with what the form said.
type queueVerb func(f queueForm, c urgent.Case, now time.Time) ([]fact.Draft, error)

// queueAct runs a verb from a form on the case's page. names says where on the
// page a mistake in a field of the verb stands. What must be mended comes back
// with everything typed.
func (a *App) queueAct(w http.ResponseWriter, r *http.Request, by web.Caller, act access.Act, names map[string]string, verb queueVerb) error {
	if err := a.Cases.Refuses(r.Context(), by, act); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var in queueForm
	form, err := web.ReadForm(r, &in)
	if err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	if form.OK() {
		_, err = a.Cases.Do(r.Context(), by, act, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return verb(in, c, now)
		})
		for _, e := range refusal.Fields(err) {
			form.Fail(orWords(names[e.Field], e.Field), "", e.Sentence)
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

// caseValidate says what is needed of an outcome that is held.
func (a *App) caseValidate(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.queueAct(w, r, by, access.Consult, map[string]string{"dx": "v_dx", "why": "v_why"}, func(f queueForm, c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.Validate(c, by, a.Cases.Rules, urgent.Validation{
			Upheld: f.Do == "stands", Dx: codes.Dx(f.Dx), Why: f.Why, Us: a.Us, Texts: triageTexts{a.Triage},
		}, now)
	})
}

// caseLetGo lets go what is held because no clinician can be found.
func (a *App) caseLetGo(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.queueAct(w, r, by, access.Dispose, map[string]string{"why": "g_why"}, func(f queueForm, c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.LetGo(c, by, a.Cases.Rules, f.GoWhy, now)
	})
}

// caseRang writes down that somebody was rung.
func (a *App) caseRang(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	names := map[string]string{"for": "r_for", "number": "r_number", "how": "r_how", "worse": "r_worse", "dx": "r_dx", "why": "r_note"}
	return a.queueAct(w, r, by, access.WriteNote, names, func(f queueForm, c urgent.Case, now time.Time) ([]fact.Draft, error) {
		if f.Number == otherNumber {
			f.Number = ""
		}
		return urgent.RecordAttempt(c, by, a.Cases.Rules, urgent.Rung{
			For: urgent.RungFor(f.For), Number: codes.ReceivePhone(orWords(f.Other, f.Number)), How: urgent.RungHow(f.How),
			Worse: urgent.YesNo(f.Worse), Dx: codes.Dx(f.WorseDx), Note: f.Note,
		}, now)
	})
}

// caseNoContact does the policy's next step when nobody is reached.
func (a *App) caseNoContact(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.queueAct(w, r, by, access.WriteNote, map[string]string{"step": "s_step", "why": "s_why"}, func(f queueForm, c urgent.Case, now time.Time) ([]fact.Draft, error) {
		return urgent.TakeStep(c, by, a.Cases.Rules, f.Step, f.StepWhy, now)
	})
}

// caseFirst puts a case before others, or back by its deadline.
func (a *App) caseFirst(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.queueAct(w, r, by, access.RaiseCase, map[string]string{"why": "o_why"}, func(f queueForm, c urgent.Case, now time.Time) ([]fact.Draft, error) {
		if f.Do == "back" {
			return urgent.PutBack(c, by, f.First)
		}
		return urgent.PutFirst(c, by, f.First, now)
	})
}

// caseHandOver offers the caller's case to a colleague.
func (a *App) caseHandOver(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.queueAct(w, r, by, access.WriteNote, map[string]string{"to": "h_to"}, func(f queueForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		to, err := fact.ParseSubject(f.To)
		if err != nil {
			return nil, refusal.Field("to", "Choose the colleague who is to have it.")
		}
		return urgent.OfferCase(c, by, to, a.Name(to), f.HandOn)
	})
}

// caseOffer takes the case that a colleague offers, or leaves it with them.
func (a *App) caseOffer(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.queueAct(w, r, by, access.Claim, nil, func(f queueForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		offer, err := fact.ParseID(f.Offer)
		if err != nil {
			return nil, refusal.New(refusal.Invalid, "The form did not arrive whole. Open the case again.").Because(err)
		}
		return urgent.AnswerOffer(c, by, offer, f.Do == "accept", f.HandOn)
	})
}
