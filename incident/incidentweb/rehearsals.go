// Package incidentweb shows an organisation its own readiness.
//
// Its law: it shows nobody's record, and never an old success without its date.
package incidentweb

import (
	"context"
	"net/http"
	"time"

	"holdfast/incident"
	"holdfast/web"
)

// Pages are the pages of rehearsals.
type Pages struct {
	Shell *web.Shell
	// Rehearsals lets the caller in and reads the last result of each drill.
	Rehearsals func(ctx context.Context, by web.Caller) ([]incident.Rehearsal, error)
}

// Register registers the pages.
func (p Pages) Register(m *web.Mux) {
	m.Handle(web.Session, http.MethodGet, "/drills", p.rehearsals)
}

type rehearsalsPage struct {
	Frame web.Frame
	Lines []line
}

// line is one drill as the page shows it.
type line struct {
	incident.Rehearsal
	Pairs []web.Pair
}

// oldAfter is when a rehearsal says little of the program as it runs today.
const oldAfter = 31 * 24 * time.Hour

func (p Pages) rehearsals(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	all, err := p.Rehearsals(r.Context(), by)
	if err != nil {
		return err
	}
	now, zone := p.Shell.Now(), p.Shell.Zone()
	out := rehearsalsPage{Frame: p.Shell.Frame(r, by, "Rehearsals")}
	out.Frame.Here = "/devices"
	for _, one := range all {
		out.Lines = append(out.Lines, line{one, pairsOf(one, one.At.In(zone).Format("2 Jan 2006 15:04"), now.Sub(one.At) > oldAfter)})
	}
	return web.Render(w, r, http.StatusOK, rehearsalsView(out))
}

// Verdict says in words how it went.
func (l line) Verdict() string {
	if l.Pass {
		return "passed"
	}
	return "NOT PASSED"
}

func pairsOf(r incident.Rehearsal, when string, old bool) []web.Pair {
	if old {
		when += ", more than a month ago: rehearse again"
	}
	return []web.Pair{
		{Name: "Last time", Value: when}, {Name: "Expected", Value: r.Expected},
		{Name: "Seen", Value: r.Seen}, {Name: "Hazards", Value: r.Hazard},
	}
}
