package accessweb

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast/access"
	"holdfast/fact"
	"holdfast/fact/refusal"
	"holdfast/web"
)

// mostParked is how many locked sessions one browser keeps for their people.
const mostParked = 8

func (p *Pages) registerLock(m *web.Mux) {
	m.Handle(web.Session, http.MethodPost, "/lock", p.lock)
	p.registerScreen(m)
	if p.Links {
		m.Handle(web.Public, http.MethodPost, "/unlock", p.unlockInDemo)
	}
}

// lock locks the screen. What was half-typed on it came before, by keepTyped.
func (p *Pages) lock(w http.ResponseWriter, r *http.Request, by web.Caller) error {
	if err := p.Gate.Enter(r.Context(), by, access.SeeOwnSessions, fact.Subject{}); err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	why := "by hand"
	if r.PostForm.Get("why") == "idle" {
		why = "idle"
	}
	if err := p.Gate.Lock(r.Context(), by, why); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return web.SeeOther(w, r, "/sign-in")
}

func parkedCookie(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-holdfast-locked"
	}
	return "holdfast-locked"
}

// waitingHere gives the tokens of the sessions of this browser: the present
// one and those that are locked.
func waitingHere(r *http.Request) (out []string) {
	if now := web.SessionToken(r); now != "" {
		out = append(out, now)
	}
	if c, err := r.Cookie(parkedCookie(r)); err == nil {
		for _, token := range strings.Split(c.Value, ".") {
			if token != "" && len(out) <= mostParked {
				out = append(out, token)
			}
		}
	}
	return out
}

// settle hands the browser its session. Whoever was here before keeps theirs,
// locked, until they come back to this browser; nothing of it is shown to
// anybody else.
func (p *Pages) settle(w http.ResponseWriter, r *http.Request, token string, by access.Caller) error {
	var parked []string
	for _, other := range waitingHere(r) {
		was, err := p.Gate.CallerBehindLock(r.Context(), other)
		if err != nil || other == token || was.Session == by.Session || was.Person == by.Person && was.Role == by.Role {
			continue
		}
		if err := p.Gate.Lock(r.Context(), was, "somebody else came"); err != nil {
			return err
		}
		parked = append(parked, other)
	}
	if _, err := r.Cookie(parkedCookie(r)); err != nil && len(parked) == 0 {
		web.SetSession(w, r, token, p.Gate.Policy.TokenLasts())
		return nil
	}
	http.SetCookie(w, &http.Cookie{
		Name: parkedCookie(r), Value: strings.Join(parked[:min(len(parked), mostParked)], "."), Path: "/", MaxAge: int(p.Gate.Policy.TokenLasts().Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
	web.SetSession(w, r, token, p.Gate.Policy.TokenLasts())
	return nil
}

// lockedLine is somebody whose session waits, locked, on this browser.
type lockedLine struct {
	Place string // in the list of this browser's sessions
	Who   string
	Open  string    // how much they have in hand, without saying whose
	Due   time.Time // the nearest deadline of it; zero: none
	Now   bool      // the session of this screen
}

// lockedHere lists who may come back. It names staff and counts; it says
// nothing of any patient.
func (p *Pages) lockedHere(r *http.Request) (out []lockedLine) {
	now := web.SessionToken(r)
	for i, token := range waitingHere(r) {
		by, err := p.Gate.CallerBehindLock(r.Context(), token)
		if err != nil || !by.Locked {
			continue
		}
		l := lockedLine{Place: strconv.Itoa(i), Who: by.Says() + ", as " + by.Role.Title(), Now: token == now, Open: "No open case is in their hands."}
		if p.Looking != nil {
			due, err := p.Looking.InHand(r.Context(), by.Person)
			switch {
			case err != nil:
				l.Open = "It can’t be told what they have in hand."
			case len(due) > 0:
				l.Open = web.Plural(len(due), "open case is", "open cases are") + " in their hands. Clocks go on."
			}
			for _, d := range due {
				if d != 0 && (l.Due.IsZero() || d.Time().Before(l.Due)) {
					l.Due = d.Time()
				}
			}
		}
		out = append(out, l)
	}
	return out
}

// unlockInDemo opens a locked session where nobody has a passkey.
func (p *Pages) unlockInDemo(w http.ResponseWriter, r *http.Request, _ web.Caller) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	all := waitingHere(r)
	i, err := strconv.Atoi(r.PostForm.Get("place"))
	if err != nil || i < 0 || i >= len(all) {
		return refusal.New(refusal.Missing, "That session is no longer here. Sign in with your link.")
	}
	by, err := p.Gate.CallerBehindLock(r.Context(), all[i])
	if err != nil {
		return err
	}
	if err := p.Gate.ProveInDemo(r.Context(), by, "screen"); err != nil {
		return err
	}
	if err := p.settle(w, r, all[i], by); err != nil {
		return err
	}
	return web.SeeOther(w, r, next(r))
}
