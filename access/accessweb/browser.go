package accessweb

import (
	"encoding/base64"
	"io"
	"net/http"
	"time"
)

// browserLasts is as long as browsers keep a cookie at most (RFC 6265bis,
// section 5.5: 400 days).
const browserLasts = 400 * 24 * time.Hour

func browserCookie(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-holdfast-browser"
	}
	return "holdfast-browser"
}

// browser gives the browser's own lasting token, drawing one for a browser
// that has none. It says nothing about who uses it.
func (p *Pages) browser(w http.ResponseWriter, r *http.Request) (string, error) {
	token, err := p.browserOf(r)
	if err == nil {
		keepBrowser(w, r, token)
	}
	return token, err
}

// browserOf gives the browser's token, a new one when it has none. It is the
// browser's once keepBrowser gave it: whoever is refused gets nothing.
func (p *Pages) browserOf(r *http.Request) (string, error) {
	if c, err := r.Cookie(browserCookie(r)); err == nil {
		if b, err := base64.RawURLEncoding.Strict().DecodeString(c.Value); err == nil && len(b) == 32 {
			return c.Value, nil
		}
	}
	var b [32]byte
	if _, err := io.ReadFull(p.random(), b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

func keepBrowser(w http.ResponseWriter, r *http.Request, token string) {
	if c, err := r.Cookie(browserCookie(r)); err == nil && c.Value == token {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: browserCookie(r), Value: token, Path: "/", MaxAge: int(browserLasts.Seconds()),
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
}
