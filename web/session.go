package web

import (
	"net/http"
	"time"
)

// SessionCookie gives the name of the session cookie on this connection. Over
// TLS the name itself makes the browser insist on Secure, on the whole site and
// on this host alone.
func SessionCookie(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-holdfast"
	}
	return "holdfast"
}

// SetSession hands the browser its session. It never reaches scripts or other
// sites, and over TLS never a plain connection.
func SetSession(w http.ResponseWriter, r *http.Request, token string, lasts time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: SessionCookie(r), Value: token, Path: "/", MaxAge: int(lasts.Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
}

// EndSession takes the session away from the browser and tells it to forget
// every page it holds.
func EndSession(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name: SessionCookie(r), Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
	w.Header().Set("Clear-Site-Data", `"cache"`)
}

// SessionToken reads the session from the request, or "".
func SessionToken(r *http.Request) string {
	c, err := r.Cookie(SessionCookie(r))
	if err != nil {
		return ""
	}
	return c.Value
}
