package accessweb

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"holdfast/fact"
	"holdfast/web"
)

// Readable is what could be read on one desk at a moment, as its page shows it.
type Readable struct {
	Device  fact.Subject
	Name    string
	At      time.Time
	Heard   time.Time // until when what the desk itself says is here; zero: nothing is
	CutOff  bool
	Named   bool // the reader is told names
	MayHold bool // the reader may hold its entries back
	Cases   int
	Records int
	Others  int // staff, sessions, tasks, services: counted, not listed
	Lines   []ReadableLine
	Gone    []ReadableLine // that the desk had let go of, as it says itself
}

// ReadableLine is one case or record.
type ReadableLine struct {
	What    string // a person, a case; its id for those who are told no names
	Number  string // NHS number, or another that stands for it; of a record alone
	Born    string
	Sort    string
	Since   time.Time
	Written bool // at the desk itself
	Again   time.Time
	LetGo   time.Time
}

// ReadableOf reads what the page shows; it lets the caller in first.
type ReadableOf func(ctx context.Context, by web.Caller, device fact.Subject, at time.Time) (Readable, error)

type readableView struct {
	Frame web.Frame
	Form  *web.Form
	Readable
	Moment, Wanted, Until, Took string
}

func (p *Pages) readable(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	began := time.Now()
	device, err := fact.ParseSubject(r.PathValue("device"))
	if err != nil {
		device = fact.Subject{} // no desk's: whoever may ask is told so, whoever may not is not
	}
	at, wanted, form := p.momentAsked(r)
	all, err := p.Readable(r.Context(), by, device, at)
	if err != nil {
		return err
	}
	v := readableView{Frame: p.Shell.Frame(r, by, "What could be read on "+all.Name), Readable: all, Form: form, Wanted: wanted}
	v.Frame.Here, v.Frame.ErrorsIn = "/devices", !form.OK()
	v.Moment = p.minute(all.At)
	if !all.Heard.IsZero() {
		v.Until = p.minute(all.Heard)
	}
	v.Took = strconv.FormatFloat(time.Since(began).Seconds(), 'f', 2, 64) + " s"
	status := http.StatusOK
	if !form.OK() {
		status = http.StatusUnprocessableEntity
	}
	return web.Render(w, r, status, readablePage(v))
}

// momentAsked reads the moment that is asked for; now when none is, or when it
// is none: then the form says so.
func (p *Pages) momentAsked(r *http.Request) (at time.Time, wanted string, f *web.Form) {
	now := p.Shell.Now()
	text := r.URL.Query().Get("at")
	if text == "" {
		return now, now.In(p.Shell.Zone()).Format(momentForm), nil
	}
	at, err := time.ParseInLocation(momentForm, text, p.Shell.Zone())
	if err != nil {
		f = &web.Form{}
		f.Fail("at", "Moment", "Write the moment like 2026-11-25 14:00")
		return now, text, f
	}
	return at.Add(time.Minute - time.Millisecond), text, nil // what was given within the minute counts
}

func (p *Pages) minute(at time.Time) string {
	return at.In(p.Shell.Zone()).Format("2 January 2006 15:04")
}

func (v readableView) since(at time.Time) string { return at.Format("2 Jan 2006 15:04") }

// came says how it came to the desk.
func (l ReadableLine) came() string {
	out := "given"
	if l.Written {
		out = "written there"
	}
	if !l.Again.IsZero() {
		out += ", given anew " + l.Again.Format("2 Jan 2006 15:04")
	}
	return out
}
