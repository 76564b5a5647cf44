package urgentweb

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/codes"
	"holdfast/fact"
	"holdfast/triage"
	"holdfast/triage/triageweb"
	"holdfast/urgent"
	"holdfast/web"
)

// callPage is everything that call-taking shows.
type callPage struct {
	Frame     web.Frame
	Case      *urgent.Case // nil before anything was saved
	ID        string
	Opened    time.Time // when the call began, or the page
	Open      string    // the instruction to open
	OpenID    string    // its drawer
	Restored  time.Time // when the half-typed form that is shown was kept
	Mend      bool      // came back to be mended
	Form      *web.Form
	F         callForm
	Heard     callHeard
	Trace     callFound
	Know      callKnow
	Index     callIndexed // what the national index says
	Away      string      // since when it cannot be reached
	Speak     string      // how far an interpreter has come
	SpeakTone string
	Starts    string   // the questions that the reason would start
	Request   string   // the ambulance that was requested, in words
	Missing   []string // what the ambulance still needs
	FindOut   []string // what nobody there could tell
	Drawers   []triageweb.Drawer
	NoAsk     string       // why no questions run here, and what to do instead
	Tel       fact.Subject // the telephone call that the page was opened for
	Phone     phoneLine

	Forms []urgent.ShortForm // the other ways in
}

// Action is where the form goes.
func (p callPage) Action() string {
	if p.Case == nil {
		return "/call"
	}
	return "/call/" + p.ID
}

// Draft names the form's draft.
func (p callPage) Draft() string {
	if p.Case == nil && p.Tel.Zero() {
		return newCallDraft
	}
	return "call/" + p.ID
}

func (p callPage) number() string {
	if p.Case == nil {
		return "nothing saved yet"
	}
	return "case " + p.Case.Number
}

func (p callPage) seen() string {
	if p.Case == nil {
		return ""
	}
	return seenOf(*p.Case)
}

// start says which field the cursor begins in: the first of the first seconds
// that is empty.
func (p callPage) start(name string) bool {
	for _, one := range []string{"number", "place", "caller_name", "last", "why"} {
		if p.Form.Value(one) == "" {
			return one == name
		}
	}
	return false
}

// callShow fills the page from the values in the form and writes it.
func (a *App) callShow(w http.ResponseWriter, r *http.Request, by web.Caller, p callPage, v url.Values, status int) error {
	form, err := formOf(v, &p.F)
	if err != nil {
		return err
	}
	ctx, now := r.Context(), a.Shell.Now()
	p.Form, p.Heard = form, p.F.hear(form, false, now)
	p.Trace = a.callSearch(ctx, by, p.F, p.Heard)
	a.callWho(&p, by, now)
	p.Know = a.callKnows(ctx, by, p.Case, p.F, p.Heard, now)
	p.Starts = a.callStarts(p.F, p.Heard, now)
	p.NoAsk = a.noAsking(by)
	if p.Case != nil {
		p.Request, p.Missing = requestWords(*p.Case, a.Shell.Zone())
		p.FindOut = a.findOut(*p.Case)
	}
	p.Drawers = a.drawers(p.Case, p.ID, p.Know.Person, p.ageNow(now))
	p.OpenID = drawerID(p.Drawers, p.Open)
	p.Frame = a.callFrame(r, by, p)
	p.Tel = telOf(p.F.Tel)
	p.Phone = a.phoneOn(r, by, &p.Frame, phoneAbout{Case: p.Case, Call: p.Tel})
	return web.Render(w, r, status, callView(p))
}

func (p callPage) ageNow(now time.Time) triage.Age { return ageOf(p.Heard.Born, now) }

// ageOf gives an age for triage; a birth date that is not full gives none.
func ageOf(born codes.Date, now time.Time) triage.Age {
	if !born.Full() {
		if least, most, ok := born.YearsAt(now); ok && least == most {
			return triage.Years(least)
		}
		return triage.Age{}
	}
	day := time.Date(born.Year, time.Month(born.Month), born.Day, 0, 0, 0, 0, time.UTC)
	age, err := triage.AgeAt(day, now.In(codes.London()))
	if err != nil {
		return triage.Age{}
	}
	return age
}

func (a *App) callFrame(r *http.Request, by web.Caller, p callPage) web.Frame {
	title := "New call"
	if p.Case != nil {
		title = "Call " + p.Case.Number
	}
	f := a.Shell.Frame(r, by, title)
	f.Here = "/call"
	f.ErrorsIn = p.Mend && !p.Form.OK()
	f.Keys = []web.Key{
		web.K("F2", "Emergency"), web.K("Y N U", "Life threat, choices"), web.K("1 2 0", "Trace"), web.K("F8", "Flags read"),
		web.K("F9", "Go on"), web.K("Tab", "Next field"), web.K("Esc", "Leave the field"),
	}
	if p.Case != nil {
		f.Keys = append(f.Keys, web.K("F4", "Get a clinician"))
	}
	return f
}

// requestWords says what ambulance was requested and what it still needs.
func requestWords(c urgent.Case, zone *time.Location) (string, []string) {
	n := len(c.Ambulances)
	if n == 0 {
		return "", nil
	}
	last := c.Ambulances[n-1]
	words := "Category " + strings.TrimPrefix(last.What.Category, "C") + " ambulance requested " + triageweb.Clock(last.At, zone)
	var missing []string
	if c.Place.Empty() {
		missing = append(missing, "where the patient is")
	}
	if !c.RingBack().Present() {
		missing = append(missing, "a number to ring")
	}
	if c.Patient.Or(urgent.PatientDescribed{}).Identity.Called() == "UNKNOWN" {
		missing = append(missing, "who it is")
	}
	return words, missing
}

// findOut lists what a caller who is elsewhere could not tell.
func (a *App) findOut(c urgent.Case) []string {
	last, asked := c.LifeThreat()
	if !asked {
		return nil
	}
	return a.Cases.Rules.Judge(last).FindOut
}

// callStarts names the questions that the caller's words would start.
func (a *App) callStarts(f callForm, h callHeard, now time.Time) string {
	if strings.TrimSpace(f.Why) == "" {
		return "Starts the question set"
	}
	found := a.matched(f.Why, h.Born, codes.Sex(f.Sex), now)
	if len(found) == 0 {
		return "No question set matches these words: you choose next"
	}
	w := a.Triage.Words(triage.English)
	for i, id := range found {
		found[i] = w.Title(id)
	}
	return "Starts: " + strings.Join(found, ", ")
}

// hintOf gives the hint under a field that is read while the call goes on.
func (p callPage) hintOf(name string, now time.Time) string {
	switch name {
	case "born":
		if words := p.Heard.Born.AgeWords(now); words != "" && p.Form.Error("born") == "" {
			return words
		}
		if p.Heard.Age.Years > 0 {
			return "An age that is guessed"
		}
		return "Day month year"
	case "ring_back":
		if p.Heard.RingBack.Present() && p.Form.Error("ring_back") == "" {
			return p.Heard.RingBack.Display() + ". Read it back"
		}
	case "nhs":
		if p.Heard.NHS.Present() && p.Form.Error("nhs") == "" {
			if k := p.Know.Person; k != nil && k.Identity().NHS.Text == p.Heard.NHS.Text {
				return "From the record, " + k.Identity().NHS.Status.String()
			}
			return "Unverified until it is traced"
		}
	}
	return ""
}

// toMend lists what must be mended or skipped before going on.
func (p callPage) toMend() []web.FieldError { return p.Form.Errors() }
