package urgentweb

import (
	"net/http"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
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
	Older    int      // earlier reports on this case
	NotKnown []string

	Consulted []string
	May       bool
}

// report shows the newest report of the case, ready for paper.
func (a *App) report(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	c, err := a.Cases.Case(r.Context(), by, id)
	if err != nil {
		return err
	}
	p := reportPage{ID: id.String(), Seen: seenOf(c), C: c, May: by.May(access.SendReport) == nil, Frame: a.Shell.Frame(r, by, "Report to GP, case "+c.Number)}
	if n := len(c.Reports); n > 0 {
		last := c.Reports[n-1]
		p.Made, p.Report, p.Fact = true, last.What.Report, last.Fact.String()
		p.Why, p.Due, p.Done, p.Older = last.What.Suppressed, timeOf(last.What.Due), last.Done, n-1
		p.NotKnown, p.Consulted = notKnown(c, last.What.Report), whoDid(c, p.Frame)
	}
	return web.Render(w, r, http.StatusOK, reportView(p))
}

// notKnown says what the reader must not take for "no".
func notKnown(c urgent.Case, r exchange.Report) []string {
	var out []string
	say := func(yes bool, what string) {
		if yes {
			out = append(out, what)
		}
	}
	say(!r.Patient.NHS.Present() && !r.Patient.CHI.Present() && !r.Patient.HCN.Present(), "NHS number: not known")
	say(len(r.Findings) == 0, "Observations: none measured")
	say(len(r.Allergies) == 0, "Allergies: not stated in this report")
	say(len(r.Medicines) == 0, "Medicines: not stated in this report")
	contact, ok := c.Contact.Get()
	say(!ok || contact.Ring == urgent.NotAsked, "Whether it is safe to ring: not asked")
	say(r.SafetyNet == "", "Safety net: none given")
	return out
}

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

// reportSent is the form that says a report is on its way.
type reportSent struct {
	Seen   string `form:"seen" max:"4000"`
	Report string `form:"report" max:"64"`
}

// reportDone says that the printed report is on its way.
func (a *App) reportDone(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := a.Cases.Refuses(r.Context(), by, access.SendReport); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var in reportSent
	if _, err := web.ReadForm(r, &in); err != nil {
		return err
	}
	seen, err := seenIn(in.Seen)
	if err != nil {
		return err
	}
	report, err := fact.ParseID(in.Report)
	if err != nil {
		return refusal.New(refusal.Invalid, "The form did not arrive whole. Open the report again.").Because(err)
	}
	_, err = a.Cases.Do(r.Context(), by, access.SendReport, id, seen, func(c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.DoneReport(c, by, report, "printed")
	})
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/case/"+id.String()+"/report")
}

// actionsOf are the things to do, the first line of the report.
func actionsOf(r exchange.Report) string {
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

// doneWords says how it went.
func doneWords(routes []string) string { return "On its way: " + strings.Join(routes, ", ") + "." }
