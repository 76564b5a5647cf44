package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"holdfast/fact/refusal"
)

// refusing is an error that a page explains, with its status.
type refusing struct {
	status int
	title  string
	say    string
}

func (e *refusing) Error() string { return e.say }

func errNothingHere() error {
	return &refusing{http.StatusNotFound, "There is nothing here", "This address leads to no page. It may have been typed or copied in part."}
}

func errWrongMethod() error {
	return &refusing{http.StatusMethodNotAllowed, "Not this way", "This address takes no request of this kind. Go back and use the button on the page."}
}

func errNoForm() error {
	return &refusing{http.StatusUnsupportedMediaType, "This is no form of ours", "Pages take what is typed into them, and no files. Go back and use the button on the page."}
}

func errOtherSite() error {
	return &refusing{http.StatusForbidden, "Sent from another site", "Another site tried to send this form for you. Nothing was done. Go back to Holdfast and send it from there."}
}

// Refusal is what a page that says no shows.
type Refusal struct {
	Status int
	Title  string // what kind of no it is
	Say    string // the sentence a person can act on
	Fields []FieldError
	Trace  string // read out to support; only for errors of ours
	Unsure bool   // it is not known whether it was done
	SignIn string // path to sign in again, when that is what helps
}

// explain turns any error into what a page says. Only refusals speak for
// themselves; all else is an internal error whose text stays in the log.
func explain(err error) Refusal {
	var own *refusing
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &own):
		return Refusal{Status: own.status, Title: own.title, Say: own.say}
	case errors.Is(err, ErrNoSession):
		return Refusal{Status: http.StatusUnauthorized, Title: "You are signed out", Say: "Sign in again. What you typed is still on the page behind this one."}
	case errors.As(err, &big):
		return Refusal{Status: http.StatusRequestEntityTooLarge, Title: "That is too long", Say: "More was sent than this page takes. Shorten it or send it in parts. Nothing was saved."}
	case errors.Is(err, context.DeadlineExceeded) && refusal.KindOf(err) == 0:
		return Refusal{Status: http.StatusServiceUnavailable, Title: "This took too long", Say: "It is not known whether it was done. Look before you do it again.", Unsure: true}
	}
	e := Refusal{Say: err.Error()}
	switch refusal.KindOf(err) {
	case refusal.Invalid:
		e.Status, e.Title = http.StatusUnprocessableEntity, "Something must be mended first"
		for _, f := range refusal.Fields(err) {
			e.Fields = append(e.Fields, FieldError{Field: f.Field, Say: f.Sentence})
		}
	case refusal.Missing:
		e.Status, e.Title = http.StatusNotFound, "There is no such thing here"
	case refusal.Taken:
		e.Status, e.Title = http.StatusConflict, "It has changed since you looked"
	case refusal.Forbidden:
		e.Status, e.Title = http.StatusForbidden, "You may not do this"
	case refusal.Unavailable:
		e.Status, e.Title = http.StatusServiceUnavailable, "Not possible at present"
	case refusal.Unknown:
		e.Status, e.Title, e.Unsure = http.StatusInternalServerError, "It is not known whether it was done", true
	default:
		e.Status, e.Title = http.StatusInternalServerError, "Something broke here"
		e.Say = "It is our fault, not yours. It is not known whether it was done: look before you do it again."
		e.Unsure = true
	}
	return e
}

// refuse answers an error. Once a page has begun it can only be cut off, so
// that half of it is never taken for the whole.
func (m *Mux) refuse(w http.ResponseWriter, r *http.Request, route Route, by *Caller, err error) {
	a := innermost(w)
	a.note.kind, a.note.why = kindWord(err), masked(err)
	if begun(w) {
		panic(http.ErrAbortHandler)
	}
	if route.Refuse != nil {
		route.Refuse(w, r, err)
		return
	}
	if route.Door == Session && m.shell.cfg.Ask != nil && m.shell.cfg.Ask(w, r, by, err) {
		return
	}
	e := explain(err)
	if e.Status >= 500 {
		e.Trace = a.note.id
	}
	if route.Door == Partner || route.Door == Operator {
		if errors.Is(err, ErrNoSession) {
			e.Say = "This door opens only to a certificate or token that is known here."
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(e.Status)
		w.Write([]byte(e.Say + "\n"))
		return
	}
	if errors.Is(err, ErrNoSession) && !m.askToSignIn(w, r, &e) {
		return
	}
	m.page(w, r, by, e)
}

// askToSignIn sends a look to the sign-in page; a form gets a page instead, so
// that what was typed can be sent again.
func (m *Mux) askToSignIn(w http.ResponseWriter, r *http.Request, e *Refusal) bool {
	e.SignIn = m.shell.cfg.SignIn
	if r.Method != http.MethodGet || r.Header.Get("Accept") == "text/event-stream" {
		return true
	}
	if r.URL.Path != "/" {
		e.SignIn += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r, e.SignIn, http.StatusSeeOther)
	return false
}

func (m *Mux) page(w http.ResponseWriter, r *http.Request, by *Caller, e Refusal) {
	f := m.shell.Outside(r, e.Title)
	if by == nil {
		if found, err := m.shell.cfg.Session.Caller(r); err == nil {
			by = &found
		}
	}
	if by != nil {
		f = m.shell.Frame(r, *by, e.Title)
		f.Live = "" // a page that failed asks for nothing more
	}
	if err := Render(w, r, e.Status, RefusalPage(f, e)); err != nil {
		m.shell.cfg.Log.Error("the page of an error failed", "id", innermost(w).note.id, "why", masked(err))
		http.Error(w, e.Title+". "+e.Say, e.Status)
	}
}

// kindWord names the kind of an error for the log.
func kindWord(err error) string {
	var own *refusing
	switch {
	case errors.Is(err, ErrNoSession):
		return "signed out"
	case errors.As(err, &own):
		return "not served"
	case refusal.KindOf(err) == 0:
		return "internal"
	}
	return refusal.KindOf(err).String()
}

// begun tells whether any part of an answer has been written.
func begun(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case *answered:
			return t.status != 0
		case *packed:
			if t.decided {
				return true
			}
			w = t.ResponseWriter
		default:
			return false
		}
	}
}

// innermost finds the writer that keeps the notes.
func innermost(w http.ResponseWriter) *answered {
	for {
		if a, ok := w.(*answered); ok {
			return a
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return &answered{ResponseWriter: w}
		}
		w = u.Unwrap()
	}
}

// masked gives an error's text for the log without what a person may have
// typed: quoted words and long numbers are left out, and so are addresses.
func masked(err error) string {
	s := err.Error()
	s = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`).ReplaceAllString(s, `"…"`)
	s = regexp.MustCompile(`\d[\d -]{5,}\d`).ReplaceAllString(s, "…")
	s = regexp.MustCompile(`\?\S+`).ReplaceAllString(s, "?…")
	if len(s) > 500 {
		s = s[:500]
	}
	return s
}
