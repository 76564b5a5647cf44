package urgentweb

import (
	"context"
	"net/http"

	"holdfast/record"
	"holdfast/triage"
	"holdfast/triage/triageweb"
	"holdfast/urgent"
	"holdfast/web"
)

// askPage is everything that the page of questions shows.
type askPage struct {
	Phone    phoneLine
	Frame    web.Frame
	Case     urgent.Case
	Who      web.Patient
	Seen     string
	Words    string
	Under    bool // a run is under way
	Adding   bool // sets are to be chosen
	Sets     []askSet
	CanDrop  bool // nothing was asked yet
	Apart    bool // the caller is not with the patient
	Group    triageweb.Asking
	Settled  bool
	FindOut  []string // questions that somebody must find out
	Answered []triageweb.Answered
	Urgency  triageweb.Urgency
	Request  string
	Missing  []string
	Drawers  []triageweb.Drawer
	Open     string
	OpenID   string
	None     string // why no questions run here, and what to do instead
}

// askSet is one question set to choose.
type askSet struct {
	ID, Name, More, Key string
	Chosen              bool
}

func (p askPage) path() string { return askPath(p.Case.ID) }

func (p askPage) draft() string { return askDraft(p.Case.ID) }

func (p askPage) withWords() string {
	v := p.Case.Caller.Or(urgent.CallerDescribed{})
	return orWords(v.Name, "The caller") + " is with the patient now"
}

// counted says how many were answered and how many of them are open.
func (p askPage) counted() string {
	return count(len(p.Answered), "answered", "answered") + " · any can be changed"
}

func (a *App) askPageOf(ctx context.Context, by web.Caller, c urgent.Case) askPage {
	now := a.Shell.Now()
	know := a.askKnow(ctx, by, c)
	p := askPage{Case: c, Seen: seenOf(c)}
	p.Who = a.callBar(c, know)
	p.Request, p.Missing = requestWords(c, a.Shell.Zone())
	patient := c.Patient.Or(urgent.PatientDescribed{})
	p.Drawers = a.drawers(&c, c.ID.String(), know.Person, ageOf(patient.Identity.Born, now))
	return p
}

// callBar is the bar about the patient with the clock of the call.
func (a *App) callBar(c urgent.Case, know callKnow) web.Patient {
	person := record.Person{}
	if know.Person != nil {
		person = *know.Person
	}
	who := a.patientBar(c, person, a.Shell.Now())
	if c.Taken != nil {
		who.End, who.CallSince = nil, c.Began.Time()
	}
	if know.Trouble != "" && !c.Patient.Or(urgent.PatientDescribed{}).Record.Zero() {
		who.Flags = append(who.Flags, web.Tag{Text: "Record not shown", Tone: "ask"})
	}
	return who
}

// askFill shows where a run stands; again names an answer to change.
func (a *App) askFill(p *askPage, k asking, s *triage.Session, again string) {
	w := a.Triage.Words(triage.English)
	p.Under, p.Words = true, k.Words
	p.CanDrop = !askedYet(s)
	p.Apart = !s.Profile().CallerWithPatient
	p.Group = triageweb.Next(s, w)
	if one, ok := triageweb.Again(s, w, again); ok {
		p.Group = one
	}
	p.Settled = p.Group.None()
	p.Answered = triageweb.AnsweredOf(s, w, a.Shell.Zone())
	p.Urgency = triageweb.UrgencyOf(a.Triage, s, w, a.Shell.Now(), a.Shell.Zone())
	for _, g := range s.Answers() {
		if g.FindOut {
			p.FindOut = append(p.FindOut, w.Ask(g.Key))
		}
	}
}

func (a *App) askFrame(r *http.Request, by web.Caller, p askPage) web.Frame {
	title := "Questions"
	if p.Group.Title != "" {
		title = "Questions: " + p.Group.Title
	}
	f := a.Shell.Frame(r, by, title)
	f.Here = "/call"
	switch {
	case p.Adding:
		f.Keys = []web.Key{web.K("1–9", "Choose or take back"), web.K("F9", "Begin")}
	case p.Settled:
		f.Keys = []web.Key{web.K("F9", "Finish")}
	default:
		f.Keys = []web.Key{web.K("Y N U", "Answer"), web.K("↑ ↓", "Question"), web.K("/", "Note")}
		if p.Group.NoneOfThese() != "" {
			f.Keys = append(f.Keys, web.K("0", "None of these"))
		}
		f.Keys = append(f.Keys, web.K("F9", "Next"))
	}
	f.Keys = append(f.Keys, web.K("+", "Another symptom"), web.K("F2", "Emergency"), web.K("F4", "Get a clinician"), web.K("Alt+C", "CPR"))
	return f
}
