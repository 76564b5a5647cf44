package accessweb

import (
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/access/accessdb"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// askedLine is one request to erase.
type askedLine struct {
	ID, Record, Rule, Asked, Approved, Due, Held, Over string
	Subjects                                           int
	MayApprove, MayCancel                              bool
}

// holdLine is one legal hold.
type holdLine struct{ ID, Record, Why, By, Lifted string }

// erasedLine is one subject that was erased.
type erasedLine struct {
	What, On, Why, Vault string
	Done, Of             int
}

// proposedLine is a record that is due for review.
type proposedLine struct{ Record, Rule, Last, Since string }

type erasureView struct {
	Days     int // between approval and erasure
	Frame    web.Frame
	Form     *web.Form
	Asked    []askedLine
	Holds    []holdLine
	Erased   []erasedLine
	Proposed []proposedLine
	Rules    []web.Option
}

type erasureForm struct {
	Record     string `form:"record" label:"Record"`
	Rule       string `form:"rule" label:"Rule"`
	HoldRecord string `form:"hold_record" label:"Record"`
	HoldWhy    string `form:"hold_why" label:"What for" max:"400"`
	ID         string `form:"id"`
	Why        string `form:"why" label:"Why" max:"400"`
}

type erasureAct func(r *http.Request, by web.Caller, in erasureForm) error

func (p *Pages) erasure(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return p.showErasure(w, r, by, http.StatusOK, nil)
}

// erasing runs one act of the erasure page.
func (p *Pages) erasing(do erasureAct) web.Handler {
	return func(w http.ResponseWriter, r *http.Request, by web.Caller) error {
		if err := p.Gate.Enter(r.Context(), by, access.AskErasure, fact.Subject{}); err != nil {
			return err
		}
		var in erasureForm
		f, err := web.ReadForm(r, &in)
		if err != nil {
			return err
		}
		if f.OK() {
			if err := do(r, by, in); err == nil {
				return web.SeeOther(w, r, "/erasure")
			} else if !f.Take(err) {
				return err
			}
		}
		return p.showErasure(w, r, by, http.StatusUnprocessableEntity, f)
	}
}

// recordIn reads whose record is meant: its own number, or that of any of the
// person's cases.
func (p *Pages) recordIn(r *http.Request, text, field string) (fact.Subject, error) {
	if s, err := fact.ParseSubject(text); err == nil {
		return s, nil
	}
	s, err := p.Trust.Record(r.Context(), text)
	if refusal.Is(err, refusal.Missing) {
		return s, refusal.Field(field, "No record is known by this. Give the number of one of the person's cases, or the record's own, 32 characters.")
	}
	return s, err
}

func (p *Pages) askErasure(r *http.Request, by web.Caller, in erasureForm) error {
	s, err := p.recordIn(r, in.Record, "record")
	if err != nil {
		return err
	}
	return p.Gate.AskForErasure(r.Context(), by, s, access.ErasureAsked{Rule: in.Rule, Why: in.Why, Days: uint32(p.Trust.Days)}, p.Trust.Whole)
}

func (p *Pages) placeHold(r *http.Request, by web.Caller, in erasureForm) error {
	s, err := p.recordIn(r, in.HoldRecord, "hold_record")
	if err != nil {
		return err
	}
	return p.Gate.PlaceHold(r.Context(), by, s, in.HoldWhy, p.Trust.Whole)
}

func (p *Pages) approveErasure(r *http.Request, by web.Caller, in erasureForm) error {
	id, err := parseFact(in.ID)
	if err != nil {
		return err
	}
	return p.Gate.ApproveErasure(r.Context(), by, id)
}

func (p *Pages) cancelErasure(r *http.Request, by web.Caller, in erasureForm) error {
	id, err := parseFact(in.ID)
	if err != nil {
		return err
	}
	return p.Gate.CancelErasure(r.Context(), by, id, in.Why)
}

func (p *Pages) liftHold(r *http.Request, by web.Caller, in erasureForm) error {
	id, err := parseFact(in.ID)
	if err != nil {
		return err
	}
	return p.Gate.LiftHold(r.Context(), by, id, in.Why)
}

func (p *Pages) showErasure(w http.ResponseWriter, r *http.Request, by web.Caller, status int, f *web.Form) error {
	e, erased, err := p.Gate.Erasures(r.Context(), by, p.Trust.Vault)
	if err != nil {
		return err
	}
	v := erasureView{Frame: p.Shell.Frame(r, by, "Erasure and retention"), Form: f, Days: p.Trust.Days, Rules: []web.Option{{Text: "Choose"}}}
	v.Frame.Here, v.Frame.ErrorsIn = "/erasure", !f.OK()
	for _, rule := range p.Trust.Rules {
		v.Rules = append(v.Rules, web.Option{Value: rule, Text: rule})
	}
	for i := len(e.Requests) - 1; i >= 0; i-- {
		v.Asked = append(v.Asked, p.askedLine(e, e.Requests[i], by))
	}
	for _, h := range e.Holds {
		v.Holds = append(v.Holds, holdLine{h.Fact.String(), h.Says.Subjects[0].String(), h.Says.Why, p.Trust.Name(h.By) + ", " + p.clock(h.At), h.Lifted})
	}
	v.Erased = p.erasedLines(erased)
	if p.Trust.Review != nil {
		due, err := p.Trust.Review(r.Context())
		if err != nil {
			return err
		}
		for _, d := range due {
			v.Proposed = append(v.Proposed, proposedLine{d.Record.String(), d.Rule, p.day(d.Last), p.day(d.Since)})
		}
	}
	return web.Render(w, r, status, erasurePage(v))
}

func (p *Pages) day(t time.Time) string { return t.In(p.Shell.Zone()).Format("2 January 2006") }

func (p *Pages) askedLine(e access.Erasures, r access.ErasureRequest, by web.Caller) askedLine {
	out := askedLine{
		ID: r.Fact.String(), Record: r.Says.Subjects[0].String(), Rule: r.Says.Rule, Subjects: len(r.Says.Subjects),
		Asked: p.Trust.Name(r.By) + ", " + p.clock(r.At), Approved: "nobody yet", Due: "90 days after approval",
		MayApprove: r.Stands() && r.ApprovedAt == 0 && r.By != by.Person, MayCancel: r.Stands(),
	}
	if r.ApprovedAt != 0 {
		out.Approved, out.Due = p.Trust.Name(r.Approved)+", "+p.clock(r.ApprovedAt), p.day(r.Due())
	}
	if holds := e.HoldsOn(r.Says.Subjects); len(holds) > 0 {
		out.Held = "Legal hold: " + holds[0].Says.Why
	}
	if !r.Stands() {
		out.Over = "Cancelled by " + p.Trust.Name(r.CancelBy) + ": " + r.Cancelled
	}
	return out
}

func (p *Pages) erasedLines(all []accessdb.Erased) []erasedLine {
	var out []erasedLine
	for _, e := range all {
		out = append(out, erasedLine{What: e.Subject.String()[:8], On: p.day(e.At), Why: e.Why, Vault: p.day(e.Vault), Done: e.Done, Of: e.Of})
	}
	return out
}

// whyError is what is wrong with the reason given for one request or hold.
func (v erasureView) whyError(id string) string {
	if v.Form.Value("id") != id {
		return ""
	}
	return v.Form.Error("why")
}

func firstError(f *web.Form, names ...string) string {
	for _, n := range names {
		if e := f.Error(n); e != "" {
			return e
		}
	}
	return ""
}
