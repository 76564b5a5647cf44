package urgentweb

import (
	"context"
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/codes"
	"holdfast/directory"
	"holdfast/exchange"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/urgent"
	"holdfast/urgent/urgentdb"
	"holdfast/web"
)

// reportsPage lists the reports that wait for somebody, the oldest first.
type reportsPage struct {
	Frame web.Frame
	List  urgentdb.ReportList
	May   bool
	Wire  bool
	Ways  map[codes.ODS]bool // practices to which a way by message is known
}

// reports shows the reports that wait.
func (a *App) reports(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	list, err := a.Cases.Reports(r.Context(), by)
	if err != nil {
		return err
	}
	ways := map[codes.ODS]bool{}
	entries, err := a.Services.All(r.Context(), by)
	if err != nil {
		return err
	}
	for _, l := range list.Lines {
		ods := l.Report.What.Report.To.ODS
		ways[ods] = len(a.waysTo(ods, entries)) > 0
	}
	f := a.Shell.Frame(r, by, "Reports")
	f.Here, f.Keys = "/reports", []web.Key{web.K("J K", "Row"), web.K("Enter", "Open")}
	return web.Render(w, r, http.StatusOK, reportsView(reportsPage{Frame: f, List: list, May: by.May(access.SendReport) == nil, Wire: a.wired(exchange.ByMesh), Ways: ways}))
}

// allReports is every waiting report on one page each, ready for paper.
func (a *App) allReports(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	list, err := a.Cases.Reports(r.Context(), by)
	if err != nil {
		return err
	}
	var pages []reportPage
	frame := a.Shell.Frame(r, by, "Reports to print")
	for _, l := range list.Lines {
		c, err := a.Cases.Case(r.Context(), by, l.Case)
		if err != nil {
			return err
		}
		pages = append(pages, a.reportPageOf(c, l.Report, frame, by))
	}
	return web.Render(w, r, http.StatusOK, allReportsView(frame, pages, list.Beyond))
}

// reportOn is the form of the acts on one report.
type reportOn struct {
	Seen   string `form:"seen" max:"4000"`
	Report string `form:"report" max:"64"`
	Why    string `form:"why" max:"1000" label:"What was wrong"`
	From   string `form:"from" of:"reports"`
}

func (a *App) reportAct(w http.ResponseWriter, r *http.Request, by web.Caller, verb func(context.Context, urgent.Case, fact.ID, reportOn, time.Time) ([]fact.Draft, error)) error {
	if err := a.Cases.Refuses(r.Context(), by, access.SendReport); err != nil {
		return err
	}
	id, err := subjectIn(r)
	if err != nil {
		return err
	}
	var in reportOn
	form, err := web.ReadForm(r, &in)
	if err != nil {
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
	if form.OK() {
		_, err = a.Cases.Do(r.Context(), by, access.SendReport, id, seen, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return verb(r.Context(), c, report, in, now)
		})
		if err != nil && !form.Take(err) {
			return err
		}
	}
	if !form.OK() {
		return a.reportShow(w, r, by, form, http.StatusUnprocessableEntity)
	}
	if in.From == "reports" {
		return web.SeeOther(w, r, "/reports")
	}
	return web.SeeOther(w, r, "/case/"+id.String()+"/report")
}

// reportDone says that the printed report is on its way.
func (a *App) reportDone(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.reportAct(w, r, by, func(_ context.Context, c urgent.Case, report fact.ID, _ reportOn, now time.Time) ([]fact.Draft, error) {
		return urgent.PrintReport(c, by, report, now)
	})
}

// reportSend sends a report, or sends it again.
func (a *App) reportSend(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.reportAct(w, r, by, func(ctx context.Context, c urgent.Case, report fact.ID, _ reportOn, now time.Time) ([]fact.Draft, error) {
		routes, err := a.reportRoutes(ctx, by, c, report)
		if err != nil {
			return nil, err
		}
		return urgent.SendReport(c, by, a.Cases.Rules, report, routes, now)
	})
}

// reportCorrect takes a report back and writes the right one.
func (a *App) reportCorrect(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.reportAct(w, r, by, func(_ context.Context, c urgent.Case, report fact.ID, in reportOn, now time.Time) ([]fact.Draft, error) {
		return urgent.CorrectReport(c, by, a.Cases.Rules, a.Us, report, in.Why, now)
	})
}

// reportRoutes are the ways by message to the practice of a report: straight to
// it where the directory says so, then its mailbox.
func (a *App) reportRoutes(ctx context.Context, by web.Caller, c urgent.Case, report fact.ID) ([]exchange.Route, error) {
	var to exchange.Party
	for _, one := range c.Reports {
		if one.Fact == report {
			to = one.What.Report.To
		}
	}
	if to.ODS == "" {
		return nil, nil
	}
	entries, err := a.Services.All(ctx, by)
	if err != nil {
		return nil, err
	}
	return a.waysTo(to.ODS, entries), nil
}

// waysTo are the ways by message to a practice.
func (a *App) waysTo(ods codes.ODS, entries []directory.Entry) []exchange.Route {
	if ods == "" {
		return nil
	}
	var out []exchange.Route
	for _, e := range entries {
		s, ok := e.Current()
		if !ok || e.Ended != "" || s.ODS != ods {
			continue
		}
		for _, d := range s.Doors {
			if d.Route == directory.RouteDirect && len(out) == 0 {
				out = append(out, exchange.ByDirect)
			}
		}
	}
	if a.wired(exchange.ByMesh) {
		out = append(out, exchange.ByMesh)
	}
	return out
}

// sendsItself sends the newest report where a way is known. Where it is not, or
// that fails, the report waits on the page Reports.
func (a *App) sendsItself(ctx context.Context, by web.Caller, id fact.Subject) error {
	c, err := a.Cases.Case(ctx, by, id)
	if err != nil {
		return err
	}
	for _, r := range c.ReportsOut() {
		routes, err := a.reportRoutes(ctx, by, c, r.Fact)
		if err != nil {
			return err
		}
		if len(routes) == 0 || c.ReportState(r) != urgent.ReportQueued {
			continue
		}
		if _, err := a.Cases.Do(ctx, by, access.SendReport, id, nil, func(c urgent.Case, now time.Time) ([]fact.Draft, error) {
			return urgent.SendReport(c, by, a.Cases.Rules, r.Fact, routes, now)
		}); err != nil {
			return err
		}
	}
	return nil
}

// stateTone colours where a report stands: colour means lateness.
func stateTone(s urgent.ReportState) string {
	switch s {
	case urgent.ReportFailed:
		return "red"
	case urgent.ReportQueued, urgent.ReportUnderWay, urgent.ReportResent:
		return "amb"
	case urgent.ReportAcked, urgent.ReportPrinted:
		return "grn"
	}
	return "quiet"
}
