package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Whatever a form holds, what a page gets of it is bounded, readable and without
// what turns or hides other text.
func FuzzReadForm(f *testing.F) {
	for _, s := range []string{"a=b&n=1&c=on&s=x&s=y", "a=%00%e2%80%ae&n=99999999999999999999", "a=" + strings.Repeat("x", 300), "%", "a=%ff%fe", "c=maybe&o=z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		var in struct {
			A string   `form:"a"`
			L string   `form:"l" lines:"yes" max:"1000"`
			N int64    `form:"n"`
			C bool     `form:"c"`
			S []string `form:"s" max:"10"`
			O string   `form:"o" of:"x y"`
		}
		form, err := ReadForm(r, &in)
		if err != nil {
			return
		}
		for _, s := range append(in.S, in.A, in.O, in.L) {
			if utf8.RuneCountInString(s) > 1000 || !utf8.ValidString(s) {
				t.Errorf("%q", s)
			}
			for _, c := range s {
				if unicode.Is(unicode.Bidi_Control, c) || unicode.IsControl(c) && c != '\n' {
					t.Errorf("%q", s)
				}
			}
		}
		if in.O != "" && in.O != "x" && in.O != "y" {
			t.Errorf("chose %q", in.O)
		}
		form.Errors()
	})
}

// Whatever stands in a cookie header or in a wish to go on, nobody is led away
// and nothing panics.
func FuzzCookiesAndPaths(f *testing.F) {
	f.Add("holdfast=abc; x=y", "/worklist?x=1")
	f.Add("holdfast=\"a\\\"b\"; holdfast=2", "//evil.example/")
	f.Add(strings.Repeat("a=b;", 1000), "/\\evil")
	f.Fuzz(func(t *testing.T, cookies, path string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Cookie"] = []string{cookies}
		SessionToken(r)
		if !LocalPath(path) {
			return
		}
		u, err := url.Parse(path)
		if err == nil && (u.Host != "" || u.Scheme != "" || u.Opaque != "") {
			t.Errorf("%q leads to %q", path, u.Host)
		}
		base, _ := url.Parse("https://ours.example/x")
		if err == nil && base.ResolveReference(u).Host != "ours.example" {
			t.Errorf("%q leads away", path)
		}
	})
}
