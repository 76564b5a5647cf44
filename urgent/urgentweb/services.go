package urgentweb

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/directory"
	"holdfast/web"
)

// servicesPage lists the services that patients can be sent to.
type servicesPage struct {
	Frame web.Frame
	Find  string
	Lines []serviceLine
	All   int
}

// serviceLine is one service as a row shows it.
type serviceLine struct {
	Name, Type, Where, Phone, Public string
	Open                             bool
	Says                             string   // "Open until 22:00", "Opens Mon 08:00"
	Notices                          []string // closed, full or slow for a while
	Wait, Note                       string
	Ask                              string // two entries stand, or something is not shown: ring first
	Ended                            string
}

// services shows the directory with what is open now.
func (a *App) services(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	var in struct {
		Find string `form:"find" max:"100"`
	}
	if _, err := web.ReadForm(r, &in); err != nil {
		return err
	}
	entries, err := a.Services.All(r.Context(), by)
	if err != nil {
		return err
	}
	now, zone := a.Shell.Now(), a.Shell.Zone()
	p := servicesPage{Find: in.Find}
	for _, e := range entries {
		if e.Service.Empty() {
			continue
		}
		p.All++
		if line := serviceLineOf(e, now, zone); line.holds(in.Find) {
			p.Lines = append(p.Lines, line)
		}
	}
	slices.SortStableFunc(p.Lines, func(x, y serviceLine) int {
		return cmp.Or(strings.Compare(x.Type, y.Type), strings.Compare(x.Name, y.Name))
	})
	p.Frame = a.Shell.Frame(r, by, "Find a service")
	p.Frame.Here = "/services"
	p.Frame.Keys = []web.Key{web.K("/", "Find")}
	return web.Render(w, r, http.StatusOK, servicesView(p))
}

func serviceLineOf(e directory.Entry, now time.Time, zone *time.Location) serviceLine {
	s, one := e.Current()
	line := serviceLine{
		Name: s.Name, Type: string(s.Type), Where: s.Place.String(), Phone: s.Phone.Display(), Public: s.Public.Display(), Note: s.Note, Ended: e.Ended,
	}
	line.Open, line.Says = openWords(e, now, zone)
	switch {
	case e.Ended != "":
		line.Open, line.Says = false, "No longer runs"
	case !one:
		line.Open, line.Says, line.Ask = false, "Ring first", "Two entries stand for this service"
	case len(e.NotShown) > 0:
		line.Ask = "Something about it is not shown: ring first"
	}
	for _, n := range e.Notices {
		if now.Before(n.Says.Until.Time()) {
			line.Notices = append(line.Notices, n.Says.Text+", until "+web.ClockWords(n.Says.Until.Time(), now, zone))
		}
	}
	if s.WaitMinutes > 0 {
		line.Wait = "wait " + codes.Span(time.Duration(s.WaitMinutes)*time.Minute)
	}
	return line
}

// openWords says whether it is open now and until when, or when it opens.
func openWords(e directory.Entry, now time.Time, zone *time.Location) (bool, string) {
	if open, until := e.OpenAt(now); open {
		if until.IsZero() {
			return true, "Open day and night"
		}
		return true, "Open until " + web.ClockWords(until, now, zone)
	}
	if opens, ok := e.NextOpen(now); ok {
		return false, "Opens " + web.ClockWords(opens, now, zone)
	}
	return false, "Not open in the next two weeks"
}

// holds tells whether every word stands somewhere in the row.
func (l serviceLine) holds(words string) bool {
	text := strings.ToLower(strings.Join([]string{l.Name, l.Type, l.Where, l.Note, l.Says}, " "))
	for _, word := range strings.Fields(strings.ToLower(words)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
