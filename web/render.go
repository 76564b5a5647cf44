package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/a-h/templ"
)

// Render writes a page or a part of one. It is made whole first, so that a
// failing page is an error and never half a page. Browsers must not keep it.
func Render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	body, err := render(r, page)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(body) // a browser that went away needs no answer
	return nil
}

// RenderOpen writes a page that holds nothing about anybody: the browser may
// keep it, and asks whether it has changed.
func RenderOpen(w http.ResponseWriter, r *http.Request, page templ.Component) error {
	body, err := render(r, page)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.WriteHeader(http.StatusOK)
	w.Write(body) // a browser that went away needs no answer
	return nil
}

func render(r *http.Request, page templ.Component) ([]byte, error) {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		return nil, fmt.Errorf("web: making a page: %w", err)
	}
	return b.Bytes(), nil
}

// SeeOther sends the browser on after a form was accepted, to a path of this
// site.
func SeeOther(w http.ResponseWriter, r *http.Request, path string) error {
	if !LocalPath(path) {
		return fmt.Errorf("web: a form may lead only to this site")
	}
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// LocalPath tells whether a path given from outside stays on this site.
func LocalPath(p string) bool {
	if len(p) == 0 || p[0] != '/' || len(p) > 2000 {
		return false
	}
	if len(p) > 1 && (p[1] == '/' || p[1] == '\\') {
		return false
	}
	for i := 0; i < len(p); i++ {
		if p[i] < 0x20 || p[i] == 0x7f || p[i] == '\\' {
			return false
		}
	}
	return true
}
