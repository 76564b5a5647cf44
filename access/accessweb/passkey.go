package accessweb

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"holdfast/access"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// beginSignIn answers the options of navigator.credentials.get as JSON
// (WebAuthn Level 3, section 5.1.9).
func (p *Pages) beginSignIn(w http.ResponseWriter, _ *http.Request, _ web.Caller) error {
	options, err := p.Passkeys.BeginSignIn()
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, options)
}

// finishSignIn checks the passkey's answer and opens a session. The query
// says in which role to work and which page to go to.
func (p *Pages) finishSignIn(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	browser, err := p.browserOf(r)
	if err != nil {
		return err
	}
	token, by, err := p.Passkeys.Return(r.Context(), body, access.Role(r.URL.Query().Get("role")), browser, p.Desk, waitingHere(r))
	if err != nil {
		return err
	}
	keepBrowser(w, r, browser)
	if err := p.settle(w, r, token, by); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, goTo{next(r)})
}

// beginEnrol answers the options of navigator.credentials.create as JSON.
func (p *Pages) beginEnrol(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	options, err := p.Passkeys.BeginEnrol(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, options)
}

func (p *Pages) finishEnrol(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if err := p.Passkeys.FinishEnrol(r.Context(), body); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, goTo{"/sign-in?enrolled=yes"})
}

type goTo struct {
	Next string `json:"next"`
}

// next is the page that was asked for before signing in, if it is one of
// ours.
func next(r *http.Request) string {
	if path := r.URL.Query().Get("next"); web.LocalPath(path) {
		return path
	}
	return "/"
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(body) // a browser that went away needs no answer
	return nil
}

// refuseJSON answers a refusal to the script, which shows the sentence.
func refuseJSON(w http.ResponseWriter, _ *http.Request, err error) {
	status, say := http.StatusInternalServerError, "Something broke here. Begin again, or ask a colleague to sign in."
	var big *http.MaxBytesError
	switch refusal.KindOf(err) {
	case refusal.Invalid, refusal.Missing, refusal.Forbidden:
		status, say = http.StatusForbidden, sentence(err)
	case refusal.Taken:
		status, say = http.StatusConflict, sentence(err)
	case refusal.Unavailable, refusal.Unknown:
		status, say = http.StatusServiceUnavailable, sentence(err)
	}
	if errors.Is(err, web.ErrNoSession) {
		status, say = http.StatusUnauthorized, "You are signed out. Sign in to go on; what you typed is kept."
	}
	if errors.As(err, &big) {
		status, say = http.StatusRequestEntityTooLarge, "The passkey's answer is too long."
	}
	if e := writeJSON(w, status, struct {
		Say string `json:"say"`
	}{say}); e != nil {
		http.Error(w, say, status)
	}
}

func sentence(err error) string {
	var e *refusal.Error
	if errors.As(err, &e) {
		return e.Sentence
	}
	return err.Error()
}
