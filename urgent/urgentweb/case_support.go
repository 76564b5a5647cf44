package urgentweb

import (
	"net/http"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/record"
	"holdfast/urgent"
	"holdfast/web"
)

// callWho fills what the page says of the national index and the interpreter.
func (a *App) callWho(p *callPage, by web.Caller, now time.Time) {
	p.Index = a.callIndex(by, p.F, p.Heard, now)
	if away := p.Index.State.Away; !away.IsZero() {
		p.Away = web.ClockWords(away, now, a.Shell.Zone())
	}
	if p.Case == nil {
		return
	}
	words, late := a.interpreterWords(*p.Case, now)
	p.Speak, p.SpeakTone = words, "amb"
	if late {
		p.SpeakTone = "red"
	}
}

// support says what the form of call-taking says of an interpreter, and of a
// record that is opened against an objection.
func (f callForm) support(c urgent.Case, by web.Caller) ([]fact.Draft, error) {
	var out []fact.Draft
	if f.Interpreter == "yes" {
		more, err := urgent.Interpreter(c, by, urgent.InterpreterAsked, f.Language, "")
		if err != nil {
			return nil, err
		}
		out = more
	}
	switch f.Do {
	case "interpreter":
		more, err := urgent.Interpreter(c, by, urgent.InterpreterCame, "", "")
		return append(out, more...), err
	case "override":
		if f.Look == string(urgent.No) { // as it stands with what this act says
			c.Patient = fact.Register[urgent.PatientDescribed]{Values: []fact.Stated[urgent.PatientDescribed]{{Value: urgent.PatientDescribed{MayLook: urgent.No}}}}
		}
		more, err := urgent.OverrideViewing(c, by, f.OverrideWhy)
		return append(out, more...), err
	}
	return out, nil
}

// caseInterpreter says how far an interpreter has come.
func (a *App) caseInterpreter(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.WritePerson, "interpreter_why", func(f caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.Interpreter(c, by, urgent.InterpreterStep(f.Step), f.Language, f.InterpreterWhy)
	})
}

// caseOverride opens the record in an emergency although the patient objects.
func (a *App) caseOverride(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	return a.caseAct(w, r, by, access.WritePerson, "override_why", func(f caseForm, c urgent.Case, _ time.Time) ([]fact.Draft, error) {
		return urgent.OverrideViewing(c, by, f.OverrideWhy)
	})
}

// recordPath is the page of the one record that a case is linked to, empty when
// there is none that may be opened.
func recordPath(c urgent.Case, by web.Caller) string {
	p, ok := c.Patient.Get()
	if !ok || p.Record.Zero() || !c.MayView() || by.May(access.WritePerson) != nil {
		return ""
	}
	return "/record/" + p.Record.String()
}

// objects tells whether the record stays closed because the patient objects.
func (p casePage) objects() bool { return !p.C.MayView() }

// speaks tells whether an interpreter is asked for and not there.
func (p casePage) speaks() bool { return p.C.Sought != 0 && p.C.Came == 0 }

// temporary begins a record of what is known, for somebody who has none here.
func (f callForm) temporary(by web.Caller, h callHeard, form *web.Form, now time.Time) ([]fact.Draft, error) {
	if f.Do != "temporary" || f.Record != "" && f.Record != noRecord || h.Record.Zero() {
		return nil, nil
	}
	id := f.identity(h, form)
	if id.Called() == "UNKNOWN" {
		id.Description = record.Unknown(id.Sex, id.Age)
	}
	id.Language, id.Interpreter = f.Language, map[string]record.Answer{"yes": record.Yes}[f.Interpreter]
	if f.Is != string(urgent.CallerPatient) {
		id.Language, id.Interpreter = "", record.NotAsked // the caller's, who is somebody else
	} else if h.RingBack.Present() && form.Error("ring_back") == "" {
		id.Lines = []record.Line{{Phone: h.RingBack}}
	}
	return record.Register(record.Person{Subject: h.Record}, by, record.Registration{Identity: id, Source: record.FromCaller}, now)
}

// tellSupport words how far an interpreter has come, and why a record was
// opened against an objection.
func tellSupport(t tellers) {
	on(t, func(v urgent.InterpreterStepped) sentence {
		switch v.Step {
		case urgent.InterpreterCame:
			return sentence{21, "The interpreter is there.", ended(v.Language), ""}
		case urgent.InterpreterNone:
			return sentence{21, "No interpreter could be had.", ended(v.Why), "key"}
		}
		return sentence{21, "An interpreter is asked for.", ended(v.Language), ""}
	})
	on(t, func(v urgent.ViewingOverridden) sentence {
		return sentence{31, "The record is opened although they object.", ended(v.Why), "key"}
	})
}
