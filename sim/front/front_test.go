package front

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

const page = `<main><form id="a" action="/a"><input name="seen" value="1"><input type="radio" name="q" value="yes"><input type="radio" name="q" value="no" checked>
<textarea name="words">as typed</textarea><select name="s"><option value="">Choose</option><option value="x" selected>X</option></select>
<button name="do" value="next">Go on</button><input type="file" name="picture"></form><input form="a" name="outside" value="2"><form action="/b"></form></main>`

func TestFormsAreReadAsABrowserReadsThem(t *testing.T) {
	all, err := Forms(page)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	f := all[0]
	if got := f.Holds.Encode(); got != "outside=2&q=no&s=x&seen=1&words=as+typed" {
		t.Error(got)
	}
	if len(f.Choices["q"]) != 2 || len(f.Choices["s"]) != 2 || !f.Has("next") || f.Has("finish") {
		t.Error(f)
	}
	if _, err := FormIn(page, "/c"); err == nil {
		t.Error("a form that is not there was found")
	}
}

// A session ends in the middle of a shift: the browser signs in anew and the
// form arrives.
func TestSigningInAnew(t *testing.T) {
	in, got := false, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/no":
			http.Error(w, "<main>refused", http.StatusConflict)
		case !in && r.URL.Path == "/shift":
			http.Error(w, "<main>Your role or your shift has run out.", http.StatusForbidden)
		case !in && r.URL.Path == "/typed":
			http.Error(w, "<main>You are signed out", http.StatusUnauthorized)
		case !in:
			http.Redirect(w, r, "/sign-in?back=/x", http.StatusSeeOther)
		default:
			got = r.FormValue("words")
			http.Redirect(w, r, "/done", http.StatusSeeOther)
		}
	}))
	defer server.Close()
	b, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	b.Base = server.URL
	b.SignIn = func(context.Context) error { in = true; return nil }
	to, err := b.Post(t.Context(), "/x", url.Values{"words": {"kept"}})
	if err != nil || to != "/done" || got != "kept" {
		t.Fatal(to, got, err)
	}
	for _, path := range []string{"/shift", "/typed"} {
		in = false
		if to, err := b.Post(t.Context(), path, url.Values{"words": {path}}); err != nil || to != "/done" || got != path {
			t.Fatal(path, to, got, err)
		}
	}
	var no *Refused
	if _, err := b.Post(t.Context(), "/no", nil); !errors.As(err, &no) || no.Status != http.StatusConflict {
		t.Fatal(err)
	}
}
