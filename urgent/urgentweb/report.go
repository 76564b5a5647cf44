package urgentweb

import (
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/urgent"
	"holdfast/web"
)

// reportPage is the report to the GP as one sheet.
type reportPage struct {
	Frame    web.Frame
	ID       string
	Seen     string
	C        urgent.Case
	Made     bool
	Report   exchange.Report
	Fact     string
	Why      string // why nothing is sent
	Due      time.Time
	Done     []string // routes it went by
	Others   []reportOther
	NotKnown []string

	State          urgent.ReportState
	Sent, Received time.Time
	Way            bool // a way by message is known
	Form           *web.Form

	Consulted []string
	May       bool
}

// report shows the report of the case that stands, or the one that was asked
// for, ready for paper.
func (a *App) report(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.reportShow(w, r, by, nil, http.StatusOK)
}

func (a *App) reportShow(w http.ResponseWriter, r *http.Request, by web.Caller, form *web.Form, status int) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	frame := a.Shell.Frame(r, by, "Report to GP, case "+c.Number)
	frame.ErrorsIn = form != nil
	p := reportPage{ID: id.String(), Seen: seenOf(c), C: c, May: by.May(access.SendReport) == nil, Frame: frame}
	one, ok := c.NewestReport()
	of := r.URL.Query().Get("of")
	if form != nil {
		of = form.Value("report")
	}
	for _, each := range c.Reports {
		if each.Fact.String() == of {
			one, ok = each, true
		}
	}
	if ok {
		p = a.reportPageOf(c, one, frame, by)
		if p.May && p.State.Waits() {
			routes, err := a.reportRoutes(r.Context(), by, c, one.Fact)
			if err != nil {
				return err
			}
			p.Way = len(routes) > 0
		}
	}
	p.Form = form
	return web.Render(w, r, status, reportView(p))
}

// reportPageOf is one report of a case as a sheet.
func (a *App) reportPageOf(c urgent.Case, one urgent.Report, frame web.Frame, by web.Caller) reportPage {
	p := reportPage{ID: c.ID.String(), Seen: seenOf(c), C: c, May: by.May(access.SendReport) == nil, Frame: frame, Made: true, Report: one.What.Report, Fact: one.Fact.String()}
	p.Why, p.Due, p.Done, p.State = one.What.Suppressed, timeOf(one.What.Due), one.Done, c.ReportState(one)
	p.Sent, p.Received = c.ReportAt(one)
	for _, each := range c.Reports {
		if each.Fact != one.Fact {
			p.Others = append(p.Others, reportOther{Fact: each.Fact.String(), What: orWords(partyName(each.What.Report.To), "the practice") + ": " + string(c.ReportState(each))})
		}
	}
	p.NotKnown, p.Consulted = one.What.Report.NotKnown, whoDid(c, frame)
	return p
}

// reportOther is another report on the same case.
type reportOther struct{ Fact, What string }

// whoDid names those who worked on the case, in order.
func whoDid(c urgent.Case, f web.Frame) []string {
	var out []string
	at := func(m fact.Millis) string { return web.ClockWords(m.Time(), f.Now, f.Zone) }
	if c.Taken != nil {
		out = append(out, c.Taken.By+", call, "+at(c.Began))
	}
	for _, ar := range c.Arrived {
		out = append(out, "Sent by "+partyName(ar.What.Referral.From)+", "+at(ar.At))
	}
	for _, v := range c.Consultations {
		out = append(out, v.What.By+", "+modeWords(v.What.Mode)+", "+at(v.At))
	}
	return out
}

// reportMake writes the report, or why none is sent.
func (a *App) reportMake(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	return a.reportAfter(w, r, by, id)
}

// actionsOf are the things to do, the first line of the report.
func actionsOf(r exchange.Report) string {
	if r.Takes != "" {
		return "For action: a report no longer stands"
	}
	if len(r.Actions) == 0 {
		return "For information: nothing is asked of you"
	}
	return "For action: " + count(len(r.Actions), "thing", "things")
}

// spanWords gives when it began and ended.
func spanWords(r exchange.Report, f web.Frame) string {
	began, ended := r.Began.Time().In(f.Zone), r.Ended.Time().In(f.Zone)
	if began.Format("2006-01-02") == ended.Format("2006-01-02") {
		return began.Format("Mon 2 Jan 2006, 15:04") + " to " + ended.Format("15:04")
	}
	return began.Format("Mon 2 Jan 15:04") + " to " + ended.Format("Mon 2 Jan 2006 15:04")
}

// standWords says where the report stands.
func (p reportPage) standWords() string {
	out := upperFirst(string(p.State))
	at := func(t time.Time) string { return web.ClockWords(t, p.Frame.Now, p.Frame.Zone) }
	switch {
	case p.State == urgent.ReportAcked && !p.Received.IsZero():
		return out + ", " + at(p.Received)
	case !p.Sent.IsZero():
		return out + ", last tried " + at(p.Sent)
	}
	return out
}
