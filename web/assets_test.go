package web

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestAssetsAreServedByHash(t *testing.T) {
	m, _ := testMux(t, NoSessions{})
	for _, path := range []string{m.shell.assets.Style(), m.shell.assets.Script(), m.shell.assets.Mark()} {
		if !regexp.MustCompile(`^/static/[a-z]+-[0-9a-f]{16}\.(css|js|svg)$`).MatchString(path) {
			t.Errorf("named %s", path)
		}
		w := ask(m, "GET", path)
		if w.Code != 200 || w.Body.Len() == 0 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s answered %d, %v", path, w.Code, w.Header())
		}
		zip := ask(m, "GET", path, func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
		if zip.Header().Get("Content-Encoding") != "gzip" || zip.Body.Len() >= w.Body.Len() && strings.HasSuffix(path, "js") {
			t.Errorf("%s is not packed", path)
		}
		same := ask(m, "GET", path, func(r *http.Request) { r.Header.Set("If-None-Match", w.Header().Get("ETag")) })
		if same.Code != 304 {
			t.Errorf("%s asked again answered %d", path, same.Code)
		}
	}
	if w := ask(m, "GET", "/static/holdfast-0000000000000000.css"); w.Code != 404 {
		t.Errorf("an old name answered %d", w.Code)
	}
}

// The policy forbids inline script and style, and nothing may come from
// elsewhere: templates, style and script must not try.
func TestNothingInlineNothingFromElsewhere(t *testing.T) {
	inline := regexp.MustCompile(`(?i)\sstyle=|<style|\son[a-z]+=|javascript:|<script>`)
	elsewhere := regexp.MustCompile(`(?i)(src|href|url\(|import|fetch\()\s*[=("'\s]*https?:|@import|@font-face|\beval\(|new Function`)
	check := func(name string, b []byte) {
		if m := inline.Find(b); m != nil && !strings.HasSuffix(name, ".js") {
			t.Errorf("%s holds %q", name, m)
		}
		if m := elsewhere.Find(b); m != nil {
			t.Errorf("%s holds %q", name, m)
		}
	}
	err := fs.WalkDir(static, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := static.ReadFile(path)
		check(path, b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"page.templ", "field.templ", "parts.templ"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		check(name, b)
	}
}

// Patient data must not stay in the browser of a shared desk.
func TestTheScriptKeepsNothing(t *testing.T) {
	js, err := join("static/js")
	if err != nil {
		t.Fatal(err)
	}
	for _, no := range []string{"localStorage", "sessionStorage", "indexedDB", "caches.", "serviceWorker"} {
		if bytes.Contains(js, []byte(no)) {
			t.Errorf("the script uses %s", no)
		}
	}
	if n := bytes.Count(js, []byte("document.cookie")); n != 1 {
		t.Errorf("the script touches cookies %d times; once, for light and letters, is meant", n)
	}
}
